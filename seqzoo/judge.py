"""Honest comparison: intervals, paired tests, and a verdict in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Verdict:
    """The outcome against the best baseline: `difference` is ours minus theirs, `p` two-sided."""

    baseline: str
    ours: float
    theirs: float
    difference: float
    interval: tuple[float, float]
    p: float
    wins: bool
    words: str

    def to_json(self) -> dict[str, Any]:
        """Every field."""
        return asdict(self)


def interval(scores: np.ndarray, groups: Sequence[str] | None = None, seed: int = 0) -> tuple[float, float]:
    """A 95 % bootstrap interval of the mean score, resampling whole groups where there are any.

    Args:
        scores: (n,) float, one for each example: 0 or 1 for accuracy.
        groups: (n,) names; examples of one group (the reviews of one film) are not independent.
        seed: of the resampling.

    Source: Efron 1979; for groups, the cluster bootstrap of Field and Welsh 2007.
    """
    sums, counts = _by_group(np.asarray(scores, float), groups)
    random = np.random.default_rng(seed)
    means = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        pick = random.integers(0, len(sums), len(sums))
        means[i] = sums[pick].sum() / counts[pick].sum()
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def paired_p(ours: np.ndarray, theirs: np.ndarray, groups: Sequence[str] | None = None, seed: int = 0) -> float:
    """The two-sided p-value of "no difference" between two models scored on the same examples.

    Without groups and with 0/1 scores this is McNemar's exact test; otherwise a sign-flip permutation test
    over the groups' summed differences.

    Source: McNemar 1947; Fisher 1935, The design of experiments.
    """
    difference = np.asarray(ours, float) - np.asarray(theirs, float)
    if groups is None and set(np.unique(difference)) <= {-1.0, 0.0, 1.0}:
        from scipy.stats import binomtest

        better, worse = int((difference > 0).sum()), int((difference < 0).sum())
        return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    sums, _ = _by_group(difference, groups)
    sums = sums[sums != 0]
    if not len(sums):
        return 1.0
    random = np.random.default_rng(seed)
    trials = 10_000
    extreme = 0
    for start in range(0, trials, 500):
        flipped = random.choice([-1.0, 1.0], (min(500, trials - start), len(sums))) @ sums
        extreme += int((np.abs(flipped) >= abs(sums.sum()) - 1e-9).sum())
    return (extreme + 1) / (trials + 1)


def diebold_mariano(ours: np.ndarray, theirs: np.ndarray, horizon: int) -> float:
    """The two-sided p-value of "equal accuracy" of two forecasters.

    Args:
        ours: (n,) float losses at consecutive origins, each the mean over the steps ahead.
        theirs: the same of the other.
        horizon: steps ahead; forecasts overlap, so losses are correlated over `horizon - 1` origins.

    Source: Diebold and Mariano 1995, with the small-sample correction of Harvey, Leybourne and Newbold 1997.
    """
    from scipy.stats import t as student

    difference = np.asarray(ours, float) - np.asarray(theirs, float)
    n = len(difference)
    if n < 3 or not np.any(difference):
        return 1.0
    lags = min(horizon - 1, n - 2)
    centred = difference - difference.mean()
    covariances = [float(centred[k:] @ centred[: n - k]) / n for k in range(lags + 1)]
    variance = covariances[0] + 2 * sum(covariances[1:])
    if variance <= 0:  # Bartlett's weights keep it positive
        variance = covariances[0] + 2 * sum((1 - k / (lags + 1)) * c for k, c in enumerate(covariances) if k)
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    statistic = difference.mean() / np.sqrt(variance / n) * np.sqrt(max(correction, 1 / n))
    return float(2 * student.sf(abs(statistic), n - 1))


def _by_group(values: np.ndarray, groups: Sequence[str] | None) -> tuple[np.ndarray, np.ndarray]:
    if groups is None:
        return values, np.ones(len(values))
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    return np.bincount(index, values), np.bincount(index).astype(float)


def verdict(
    ours: np.ndarray,
    baselines: dict[str, np.ndarray],
    groups: Sequence[str] | None = None,
    level: float = 0.05,
) -> Verdict:
    """Compare 0/1 scores with the best baseline's, and say in words who wins.

    A win needs a higher mean and a paired p-value below `level`.
    """
    best = max(baselines, key=lambda name: float(np.mean(baselines[name])))
    theirs = baselines[best]
    difference = float(np.mean(ours) - np.mean(theirs))
    p = paired_p(ours, theirs, groups)
    wins = difference > 0 and p < level
    low, high = interval(np.asarray(ours, float) - np.asarray(theirs, float), groups)
    words = (
        f"{'beats' if wins else 'does not beat'} the best baseline, {best}: "
        f"{np.mean(ours):.2%} against {np.mean(theirs):.2%}, difference {100 * difference:+.2f} points "
        f"[{100 * low:+.2f}, {100 * high:+.2f}], p {_p(p)}, n = {len(ours):,}"
    )
    return Verdict(best, float(np.mean(ours)), float(np.mean(theirs)), difference, (low, high), p, wins, words)


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The number that, dividing the logits, gives the most likely probabilities on these labels.

    Args:
        logits: (n, classes) float.
        labels: (n,) int class numbers.

    Source: Guo et al. 2017, On calibration of modern neural networks; targets as in Platt 1999.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    n, classes = logits.shape
    # Platt's targets: without the softening, a perfectly separated split would ask for certainty.
    targets = np.full((n, classes), 1 / (n + classes))
    targets[np.arange(n), labels] = 1 - (classes - 1) / (n + classes)

    def loss(log_t: float) -> float:
        return float(-(targets * log_softmax(logits / np.exp(log_t), axis=1)).sum(1).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def calibration(confidence: np.ndarray, correct: np.ndarray, bins: int = 10) -> tuple[float, list[dict[str, float]]]:
    """Expected calibration error, and for each bin its mean confidence, accuracy and count.

    Source: Naeini et al. 2015; bins of equal width.
    """
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = [
        {
            "confidence": float(confidence[index == b].mean()),
            "accuracy": float(correct[index == b].mean()),
            "count": int((index == b).sum()),
        }
        for b in range(bins)
        if (index == b).any()
    ]
    error = sum(row["count"] * abs(row["accuracy"] - row["confidence"]) for row in rows) / len(confidence)
    return float(error), rows


def confidence_for_risk(confidence: np.ndarray, correct: np.ndarray, risk: float) -> float:
    """The lowest confidence at and above which the error is at most `risk`.

    0 when that holds for all examples, 1 when it holds for none.

    Source: El-Yaniv and Wiener 2010, On the foundations of noise-free selective classification.
    """
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(~correct[order].astype(bool)) / np.arange(1, len(order) + 1)
    allowed = np.flatnonzero(errors <= risk)
    if not len(allowed):
        return 1.0
    return 0.0 if allowed[-1] == len(order) - 1 else float(confidence[order[allowed[-1]]])
