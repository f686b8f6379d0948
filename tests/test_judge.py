"""Statistics, against scipy and statsmodels."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from seqzoo import judge


def outcomes(n, a, b, seed=0):
    random = np.random.default_rng(seed)
    return random.random(n) < a, random.random(n) < b


def test_paired_p_is_mcnemars_exact_test():
    ours, theirs = outcomes(400, 0.9, 0.85)
    table = [[np.sum(ours & theirs), np.sum(ours & ~theirs)], [np.sum(~ours & theirs), np.sum(~ours & ~theirs)]]
    assert judge.paired_p(ours, theirs) == pytest.approx(mcnemar(table, exact=True).pvalue)


def test_groups_of_one_agree_with_mcnemar():
    ours, theirs = outcomes(400, 0.9, 0.85)
    grouped = judge.paired_p(ours, theirs, [str(i) for i in range(400)])
    assert grouped == pytest.approx(judge.paired_p(ours, theirs), abs=0.03)


def test_examples_that_come_in_groups_count_less():
    ours, theirs = outcomes(60, 0.95, 0.75)
    alone = judge.paired_p(ours, theirs)
    ten_times = judge.paired_p(np.repeat(ours, 10), np.repeat(theirs, 10), [str(i) for i in np.repeat(range(60), 10)])
    assert ten_times == pytest.approx(alone, abs=0.03)
    assert judge.paired_p(np.repeat(ours, 10), np.repeat(theirs, 10)) < alone


def test_equal_models_do_not_differ():
    ours, _ = outcomes(100, 0.9, 0.9)
    assert judge.paired_p(ours, ours) == 1.0
    assert judge.paired_p(ours, ours, ["a"] * 50 + ["b"] * 50) == 1.0


def test_interval_agrees_with_scipys_bootstrap():
    scores = outcomes(500, 0.8, 0.8)[0].astype(float)
    expected = stats.bootstrap(
        (scores,), np.mean, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert judge.interval(scores) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_interval_is_wider_for_whole_groups():
    scores = np.repeat(outcomes(50, 0.8, 0.8)[0].astype(float), 10)
    low, high = judge.interval(scores, [str(i) for i in np.repeat(range(50), 10)])
    alone_low, alone_high = judge.interval(scores)
    assert high - low > 2 * (alone_high - alone_low)


@pytest.mark.parametrize(("ours", "word"), [(0.95, "beats"), (0.80, "does not beat"), (0.60, "does not beat")])
def test_verdict_in_words(ours, word):
    mine, theirs = outcomes(2000, ours, 0.8)
    found = judge.verdict(mine, {"weak": theirs & False, "strong": theirs})
    assert found.words.startswith(word + " the best baseline, strong")
    assert found.wins == (word == "beats")


def test_temperature_recovers_the_scale_of_the_logits():
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 3))
    labels = np.array([random.choice(3, p=row) for row in np.exp(logits) / np.exp(logits).sum(1, keepdims=True)])
    assert judge.temperature(logits * 4, labels) == pytest.approx(4, rel=0.05)


def test_temperature_of_a_separated_split_stays_modest():
    logits = np.array([[0.0, 1.0], [1.0, 0.0]] * 20)
    assert judge.temperature(logits, np.array([1, 0] * 20)) > 0.1


def test_calibration_of_an_honest_model_is_small():
    random = np.random.default_rng(0)
    confidence = random.uniform(0.5, 1, 50_000)
    error, rows = judge.calibration(confidence, random.random(50_000) < confidence)
    assert error < 0.01
    assert sum(row["count"] for row in rows) == 50_000
    assert judge.calibration(confidence, random.random(50_000) < 0.5)[0] > 0.2


def test_confidence_for_risk():
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    correct = np.array([True, True, True, False])
    assert judge.confidence_for_risk(confidence, correct, 0.1) == 0.7
    assert judge.confidence_for_risk(confidence, correct, 0.3) == 0.0
    assert judge.confidence_for_risk(confidence, ~correct, 0.1) == 1.0
