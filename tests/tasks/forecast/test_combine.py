"""Who answers, by what was known; and intervals that hold what they promise."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, root_mean_squared_error

from seqzoo import judge
from seqzoo.tasks.forecast import combine, intervals, scores
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.combine import Fresh, Memory
from seqzoo.tasks.forecast.options import CodecOptions
from tests.tasks.forecast.test_codec import panel
from tests.tasks.forecast.test_simple import noisy

LEVELS, TAILS = (0.8, 0.95), (0.9, 0.975)


def even(n):
    return np.full(n, 1 / n)


def fresh(errors, began=None, horizon=1):
    """Errors that are the same at each step ahead."""
    began = np.arange(len(errors)) if began is None else began
    when = began[:, None] + np.arange(1, horizon + 1)
    return Fresh.of(began, when, np.repeat(errors[:, None], horizon, 1))


def along(errors, at, half_life, began=None, horizon=1):
    found = fresh(errors, began, horizon)
    memory = Memory.empty(errors.shape[1], 2, 1).and_errors(found)
    return combine.along(memory, found, at, half_life, last=0, doubt=0)


def test_the_nearest_gets_most_and_all_get_one():
    random = np.random.default_rng(0)
    errors = np.abs(random.normal(0, [3.0, 1.0, 1.05], (400, 3)))
    found = combine.weights(errors, even(400), 1, 0)
    assert found.sum() == pytest.approx(1) and (found >= 0).all()
    assert found[1] > found[2] > 0.05 and found[0] < 0.01


def test_a_lead_that_may_be_chance_goes_to_the_last_value():
    shared = np.abs(np.random.default_rng(0).normal(size=60))
    lead = np.random.default_rng(1).normal(0.001, 0.1, 60)
    found = combine.weights(np.stack([shared, shared - lead], 1), even(60), 1, 0)
    assert found[0] > 0.5
    sure = combine.weights(np.stack([shared, shared - 0.5 - lead], 1), even(60), 1, 0)
    assert sure[0] < 1e-3
    overlapping = combine.weights(np.stack([shared, shared - 0.02 - lead], 1), even(60), 30, 0)
    apart = combine.weights(np.stack([shared, shared - 0.02 - lead], 1), even(60), 1, 0)
    assert overlapping[0] > apart[0]
    walk = combine.weights(np.stack([shared, shared - 0.02 - lead], 1), even(60), 1, 0, doubt=2)
    assert walk[0] > apart[0] and walk[0] == 1


def test_perfect_forecasts_are_no_division_by_zero():
    found = combine.weights(np.zeros((20, 3)), even(20), 1, 0)
    np.testing.assert_allclose(found, [1, 0, 0])
    with np.errstate(all="raise"):
        assert combine.weights(np.stack([np.ones(20), np.zeros(20)], 1), even(20), 1, 0)[1] > 0.99


def test_weights_follow_what_became_better_and_nothing_later_matters():
    errors = np.where(np.arange(200)[:, None] < 100, [5.0, 1.0, 2.0], [5.0, 2.0, 1.0])
    at = np.arange(200)
    found, informed = along(errors, at, 10)
    assert found[90, 1] > 0.9 and found[180, 2] > 0.9 and informed[1:].all()
    changed = errors.copy()
    changed[120:] = 77
    again, _ = along(changed, at, 10)
    np.testing.assert_array_equal(again[:120], found[:120])


def test_before_anything_is_known_all_speak_alike():
    found, informed = along(np.ones((5, 4)), np.array([3, 12]), 10, np.arange(10, 15))
    np.testing.assert_array_equal(found[0], np.full(4, 0.25))
    assert informed.tolist() == [False, True]


def test_a_horizon_that_is_not_over_counts_as_far_as_it_is():
    """The second candidate was always better, until eight steps ago: forecasts of ten steps have not all been seen."""
    errors = np.where(np.arange(100)[:, None] < 92, [3.0, 1.0], [1.0, 30.0])
    found, _ = along(errors, np.array([92, 99]), 20, horizon=10)
    assert found[0, 1] > 0.99 and found[1, 0] > 0.9
    young, parts = fresh(errors, horizon=10).so_far(99)
    assert parts.tolist() == [steps / 10 for steps in range(9, 0, -1)]
    np.testing.assert_allclose(young, errors[90:99])


def test_series_of_one_moment_count_once():
    memory = Memory.empty(2, 2, 1).and_errors(
        fresh(np.array([[1.0, 3.0], [3.0, 5.0], [7.0, 7.0]]), np.array([3, 3, 8]))
    )
    np.testing.assert_array_equal(memory.known, [4, 9])
    np.testing.assert_array_equal(memory.errors, [[2, 4], [7, 7]])
    long = Memory(*(np.arange(5000),) * 2, np.arange(5000), np.zeros((5000, 2, 1, 2))).thinned()
    assert long.known[-1] == long.seen[-1] == 4999 and len(long.seen) <= 1000


@pytest.mark.parametrize("quantiles", [(), (0.1, 0.5, 0.9)])
def test_intervals_hold_what_they_promise(quantiles):
    random = np.random.default_rng(0)
    codec = SeriesCodec.fit(panel(noisy()), CodecOptions(window=8, horizon=2, quantiles=quantiles))
    raw = np.sort(random.normal(0, 0.1, (4000, 2, max(1, len(quantiles)))), -1)
    outcomes = random.normal(0, 1, (4000, 2)) * [1, 3]
    missed = intervals.misses(raw, outcomes, codec, LEVELS)
    moves = intervals.offsets(missed[:2000], even(2000), TAILS, 2000)
    columns = intervals.with_ends(raw[2000:], codec, LEVELS, np.repeat(moves[None], 2000, 0))
    for i, level in enumerate(LEVELS):
        inside = (outcomes[2000:] >= columns[..., 1 + 2 * i]) & (outcomes[2000:] <= columns[..., 2 + 2 * i])
        assert np.abs(inside.mean(0) - level).max() < 0.03
    assert (columns[..., 3] <= columns[..., 1]).mean() > 0.95


def test_joint_intervals_hold_whole_paths():
    random = np.random.default_rng(0)
    codec = SeriesCodec.fit(panel(noisy()), CodecOptions(window=8, horizon=12))
    outcomes = np.cumsum(random.normal(0, 1, (3000, 12)), 1)
    missed = intervals.misses(np.zeros((3000, 12, 1)), outcomes, codec, LEVELS)
    for joint, least, most in ((False, 0.3, 0.65), (True, 0.76, 0.84)):
        moves = intervals.offsets(missed[:1500], even(1500), TAILS, 1500, LEVELS if joint else ())
        columns = intervals.with_ends(np.zeros((1500, 12, 1)), codec, LEVELS, np.repeat(moves[None], 1500, 0))
        held = scores.coverage(columns, outcomes[1500:], LEVELS)
        assert least < held[0]["paths"] < most


def test_sliding_intervals_follow_a_series_that_becomes_wilder():
    random = np.random.default_rng(0)
    codec = SeriesCodec.fit(panel(noisy()), CodecOptions(window=8, horizon=2))
    outcomes = random.normal(0, 1, (4000, 2)) * np.where(np.arange(4000) < 2000, 1, 3)[:, None]
    raw, places = np.zeros((4000, 2, 1)), np.arange(4000)
    missed = intervals.misses(raw, outcomes, codec, LEVELS)
    memory = Memory.empty(1, 2, 2).and_misses(missed, places + 2)
    moves = intervals.along(memory, places[1000:], LEVELS, 2, 150)
    columns = intervals.with_ends(raw[1000:], codec, LEVELS, moves)
    inside = [(row["coverage"]) for row in scores.coverage(columns[1500:], outcomes[2500:], LEVELS)]
    assert abs(inside[0] - 0.8) < 0.03 and abs(inside[1] - 0.95) < 0.02
    later = missed.copy()
    later[3000:] += 100
    again = intervals.along(Memory.empty(1, 2, 2).and_misses(later, places + 2), places[1000:3000], LEVELS, 2, 150)
    np.testing.assert_array_equal(again, moves[:2000])


def test_few_errors_make_wide_intervals():
    """Of five forecasts nobody knows where 95 % lie: the tail is Student's."""
    rows = np.random.default_rng(0).normal(size=(400, 5, 1, 1, 1))
    rows = np.concatenate([rows, -rows], -1)
    for level, least in ((0.8, 0.72), (0.95, 0.88)):
        held = []
        for row in rows:
            low, high = intervals.offsets(row, even(5), ((1 + level) / 2,), 5)[0, 0]
            held.append(stats.norm.cdf(high) - stats.norm.cdf(-low))
        assert np.mean(held) > least


