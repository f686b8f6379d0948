"""The time axis: what is refused, what may be mended, and how it is said. NumPy only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from seqzoo.errors import UserError
from seqzoo.tasks.forecast.options import FEW
from seqzoo.tasks.forecast.panel import Series
from seqzoo.tasks.forecast.steps import MONTHS, ordinals, seconds_of, step_of, whole_axis

_SHOWN = 5  # row numbers
_FEW = 0.01  # of the steps: what "few" mends
_LONGEST_HOLIDAY = 10  # days that a market may be closed
_MENDS = "--mend sort,duplicates,gaps mends what can be"


@dataclass
class _Noted:
    """What is wrong with a series, in words: `mended` where `mend` allows it, else `problems`."""

    series: str
    steps: int
    mend: Sequence[str]
    row: str
    problems: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)

    def met(self, kind: str, where: Iterable[int], what: str, mended: str, count: int | None = None) -> bool:
        """Note rows that are wrong; whether they are to be mended. `count`: of steps, where it is another."""
        rows = list(where)
        if not rows:
            return False
        shown = ", ".join(str(row + 1) for row in rows[:_SHOWN]) + (", ..." if len(rows) > _SHOWN else "")
        said = f"{f'series {self.series!r}: ' if self.series else ''}{len(rows):,} {what} ({self.row} {shown})"
        few = FEW in self.mend and (count or len(rows)) <= max(1, _FEW * self.steps)
        if kind in self.mend or few:
            self.mended.append(f"{said}: {mended}")
        else:
            self.problems.append(said)
        return kind in self.mend or few

    def refuse(self, hint: str = _MENDS) -> None:
        """Raise a UserError if there are problems."""
        if self.problems:
            raise UserError("the time axis has problems:\n  - " + "\n  - ".join(self.problems), hint)


def check_axis(series: Series, mend: Sequence[str], row: str = "row") -> tuple[Series, str, list[str]]:
    """Check a time axis; mend what `mend` allows; return the series, its step, and what was mended.

    Raises:
        UserError: all problems that may not be mended, with row numbers (the first data row is 1).
    """
    noted = _Noted(series.name, len(series), mend, row)
    series = _rising(series, noted)
    if noted.problems and len(np.unique(series.times)) <= len(series) // 2:
        noted.refuse("name the column that tells the series apart with --series COLUMN")
    noted.refuse()
    step = step_of(series.times)
    series = _whole(series, step, noted)
    noted.refuse()
    return series, step, noted.mended


def _rising(series: Series, noted: _Noted) -> Series:
    """In order, each time once."""
    back = np.flatnonzero(np.diff(series.times) < np.timedelta64(0, "s")) + 1
    if noted.met("sort", back, "step(s) back in time", "sorted"):
        series = series.take(np.argsort(series.times, kind="stable"))
    twice = np.flatnonzero(np.diff(series.times) == np.timedelta64(0, "s")) + 1
    what = "duplicate time(s)" + _saving(series.times[twice])
    return _merged(series) if noted.met("duplicates", twice, what, "replaced by their mean") else series


def _whole(series: Series, step: str, noted: _Noted) -> Series:
    """Without holes, and with a target at each step."""
    holes = _holes(series.times, step)
    missing = int(holes.sum())
    what = f"gap(s), {missing:,} steps missing"
    if noted.met("gaps", np.flatnonzero(holes), what, "interpolated", missing):
        series = _filled(series, step)
    inner = np.flatnonzero(np.isnan(series.target[: series.observed]))
    if noted.met("gaps", inner, "value(s) missing in the target", "interpolated"):
        series = replace(series, target=_interpolated(series.target, series.observed))
    return series


def _saving(times: np.ndarray) -> str:
    """Duplicates in autumn nights are clocks set back."""
    months = times.astype("M8[M]").astype(int) % 12 + 1
    return ", from daylight saving it seems" if len(times) and set(months.tolist()) <= {10, 11, 3, 4} else ""


def _merged(series: Series) -> Series:
    times, index = np.unique(series.times, return_inverse=True)
    counts = np.bincount(index)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(np.stack([np.bincount(index, column) for column in values.T], 1) / counts[:, None])

    columns = [series.target[:, None], series.known, series.past]
    target, known, past = (mean(c) if c.shape[1] else np.empty((len(times), 0)) for c in columns)
    return Series(series.name, times, target[:, 0], known, past)


def _holes(times: np.ndarray, step: str) -> np.ndarray:
    """(steps,) how many steps are missing before each time."""
    if step == "business day":  # holidays are no gaps
        return np.concatenate([[0], np.maximum(0, np.diff(times).astype("m8[D]").astype(int) - _LONGEST_HOLIDAY)])
    if step in MONTHS:
        return np.concatenate([[0], np.diff(ordinals(times, step)) - 1])
    ratio = np.diff(times).astype("m8[s]").astype(np.int64) / seconds_of(step)
    return np.concatenate([[0], np.ceil(ratio).astype(int) - 1])


def _filled(series: Series, step: str) -> Series:
    """Every step from the first to the last, numbers interpolated."""
    if step == "business day":
        return series
    times = whole_axis(series.times, step)
    x, known_x = times.astype(np.int64), series.times.astype(np.int64)

    def fill(values: np.ndarray) -> np.ndarray:
        good = ~np.isnan(values)
        filled = np.interp(x, known_x[good], values[good]) if good.any() else np.full(len(x), np.nan)
        return np.where(x > known_x[good].max(initial=-(2**62)), np.nan, filled)

    columns = [
        np.stack([fill(c) for c in m.T], 1) if m.shape[1] else np.empty((len(x), 0))
        for m in (series.known, series.past)
    ]
    return Series(series.name, times, fill(series.target), *columns)


def _interpolated(target: np.ndarray, observed: int) -> np.ndarray:
    out = target.copy()
    index = np.arange(observed)
    good = ~np.isnan(out[:observed])
    out[:observed] = np.interp(index, index[good], out[:observed][good])
    return out
