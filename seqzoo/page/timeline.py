"""A long series: a picture that stands without script, and the numbers with which a few lines of script zoom it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from html import escape
from itertools import pairwise
from typing import NotRequired, TypedDict

from seqzoo.page import axes
from seqzoo.page.axes import Scale, finite, label

WIDTH, HEIGHT = 1000.0, 270.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 10.0, 24.0, 26.0
_COLUMNS = 500  # of the picture without script: each shows the least and the largest value in it
_DIGITS = 5  # of the values that the script reads
_HELP = (
    "Drag over a part to zoom in; + and −, arrows and 0 on the keyboard; Ctrl and the wheel; two fingers; "
    "or drag the window in the strip below."
)


class Band(TypedDict):
    """An interval of a forecast at each moment."""

    name: str
    low: Sequence[float | None]
    high: Sequence[float | None]


Timeline = TypedDict(
    "Timeline",
    {
        "times": Sequence[str],  # ISO
        "lines": Mapping[str, Sequence[float | None]],  # values at these times
        "y": str,
        "band": NotRequired[Band | None],
        "from": NotRequired[int | None],  # where the future begins
    },
)


def timeline(data: Timeline, title: str) -> str:
    """Draw it whole, decimated, beside the data; times that are no moments are counted instead."""
    seconds = instants(data["times"])
    x = [float(i) for i in range(len(data["times"]))] if seconds is None else seconds
    band = data.get("band")
    every = [*data["lines"].values(), *((band["low"], band["high"]) if band else ())]
    values = [value for line in every for one in line if (value := finite(one)) is not None]
    if not values or not x:
        return ""
    across = Scale(*axes.apart(x), _LEFT, WIDTH - _RIGHT)
    up = Scale(*axes.around(values), HEIGHT - _BOTTOM, _TOP)
    drawn = [_axes(across, up, seconds is not None), *_band(band, x, across, up), *_future(data, x, across)]
    for index, line in enumerate(data["lines"].values()):
        drawn.append(f'<path class="line thin s{index % axes.COLOURS}" d="{_line(x, line, across, up)}"/>')
    picture = axes.svg(f'<g class="plot">{"".join(drawn)}</g>{label(2, 12, data["y"])}', HEIGHT, title, WIDTH)
    keys = axes.legend([*data["lines"]]).replace("</p>", _band_key(band) + "</p>")
    script = f'<script type="application/json">{_embedded(data, seconds)}</script>'
    note = f'<p class="soft zooming">{escape(_HELP)}</p>'
    return f'<div class="timeline" tabindex="0">{picture}<output></output>{keys}{note}{script}</div>'


def instants(times: Sequence[str]) -> list[float] | None:
    """Seconds since 1970 of ISO texts, taken as UTC where they name no zone; None: they are not all moments."""
    try:
        moments = [datetime.fromisoformat(text) for text in times]
    except (ValueError, TypeError):
        return None
    return [(at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() for at in moments]


def _embedded(data: Timeline, seconds: Sequence[float] | None) -> str:
    """Everything the script needs, as JSON without a letter that could end its element."""
    band = data.get("band")
    known = {
        "times": _spaced(seconds) if seconds else {"labels": list(data["times"])},
        "lines": [[name, _rounded(line)] for name, line in data["lines"].items()],
        "band": [band["name"], _rounded(band["low"]), _rounded(band["high"])] if band else None,
        "from": data.get("from"),
    }
    text = json.dumps(known, separators=(",", ":"), ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _spaced(seconds: Sequence[float]) -> dict[str, object]:
    """Moments as a start, a unit and steps in that unit; one step where all are alike."""
    whole = [round(at) for at in seconds]
    steps = [b - a for a, b in pairwise(whole)]
    unit = reduce(math.gcd, steps, 0) or 1
    if len(set(steps)) <= 1:
        return {"start": whole[0], "unit": unit, "count": len(whole)}
    return {"start": whole[0], "unit": unit, "steps": [step // unit for step in steps]}


def _rounded(line: Sequence[float | None]) -> list[float | int | None]:
    shown = [None if value is None else float(f"{value:.{_DIGITS}g}") for value in map(finite, line)]
    return [int(v) if v is not None and v.is_integer() and abs(v) < 1e15 else v for v in shown]


def _columns(
    x: Sequence[float], low: Sequence[float | None], high: Sequence[float | None], across: Scale
) -> list[list[tuple[float, float, float]]]:
    """Runs without gaps of (x, least, largest), one for each column of the picture."""
    runs: list[list[tuple[float, float, float]]] = [[]]
    width, before = (across.end - across.start) / _COLUMNS, -1
    for at, below, above in zip(x, map(finite, low), map(finite, high), strict=False):
        column = int((across(at) - across.start) / width)
        if below is None or above is None:
            runs.append([])
        elif runs[-1] and column == before:
            first, least, largest = runs[-1][-1]
            runs[-1][-1] = (first, min(least, below), max(largest, above))
        else:
            runs[-1].append((at, below, above))
        before = column
    return [run for run in runs if run]


def _line(x: Sequence[float], line: Sequence[float | None], across: Scale, up: Scale) -> str:
    path = ""
    for run in _columns(x, line, line, across):
        ends = [(at, value) for at, *both in run for value in dict.fromkeys(both)]
        path += "M" + "L".join(f"{across(a):.1f},{up(b):.1f}" for a, b in ends) + ("h0.1" if len(ends) == 1 else "")
    return path


def _band(band: Band | None, x: Sequence[float], across: Scale, up: Scale) -> list[str]:
    if band is None:
        return []
    path = ""
    for run in _columns(x, band["low"], band["high"], across):
        ends = [(at, low) for at, low, _ in run] + [(at, high) for at, _, high in reversed(run)]
        path += "M" + "L".join(f"{across(a):.1f},{up(b):.1f}" for a, b in ends) + "Z"
    return [f'<path class="band" d="{path}"/>']


def _future(data: Timeline, x: Sequence[float], across: Scale) -> list[str]:
    """A line where the known ends."""
    start = data.get("from")
    if not isinstance(start, int) or not 0 <= start < len(x):
        return []
    at = across(x[start])
    return [f'<path class="diagonal" d="M{at:.1f},{_TOP:g}V{HEIGHT - _BOTTOM:g}"/>',
            label(at - 4, _TOP + 10, "the future →", "tick", "end")]  # fmt: skip


def _axes(across: Scale, up: Scale, moments: bool) -> str:
    parts = []
    for value in axes.round_numbers(up.low, up.high, 5):
        parts.append(f'<path class="grid" d="M{_LEFT:g},{up(value):.1f}H{WIDTH - _RIGHT:g}"/>')
        parts.append(label(_LEFT - 7, up(value) + 4, axes.tick(value), "tick", "end"))
    if moments:
        along = axes.time_ticks(across.low, across.high, 9)
    else:
        along = [(at, axes.tick(at)) for at in axes.round_numbers(across.low, across.high, 9, 1.0)]
    parts += [label(across(at), HEIGHT - 8, text, "tick", "middle") for at, text in along]
    return "".join(parts)


def _band_key(band: Band | None) -> str:
    return f'<span class="key between">{escape(band["name"])}</span>' if band else ""
