"""Errors of forecasts in numbers: what is reported, what is tested, and the verdict in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqzoo import judge

BLOCK = 20  # neighbouring origins that the bootstrap keeps together, at least


def metrics(
    columns: np.ndarray, came: np.ndarray, last: np.ndarray, scale: float, levels: tuple[float, ...]
) -> dict[str, float]:
    """MAE, RMSE, MASE, sMAPE in percent, how often the direction from the last value was right, and pinball loss.

    Args:
        columns: (n, steps, 1 + 2 levels) forecasts and the ends of their intervals.
        came: (n, steps) what came.
        last: (n,) the last observed value.
        scale: the seasonal naive forecast's error in training (Hyndman and Koehler 2006).
        levels: of the intervals; the pinball loss is the mean over their ends and the forecast as the median.
    """
    values = columns[..., 0]
    error = np.abs(values - came)
    size = np.maximum(np.abs(values) + np.abs(came), 1e-12)
    moved = np.sign(came - last[:, None])
    right = np.sign(values - last[:, None])[moved != 0] == moved[moved != 0]
    quantiles = np.array([0.5, *(q for level in levels for q in ((1 - level) / 2, (1 + level) / 2))])
    short = came[..., None] - columns
    return {
        "MAE": float(error.mean()),
        "RMSE": float(np.sqrt((error**2).mean())),
        "MASE": float(error.mean() / scale),
        "sMAPE": float(200 * (error / size).mean()),
        "direction": float(right.mean()) if len(right) else 0.0,
        "pinball loss": float(np.maximum(quantiles * short, (quantiles - 1) * short).mean()),
    }


def blocks(moments: np.ndarray, length: int) -> list[str]:
    """Neighbouring origins belong together: their errors are not independent."""
    _, index = np.unique(moments, return_inverse=True)
    return [str(block) for block in index // length]


def verdict(ours: np.ndarray, others: dict[str, np.ndarray], moments: np.ndarray, horizon: int) -> judge.Verdict:
    """Hold (n,) errors against the best baseline's by Diebold and Mariano's test over the origins' times."""
    best = min(others, key=lambda name: float(others[name].mean()))
    theirs = others[best]
    p = judge.diebold_mariano(np.array(by_time(ours, moments)), np.array(by_time(theirs, moments)), horizon)
    difference = float(ours.mean() - theirs.mean())
    low, high = judge.interval(ours - theirs, blocks(moments, max(horizon, BLOCK)))
    wins = difference < 0 and p < 0.05
    words = (
        f"{'beats' if wins else 'does not beat'} the best baseline, {best}: MAE {ours.mean():.4g} against "
        f"{theirs.mean():.4g} ({100 * difference / theirs.mean():+.1f} %), Diebold-Mariano p "
        f"{'< 0.001' if p < 0.001 else f'= {p:.3f}'}, n = {len(ours):,}"
    )
    return judge.Verdict(best, float(ours.mean()), float(theirs.mean()), difference, (low, high), p, wins, words)


def by_time(errors: np.ndarray, moments: np.ndarray) -> list[float]:
    """The mean error from each origin's time, in order: what later paired tests need."""
    _, index = np.unique(moments, return_inverse=True)
    return [float(f"{mean:.6g}") for mean in np.bincount(index, errors) / np.bincount(index)]


def paired_p(ours: list[float], theirs: list[float], report: dict[str, Any]) -> float:
    """The p-value of "equal accuracy" of two models' errors, as `by_time` wrote them."""
    return judge.diebold_mariano(np.array(ours), np.array(theirs), len(report["by step"]))
