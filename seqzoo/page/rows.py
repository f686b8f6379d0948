"""Pictures of named numbers below each other: bars, dots where bars would look alike, and differences from zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, NotRequired, TypedDict

from seqzoo.page import axes
from seqzoo.page.axes import LETTER, WIDTH, Scale, finite, label
from seqzoo.page.text import number

CLOSE = 0.08  # of the longest bar: smaller differences cannot be seen in bars
_STEP, _EDGE = 38.0, 8.0


class Bar(TypedDict):
    """A named number, its interval, and whether it is this model's."""

    name: str
    value: float | None
    interval: NotRequired[Sequence[float] | None]
    ours: NotRequired[bool]


class Bars(TypedDict):
    """Data of "bars"; `kind` is "share" or "number"."""

    rows: Sequence[Bar]
    kind: str


class Difference(NamedTuple):
    """Ours minus that of `name`, with its interval."""

    name: str
    value: float
    interval: tuple[float, float]


def bars(data: Bars) -> str:
    """Bars from zero with whiskers; where they would all look alike, dots on an axis that need not begin at zero."""
    drawn = [row for row in data["rows"] if finite(row["value"]) is not None]
    if not drawn:
        return ""
    values = [value for row in drawn for value in _ends(row)]
    alike = len(drawn) > 1 and max(values) - min(values) < 2 * CLOSE * max(map(abs, values))
    low, high = axes.around(values) if alike else (min(0.0, *values), max(0.0, *values))
    scale = Scale(*axes.apart([low, high]), _EDGE, WIDTH - _EDGE)
    mark = _dotted if alike else _barred
    parts = [
        _named(index, row["name"], number(float(row["value"] or 0), data["kind"]), row.get("ours", False))
        + mark(row, scale, index * _STEP + 25)
        for index, row in enumerate(drawn)
    ]
    height = len(drawn) * _STEP + 4
    if alike:
        parts.insert(0, _axis(scale, height, data["kind"] == "share"))
    return axes.svg("".join(parts), height + 20 * alike, "values by name")


def _ends(row: Bar) -> list[float]:
    """What has to fit: the value, and the ends of its interval."""
    given = (row["value"], *(row.get("interval") or ()))
    return [value for one in given if (value := finite(one)) is not None]


def _named(index: int, name: str, value: str, ours: bool = False) -> str:
    """The line of text above a mark: the name to the left, the value to the right."""
    y, room = index * _STEP + 14, int((WIDTH - 2 * _EDGE) / LETTER) - len(value) - 2
    kind = "label strong" if ours else "label"
    shown = axes.shortened(name, room)
    return label(_EDGE, y, shown, kind) + label(WIDTH - _EDGE, y, value, "label strong", "end")


def _barred(row: Bar, scale: Scale, y: float) -> str:
    zero, end = scale(0.0), scale(float(row["value"] or 0))
    ours = " ours" if row.get("ours") else ""
    width = max(1.0, abs(end - zero))
    bar = f'<rect class="bar{ours}" x="{min(zero, end):.1f}" y="{y - 6:.1f}" width="{width:.1f}" height="12" rx="2"/>'
    return bar + _whisker(row.get("interval"), scale, y)


def _dotted(row: Bar, scale: Scale, y: float) -> str:
    ours = "s0" if row.get("ours") else "s5"
    return (
        f'<path class="track" d="M{scale.start:.1f},{y:.1f}H{scale.end:.1f}"/>'
        + _whisker(row.get("interval"), scale, y)
        + f'<circle class="dot {ours}" cx="{scale(float(row["value"] or 0)):.1f}" cy="{y:.1f}" r="5"/>'
    )


def _whisker(interval: Sequence[float] | None, scale: Scale, y: float, kind: str = "") -> str:
    ends = [scale(value) for one in interval or () if (value := finite(one)) is not None]
    if len(ends) < 2 or ends[0] == ends[1]:
        return ""
    a, b = ends
    return f'<path class="whisker{kind}" d="M{a:.1f},{y - 4:.1f}v8M{a:.1f},{y:.1f}H{b:.1f}M{b:.1f},{y - 4:.1f}v8"/>'


def _axis(scale: Scale, height: float, percent: bool) -> str:
    parts = []
    for value in axes.round_numbers(scale.low, scale.high, 6):
        at = min(max(scale(value), 18.0), WIDTH - 18.0)
        parts.append(f'<path class="grid" d="M{scale(value):.1f},20V{height:.1f}"/>')
        parts.append(label(at, height + 14, axes.tick(value, percent), "tick", "middle"))
    return "".join(parts)


def differences(rows: Sequence[Difference], kind: str, better: int) -> str:
    """Differences with intervals on an axis with a line at zero.

    Args:
        rows: ours minus each baseline.
        kind: "share": the differences are points; "number".
        better: 1 if ours should be the larger, -1 if the smaller. Chooses the colours.
    """
    if not rows:
        return ""
    times = 100.0 if kind == "share" else 1.0
    shown = [Difference(n, times * v, (times * low, times * high)) for n, v, (low, high) in rows]
    ends = [end for row in shown for end in (row.value, *row.interval, 0.0)]
    room = (max(ends) - min(ends)) * 0.05
    scale = Scale(*axes.apart([min(ends) - room, max(ends) + room]), _EDGE, WIDTH - _EDGE)
    height = len(rows) * _STEP + 4
    parts = [_axis(scale, height, False), f'<path class="zero" d="M{scale(0):.1f},20V{height:.1f}"/>']
    parts += [_named(i, row.name, signed(row)) + _ours_minus(row, scale, i * _STEP + 25, better)
              for i, row in enumerate(shown)]  # fmt: skip
    return axes.svg("".join(parts), height + 20, "ours minus each baseline")


def _ours_minus(row: Difference, scale: Scale, y: float, better: int) -> str:
    certain = row.interval[0] > 0 or row.interval[1] < 0
    kind = "" if not certain else " good" if better * row.value > 0 else " bad"
    return (
        f'<path class="track" d="M{scale.start:.1f},{y:.1f}H{scale.end:.1f}"/>'
        + _whisker(row.interval, scale, y, kind)
        + f'<circle class="dot{kind}" cx="{scale(row.value):.1f}" cy="{y:.1f}" r="5"/>'
    )


def signed(row: Difference) -> str:
    """A difference and its interval with signs: −2.95 [−3.37, −2.54]."""
    value, low, high = (_sign(end) for end in (row.value, *row.interval))
    return value if low == high else f"{value} [{low}, {high}]"


def _sign(value: float) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + number(float(f"{abs(value):.3g}"))
