"""Statistics, against scipy and statsmodels."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score
from statsmodels.stats.contingency_tables import mcnemar

from seqzoo import judge
from seqzoo.judge import Metric, Scores

ACCURACY = Metric("accuracy", higher_is_better=True, kind="share")


def scored(right, groups=None):
    return Scores.mean(right, None if groups is None else np.array(groups))


def paired_p(ours, theirs, groups=None):
    return judge.paired_p(scored(ours, groups), scored(theirs, groups), ACCURACY)


def interval(right, groups=None):
    return judge.interval(scored(right, groups), ACCURACY)


def outcomes(n, a, b, seed=0):
    random = np.random.default_rng(seed)
    return random.random(n) < a, random.random(n) < b


def test_paired_p_is_mcnemars_exact_test():
    ours, theirs = outcomes(400, 0.9, 0.85)
    table = [[np.sum(ours & theirs), np.sum(ours & ~theirs)], [np.sum(~ours & theirs), np.sum(~ours & ~theirs)]]
    assert paired_p(ours, theirs) == pytest.approx(mcnemar(table, exact=True).pvalue)


def test_groups_of_one_agree_with_mcnemar():
    ours, theirs = outcomes(400, 0.9, 0.85)
    grouped = paired_p(ours, theirs, [str(i) for i in range(400)])
    assert grouped == pytest.approx(paired_p(ours, theirs), abs=0.03)


def test_examples_that_come_in_groups_count_less():
    ours, theirs = outcomes(60, 0.95, 0.75)
    alone = paired_p(ours, theirs)
    ten_times = paired_p(np.repeat(ours, 10), np.repeat(theirs, 10), [str(i) for i in np.repeat(range(60), 10)])
    assert ten_times == pytest.approx(alone, abs=0.03)
    assert paired_p(np.repeat(ours, 10), np.repeat(theirs, 10)) < alone


def test_equal_models_do_not_differ():
    ours, _ = outcomes(100, 0.9, 0.9)
    assert paired_p(ours, ours) == 1.0
    assert paired_p(ours, ours, ["a"] * 50 + ["b"] * 50) == 1.0


def test_interval_agrees_with_scipys_bootstrap():
    scores = outcomes(500, 0.8, 0.8)[0].astype(float)
    expected = stats.bootstrap(
        (scores,), np.mean, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert interval(scores) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_interval_is_wider_for_whole_groups():
    scores = np.repeat(outcomes(50, 0.8, 0.8)[0].astype(float), 10)
    low, high = interval(scores, [str(i) for i in np.repeat(range(50), 10)])
    alone_low, alone_high = interval(scores)
    assert high - low > 2 * (alone_high - alone_low)


@pytest.mark.parametrize(("ours", "word"), [(0.95, "beats"), (0.80, "does not beat"), (0.60, "does not beat")])
def test_verdict_in_words(ours, word):
    mine, theirs = outcomes(2000, ours, 0.8)
    found = judge.verdict(scored(mine), {"weak": scored(theirs & False), "strong": scored(theirs)}, ACCURACY)
    assert found.words.startswith(word + " the best baseline, strong")
    assert found.wins == (word == "beats")


def f1(sums):
    tp, fp, fn = np.moveaxis(sums, -1, 0)
    return 2 * tp / (2 * tp + fp + fn)


def spans(n, share, seed):
    """(n, 3) true and false positives and false negatives of n sentences, and labels that give them."""
    random = np.random.default_rng(seed)
    truth = random.random((n, 8)) < 0.3
    said = np.where(random.random((n, 8)) < share, truth, ~truth)
    return (
        np.stack([(truth & said).sum(1), (~truth & said).sum(1), (truth & ~said).sum(1)], 1).astype(float),
        truth,
        said,
    )


def test_a_metric_of_a_corpus_is_made_of_its_sums():
    counts, truth, said = spans(300, 0.9, 0)
    metric = Metric("F1", higher_is_better=True, of=f1, kind="share")
    assert judge.value(Scores(counts), metric) == pytest.approx(f1_score(truth.ravel(), said.ravel()))
    low, high = judge.interval(Scores(counts), metric)
    assert low < judge.value(Scores(counts), metric) < high
    expected = stats.bootstrap(
        tuple(counts.T), lambda a, b, c: 2 * a.sum() / (2 * a.sum() + b.sum() + c.sum()), paired=True, vectorized=False,
        n_resamples=1000, method="percentile", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_approximate_randomization_tells_corpora_apart_only_where_they_differ():
    metric = Metric("F1", higher_is_better=True, of=f1, kind="share")
    better, worse, same = (Scores(spans(300, share, 0)[0]) for share in (0.95, 0.85, 0.95))
    assert judge.paired_p(better, worse, metric) < 0.001
    assert judge.paired_p(better, same, metric) == 1.0
    assert not judge.verdict(same, {"twin": better}, metric).wins


def test_scores_survive_json_as_sums_of_groups():
    groups = np.repeat(np.arange(20), 5)
    scores = Scores(np.random.default_rng(0).random((100, 2)), groups, 3)
    again = Scores.from_json(scores.to_json())
    np.testing.assert_allclose(again.summed(), scores.summed(), rtol=1e-5)
    assert again.horizon == 3


def test_errors_from_one_moment_are_averaged_before_they_are_tested():
    """Ninety shops on one day are one observation of what that day did to all of them."""
    random, days, moments = np.random.default_rng(0), np.arange(150), np.tile(np.arange(150), 90)
    shock = stats.zscore(random.normal(size=150))[moments]
    ours = 10 + random.normal(size=len(moments)) * 0.1
    theirs = ours + shock + 0.1 + random.normal(size=len(moments)) * 0.1
    mae = Metric("MAE")
    panel = judge.paired_p(Scores.mean(ours, moments, 1), Scores.mean(theirs, moments, 1), mae)
    means = [np.bincount(moments, x) / 90 for x in (ours, theirs)]
    assert panel == pytest.approx(judge.paired_p(*(Scores.mean(x, days, 1) for x in means), mae))
    alone = judge.paired_p(*(Scores.mean(x, np.arange(len(x)), 1) for x in (ours, theirs)), mae)
    assert panel > 0.1 and alone < 0.01


def test_the_error_of_a_mean_in_order_knows_how_long_errors_last():
    """Of an autoregression the error is (1 + phi) / (1 - phi) times as large in variance; of white noise as it is."""
    random, n = np.random.default_rng(0), 20_000
    noise = random.normal(size=n)
    lasting = np.zeros(n)
    for t in range(1, n):
        lasting[t] = 0.6 * lasting[t - 1] + noise[t]
    assert judge.long_run(noise, 1)[0] == pytest.approx(1 / np.sqrt(n), rel=0.1)
    assert judge.long_run(lasting, 1)[0] == pytest.approx(1 / 0.4 / np.sqrt(n), rel=0.1)


def test_the_cosines_are_those_of_the_paper():
    values, n = np.random.default_rng(1).normal(size=300), 300
    error, freedom = judge.long_run(values, 3)
    t = np.arange(1, n + 1)
    waves = [np.sqrt(2 / n) * (np.cos(np.pi * j * (t - 0.5) / n) @ values) for j in range(1, freedom + 1)]
    assert freedom == int(0.4 * n ** (2 / 3))
    assert error == pytest.approx(np.sqrt(np.mean(np.square(waves)) / n))


def test_the_error_agrees_with_a_long_hac_estimate():
    import statsmodels.api as sm

    random, n = np.random.default_rng(2), 3000
    overlapping = np.convolve(random.normal(size=n + 11), np.ones(12) / 12, "valid")
    fitted = sm.OLS(overlapping, np.ones(n)).fit(cov_type="HAC", cov_kwds={"maxlags": 60})
    assert judge.long_run(overlapping, 12)[0] == pytest.approx(float(fitted.bse[0]), rel=0.2)


def test_few_origins_that_overlap_win_nothing():
    random = np.random.default_rng(3)
    better = Scores.mean(10 + 0.1 * random.normal(size=12), np.arange(12), 12)
    worse = Scores.mean(11 + 0.1 * random.normal(size=12), np.arange(12), 12)
    found = judge.verdict(better, {"worse": worse}, Metric("MAE"))
    low, high = found.interval
    assert low < found.difference < high and found.p == 1 and not found.wins
    assert "count as 1; 5 are needed" in found.words


@pytest.mark.parametrize(("series", "origins", "steps"), [(1, 100, 5), (30, 60, 7)])
def test_a_model_without_skill_seldom_wins(series, origins, steps):
    """The bench `false_wins.py` draws 500 of many kinds; here a few, so that the rule cannot break unseen."""
    from tests.bench.false_wins import errors, wins

    random = np.random.default_rng(11)
    rate = np.mean([wins(errors(random, series, origins, steps, 0.5), steps, 1, True) for _ in range(120)])
    assert rate <= 0.05
