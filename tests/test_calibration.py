"""Confidences that mean what they say."""

import numpy as np
import pytest

from seqzoo import calibration


def test_temperature_recovers_the_scale_of_the_logits():
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 3))
    labels = np.array([random.choice(3, p=row) for row in np.exp(logits) / np.exp(logits).sum(1, keepdims=True)])
    assert calibration.temperature(logits * 4, labels) == pytest.approx(4, rel=0.05)


def test_temperature_of_a_separated_split_stays_modest():
    logits = np.array([[0.0, 1.0], [1.0, 0.0]] * 20)
    assert calibration.temperature(logits, np.array([1, 0] * 20)) > 0.1


def test_calibration_of_an_honest_model_is_small():
    random = np.random.default_rng(0)
    confidence = random.uniform(0.5, 1, 50_000)
    error, rows = calibration.calibration(confidence, random.random(50_000) < confidence)
    assert error < 0.01
    assert sum(row["count"] for row in rows) == 50_000
    assert calibration.calibration(confidence, random.random(50_000) < 0.5)[0] > 0.2


def test_confidence_for_risk():
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    correct = np.array([True, True, True, False])
    assert calibration.confidence_for_risk(confidence, correct, 0.1) == 0.7
    assert calibration.confidence_for_risk(confidence, correct, 0.3) == 0.0
    assert calibration.confidence_for_risk(confidence, ~correct, 0.1) == 1.0
