"""The room's stages: batches, loss, judging, and the record TASK that the corridor walks."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import judge
from seqzoo.errors import UserError
from seqzoo.recipe import Recipe
from seqzoo.runtime import Graph
from seqzoo.tasks.forecast import baselines, data, leak, predict, scores
from seqzoo.tasks.forecast.baselines import Origins
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.intervals import Decision
from seqzoo.tasks.forecast.panel import Panel
from seqzoo.tasks.forecast.predict import Forecaster
from seqzoo.tasks.forecast.windows import WindowBatches, Windows

METRIC = "MAE"
_VALIDATED = 4000  # validation windows looked at after each epoch
_FREE = 200


def origins_between(codec: SeriesCodec, panel: Panel, start: Any = None, end: Any = None) -> Origins:
    """Origins whose windows begin at or after `start` and whose horizons end before `end`.

    Between two neighbouring parts this leaves a gap of window + horizon - 1 origins: no step is in both.

    Raises:
        UserError: there are none.
    """
    which, steps = [], []
    for number, one in enumerate(panel.series):
        first = 0 if start is None else int(np.searchsorted(one.times, start))
        last = len(one) if end is None else int(np.searchsorted(one.times, end))
        found = codec.origins(one)
        found = found[(found - codec.window + 1 >= first) & (found + codec.horizon < last)]
        which.append(np.full(len(found), number))
        steps.append(found)
    origins = Origins(np.concatenate(which), np.concatenate(steps))
    if not len(origins):
        part = "training" if start is None else "validation" if end is not None else "test"
        raise UserError(
            f"the {part} part is shorter than a window of {codec.window} and a horizon of {codec.horizon} steps",
            "--set codec.window=..., or more data",
        )
    return origins


def batches(codec: SeriesCodec, splits: data.Splits, recipe: Recipe, seed: int) -> tuple[Any, Any]:
    """Training and validation batches."""
    windows = Windows(codec, splits.seen.series)
    train = origins_between(codec, splits.seen, None, splits.ends[0])
    if recipe.codec.stride > 1:
        kept = train.steps % recipe.codec.stride == 0
        train = Origins(train.which[kept], train.steps[kept])
    held = origins_between(codec, splits.seen, *splits.ends).thinned(_VALIDATED)
    return (
        WindowBatches(windows, train.which, train.steps, recipe.fit.batch_size, seed),
        WindowBatches(windows, held.which, held.steps, 256, None),
    )


def objective(codec: SeriesCodec) -> dict[str, Any]:
    """Squared error for one number a step, the pinball loss for quantiles."""
    from seqzoo.layers import Pinball

    return {"loss": Pinball(list(codec.quantiles)) if codec.quantiles else "mse"}


# --- judging -----------------------------------------------------------------------------------------


def decide(graph: Graph, codec: SeriesCodec, splits: data.Splits, recipe: Recipe) -> Decision:
    """Calibrate the intervals on the validation part."""
    windows = Windows(codec, splits.seen.series)
    held = origins_between(codec, splits.seen, *splits.ends)
    raw = predict.estimate(graph, windows, held.which, held.steps)
    outcomes = WindowBatches(windows, held.which, held.steps, 1, None).outcomes
    recent = len(np.unique(windows.times(held.which, held.steps)))
    return Decision.calibrate(raw, outcomes, codec, recipe.decide.levels, recent, str(splits.ends[0]))


def evaluate(graph: Graph, codec: SeriesCodec, decision: Decision, splits: data.Splits) -> dict[str, Any]:
    """Backtest from every origin of the sealed test part, beside the baselines."""
    panel = splits.open_test()
    windows = Windows(codec, panel.series)
    test = origins_between(codec, panel, splits.ends[1])
    columns = predict.rolled(graph, windows, decision, test.which, test.steps)
    came = baselines.actual(windows, test)
    train = origins_between(codec, panel, None, splits.ends[0])
    held = origins_between(codec, panel, *splits.ends)
    ends = np.array([np.searchsorted(one.times, splits.ends[0]) for one in panel.series])
    others = baselines.predictions(windows, train, held, test, ends)
    errors = {name: np.abs(guess - came).mean(1) for name, guess in others.items()}
    ours = np.abs(columns[..., 0] - came).mean(1)
    moments = windows.times(test.which, test.steps)
    blocks = scores.blocks(moments, max(codec.horizon, scores.BLOCK))
    last = np.stack([panel.series[k].target[s] for k, s in zip(test.which, test.steps, strict=True)])
    scale = _naive_scale(codec, splits.train)

    def measured(steps: slice) -> dict[str, float]:
        return scores.metrics(columns[:, steps], came[:, steps], last, scale, decision.levels)

    return {
        "metric": METRIC,
        "value": float(ours.mean()),
        "interval": list(judge.interval(ours, blocks)),
        "n": len(test),
        "metrics": measured(slice(None)),
        "metrics by step": [measured(slice(h, h + 1)) for h in range(codec.horizon)],
        "by step": [float(np.abs(columns[:, h, 0] - came[:, h]).mean()) for h in range(codec.horizon)],
        "intervals": _intervals(columns, came, decision),
        "baselines": {name: float(error.mean()) for name, error in errors.items()},
        "baseline intervals": {name: list(judge.interval(error, blocks)) for name, error in errors.items()},
        "baselines by step": {n: np.abs(g - came).mean(0).tolist() for n, g in others.items()},
        "verdict": scores.verdict(ours, errors, moments, codec.horizon).to_json(),
        "scores": scores.by_time(ours, moments),
        "baseline scores": {name: scores.by_time(error, moments) for name, error in errors.items()},
        "example": _example(windows, test, columns, came),
        "trust": decision.trust,
        "target": codec.name,
        "step": codec.step,
    }


def _naive_scale(codec: SeriesCodec, train: Panel) -> float:
    moves = [np.abs(one.target[codec.season :] - one.target[: -codec.season]) for one in train.series]
    return float(np.nanmean(np.concatenate(moves)))


def _intervals(columns: np.ndarray, came: np.ndarray, decision: Decision) -> list[dict[str, float]]:
    rows = []
    for i, level in enumerate(decision.levels):
        low, high = columns[..., 1 + 2 * i], columns[..., 2 + 2 * i]
        inside = (came >= low) & (came <= high)
        rows.append({"level": level, "coverage": float(inside.mean()), "width": float((high - low).mean())})
    return rows


def _example(windows: Windows, test: Origins, columns: np.ndarray, came: np.ndarray) -> dict[str, Any]:
    """One forecast of the test part, from its middle, to be drawn."""
    row = len(test) // 2
    series, origin = windows.series[int(test.which[row])], int(test.steps[row])
    before = slice(max(0, origin + 1 - max(2 * windows.codec.horizon, 30)), origin + 1)
    ahead = slice(origin + 1, origin + 1 + windows.codec.horizon)
    return {
        "series": series.name,
        "times": [str(t) for t in series.times[before.start : ahead.stop]],
        "before": series.target[before].tolist(),
        "came": came[row].tolist(),
        "columns": columns[row].tolist(),
    }


@dataclass(frozen=True)
class Judged:
    """The calibrated intervals and the report, ready to be saved."""

    decision: Decision
    report: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write decision.json."""
        (folder / "decision.json").write_text(json.dumps(asdict(self.decision)), encoding="utf-8")


