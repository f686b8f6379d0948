"""What is decided on validation, and fitted anew on more: the stages of a forecaster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from seqzoo.room import Sealed
from seqzoo.runtime import Graph
from seqzoo.tasks.forecast import intervals, simple, stages, walks
from seqzoo.tasks.forecast.answering import BEST, Answering
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.combine import Memory
from seqzoo.tasks.forecast.data import Splits
from seqzoo.tasks.forecast.panel import Panel
from seqzoo.tasks.forecast.predict import Forecaster
from seqzoo.tasks.forecast.stages import GRAPH, NETWORK, Stage
from seqzoo.tasks.forecast.training import ForecastRecipe
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins, origins_between

_AFTER = np.timedelta64(1, "s")
_DOUBT = 2.0  # errors that a lead over the last value must have on a walk


def decide(codec: SeriesCodec, files: Mapping[str, bytes], splits: Splits, recipe: ForecastRecipe) -> Forecaster:
    """Choose the simple forecasts on validation, and see there how all fare; then fit them on validation too."""
    encoded = EncodedPanel(codec, splits.seen.series)
    start, end = splits.ends
    train, held = origins_between(codec, splits.seen, None, start), origins_between(codec, splits.seen, start, end)
    members = simple.fitted(encoded, train, held, steps_before(splits.seen, start))
    graph, trust = Graph(files[GRAPH]) if files else None, 1.0
    if graph is not None and codec.anchor == "return":
        raw = stages.estimate(graph, encoded, held)
        middle = raw[..., codec.quantiles.index(0.5) if codec.quantiles else 0]
        trust = intervals.shrunk_slope(middle, encoded.outcomes(held))
    rule = recipe.decide
    used = 1 if rule.answer != BEST else len(members) + (graph is not None)
    nothing = Memory.empty(used, len(rule.levels), codec.horizon)
    if rule.answer not in (BEST, NETWORK):
        rule = replace(rule, answer=next((name for name in members if name.startswith(rule.answer)), rule.answer))
    first = Stage(start, members, nothing, graph, files.get(GRAPH, b""), trust)
    doubt = _DOUBT * walks.suspected([one.target[: one.observed] for one in splits.seen.series], codec.season)
    how = Answering(codec, rule.levels, rule.answer, _lives(codec, splits.seen), doubt)
    forecaster = Forecaster(how, first)
    return replace(forecaster, last=_renewed(forecaster, encoded, splits, None))


def refits(splits: Splits, test: Panel, recipe: ForecastRecipe) -> list[Splits]:
    """What to fit on anew: all before each period, where there are several, and in the end everything."""
    if not recipe.decide.refit:
        return []
    periods = recipe.decide.periods
    cuts = [*(cuts_of(splits, test, periods) if periods > 1 else []), test.last + _AFTER]
    parts = [(cut, test.before(cut)) for cut in cuts]
    return [replace(splits, train=part, seen=part, test=Sealed(lambda: test), ends=(cut, cut)) for cut, part in parts]


def cuts_of(splits: Splits, test: Panel, periods: int) -> list[np.datetime64]:
    """Where each of so many equal parts of the test part begins."""
    begin = splits.ends[1]
    length = (test.last + _AFTER - begin).astype("m8[s]").astype(np.int64)
    return [begin + np.timedelta64(round(length * i / periods), "s") for i in range(periods)]


def refitted(forecaster: Forecaster, files: Mapping[str, bytes], part: Splits, recipe: ForecastRecipe) -> Forecaster:
    """The forecaster once all has been fitted on everything before `part.ends[0]`."""
    encoded = EncodedPanel(forecaster.codec, part.seen.series)
    return forecaster.then(_renewed(forecaster, encoded, part, files))


def _renewed(forecaster: Forecaster, encoded: EncodedPanel, part: Splits, files: Mapping[str, bytes] | None) -> Stage:
    """The next stage, fitted on all of a panel; it remembers how the last one fared. `files`: of its network."""
    last, end = forecaster.last, part.ends[1]
    nowhere = Origins(np.empty(0, int), np.empty(0, int))
    memory = forecaster.how.told(last, encoded, nowhere).memory
    examples = origins_between(forecaster.codec, part.seen, None, end)
    members = simple.refitted(last.simple, encoded, examples, steps_before(part.seen, end))
    renewed = replace(last, since=end, simple=members, memory=memory.thinned())
    return replace(renewed, graph=Graph(files[GRAPH]), content=files[GRAPH]) if files else renewed


def steps_before(panel: Panel, end: np.datetime64) -> np.ndarray:
    """(series,) how many steps of each were observed before a moment."""
    return np.array([min(int(np.searchsorted(one.times, end)), one.observed) for one in panel.series])


def _lives(codec: SeriesCodec, panel: Panel) -> tuple[float, float]:
    """Half-lives of errors in steps: of those that weights go by, of those that intervals go by."""
    steps, horizon = max(one.observed for one in panel.series), codec.horizon
    longest = max(horizon, codec.season)
    enough = max(60.0 * horizon, 400.0)  # to tell how wide intervals must be
    return max(3.0 * longest, 0.06 * steps), max(5.0 * longest, min(0.18 * steps, enough))
