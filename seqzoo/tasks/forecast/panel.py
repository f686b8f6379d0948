"""Series on a checked time axis. NumPy only: a saved forecaster reads its input through here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqzoo.errors import UserError

DAY = 86_400


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

    @property
    def last(self) -> np.datetime64:
        """The last observed time of any series."""
        return np.datetime64(max(one.times[one.observed - 1] for one in self.series))

    def fingerprint(self) -> str:
        """SHA-256 over all that was observed: what a model learns from. Rows known in advance do not count."""
        digest = hashlib.sha256(repr((self.target, self.known, self.past, self.step)).encode())
        for one in self.series:
            digest.update(one.name.encode())
            past = one.take(slice(0, one.observed))
            for array in (past.times.astype("M8[s]").astype(np.int64), past.target, past.known, past.past):
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


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


def time_text(time: np.datetime64, step: str) -> str:
    """A time as people read it: the date alone where a step is a day or longer."""
    days = step in ("month", "business day") or step.endswith("D")
    return str(time.astype("M8[D]")) if days else str(time.astype("M8[s]")).replace("T", " ")


# --- other shapes -----------------------------------------------------------------------------------


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
