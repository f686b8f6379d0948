"""Small SVG charts that take their colours from the page, so that they suit light and dark; one of characters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT = 480, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 16, 26, 44
_DOTS = 16  # a longer line needs no dots


def lines(
    series: Mapping[str, Sequence[tuple[float, float]]],
    x_title: str,
    y_title: str,
    *,
    percent: bool = False,
    diagonal: bool = False,
    whole: bool = False,
    bands: Sequence[tuple[Sequence[tuple[float, float]], Sequence[tuple[float, float]]]] = (),
) -> str:
    """Draw one line for each named series of (x, y) points; `diagonal` adds y = x on a unit square.

    Each of `bands` is filled between its lower and its upper line.
    """
    points = [point for line in [*series.values(), *(end for band in bands for end in band)] for point in line]
    if not points:
        return ""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    x0, x1 = (0.0, 1.0) if diagonal else (min(xs), max(xs))
    y0, y1 = (0.0, 1.0) if diagonal else _padded(min(ys), max(ys))
    if x0 == x1:
        x0, x1 = x0 - 0.5, x1 + 0.5

    def place(x: float, y: float) -> tuple[float, float]:
        across = _LEFT + (x - x0) / (x1 - x0) * (WIDTH - _LEFT - _RIGHT)
        return across, HEIGHT - _BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - _TOP - _BOTTOM)

    parts = [_axis_y(place, x0, x1, y0, y1, percent), _axis_x(place, x0, x1, y0, percent and diagonal, whole)]
    if diagonal:
        (ax, ay), (bx, by) = place(0, 0), place(1, 1)
        parts.append(f'<line class="diagonal" x1="{ax:.1f}" y1="{ay:.1f}" x2="{bx:.1f}" y2="{by:.1f}"/>')
    for low, high in bands:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*p) for p in [*low, *reversed(high)]))
        parts.append(f'<polygon class="band" points="{path}"/>')
    for number, (name, line) in enumerate(series.items()):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*p) for p in line))
        parts.append(f'<polyline class="line s{number}" points="{path}"/>')
        for point in line if len(line) <= _DOTS else ():
            x, y = place(*point)
            tip = f"{name}: {point[0]:g}, {point[1]:.4g}"
            parts.append(
                f'<circle class="dot s{number}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{escape(tip)}</title></circle>'
            )
    parts.append(_titles(x_title, y_title))
    legend = "".join(f'<span class="key s{i}">{escape(name)}</span>' for i, name in enumerate(series))
    return _svg("".join(parts), HEIGHT, f"{y_title} by {x_title}") + f'<p class="legend">{legend}</p>'


def bars(
    rows: Sequence[tuple[str, float, tuple[float, float] | None, bool]],
    start: float = 0.0,
    show: Callable[[float], str] = "{:.1%}".format,
) -> str:
    """Draw horizontal bars: (name, value, interval or None, whether it is ours); `show` writes a value."""
    step, left = 40, 22 + 6.6 * max([len(name) for name, *_ in rows], default=0)
    height = step * len(rows) + 8
    end = max([value for _, value, _, _ in rows] + [i[1] for _, _, i, _ in rows if i] + [start + 1e-6])
    scale = (WIDTH - left - 78) / (end - start)
    parts = []
    for number, (name, value, interval, ours) in enumerate(rows):
        y = number * step + 6
        width = max(1.0, (value - start) * scale)
        parts.append(f'<text class="label" x="{left - 10}" y="{y + 18}" text-anchor="end">{escape(name)}</text>')
        parts.append(
            f'<rect class="bar {"ours" if ours else ""}" x="{left}" y="{y}" width="{width:.1f}" height="26" rx="4"/>'
        )
        tip = left + width
        if interval:
            a, b = (left + max(0.0, v - start) * scale for v in interval)
            parts.append(f'<path class="whisker" d="M{a:.1f},{y + 8}v10M{a:.1f},{y + 13}H{b:.1f}M{b:.1f},{y + 8}v10"/>')
            tip = max(tip, b)
        parts.append(f'<text class="label strong" x="{tip + 8:.1f}" y="{y + 18}">{escape(show(value))}</text>')
    return _svg("".join(parts), height, "comparison")


def in_text(
    width: int,
    bands: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    points: Sequence[tuple[str, np.ndarray, np.ndarray]],
    show: Callable[[float], str],
    height: int = 10,
) -> str:
    """A chart of characters: bands of (x, low, high), then points of (mark, x, y) over them."""
    every = np.concatenate([*(end for _, *ends in bands for end in ends), *(y for _, _, y in points)])
    bottom, top = float(every.min()), float(every.max())
    span = (top - bottom) or 1.0

    def rows(values: np.ndarray) -> list[int]:
        return [round((float(value) - bottom) / span * (height - 1)) for value in values]

    grid = [[" "] * width for _ in range(height)]
    for x, low, high in bands:
        for column, a, b in zip(x, rows(low), rows(high), strict=True):
            for y in range(a, b + 1):
                grid[y][column] = "░"
    for mark, x, values in points:
        for column, y in zip(x, rows(values), strict=True):
            grid[y][column] = mark
    labels = {height - 1: show(top), 0: show(bottom)}
    return "\n".join(f"{labels.get(y, ''):>10} {''.join(grid[y]).rstrip()}" for y in range(height - 1, -1, -1))


def _svg(content: str, height: int, title: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{content}</svg>'


def _padded(low: float, high: float) -> tuple[float, float]:
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (low - room if low < 0 else max(0.0, low - room)), high + room


def round_numbers(low: float, high: float, most: int, least_step: float = 0.0) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two ends, at most `most` + 1 of them."""
    rough = max((high - low) / most, least_step, 1e-300)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _titles(x_title: str, y_title: str) -> str:
    return (
        f'<text class="label" x="{(WIDTH + _LEFT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x_title)}</text>'
        f'<text class="label" x="2" y="12">{escape(y_title)}</text>'
    )


def _axis_y(place, x0: float, x1: float, y0: float, y1: float, percent: bool) -> str:  # type: ignore[no-untyped-def]
    parts = []
    for value in round_numbers(y0, y1, 5):
        (ax, ay), (bx, _) = place(x0, value), place(x1, value)
        shown = f"{float(f'{100 * value:.10g}'):g}%" if percent else f"{value:,.10g}"
        parts.append(f'<line class="grid" x1="{ax:.1f}" y1="{ay:.1f}" x2="{bx:.1f}" y2="{ay:.1f}"/>')
        parts.append(f'<text class="tick" x="{ax - 7:.1f}" y="{ay + 4:.1f}" text-anchor="end">{shown}</text>')
    return "".join(parts)


def _axis_x(place, x0: float, x1: float, y0: float, percent: bool, whole: bool) -> str:  # type: ignore[no-untyped-def]
    parts = []
    for value in round_numbers(x0, x1, 8, 1.0 if whole else 0.0):
        x, y = place(value, y0)
        shown = f"{value:.0%}" if percent else f"{value:,.10g}"
        parts.append(f'<text class="tick" x="{x:.1f}" y="{y + 17:.1f}" text-anchor="middle">{shown}</text>')
    return "".join(parts)
