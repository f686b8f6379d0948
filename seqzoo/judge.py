"""Honest comparison: scores as summed statistics, their intervals, paired tests, and a verdict in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95
_NOTHING = 1e-3  # of the baseline's value: a lead that is smaller is none
APART = 5  # forecasts that do not overlap, without which there is no verdict


def ratio(sums: np.ndarray) -> np.ndarray:
    """(..., 2) sums of values and counts -> (...) means."""
    return np.asarray(sums[..., 0] / sums[..., 1])


@dataclass(frozen=True)
class Metric:
    """What a verdict is about: a number made of summed statistics.

    Attributes:
        of: (..., k) sums -> (...) numbers; a mean by default.
        kind: "share" is shown in percent and compared in points, "number" as it is.
        full: of an answer without a fault, where a number has such a value: 100 for BLEU.
    """

    name: str
    unit: str = ""
    higher_is_better: bool = False
    of: Callable[[np.ndarray], np.ndarray] = ratio
    kind: str = "number"
    full: float = 0.0


@dataclass(frozen=True, eq=False)
class Scores:
    """Statistics of each example, to be summed.

    Attributes:
        statistics: (n, k) float64: (right, 1), (errors, words), (tp, fp, fn) ...
        groups: (n,); examples of one group stay together: the reviews of a film, the forecasts from one moment.
        horizon: 0: groups are exchangeable. h: they are moments in order, and the errors of neighbours overlap over
            h - 1 of them.
    """

    statistics: np.ndarray
    groups: np.ndarray | None = None
    horizon: int = 0

    @classmethod
    def mean(cls, values: np.ndarray, groups: np.ndarray | None = None, horizon: int = 0) -> Scores:
        """Scores whose metric is the mean of (n,) values."""
        column = np.asarray(values, np.float64)
        return cls(np.stack([column, np.ones(len(column))], 1), groups, horizon)

    def summed(self) -> np.ndarray:
        """(m, k) sums of each group, in the groups' order."""
        if self.groups is None:
            return self.statistics
        _, index = np.unique(self.groups, return_inverse=True)
        return np.stack([np.bincount(index, column) for column in self.statistics.T], 1)

    def to_json(self) -> dict[str, Any]:
        """The sums of each group: what a later paired test needs."""
        return {"sums": [[float(f"{x:.6g}") for x in row] for row in self.summed()], "horizon": self.horizon}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Scores:
        """Scores of which each group is one example."""
        sums = np.array(values["sums"], np.float64)
        return cls(sums, np.arange(len(sums)), int(values["horizon"]))


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

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Verdict:
        """Rebuild a verdict."""
        return cls(**{**values, "interval": tuple(values["interval"])})


def value(scores: Scores, metric: Metric) -> float:
    """The metric over all examples."""
    return float(metric.of(scores.statistics.sum(0)))


def interval(scores: Scores, metric: Metric, seed: int = 0) -> tuple[float, float]:
    """A 95 % interval: a bootstrap that resamples whole groups; for moments in order, by their long-run variance.

    Source: Efron 1979; for groups, the cluster bootstrap of Field and Welsh 2007; for moments see `long_run`.
    """
    sums = scores.summed()
    if scores.horizon:
        return _around(value(scores, metric), metric.of(sums), scores.horizon)
    return _between(metric.of(_resampled(sums, seed)))