def judge_model(graph: bytes, codec: SeriesCodec, splits: data.Splits, recipe: Recipe) -> Judged:
    """Calibrate on validation, then unseal the test part and backtest on it, beside the baselines."""
    session = Graph(graph)
    decision = decide(session, codec, splits, recipe)
    proved = leak.prove(splits.open_test(), recipe.codec, codec, splits.ends, _forecasts(session, decision))
    report = evaluate(session, codec, decision, splits)
    report["leak proof"] = proved
    forecaster = Forecaster(codec, decision, session)
    report["speed"] = _speed(forecaster, splits.seen)
    if not codec.past and not codec.known and len(splits.seen.series) == 1:
        report["free run"] = _free_run(forecaster, splits)
    counts = {"train": (None, splits.ends[0]), "validation": splits.ends}
    report["split"] = {n: len(origins_between(codec, splits.seen, *ends)) for n, ends in counts.items()}
    report["split"]["test"] = report["n"]
    return Judged(decision, report)


def _forecasts(session: Graph, decision: Decision) -> Any:
    def forecasts(windows: Windows, which: np.ndarray, origins: np.ndarray) -> np.ndarray:
        return predict.rolled(session, windows, decision, which, origins)

    return forecasts


def _free_run(forecaster: Forecaster, splits: data.Splits) -> dict[str, float]:
    """Forecasts fed back over the test part, up to 200 steps; beside an autoregression of order two."""
    from statsmodels.tsa.ar_model import AutoReg

    series, whole = splits.seen.series[0], splits.open_test().series[0]
    steps = min(_FREE, whole.observed - series.observed)
    came = whole.target[series.observed : series.observed + steps]
    values = AutoReg(series.target, 2).fit().forecast(steps)
    errors = {"ours": forecaster.free_run(series, steps) - came, "AR(2)": np.asarray(values) - came}
    amplitude = float(np.ptp(splits.train.series[0].target)) / 2
    return {"steps": steps, **{name: float(np.abs(error).mean() / amplitude) for name, error in errors.items()}}


def _speed(forecaster: Forecaster, seen: Panel) -> dict[str, float]:
    import time

    one = Windows(forecaster.codec, seen.series[:1])
    origins = forecaster.codec.origins(seen.series[0])[-1:]
    times = []
    for _ in range(20):
        start = time.perf_counter()
        predict.forecasts(forecaster.graph, one, forecaster.decision, np.zeros(1, int), origins)
        times.append(time.perf_counter() - start)
    return {"ms for one": 1000 * float(np.median(times))}


def evaluate_bundle(forecaster: Forecaster, recipe: Recipe, other_data: bool) -> dict[str, Any]:
    """Judge a loaded bundle on its recipe's sealed test part, or on the last share of another file."""
    return evaluate(forecaster.graph, forecaster.codec, forecaster.decision, data.load(recipe.data))


def _nothing(model: Any, train: Any, recipe: Recipe) -> None:
    """The weights start as Keras makes them."""


@dataclass(frozen=True)
class Task:
    """What the corridor asks of a room: one function for each stage."""

    load: Any
    fit_codec: Any
    batches: Any
    initialise: Any
    objective: Any
    judge: Any
    evaluate_bundle: Any
    paired_p: Any
    predictor: Any
    states: bool = False


TASK = Task(
    load=data.load,
    fit_codec=SeriesCodec.fit,
    batches=batches,
    initialise=_nothing,
    objective=objective,
    judge=judge_model,
    evaluate_bundle=evaluate_bundle,
    paired_p=scores.paired_p,
    predictor=Forecaster.load,
)
