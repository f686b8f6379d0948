"""The general recipe made to measure: window, season, anchor and calendar from the step and length of a series."""

from __future__ import annotations

import json

import numpy as np

from seqzoo.tasks.forecast.panel import Panel, season_of
from seqzoo.tasks.forecast.training import ForecastRecipe

_STEPS = 2000  # of training that a short series is given
_LONG = 4000  # examples that fill batches of 64


def suited(chosen: ForecastRecipe, panel: Panel, horizon: int | None) -> list[str]:
    """Overrides, `table.key=value`, that fit the general recipe to a panel.

    Args:
        chosen: the recipe with all that was asked for.
        panel: what it is to learn.
        horizon: steps ahead; None: a season, as far as the series is long enough.
    """
    season = season_of(panel.step)
    shortest = min(one.observed for one in panel.series)
    if season * 4 > shortest:
        season = 1
    ahead = horizon or (min(season, max(1, shortest // 20)) if season > 1 else 1)
    usable = int(min(chosen.data.validation, chosen.data.test) * shortest) - ahead  # a part holds whole windows only
    codec = {
        "window": max(2, min(7 * season if season > 1 else 60, usable * 2 // 3)),
        "horizon": ahead,
        "anchor": "season" if season > 1 and seasonal(panel, season, ahead, chosen) else "change",
        "calendar": _calendar(panel.step, season),
    }
    examples = sum(one.observed for one in panel.series) * (1 - chosen.data.validation - chosen.data.test)
    size = 64 if examples > _LONG else 16
    epochs = int(np.clip(_STEPS * size / examples, chosen.fit.epochs, 100))  # a short series is read more often
    fit = {"batch_size": size, "epochs": epochs, "patience": max(3, epochs // 4)}
    return [
        f"{table}.{key}={json.dumps(value)}"
        for table, values in (("codec", codec), ("fit", fit))
        for key, value in values.items()
    ]


def _calendar(step: str, season: int) -> list[str]:
    if step.endswith(("h", "min", "s")) and season > 1:
        return ["hour", "weekday", "yearday"]
    return {"month": ["month"], "1D": ["weekday", "yearday"], "business day": ["weekday"]}.get(step, [])


def seasonal(panel: Panel, season: int, ahead: int, chosen: ForecastRecipe) -> bool:
    """Whether, before validation, a season ago is nearer than the last value, up to a horizon of `ahead`."""
    errors = np.zeros(2)  # of a season ago, of the last value
    for one in panel.series:
        train = one.target[: int(one.observed * (1 - chosen.data.validation - chosen.data.test))]
        for h in {1, max(1, ahead // 2), ahead}:
            back = season * -(-h // season)
            errors += [np.abs(train[lag:] - train[:-lag]).mean() for lag in (back, h)]
    return bool(errors[0] < errors[1])