def long_run(values: np.ndarray, horizon: int) -> tuple[float, int]:
    """The standard error of the mean of values in order that depend on their neighbours, and its degrees of freedom.

    Forecasts from neighbouring moments overlap over `horizon` - 1 steps, and what befalls one befalls the next; only
    slow cosines, of which there are as many as degrees of freedom, tell how far such a mean may stray.

    Args:
        values: (n,) float.
        horizon: steps ahead, at least 1.

    Source: Lazarus, Lewis, Stock and Watson 2018, HAR inference (equal-weighted cosines); for forecasts Coroneo and
    Iacone 2020, Comparing predictive accuracy in small samples.
    """
    from scipy.fft import dct

    n = len(values)
    freedom = max(1, min(int(0.4 * n ** (2 / 3)), n // (2 * horizon)))
    waves = dct(np.asarray(values, float), norm="ortho")[1 : freedom + 1]
    return float(np.sqrt((waves**2).sum() / max(1, len(waves)) / n)), freedom


def _around(centre: float, values: np.ndarray, horizon: int) -> tuple[float, float]:
    from scipy.stats import t as student

    error, freedom = long_run(values, horizon)
    reach = error * float(student.ppf((1 + LEVEL) / 2, freedom))
    return centre - reach, centre + reach


def _resampled(units: np.ndarray, seed: int) -> np.ndarray:
    """(RESAMPLES, k) sums of as many units, drawn with replacement."""
    random = np.random.default_rng(seed)
    counts = (random.multinomial(len(units), np.full(len(units), 1 / len(units))) for _ in range(RESAMPLES))
    return np.stack([count @ units for count in counts])


def _between(values: np.ndarray) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def paired_p(ours: Scores, theirs: Scores, metric: Metric, seed: int = 0) -> float:
    """The two-sided p-value of "no difference" between two models scored on the same examples.

    Moments in order: Diebold and Mariano's test. Single examples that are right or wrong: McNemar's exact test.
    Otherwise approximate randomization: the two are exchanged, group by group, at random.

    Source: McNemar 1947; Noreen 1989, Computer-intensive methods for testing hypotheses.
    """
    a, b = ours.summed(), theirs.summed()
    if ours.horizon:
        return diebold_mariano(metric.of(a), metric.of(b), ours.horizon)
    single = len(a) == len(ours.statistics) and a.shape[1] == 2 and bool((a[:, 1] == 1).all())
    if single and set(np.unique(a[:, 0] - b[:, 0])) <= {-1.0, 0.0, 1.0}:
        return _mcnemar(a[:, 0] - b[:, 0])
    return _randomized(a, b, metric, seed)


def _mcnemar(difference: np.ndarray) -> float:
    from scipy.stats import binomtest

    better, worse = int((difference > 0).sum()), int((difference < 0).sum())
    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0


def _randomized(a: np.ndarray, b: np.ndarray, metric: Metric, seed: int, trials: int = 10_000) -> float:
    differs = (a != b).any(1)
    if not differs.any():
        return 1.0
    half = (a + b).sum(0) / 2
    moved = (a - b)[differs] / 2
    found = abs(float(metric.of(half + moved.sum(0)) - metric.of(half - moved.sum(0))))
    random, extreme = np.random.default_rng(seed), 0
    for start in range(0, trials, 500):
        swing = random.choice([-1.0, 1.0], (min(500, trials - start), len(moved))) @ moved
        extreme += int((np.abs(metric.of(half + swing) - metric.of(half - swing)) >= found - 1e-12).sum())
    return (extreme + 1) / (trials + 1)


def diebold_mariano(ours: np.ndarray, theirs: np.ndarray, horizon: int) -> float:
    """The two-sided p-value of "equal accuracy" of two forecasters.

    Args:
        ours: (n,) float losses at consecutive origins, each the mean over the steps ahead and over all series.
        theirs: the same of the other.
        horizon: steps ahead.

    Source: Diebold and Mariano 1995, with the long-run variance and the t distribution of `long_run`.
    """
    from scipy.stats import t as student

    difference = np.asarray(ours, float) - np.asarray(theirs, float)
    if len(difference) < 3 or not np.any(difference):
        return 1.0
    error, freedom = long_run(difference, horizon)
    return float(2 * student.sf(abs(difference.mean()) / max(error, 1e-300), freedom))


def verdict(ours: Scores, baselines: Mapping[str, Scores], metric: Metric, level: float = 0.05) -> Verdict:
    """Compare with the best baseline, and say in words who wins: the better one, if p is below `level`.

    Nobody wins on fewer than `APART` forecasts that do not overlap.
    """
    sign = 1 if metric.higher_is_better else -1
    best = max(baselines, key=lambda name: sign * value(baselines[name], metric))
    theirs = baselines[best]
    mine, other = value(ours, metric), value(theirs, metric)
    p = paired_p(ours, theirs, metric)
    between = difference_interval(ours, theirs, metric)
    if ours.horizon and len(ours.summed()) < APART * ours.horizon:
        return Verdict(
            best, mine, other, mine - other, between, 1.0, False, _undecided(best, mine, other, ours, metric)
        )
    wins = sign * (mine - other) > _NOTHING * abs(other) and p < level
    words = (
        f"{'beats' if wins else 'does not beat'} the best baseline, {best}: "
        f"{_sizes(mine, other, between, metric)}, p {_p(p)}, n = {len(ours.statistics):,}"
    )
    return Verdict(best, mine, other, mine - other, between, p, wins, words)


def _undecided(best: str, mine: float, other: float, ours: Scores, metric: Metric) -> str:
    moments = len(ours.summed())
    return (
        f"has no verdict: {metric.name} {mine:.4g} against {other:.4g} of {best}, but the {moments} forecasts overlap "
        f"so much that they count as {max(1, moments // ours.horizon)}; {APART} are needed"
    )


def difference_interval(ours: Scores, theirs: Scores, metric: Metric, seed: int = 0) -> tuple[float, float]:
    """A 95 % interval of ours minus theirs, on the same examples; see `interval`."""
    a, b = ours.summed(), theirs.summed()
    if ours.horizon:
        return _around(value(ours, metric) - value(theirs, metric), metric.of(a) - metric.of(b), ours.horizon)
    drawn, k = _resampled(np.concatenate([a, b], 1), seed), a.shape[1]
    return _between(metric.of(drawn[:, :k]) - metric.of(drawn[:, k:]))


def _sizes(mine: float, other: float, between: Sequence[float], metric: Metric) -> str:
    low, high = between
    if metric.kind == "share":
        points = f"{100 * (mine - other):+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}]"
        return f"{mine:.2%} against {other:.2%}, difference {points}"
    change = f" ({100 * (mine / other - 1):+.1f} %)" if other else ""
    between_words = f"difference {mine - other:+.4g} [{low:+.4g}, {high:+.4g}]"
    return f"{metric.name} {mine:.4g} against {other:.4g}{change}, {between_words}"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
