"""Numbers as people read them, and charts made of characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

_BLOCKS = "▁▂▃▄▅▆▇█"


def number(value: float, kind: str = "number") -> str:
    """A "share" in percent; another number with four digits, and no exponent for thousands."""
    if kind == "share":
        return f"{value:.2%}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e12 else f"{value:,.4g}"


def chart(
    width: int,
    bands: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    points: Sequence[tuple[str, np.ndarray, np.ndarray]],
    show: Callable[[float], str] = number,
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


def sparkline(values: Sequence[float]) -> str:
    """A line of blocks, one for each value."""
    if not values:
        return ""
    low, span = min(values), (max(values) - min(values)) or 1.0
    return "".join(_BLOCKS[round((value - low) / span * (len(_BLOCKS) - 1))] for value in values)
