"""The general recipe made to measure: parts, window, season, anchor and network from a series' step and length."""

from __future__ import annotations

import json

import numpy as np

from seqzoo.errors import UserError
from seqzoo.recipe import NONE
from seqzoo.tasks.forecast.panel import Panel
from seqzoo.tasks.forecast.steps import CALENDAR_STEPS, DAY, season_of, seconds_of
from seqzoo.tasks.forecast.training import ForecastRecipe

_SHORT = 250  # steps below which validation takes more of a series
_WINDOWS = 10_000  # that an epoch is made of, about
_LEARNT = 2000  # examples that a network needs to be worth its time
_FEWEST = 3  # origins of each part, where a series has no more
_CYCLES = 2  # seasons that must have been seen before validation
_LEAST = 6  # steps to learn from
_STEPS = 2000  # of training that a short series is given
_LONG = 4000  # examples that fill batches of 64
_MOVES = 60  # steps that tell how a series moves
_NOTHING = 0.02  # of the largest value


def suited(chosen: ForecastRecipe, panel: Panel, horizon: int | None, *, network: bool | None = None) -> list[str]:
    """Overrides, `table.key=value`, that fit the general recipe to a panel.

    Args:
        chosen: the recipe with all that was asked for.
        panel: what it is to learn.
        horizon: steps ahead; None: a season, as far as the series is long enough.
        network: train one however short the series; or none; None: where there is enough to learn from.
    """
    shortest = min(one.observed for one in panel.series)
    season = season_of(panel.step)
    ahead = horizon or (min(season, max(1, shortest // 20)) if season > 1 else 1)
    validation, test = parts(shortest, ahead, season)
    train = int(shortest * (1 - validation - test))
    if season * _CYCLES > train:
        season = 1
    examples = sum(one.observed for one in panel.series) * (1 - validation - test)
    learnt = examples >= _LEARNT if network is None else network
    codec: dict[str, object] = {
        "window": max(2, min(7 * season if season > 1 else 60, train // 3)),
        "horizon": ahead,
        "season": season,
        "anchor": _anchor(panel, season, ahead, train),
        "calendar": _calendar(panel.step, season),
        "stride": max(1, round(examples / _WINDOWS)),
        "lags": _lags(panel.step, season, ahead, train) if chosen.codec.future else [],
    }
    examples = min(examples, _WINDOWS)
    size = 64 if examples > _LONG else 16
    epochs = int(np.clip(_STEPS * size / examples, chosen.fit.epochs, 100))  # a short series is read more often
    tables: dict[str, dict[str, object]] = {
        "data": {"validation": validation, "test": test},
        "codec": codec,
        "fit": {"batch_size": size, "epochs": epochs, "patience": max(3, epochs // 4)},
        "model": {} if learnt else {"architecture": NONE},
    }
    return [f"{table}.{key}={json.dumps(value)}" for table, values in tables.items() for key, value in values.items()]


def parts(steps: int, horizon: int, season: int) -> tuple[float, float]:
    """The shares of validation and test: larger ones of a short series, of which training keeps two seasons.

    Raises:
        UserError: nothing would be left to learn from.
    """
    least = horizon + _FEWEST
    test = max(0.2 * steps, least)
    wanted = (0.4 if steps < _SHORT else 0.2) * steps
    validation = max(min(wanted, steps - test - max(_CYCLES * season + 1, _LEAST)), least)
    if steps - test - validation < _LEAST:
        most = (steps - _LEAST) // 2 - _FEWEST
        raise UserError(
            f"{steps} steps are too few to forecast {horizon} and to see how well: train, choose and judge",
            f"--horizon {most}" if most >= 1 else "more data: 14 steps at least",
        )
    return round(validation / steps, 4), round(test / steps, 4)


def _lags(step: str, season: int, ahead: int, train: int) -> list[int]:
    """A season, a week of hours, and a year of days ago, where that is long enough ago and was seen."""
    year = {"1D": 364, "business day": 252}.get(step, 0)
    week = 7 * season if step not in CALENDAR_STEPS and season * seconds_of(step) == DAY else 0
    return [lag for lag in sorted({season, week, year}) if ahead <= lag <= train // 3 and lag > 1]


def _calendar(step: str, season: int) -> list[str]:
    if step.endswith(("h", "min", "s")) and season > 1:
        return ["hour", "weekday", "yearday"]
    return {"month": ["month"], "quarter": ["month"], "1D": ["weekday", "yearday"], "business day": ["weekday"]}.get(
        step, []
    )


def _anchor(panel: Panel, season: int, ahead: int, train: int) -> str:
    if season > 1 and seasonal(panel, season, ahead, train):
        return "season"
    return "return" if all(relative(one.target[: min(train, one.observed)]) for one in panel.series) else "change"


def relative(values: np.ndarray) -> bool:
    """Whether moves can be told in percent: positive values, none of them next to nothing."""
    return len(values) >= _MOVES and bool(values.min() > _NOTHING * values.max())


def seasonal(panel: Panel, season: int, ahead: int, train: int) -> bool:
    """Whether, in the first `train` steps, a season ago is nearer than the last value, up to a horizon of `ahead`."""
    errors = np.zeros(2)  # of a season ago, of the last value
    for one in panel.series:
        values = one.target[: min(train, one.observed)]
        for h in {1, max(1, ahead // 2), ahead}:
            back = season * -(-h // season)
            errors += [np.abs(values[lag:] - values[:-lag]).mean() if lag < len(values) else 0 for lag in (back, h)]
    return bool(errors[0] < errors[1])
