"""The figures of a report, as SVG and HTML that take their colours from the page, so that they suit light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TypedDict, cast

from seqzoo.page import axes, rows, sound, timeline
from seqzoo.page.axes import WIDTH, Scale, finite, label
from seqzoo.page.text import number
from seqzoo.report import Figure

Point = Sequence[float | None]
_HEIGHT = 270.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 16.0, 26.0, 44.0
_DOTS = 16  # a longer line needs no dots
_SHADES = 10  # of a passage


class Lines(TypedDict, total=False):
    """Data of "lines": points of each named line; `bands` are filled between a lower and an upper line."""

    lines: Mapping[str, Sequence[Point]]
    x: str
    y: str
    percent: bool
    diagonal: bool
    whole: bool
    bands: Sequence[tuple[Sequence[Point], Sequence[Point]]]


class Heatmap(TypedDict):
    """Data of "heatmap": `values` from 0 to 1 choose the colours, `shown` is written in the cells."""

    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float | None]]
    shown: Sequence[Sequence[str]]


class Passage(TypedDict):
    """Data of "passage": pieces of a text, each with a value in `unit`."""

    pieces: Sequence[tuple[str, float | None]]
    unit: str


def draw(figure: Figure) -> str:
    """Draw a figure; nothing, where it holds nothing that can be drawn."""
    if figure.kind == "lines":
        return lines(cast(Lines, figure.data))
    if figure.kind == "bars":
        return rows.bars(cast(rows.Bars, figure.data))
    if figure.kind == "heatmap":
        return heatmap(cast(Heatmap, figure.data))
    if figure.kind == "passage":
        return passage(cast(Passage, figure.data))
    if figure.kind == "sound":
        return sound.sound(cast(sound.Sound, figure.data), figure.title)
    return timeline.timeline(cast(timeline.Timeline, figure.data), figure.title)


def lines(data: Lines) -> str:
    """Draw one line for each named series of (x, y); `diagonal` adds y = x on a unit square."""
    series = {name: axes.points(line) for name, line in data["lines"].items()}
    bands = [(axes.points(low), axes.points(high)) for low, high in data.get("bands", ())]
    every = [point for line in [*series.values(), *(end for band in bands for end in band)] for point in line]
    if not every:
        return ""
    x, y = _scales(every, data.get("diagonal", False))
    parts = [_axes(x, y, data)]
    if data.get("diagonal"):
        parts.append(f'<path class="diagonal" d="{_path([(0, 0), (1, 1)], x, y)}"/>')
    parts += [f'<path class="band" d="{_path([*low, *reversed(high)], x, y)}Z"/>' for low, high in bands if low]
    for index, (name, line) in enumerate(series.items()):
        colour = f"s{index % axes.COLOURS}{' again' if index >= axes.COLOURS else ''}"
        parts.append(f'<path class="line {colour}" d="{_path(line, x, y)}"/>')
        parts += [_dot(name, point, x, y, colour) for point in line if len(line) <= _DOTS]
    return axes.svg("".join(parts), _HEIGHT, f"{data['y']} by {data['x']}") + axes.legend(series)


def _scales(every: Sequence[tuple[float, float]], unit: bool) -> tuple[Scale, Scale]:
    across = (0.0, 1.0) if unit else axes.apart([x for x, _ in every])
    up = (0.0, 1.0) if unit else axes.around([y for _, y in every])
    return Scale(*across, _LEFT, WIDTH - _RIGHT), Scale(*up, _HEIGHT - _BOTTOM, _TOP)


def _path(line: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    return "M" + "L".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line) if line else ""


def _dot(name: str, point: tuple[float, float], x: Scale, y: Scale, colour: str) -> str:
    tip = escape(f"{name}: {point[0]:g}, {point[1]:.4g}")
    place = f'cx="{x(point[0]):.1f}" cy="{y(point[1]):.1f}"'
    return f'<circle class="dot {colour}" {place} r="3.5"><title>{tip}</title></circle>'


def _axes(x: Scale, y: Scale, data: Lines) -> str:
    percent = data.get("percent", False)
    parts = []
    for value in axes.round_numbers(y.low, y.high, 5):
        parts.append(f'<path class="grid" d="M{x.start:.1f},{y(value):.1f}H{x.end:.1f}"/>')
        parts.append(label(x.start - 7, y(value) + 4, axes.tick(value, percent), "tick", "end"))
    for value in axes.round_numbers(x.low, x.high, 8, 1.0 if data.get("whole") else 0.0):
        shown = axes.tick(value, percent and data.get("diagonal", False))
        parts.append(label(x(value), _HEIGHT - _BOTTOM + 17, shown, "tick", "middle"))
    parts.append(label((WIDTH + _LEFT) / 2, _HEIGHT - 6, data["x"], anchor="middle"))
    parts.append(label(2, 12, data["y"]))
    return "".join(parts)


def heatmap(data: Heatmap) -> str:
    """A table whose cells are coloured by their value."""
    head = "".join(f"<th>{escape(name)}</th>" for name in data["columns"])
    body = ""
    for name, values, shown in zip(data["rows"], data["values"], data["shown"], strict=True):
        cells = (_cell(value, text) for value, text in zip(values, shown, strict=True))
        body += f"<tr><th>{escape(name)}</th>{''.join(cells)}</tr>"
    return f'<div class="scroll"><table class="heat"><tr><th></th>{head}</tr>{body}</table></div>'


def _cell(value: float | None, text: str) -> str:
    strength = min(1.0, max(0.0, finite(value) or 0.0))
    return f'<td style="background:rgba(var(--heat),{0.62 * strength:.2f})">{escape(text)}</td>'


def passage(data: Passage) -> str:
    """A text whose pieces are the darker the larger their value: the scale ends at the twentieth largest of a hundred.

    Blanks and line ends are kept; a piece that is a line end alone gets a mark that carries its colour.
    """
    values = sorted(value for _, piece in data["pieces"] if (value := finite(piece)) is not None)
    if not values:
        return ""
    top = values[int(0.95 * (len(values) - 1))] or values[-1] or 1.0
    pieces = "".join(_piece(text, finite(value), top, data["unit"]) for text, value in data["pieces"])
    steps = "".join(f'<span class="h{shade}">&#160;&#160;</span>' for shade in range(_SHADES + 1))
    scale = f"0 {steps} {escape(number(top))} {escape(data['unit'])} and more"
    return f'<p class="passage">{pieces}</p><p class="legend scale">{scale}</p>'


def _piece(text: str, value: float | None, top: float, unit: str) -> str:
    if value is None:
        return f"<span>{escape(text)}</span>"
    shade = round(_SHADES * min(1.0, max(0.0, value / top)))
    end = " end" if text == "\n" else ""
    return f'<span class="h{shade}{end}" title="{escape(f"{value:.3g} {unit}")}">{escape(text)}</span>'
