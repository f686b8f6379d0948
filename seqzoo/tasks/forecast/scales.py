"""How large the numbers of a panel are: what a codec learns from the training part."""

from __future__ import annotations

import numpy as np

from seqzoo.errors import UserError
from seqzoo.tasks.forecast.panel import Panel

LEAST = 1e-8


def of_targets(train: Panel, anchor: str) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each series' target."""
    if anchor == "return" and any((one.target[: one.observed] <= 0).any() for one in train.series):
        raise UserError(f"returns need a positive target, {train.target!r} is not", "--set codec.anchor=change")
    scales = {one.name: _moments(one.target[: one.observed]) for one in train.series}
    flat = [name for name, (_, spread) in scales.items() if spread <= LEAST]
    if flat:
        raise UserError(f"the target {train.target!r} is constant{f' in {flat[:5]}' if flat[0] else ''}")
    return scales


def of_columns(train: Panel) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each past and known column; a constant one keeps its unit."""
    scales = {}
    for kind, names in (("known", train.known), ("past", train.past)):
        stacked = np.concatenate([getattr(one, kind) for one in train.series])
        for i, name in enumerate(names):
            mean, spread = _moments(stacked[:, i])
            scales[name] = (mean, spread or 1.0)
    return scales


def _moments(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of what is a number; 0 for a constant."""
    good = values[np.isfinite(values)]
    if not len(good):
        return 0.0, 1.0
    spread = float(good.std())
    return float(good.mean()), spread if spread > LEAST else 0.0
