"""Confidences that mean what they say: temperature, calibration error, the confidence for a risk."""

from __future__ import annotations

import numpy as np


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


def platt(evidence: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the logistic curve that turns evidence into the chance to be right.

    Args:
        evidence: (n,) float, more is better.
        right: (n,) bool.

    Source: Platt 1999, Probabilistic outputs for support vector machines, with his softened targets.
    """
    from scipy.optimize import minimize

    hits, misses = float(right.sum()), float((~right).sum())
    targets = np.where(right, (hits + 1) / (hits + 2), 1 / (misses + 2))

    def loss(line: np.ndarray) -> float:
        z = line[0] * evidence + line[1]
        return float((np.logaddexp(0, z) - targets * z).mean()) + 1e-6 * float(line @ line)

    slope, intercept = minimize(loss, np.array([1.0, 1.0]), bounds=[(0, None), (None, None)]).x
    return float(slope), float(intercept)
