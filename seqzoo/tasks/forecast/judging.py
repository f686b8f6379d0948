"""How the test part is judged: from every origin, beside the simple forecasts."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from seqzoo.judge import Scores
from seqzoo.report import JSON, Section
from seqzoo.room import Judgement
from seqzoo.tasks.forecast import auto, candidates, data, figures, leak, scores, simple
from seqzoo.tasks.forecast.answering import BEST
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.data import Splits
from seqzoo.tasks.forecast.deciding import cuts_of, steps_before
from seqzoo.tasks.forecast.figures import Backtest
from seqzoo.tasks.forecast.options import DataOptions
from seqzoo.tasks.forecast.panel import Panel
from seqzoo.tasks.forecast.predict import Forecaster
from seqzoo.tasks.forecast.stages import NETWORK
from seqzoo.tasks.forecast.training import ForecastRecipe
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins, origins_between

_FREE_RUN_STEPS = 200
_TIMED = 20  # forecasts
_QUARTERS = 4
FEW = 20  # forecasts that do not overlap


def validate(forecaster: Forecaster, splits: Splits) -> float:
    """The mean absolute error of the network alone on the validation part."""
    encoded = EncodedPanel(forecaster.codec, splits.seen.series)
    at = origins_between(forecaster.codec, splits.seen, *splits.ends)
    return float(np.abs(forecaster.how.points(forecaster.last, encoded, at) - encoded.actual(at)).mean())


def read_other(options: DataOptions, forecaster: Forecaster) -> Panel:
    """All of another panel.

    Raises:
        UserError: data that cannot be used, or that have another step or other columns.
    """
    panel, _ = data.panel_of(options, quiet=True)
    forecaster.check(panel)
    return panel


def judge(forecaster: Forecaster, splits: Splits | None, test: Panel, recipe: ForecastRecipe) -> Judgement:
    """Judge forecasts from every origin of the test part: those of one moment count together.

    Raises:
        UserError: something leaks from the future, so that there is nothing to report.
    """
    codec = forecaster.codec
    encoded = EncodedPanel(codec, test.series)
    at = origins_between(codec, test, splits.ends[1] if splits else None)
    single, joint = forecaster.backtests(encoded, at, [False, True])
    tested = Backtest(encoded, at, single, forecaster.levels)
    guesses = _guesses(forecaster, encoded, at, trained=splits is not None)
    if splits is not None:
        guesses |= auto.beside(encoded, at, int(steps_before(test, splits.ends[1])[0]))
    moments = encoded.times(at)

    def scored(values: np.ndarray) -> Scores:
        return Scores.mean(np.abs(values - tested.actual).mean(1), groups=moments, horizon=codec.horizon)

    measured = _measured(tested, _naive_scale(codec, splits.train) if splits else None)
    ms = _milliseconds(forecaster, encoded, at)
    facts, numbers = _proofs(forecaster, splits, test, recipe)
    subject = "" if forecaster.how.answer == NETWORK else "the forecast"
    answers = {} if forecaster.how.answer == BEST else {forecaster.how.answer: tested.values}
    found = candidates.candidates(forecaster, encoded, guesses | answers, tested.actual)
    facts = {"who answers": candidates.who(found, forecaster)} | facts
    periods = _periods(forecaster, tested, guesses, splits, test, recipe) if splits is not None else []
    if len(periods) > 1:
        numbers["periods"] = [vars(one) | {"coverage": list(one.coverage)} for one in periods]
    numbers |= {
        "candidates": [vars(one) for one in found],
        "target": codec.target_name,
        "step": codec.step,
        "coverage": {f"{row['level']:.0%}": row["coverage"] for row in tested.coverage},
        "trust": forecaster.last.trust,
    }
    sections: list[Section] = [
        *figures.ahead(forecaster, test, tested),
        candidates.table(found),
        *candidates.by_step(subject or recipe.name, tested, guesses),
        *candidates.by_period(periods, tested.levels),
        figures.intervals(tested, replace(tested, columns=joint)),
        figures.numbers(measured),
    ]
    return Judgement(
        scored(tested.values),
        learnt=_learnt(codec, splits),
        baselines={
            name: scored(values) for name, values in guesses.items() if name not in (NETWORK, forecaster.how.answer)
        },
        metrics=measured[0],
        counts=_counts(codec, splits, at),
        ms_for_one=ms,
        facts=_said_of_intervals(tested, forecaster) | facts | {"speed": f"{ms:.1f} ms for one forecast"},
        sections=sections,
        more=numbers,
        subject=subject,
    )


def _periods(
    forecaster: Forecaster,
    tested: Backtest,
    guesses: candidates.Guesses,
    splits: Splits,
    test: Panel,
    recipe: ForecastRecipe,
) -> list[candidates.Period]:
    """Those asked for; quarters of the test part where none were."""
    asked = recipe.decide.periods
    anew = asked > 1 and recipe.decide.refit
    how, first = forecaster.how, forecaster.stages[0]
    once = how.columns(how.told(first, tested.encoded, tested.at))[..., 0] if anew else None
    cuts = cuts_of(splits, test, asked if asked > 1 else _QUARTERS)
    return candidates.periods(tested, guesses, cuts, test, once)


def _guesses(forecaster: Forecaster, encoded: EncodedPanel, at: Origins, *, trained: bool) -> dict[str, np.ndarray]:
    """(n, horizon) of each simple forecast, as of the time of the origin; on other data of those never fitted."""
    if not trained:
        return {name: one(encoded, at) for name, one in simple.rules(encoded, int(at.steps.min())).items()}
    out: dict[str, np.ndarray] = {}
    for stage, rows in forecaster.by_stage(encoded, at):
        for name, one in stage.simple.items():
            out.setdefault(name, np.empty((len(at), encoded.codec.horizon)))[rows] = one(encoded, at.take(rows))
        if stage.graph is not None and forecaster.how.answer != NETWORK:
            alone = forecaster.how.points(stage, encoded, at.take(rows))
            out.setdefault(NETWORK, np.empty((len(at), encoded.codec.horizon)))[rows] = alone
    return out


def _counts(codec: SeriesCodec, splits: Splits | None, at: Origins) -> dict[str, int]:
    if splits is None:
        return {"test": len(at)}
    train, held = (origins_between(codec, splits.seen, *ends) for ends in ((None, splits.ends[0]), splits.ends))
    return {"train": len(train), "validation": len(held), "test": len(at)}


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
    """Median time of what a network, or the simple forecasts, need for one answer."""
    seconds = []
    for _ in range(_TIMED):
        start = time.perf_counter()
        forecaster.how.columns(forecaster.how.told(forecaster.last, encoded, at.take(slice(-1, None)), 1))
        seconds.append(time.perf_counter() - start)
    return 1000 * float(np.median(seconds))


# --- what is said besides ----------------------------------------------------------------------------


def _said_of_intervals(tested: Backtest, forecaster: Forecaster) -> dict[str, str]:
    facts = {
        f"{row['level']:.0%} interval": f"holds {row['coverage']:.1%} of what came, {row['width']:,.4g} wide"
        for row in tested.coverage
    }
    apart = forecaster.how.rests_on(forecaster.last)
    if apart < FEW:
        facts["intervals rest on"] = f"about {apart:.0f} forecasts that do not overlap: few"
    if forecaster.last.trust < 1:
        facts["trusted"] = f"{forecaster.last.trust:.0%} of the network's returns, as validation says"
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
    alone = forecaster.how.answer == NETWORK and len(test.series) == 1
    if alone and not forecaster.codec.past and not forecaster.codec.known:
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
    errors = {"ours": forecaster.at(splits.ends[1]).free_run(series, steps) - actual, "AR(2)": values - actual}
    amplitude = float(np.ptp(splits.train.series[0].target)) / 2
    return {"steps": steps, **{name: float(np.abs(error).mean() / amplitude) for name, error in errors.items()}}
