"""What is decided on validation, and how the test part is judged: from every origin, beside the baselines."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seqzoo.judge import Scores
from seqzoo.report import JSON, Section
from seqzoo.room import Judgement
from seqzoo.runtime import Graph
from seqzoo.tasks.forecast import baselines, data, figures, leak, predict, scores
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.data import Splits
from seqzoo.tasks.forecast.figures import Backtest
from seqzoo.tasks.forecast.intervals import Intervals
from seqzoo.tasks.forecast.options import DataOptions
from seqzoo.tasks.forecast.panel import Panel
from seqzoo.tasks.forecast.predict import GRAPH, Forecaster
from seqzoo.tasks.forecast.training import ForecastRecipe
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins, origins_between

_FREE_RUN_STEPS = 200
_TIMED = 20  # forecasts


def decide(codec: SeriesCodec, files: Mapping[str, bytes], splits: Splits, recipe: ForecastRecipe) -> Forecaster:
    """Calibrate the intervals on the validation part."""
    graph = Graph(files[GRAPH])
    encoded = EncodedPanel(codec, splits.seen.series)
    held = origins_between(codec, splits.seen, *splits.ends)
    raw = predict.estimate(graph, encoded, held)
    recent = len(np.unique(encoded.times(held)))
    since = str(splits.ends[0])
    intervals = Intervals.calibrate(raw, encoded.outcomes(held), codec, recipe.decide.levels, recent, since)
    return Forecaster(codec, intervals, graph)


def read_other(options: DataOptions, forecaster: Forecaster) -> Panel:
    """All of another panel.

    Raises:
        UserError: data that cannot be used, or that have another step or other columns.
    """
    panel, _ = data.panel_of(options, quiet=True)
    forecaster.check(panel)
    return panel


@dataclass(frozen=True)
class _Parts:
    """Origins of each part of the time axis; all are `test` on other data."""

    test: Origins
    train: Origins | None = None
    validation: Origins | None = None

    @classmethod
    def of(cls, codec: SeriesCodec, panel: Panel, splits: Splits | None) -> _Parts:
        if splits is None:
            return cls(origins_between(codec, panel))
        start, end = splits.ends
        train = origins_between(codec, panel, None, start)
        return cls(origins_between(codec, panel, end), train, origins_between(codec, panel, start, end))


def judge(forecaster: Forecaster, splits: Splits | None, test: Panel, recipe: ForecastRecipe) -> Judgement:
    """Judge forecasts from every origin of the test part: those of one moment count together.

    Raises:
        UserError: something leaks from the future, so that there is nothing to report.
    """
    codec = forecaster.codec
    encoded, parts = EncodedPanel(codec, test.series), _Parts.of(codec, test, splits)
    tested = Backtest(encoded, parts.test, forecaster.backtest(encoded, parts.test), forecaster.intervals.levels)
    guesses = _guesses(encoded, parts, splits)
    moments = encoded.times(parts.test)

    def scored(values: np.ndarray) -> Scores:
        return Scores.mean(np.abs(values - tested.actual).mean(1), groups=moments, horizon=codec.horizon)

    measured = _measured(tested, _naive_scale(codec, splits.train) if splits else None)
    baseline_scores = {name: scored(values) for name, values in guesses.items()}
    ms = _milliseconds(forecaster, encoded, parts.test)
    facts, numbers = _proofs(forecaster, splits, test, recipe)
    numbers |= {
        "target": codec.target_name,
        "step": codec.step,
        "coverage": {f"{row['level']:.0%}": row["coverage"] for row in tested.coverage},
        "trust": forecaster.intervals.trust,
    }
    sections: list[Section] = [
        *figures.ahead(forecaster, test, tested),
        *figures.by_step(recipe.name, tested, guesses),
        figures.intervals(tested),
        figures.numbers(measured),
    ]
    return Judgement(
        scored(tested.values),
        learnt=_learnt(codec, splits),
        baselines=baseline_scores,
        metrics=measured[0],
        counts={
            name: len(at)
            for name, at in (("train", parts.train), ("validation", parts.validation), ("test", parts.test))
            if at is not None
        },
        ms_for_one=ms,
        facts=_said_of_intervals(tested, forecaster.intervals) | facts | {"speed": f"{ms:.1f} ms for one forecast"},
        sections=sections,
        more=numbers,
    )


def _guesses(encoded: EncodedPanel, parts: _Parts, splits: Splits | None) -> dict[str, np.ndarray]:
    """(n, horizon) of each baseline; on other data of those that need no training."""
    if splits is None or parts.train is None or parts.validation is None:
        seasons = baselines.seasons_within(encoded, int(parts.test.steps.min()))
        return baselines.rules(encoded, parts.test, seasons)
    ends = np.array([np.searchsorted(one.times, splits.ends[0]) for one in encoded.series])
    return baselines.predictions(encoded, parts.train, parts.validation, parts.test, ends)


def _measured(tested: Backtest, scale: float | None) -> list[dict[str, float]]:
    """All metrics: over all steps ahead, then of each step."""
    last = tested.encoded.last(tested.at)
    steps = [slice(None), *(slice(h, h + 1) for h in range(tested.encoded.codec.horizon))]
    return [scores.metrics(tested.columns[:, s], tested.actual[:, s], last, scale, tested.levels) for s in steps]


def _naive_scale(codec: SeriesCodec, train: Panel) -> float:
    moves = [np.abs(one.target[codec.season :] - one.target[: -codec.season]) for one in train.series]
    return float(np.nanmean(np.concatenate(moves)))


def _learnt(codec: SeriesCodec, splits: Splits | None) -> str:
    ahead = f"the next {codec.horizon} steps" if codec.horizon > 1 else "the next step"
    told = f"to forecast {ahead} of {codec.target_name}"
    if splits is None:
        return told
    many = f" of {len(splits.train.series):,} series" if len(splits.train.series) > 1 else ""
    return f"{told} from {len(splits.train):,} steps{many}"


def _milliseconds(forecaster: Forecaster, encoded: EncodedPanel, at: Origins) -> float:
    """Median time of one forecast."""
    seconds = []
    for _ in range(_TIMED):
        start = time.perf_counter()
        predict.forecasts(forecaster.graph, encoded, forecaster.intervals, at.take(slice(-1, None)))
        seconds.append(time.perf_counter() - start)
    return 1000 * float(np.median(seconds))


# --- what is said besides ----------------------------------------------------------------------------


def _said_of_intervals(tested: Backtest, intervals: Intervals) -> dict[str, str]:
    facts = {
        f"{row['level']:.0%} interval": f"holds {row['coverage']:.1%} of what came, {row['width']:,.4g} wide"
        for row in tested.coverage
    }
    if intervals.trust < 1:
        facts["trusted"] = f"{intervals.trust:.0%} of the network's returns, as validation says"
    return facts


def _proofs(
    forecaster: Forecaster, splits: Splits | None, test: Panel, recipe: ForecastRecipe
) -> tuple[dict[str, str], dict[str, JSON]]:
    """That nothing leaks, and what becomes of forecasts fed back to the model: in words, and as numbers."""
    if splits is None:
        return {}, {}
    unmoved = leak.prove(test, recipe.codec, forecaster.codec, splits.ends, forecaster.backtest)
    facts = {"proof that nothing leaks": f"{unmoved} arrays unmoved by noise in the future"}
    numbers: dict[str, JSON] = {"leak_proof": unmoved}
    if not forecaster.codec.past and not forecaster.codec.known and len(test.series) == 1:
        run = _free_run(forecaster, splits, test)
        numbers["free_run"] = run
        facts["fed back to itself"] = (
            f"{run['ours']:.2%} of the amplitude off over {run['steps']:.0f} steps; AR(2) {run['AR(2)']:.2%}"
        )
    return facts, numbers


def _free_run(forecaster: Forecaster, splits: Splits, test: Panel) -> dict[str, float]:
    """Forecasts fed back over the test part, up to 200 steps; beside an autoregression of order two."""
    from statsmodels.tsa.ar_model import AutoReg

    series, whole = splits.seen.series[0], test.series[0]
    steps = min(_FREE_RUN_STEPS, whole.observed - series.observed)
    actual = whole.target[series.observed : series.observed + steps]
    values = np.asarray(AutoReg(series.target, 2).fit().forecast(steps))
    errors = {"ours": forecaster.free_run(series, steps) - actual, "AR(2)": values - actual}
    amplitude = float(np.ptp(splits.train.series[0].target)) / 2
    return {"steps": steps, **{name: float(np.abs(error).mean() / amplitude) for name, error in errors.items()}}
