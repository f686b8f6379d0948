"""Pictures of a search: what was reached by the value of a key, and epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from seqzoo.page import axes
from seqzoo.page.axes import WIDTH, Scale, label

_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 270.0, 58.0, 16.0, 26.0, 44.0
_FAR = 20.0  # how many times the smallest the largest is, where logarithms show more
_MOST = 7  # ticks


class Point(NamedTuple):
    """A mark, its colour ("s0" ... "s5"), and what it says when it is pointed at."""

    x: float
    y: float
    colour: str
    tip: str


class Line(NamedTuple):
    """A curve, and its class: colour and width."""

    points: Sequence[tuple[float, float]]
    kind: str


class Axis(NamedTuple):
    """A scale, of logarithms or not; `names` stand at 0, 1, 2 ... instead of numbers."""

    title: str
    scale: Scale
    log: bool = False
    names: Sequence[str] = ()

    def __call__(self, value: float) -> float:
        """Where a value lies."""
        return self.scale(math.log10(value) if self.log else value)

    def ticks(self) -> list[tuple[float, str]]:
        """Places and what stands there."""
        low, high = self.scale.low, self.scale.high
        if self.names:
            return [(self.scale(i), name) for i, name in enumerate(self.names)]
        if not self.log:
            return [(self.scale(v), axes.tick(v)) for v in axes.round_numbers(low, high, _MOST)]
        powers = range(math.floor(low), math.ceil(high) + 1)
        for steps in ((1, 2, 5), (1,)):
            found = [m * 10.0**p for p in powers for m in steps if low <= math.log10(m * 10.0**p) <= high]
            if len(found) <= _MOST:
                break
        return [(self(value), f"{value:.4g}") for value in found]


def far(values: Sequence[float]) -> bool:
    """Whether values are so far apart that logarithms show more."""
    return min(values) > 0 and max(values) / min(values) > _FAR


def across(title: str, values: Sequence[float], log: bool = False, names: Sequence[str] = ()) -> Axis:
    """The axis from left to right."""
    placed = [-0.5, len(names) - 0.5] if names else [math.log10(v) if log else v for v in values]
    low, high = axes.apart(placed)
    room = 0.0 if names else (high - low) * 0.04
    return Axis(title, Scale(low - room, high + room, _LEFT, WIDTH - _RIGHT), log, names)


def up(title: str, values: Sequence[float]) -> Axis:
    """The axis from below."""
    log = far(values)
    low, high = axes.apart([math.log10(v) for v in values]) if log else axes.around(values)
    room = (high - low) * 0.05 if log else 0.0
    return Axis(title, Scale(low - room, high + room, _HEIGHT - _BOTTOM, _TOP), log)


def draw(x: Axis, y: Axis, points: Sequence[Point] = (), lines: Sequence[Line] = ()) -> str:
    """Lines, and marks over them."""
    parts = []
    for place, name in y.ticks():
        parts.append(f'<path class="grid" d="M{_LEFT:.1f},{place:.1f}H{WIDTH - _RIGHT:.1f}"/>')
        parts.append(label(_LEFT - 7, place + 4, name, "tick", "end"))
    letters = int((WIDTH - _LEFT) / axes.LETTER / max(1, len(x.names)))
    parts += [label(place, _HEIGHT - _BOTTOM + 17, axes.shortened(name, letters), "tick", "middle")
              for place, name in x.ticks()]  # fmt: skip
    parts += [label((WIDTH + _LEFT) / 2, _HEIGHT - 6, x.title, anchor="middle"), label(2, 12, y.title)]
    for line in lines:
        path = "L".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line.points)
        parts.append(f'<path class="line {line.kind}" d="M{path}"/>')
    for one in points:
        parts.append(f'<circle class="dot {one.colour}" cx="{x(one.x):.1f}" cy="{y(one.y):.1f}" r="4.5">'
                     f"<title>{escape(one.tip)}</title></circle>")  # fmt: skip
    return axes.svg("".join(parts), _HEIGHT, f"{y.title} by {x.title}")