def test_forecasts_that_overlap_or_share_shocks_count_for_less():
    apart = intervals.independent(np.arange(100), even(100), 1)
    assert apart == pytest.approx(100)
    assert intervals.independent(np.arange(100), even(100), 20) == pytest.approx(10)
    assert intervals.independent(np.repeat(np.arange(25), 4), even(100), 1) == pytest.approx(50)


@pytest.mark.parametrize("share", [0.9, 0.975])
def test_the_quantile_of_students_t_is_that_of_scipy(share):
    for freedom in (3, 5, 10, 40):
        assert intervals.student(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=0.03)


def test_returns_are_trusted_as_far_as_they_held():
    random = np.random.default_rng(0)
    actual = random.normal(0, 1, (400, 1))
    for said, least, most in (
        (random.normal(0, 1, (400, 1)), 0, 0.15),
        (actual, 0.999, 1),
        (-actual, 0, 0),
        (2 * actual, 0.499, 0.5),
    ):
        assert least <= intervals.shrunk_slope(said, actual) <= most


def test_metrics_against_scikit_learn():
    random = np.random.default_rng(0)
    actual = random.normal(10, 2, (50, 3))
    columns = np.sort(actual[..., None] + random.normal(0, 1, (50, 3, 3)), -1)[..., [1, 0, 2]]
    found = scores.metrics(columns, actual, actual[:, 0] - 1, 2.0, (0.8,))
    assert found["MAE"] == pytest.approx(mean_absolute_error(actual, columns[..., 0]))
    assert found["RMSE"] == pytest.approx(root_mean_squared_error(actual.ravel(), columns[..., 0].ravel()))
    assert found["MASE"] == pytest.approx(found["MAE"] / 2)
    losses = [mean_pinball_loss(actual, columns[..., i], alpha=alpha) for i, alpha in enumerate((0.5, 0.1, 0.9))]
    assert found["pinball loss"] == pytest.approx(np.mean(losses))


def test_diebold_mariano_of_equals():
    same = np.arange(50.0)
    assert judge.diebold_mariano(same, same, 1) == 1.0
    rejected = 0
    for seed in range(300):
        a, b = np.abs(np.random.default_rng(seed).normal(size=(2, 100)))
        rejected += judge.diebold_mariano(a, b, 1) < 0.05
    assert 4 <= rejected <= 30
