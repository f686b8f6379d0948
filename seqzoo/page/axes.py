"""What the pictures share: scales, round numbers, moments in time, and how a label is written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import NamedTuple

WIDTH = 480  # of a picture, in its own units; the page stretches it
LETTER = 7.6  # units that a letter of a label takes on a narrow screen, on average
COLOURS = 6  # series that the page tells apart
_LARGEST = 1e300  # beyond it differences overflow
_SECONDS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12000)
_MONTH = 2_629_746.0  # seconds, on average


class Scale(NamedTuple):
    """Values from `low` to `high`, laid out from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def finite(value: object) -> float | None:
    """A number that can be drawn, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if abs(value) < _LARGEST else None


def points(line: Iterable[Sequence[float | None]]) -> list[tuple[float, float]]:
    """The points that can be drawn."""
    pairs = ((finite(x), finite(y)) for x, y in line)
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def around(values: Sequence[float], room: float = 0.08) -> tuple[float, float]:
    """The two ends of an axis, a little beyond the values; it does not cross zero for that."""
    low, high = min(values), max(values)
    more = max((high - low) * room, max(abs(high), abs(low)) * 1e-9) if high > low else abs(high) * 0.1 or 1.0
    return (low - more if low < 0 else max(0.0, low - more)), (high + more if high >= 0 else min(0.0, high + more))


def apart(values: Sequence[float]) -> tuple[float, float]:
    """The two ends themselves, drawn apart if they are one."""
    low, high = min(values), max(values)
    least = max(abs(low), abs(high), 1.0) * 1e-9
    return (low, high) if high - low > least else (low - 0.5 - least, high + 0.5 + least)


def round_numbers(low: float, high: float, most: int, least_step: float = 0.0) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two ends, at most `most` + 1 of them."""
    rough = max((high - low) / most, least_step, 1e-300)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, math.floor(high / step + 1e-9) + 1)]


def tick(value: float, percent: bool = False) -> str:
    """A number beside an axis: 20 %, 2,500, 1.5M."""
    if percent:
        return f"{100 * value:.10g}%"
    for size, letter in ((1e9, "G"), (1e6, "M")):
        if size <= abs(value) < 1000 * size:
            return f"{value / size:.6g}{letter}"
    return f"{value:,.6g}"


def label(x: float, y: float, text: str, kind: str = "label", anchor: str = "start") -> str:
    """A text of an SVG."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def shortened(text: str, letters: int) -> str:
    """At most so many letters, the last one "…"."""
    return text if len(text) <= letters else text[: max(1, letters - 1)] + "…"


def svg(content: str, height: float, title: str, width: float = WIDTH) -> str:
    """A picture that grows with its place."""
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">{content}</svg>'


def legend(names: Iterable[str]) -> str:
    """The names of series beside their colours."""
    keys = (f'<span class="key s{i % COLOURS}">{escape(name)}</span>' for i, name in enumerate(names))
    return f'<p class="legend">{"".join(keys)}</p>'


def moment(seconds: float) -> datetime:
    """The moment so many seconds after 1970 began, in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def time_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round moments between two ends in seconds since 1970, at most about `most`, and how they are written."""
    span = (high - low) / most
    step = next((step for step in _SECONDS if step >= span), None)
    if step is None:
        return _months(low, high, span / _MONTH)
    form = "%Y-%m-%d" if step >= 86400 else "%m-%d %H:%M" if step >= 60 else "%H:%M:%S"
    return [(float(at), f"{moment(at):{form}}") for at in range(math.ceil(low / step) * step, int(high) + 1, step)]


def _months(low: float, high: float, span: float) -> list[tuple[float, str]]:
    step = next((step for step in _MONTHS if step >= span), _MONTHS[-1])
    first, last = (moment(end).year * 12 + moment(end).month - 1 for end in (low, high))
    found = []
    for month in range(-(-first // step) * step, last + 1, step):
        at = datetime(max(1, month // 12), month % 12 + 1, 1, tzinfo=UTC)
        found.append((at.timestamp(), f"{at.year:04}" if step >= 12 else f"{at.year:04}-{at.month:02}"))
    return [(at, text) for at, text in found if low <= at <= high]
