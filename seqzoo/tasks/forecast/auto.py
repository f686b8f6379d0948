"""Forecasts of statsforecast, where it is installed: measured beside ours, and in no bundle."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

_LONGEST = 3000  # steps of a series that they are fitted on
_MOST = 400  # origins that they are asked from
_ZEROS = 0.3  # share of zeros from which on demand is intermittent


def beside(encoded: EncodedPanel, at: Origins, end: int) -> dict[str, np.ndarray]:
    """(n, horizon) of AutoARIMA, AutoETS, AutoTheta, MSTL and Croston's method; nothing where that would take long.

    Each is fitted once on the first `end` steps, then carried forward without another fit; Croston's, which cannot be,
    is fitted anew at each origin.
    """
    if len(encoded.series) > 1 or end > _LONGEST or len(at) > _MOST:
        return {}
    try:
        from statsforecast import models
    except ImportError:
        return {}
    values, horizon = encoded.series[0].target, encoded.codec.horizon
    seasons = [season for season in encoded.codec.seasons if 2 * season < end] or [1]
    kinds = {name: getattr(models, name)(season_length=seasons[0]) for name in ("AutoARIMA", "AutoETS", "AutoTheta")}
    if seasons[0] > 1:
        kinds["MSTL"] = models.MSTL(season_length=seasons)
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, kind in kinds.items():
            fitted = kind.fit(values[:end])
            found[name] = _means([fitted.forward(values[: step + 1], h=horizon) for step in at.steps])
        if (values[:end] == 0).mean() >= _ZEROS:
            croston = models.CrostonOptimized()
            found["Croston"] = _means([croston.forecast(values[: step + 1], h=horizon) for step in at.steps])
    return found


def _means(said: list[dict[str, Any]]) -> np.ndarray:
    return np.array([one["mean"] for one in said], np.float64)
