"""The step of a series: its name, its usual season, the times that follow, and one clock for all series. NumPy only."""

from __future__ import annotations

import numpy as np

from seqzoo.errors import UserError

DAY = 86_400
MONTHS = {"month": 1, "quarter": 3, "year": 12}  # steps of so many months
CALENDAR_STEPS = (*MONTHS, "business day")  # steps of no fixed length


def step_of(times: np.ndarray) -> str:
    """Name the step of rising times: "month", "quarter", "year", "business day", or a length like "30min", "1h", "7D".

    Raises:
        UserError: fewer than two times.
    """
    if len(times) < 2:
        raise UserError(f"a series needs at least two steps, this one has {len(times)}")
    gaps = np.diff(times).astype("timedelta64[s]").astype(np.int64)
    usual = int(np.median(gaps))
    months = int(np.median(np.diff(times.astype("M8[M]")).astype(int)))
    if usual >= 28 * DAY and months in MONTHS.values() and _same_day(times):
        return next(name for name, count in MONTHS.items() if count == months)
    weekdays = (times.astype("M8[D]").astype(np.int64) + 3) % 7
    if usual == DAY and gaps.max() > DAY and (weekdays < 5).all():
        return "business day"
    for unit, seconds in (("D", DAY), ("h", 3600), ("min", 60)):
        if usual % seconds == 0:
            return f"{usual // seconds}{unit}"
    return f"{usual}s"


def _same_day(times: np.ndarray) -> bool:
    """Whether all lie on the same day of a month, at the same hour, or on a month's last."""
    since = times - times.astype("M8[M]").astype(times.dtype)
    return len(np.unique(since)) == 1 or month_ends(times)


def month_ends(times: np.ndarray) -> bool:
    """Whether all are the last day of a month."""
    days = times.astype("M8[D]")
    return bool(((days + 1).astype("M8[M]") > days.astype("M8[M]")).all())


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
    """The usual season in steps: a day of hours, a week of days, a year of weeks or months; 1: none known."""
    if step in CALENDAR_STEPS:
        return {"month": 12, "quarter": 4, "year": 1, "business day": 5}[step]
    seconds = seconds_of(step)
    if seconds < DAY and DAY % seconds == 0:
        return DAY // seconds
    return {DAY: 7, 7 * DAY: 52}.get(seconds, 1)


def following(times: np.ndarray, step: str, count: int) -> np.ndarray:
    """The (count,) times after the last one."""
    return _after(times[-1], step, count, month_ends(times))


def _after(time: np.datetime64, step: str, count: int, ends: bool) -> np.ndarray:
    ahead = np.arange(1, count + 1)
    if step in MONTHS:
        months = time.astype("M8[M]") + MONTHS[step] * ahead
        if ends:
            return np.asarray((months + 1).astype("M8[s]") - np.timedelta64(DAY, "s"))
        return np.asarray(months.astype("M8[s]") + (time - time.astype("M8[M]").astype("M8[s]")))
    if step == "business day":
        return np.asarray(np.busday_offset(time.astype("M8[D]"), ahead, roll="backward").astype("M8[s]"))
    return np.asarray(time + ahead * np.timedelta64(seconds_of(step), "s"))


def whole_axis(times: np.ndarray, step: str) -> np.ndarray:
    """Every step from the first of rising times to the last; business days as they are, for holidays are no gaps."""
    if step == "business day":
        return times
    steps = int(ordinals(times[-1:], step)[0] - ordinals(times[:1], step)[0])
    return np.concatenate([times[:1], _after(times[0], step, steps, month_ends(times))])


def ordinals(times: np.ndarray, step: str) -> np.ndarray:
    """(n,) int64: each time as a number of steps since some moment, the same for all series of that step."""
    if step == "business day":
        return np.asarray(np.busday_count("1970-01-01", times.astype("M8[D]")), np.int64)
    if step in MONTHS:
        return np.asarray(times.astype("M8[M]").astype(np.int64) // MONTHS[step])
    return np.asarray(times.astype("M8[s]").astype(np.int64) // seconds_of(step))


def time_text(time: np.datetime64, step: str) -> str:
    """A time as people read it: the date alone where a step is a day or longer."""
    days = step in CALENDAR_STEPS or step.endswith("D")
    return str(time.astype("M8[D]")) if days else str(time.astype("M8[s]")).replace("T", " ")
