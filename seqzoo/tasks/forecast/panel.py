"""Series on a checked time axis. NumPy only: a saved forecaster reads its input through here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqzoo.errors import UserError

DAY = 86_400
_SHOWN = 5


@dataclass(frozen=True)
class Series:
    """One series, a row for each step.

    Attributes:
        name: "" where there is only one.
        times: (steps,) datetime64[s], strictly rising.
        target: (steps,) float64; NaN at the end where only the known columns reach into the future.
        known: (steps, columns) float64, known in advance.
        past: (steps, columns) float64, known up to now.
    """

    name: str
    times: np.ndarray
    target: np.ndarray
    known: np.ndarray
    past: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    @property
    def observed(self) -> int:
        """How many steps lie before the future: up to the last target that is a number."""
        numbers = np.flatnonzero(~np.isnan(self.target))
        return int(numbers[-1]) + 1 if len(numbers) else 0

    def take(self, rows: slice | np.ndarray) -> Series:
        """The rows of a slice or an index."""
        return Series(self.name, self.times[rows], self.target[rows], self.known[rows], self.past[rows])


@dataclass(frozen=True)
class Panel:
    """Series that share their columns and their step."""

    series: tuple[Series, ...]
    target: str
    known: tuple[str, ...]
    past: tuple[str, ...]
    step: str

    def before(self, time: np.datetime64) -> Panel:
        """The part strictly before a time."""
        cut = [one.take(slice(0, int(np.searchsorted(one.times, time)))) for one in self.series]
        return replace(self, series=tuple(cut))

    def __len__(self) -> int:
        """Steps of all series together."""
        return sum(map(len, self.series))


# --- the step ----------------------------------------------------------------------------------------


def step_of(times: np.ndarray) -> str:
    """Name the step of rising times: "month", "business day", or a length like "30min", "1h", "7D".

    Raises:
        UserError: fewer than two times.
    """
    if len(times) < 2:
        raise UserError(f"a series needs at least two steps, this one has {len(times)}")
    gaps = np.diff(times).astype("timedelta64[s]").astype(np.int64)
    usual = int(np.median(gaps))
    if (
        28 * DAY <= usual <= 31 * DAY
        and usual % DAY == 0
        and len({str(t)[8:10] for t in times[:24].astype("M8[D]")}) == 1
    ):
        return "month"
    weekdays = (times.astype("M8[D]").astype(np.int64) + 3) % 7
    if usual == DAY and gaps.max() > DAY and (weekdays < 5).all():
        return "business day"
    for unit, seconds in (("D", DAY), ("h", 3600), ("min", 60)):
        if usual % seconds == 0:
            return f"{usual // seconds}{unit}"
    return f"{usual}s"


def seconds_of(step: str) -> int:
    """Length of a step like "30min" in seconds.

    Raises:
        UserError: not a length.
    """
    number = step.rstrip("Dhmins")
    units = {"D": DAY, "h": 3600, "min": 60, "s": 1}
    unit = step[len(number) :]
    if not (number or "1").isdigit() or unit not in units or number == "0":
        raise UserError(f"{step!r} is not a step: write 1D, 1h, 30min or 10s")
    return int(number or 1) * units[unit]


def season_of(step: str) -> int:
    """The usual season in steps: a day of hours, a week of days, a year of months; 1: none known."""
    if step in ("month", "business day"):
        return {"month": 12, "business day": 5}[step]
    seconds = seconds_of(step)
    if seconds < DAY and DAY % seconds == 0:
        return DAY // seconds
    return {DAY: 7, 7 * DAY: 52}.get(seconds, 1)


def following(times: np.ndarray, step: str, count: int) -> np.ndarray:
    """The (count,) times after the last one."""
    last = times[-1]
    ahead = np.arange(1, count + 1)
    if step == "month":
        month = last.astype("M8[M]")
        return np.asarray((month + ahead).astype("M8[s]") + (last - month.astype("M8[s]")))
    if step == "business day":
        return np.asarray(np.busday_offset(last.astype("M8[D]"), ahead, roll="backward").astype("M8[s]"))
    return np.asarray(last + ahead * np.timedelta64(seconds_of(step), "s"))


# --- checking and mending the axis -------------------------------------------------------------------


def tidy(series: Series, mend: Sequence[str], row: str = "row") -> tuple[Series, str, list[str]]:
    """Check a time axis; mend what `mend` allows; return the series, its step, and what was mended.

    Raises:
        UserError: all problems that may not be mended, with row numbers (the first data row is 1).
    """
    problems: list[str] = []
    done: list[str] = []

    def met(kind: str, where: Iterable[int], what: str, mended: str) -> bool:
        rows = list(where)
        if not rows:
            return False
        shown = ", ".join(str(r + 1) for r in rows[:_SHOWN]) + (", ..." if len(rows) > _SHOWN else "")
        name = f"series {series.name!r}: " if series.name else ""
        (done if kind in mend else problems).append(
            f"{name}{len(rows):,} {what} ({row} {shown})" + (f": {mended}" if kind in mend else "")
        )
        return kind in mend

    back = np.flatnonzero(np.diff(series.times) < np.timedelta64(0, "s")) + 1
    if met("sort", back, "step(s) back in time", "sorted"):
        series = series.take(np.argsort(series.times, kind="stable"))
    twice = np.flatnonzero(np.diff(series.times) == np.timedelta64(0, "s")) + 1
    if met("duplicates", twice, "duplicate time(s)" + _saving(series.times[twice]), "replaced by their mean"):
        series = _merged(series)
    if problems and len(np.unique(series.times)) <= len(series) // 2:
        _refuse(problems, "name the column that tells the series apart with --series COLUMN")
    if problems:
        _refuse(problems)
    step = step_of(series.times)
    holes = _holes(series.times, step)
    if met("gaps", np.flatnonzero(holes), f"gap(s), {int(holes.sum()):,} steps missing", "interpolated"):
        series = _filled(series, step)
    inner = np.flatnonzero(np.isnan(series.target[: series.observed]))
    if met("gaps", inner, "value(s) missing in the target", "interpolated"):
        series = replace(series, target=_interpolated(series.target, series.observed))
    if problems:
        _refuse(problems)
    return series, step, done


def _refuse(problems: list[str], hint: str = "--mend sort,duplicates,gaps mends what can be") -> None:
    raise UserError("the time axis has problems:\n  - " + "\n  - ".join(problems), hint)


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
        return np.concatenate([[0], np.maximum(0, np.diff(times).astype("m8[D]").astype(int) - 10)])
    if step == "month":
        return np.concatenate([[0], np.diff(times.astype("M8[M]").astype(int)) - 1])
    ratio = np.diff(times).astype("m8[s]").astype(np.int64) / seconds_of(step)
    return np.concatenate([[0], np.ceil(ratio).astype(int) - 1])


def _filled(series: Series, step: str) -> Series:
    """Every step from the first to the last, numbers interpolated."""
    first, last = series.times[0], series.times[-1]
    if step == "business day":
        return series
    if step == "month":
        months = int((last.astype("M8[M]") - first.astype("M8[M]")).astype(int))
        times = np.concatenate([[first], following(series.times[:1], step, months)])
    else:
        times = np.arange(first, last + 1, np.timedelta64(seconds_of(step), "s"))
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


def resampled(series: Series, step: str) -> Series:
    """Means over bins of `step`, each labelled by its last moment's bin end, so that no label precedes its data.

    A bin (t - step, t] is labelled t: at time t everything in it is past.
    """
    length = seconds_of(step)
    bins = -(-series.times.astype("M8[s]").astype(np.int64) // length)
    labels, index = np.unique(bins, return_inverse=True)

    def mean(values: np.ndarray) -> np.ndarray:
        good = ~np.isnan(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(
                np.bincount(index[good], values[good], len(labels)) / np.bincount(index[good], minlength=len(labels))
            )

    known, past = (
        np.stack([mean(c) for c in m.T], 1) if m.shape[1] else np.empty((len(labels), 0))
        for m in (series.known, series.past)
    )
    return Series(series.name, (labels * length).astype("M8[s]"), mean(series.target), known, past)


def columns_of(names: Sequence[str], table: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """(rows, names) float64."""
    return np.stack([table[name] for name in names], 1) if names else np.empty((rows, 0))
