"""Errors of forecasts in numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def metrics(
    columns: np.ndarray, actual: np.ndarray, last: np.ndarray, scale: float | None, levels: Sequence[float]
) -> dict[str, float]:
    """MAE, RMSE, MASE, sMAPE in percent, how often the direction from the last value was right, and pinball loss.

    Args:
        columns: (n, steps, 1 + 2 levels) forecasts and the ends of their intervals.
        actual: (n, steps) what came.
        last: (n,) the last observed value.
        scale: the seasonal naive forecast's error in training (Hyndman and Koehler 2006); None: no MASE.
        levels: of the intervals; the pinball loss is the mean over their ends and the forecast as the median.
    """
    values = columns[..., 0]
    error = np.abs(values - actual)
    size = np.maximum(np.abs(values) + np.abs(actual), 1e-12)
    moved = np.sign(actual - last[:, None])
    right = np.sign(values - last[:, None])[moved != 0] == moved[moved != 0]
    quantiles = np.array([0.5, *(q for level in levels for q in ((1 - level) / 2, (1 + level) / 2))])
    short = actual[..., None] - columns
    return {
        "MAE": float(error.mean()),
        "RMSE": float(np.sqrt((error**2).mean())),
        **({} if scale is None else {"MASE": float(error.mean() / scale)}),
        "sMAPE": float(200 * (error / size).mean()),
        "direction": float(right.mean()) if len(right) else 0.0,
        "pinball loss": float(np.maximum(quantiles * short, (quantiles - 1) * short).mean()),
    }


def coverage(columns: np.ndarray, actual: np.ndarray, levels: Sequence[float]) -> list[dict[str, float]]:
    """For each level the share of outcomes, and of whole paths, that it held, and its mean width; as `metrics`."""
    rows = []
    for i, level in enumerate(levels):
        low, high = columns[..., 1 + 2 * i], columns[..., 2 + 2 * i]
        inside = (actual >= low) & (actual <= high)
        share, paths, width = (float(part.mean()) for part in (inside, inside.all(1), high - low))
        rows.append({"level": level, "coverage": share, "paths": paths, "width": width})
    return rows
