"""Forecasts from a bundle, with intervals that were calibrated. Imports neither TensorFlow nor Keras."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.errors import UserError, nearest
from seqzoo.runtime import Arrays, Graph
from seqzoo.tasks.forecast.answering import BEST, LOOKED_BACK, Answering
from seqzoo.tasks.forecast.answers import Band, Forecast
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.combine import Memory
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.stages import GRAPH, NETWORK, Stage
from seqzoo.tasks.forecast.steps import ordinals
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

DECISION = "decision.json"
_OLD = 60  # errors that stand for the offsets of an older bundle


def _no_stages() -> tuple[Stage, ...]:
    return ()


def _load_all(tables: Sequence[Mapping[str, Any]], folder: Path) -> tuple[Stage, ...]:
    return tuple(Stage.load(table, folder, number) for number, table in enumerate(tables))


@dataclass(frozen=True, eq=False)
class Forecaster:
    """A loaded bundle: series in, forecasts out.

    Attributes:
        how: it answers.
        last: the stage that answers.
        earlier: gives the stages before it, which were judged, the oldest first.
    """

    how: Answering
    last: Stage
    earlier: Callable[[], tuple[Stage, ...]] = _no_stages

    def __post_init__(self) -> None:
        """Refuse an answer that nobody gives.

        Raises:
            UserError: see above.
        """
        names, answer = [BEST, *self.last.names], self.how.answer
        if answer not in names:
            raise UserError(f"nobody here is called {answer!r}: {nearest(answer, names)}")

    @property
    def codec(self) -> SeriesCodec:
        """Series <-> arrays."""
        return self.how.codec

    @property
    def levels(self) -> tuple[float, ...]:
        """Shares of the outcomes that the intervals should hold, rising."""
        return self.how.levels

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All of them, the oldest first."""
        return (*self.earlier(), self.last)

    def examples(self) -> list[Arrays]:
        """Four windows of noise, in the network's unit.

        Raises:
            UserError: there is no network.
        """
        graph, random = self.last.graph, np.random.default_rng(0)
        if graph is None:
            raise UserError("this forecaster has no network")
        steps = dict(zip(graph.inputs, (self.codec.window, self.codec.horizon), strict=False))
        shapes = {name: (n, graph.width(name)) for name, n in steps.items()}
        return [{name: random.normal(size=s).astype(np.float32) for name, s in shapes.items()} for _ in range(4)]

    def backtest(self, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon, 1 + 2 levels) float64 from origins whose outcomes may be known, by the stage of their time."""
        return np.asarray(self.backtests(encoded, at, [False])[0])

    def backtests(self, encoded: EncodedPanel, at: Origins, joint: Sequence[bool]) -> np.ndarray:
        """(kinds, n, horizon, 1 + 2 levels): the same with each of several kinds of intervals, asked once."""
        out = np.empty((len(joint), len(at), self.codec.horizon, 1 + 2 * len(self.levels)))
        for stage, rows in self.by_stage(encoded, at):
            told = self.how.told(stage, encoded, at.take(rows))
            for i, kind in enumerate(joint):
                out[i, rows] = self.how.columns(told, kind)
        return out

    def by_stage(self, encoded: EncodedPanel, at: Origins) -> Iterator[tuple[Stage, np.ndarray]]:
        """Each stage with the rows that it answers: those whose first outcome it could not have been fitted on."""
        first = encoded.by_series(at, lambda one, mine: one.times[at.steps[mine] + 1], (), "M8[s]")
        stages = self.stages
        number = np.searchsorted(np.array([stage.since for stage in stages]), first, side="right") - 1
        for i in np.unique(np.maximum(number, 0)):
            yield stages[i], np.flatnonzero(np.maximum(number, 0) == i)

    def at(self, moment: np.datetime64) -> Forecaster:
        """The forecaster as it was at a moment."""
        before = [stage for stage in self.stages if stage.since <= moment]
        return replace(self, last=before[-1], earlier=_no_stages) if before else self

    def then(self, stage: Stage) -> Forecaster:
        """The forecaster once a stage has been fitted on more; of two of the same moment the later one answers."""
        before = self.stages
        return replace(self, last=stage, earlier=lambda: before)

    def predict(self, panel: Panel, joint: bool = False) -> Iterator[Forecast]:
        """Forecast each series of a panel from its last observed step.

        Args:
            panel: series.
            joint: intervals hold whole paths, not each step by itself.

        Raises:
            UserError: other columns than in training, a series it does not know, or one that is too short.
        """
        self.check(panel)
        yield from self._ahead(panel.series, joint)

    def free_run(self, series: Series, steps: int) -> np.ndarray:
        """(steps,) float64 after the last observed step, each forecast fed back as if it had come; no intervals.

        Raises:
            UserError: the model reads other columns, which nobody knows that far ahead.
        """
        if self.codec.past or self.codec.known:
            raise UserError("a model that reads other columns cannot feed its forecasts back to itself")
        end = series.observed
        while series.observed < end + steps:
            (ahead,) = self._ahead([series], False)
            longer = self.codec.extended(series)
            filled = longer.target.copy()
            filled[series.observed : series.observed + self.codec.horizon] = ahead.values
            series = replace(longer, target=filled)
        return series.target[end : end + steps]

    def bands(self, panel: Panel) -> list[Band]:
        """For each series, the widest interval of each step as it was forecast one step before.

        Raises:
            UserError: as `predict`.
        """
        self.check(panel)
        return [self._band(series) for series in panel.series]

    def _band(self, series: Series) -> Band:
        steps = self.codec.origins(series)
        columns = self.backtest(EncodedPanel(self.codec, [series]), Origins(np.zeros(len(steps), int), steps))[:, 0]
        return Band(series, steps + 1, columns[:, -2], columns[:, -1])

    def check(self, panel: Panel) -> None:
        """Hold a panel's step and columns against those of the training.

        Raises:
            UserError: they differ.
        """
        known, past = self.codec.known, self.codec.past
        if (panel.known, panel.past, panel.step) != (known, past, self.codec.step):
            raise UserError(
                f"the model was trained on steps of {self.codec.step} with known columns {list(known)} and past "
                f"columns {list(past)}; these data have {panel.step}, {list(panel.known)} and {list(panel.past)}"
            )

    def _at_the_end(self, series: Sequence[Series]) -> tuple[EncodedPanel, Origins]:
        last = np.array([one.observed - 1 for one in series])
        shortest = int(last.min()) + 1
        needed = max([self.codec.window, *self.codec.lags])
        if shortest < needed:
            raise UserError(f"a forecast needs {needed} observed steps, there are {shortest}")
        longer = [self.codec.extended(one) for one in series]
        return EncodedPanel(self.codec, longer), Origins(np.arange(len(longer)), last)

    def _ahead(self, series: Sequence[Series], joint: bool) -> Iterator[Forecast]:
        encoded, at = self._at_the_end(series)
        columns = self.how.columns(self.how.told(self.last, encoded, at, LOOKED_BACK), joint)
        for one, origin, ahead in zip(encoded.series, at.steps, columns, strict=True):
            ends = {level: ahead[:, 1 + 2 * i : 3 + 2 * i] for i, level in enumerate(self.levels)}
            yield Forecast(one.name, one.times[origin + 1 :], ahead[:, 0], ends)

    # --- files ---------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write decision.json, and for each stage its arrays and graphs; the last one's network is the bundle's."""
        stages = self.stages
        tables = [stage.save(folder, i, answers=stage is self.last) for i, stage in enumerate(stages)]
        how = {name: value for name, value in vars(self.how).items() if name != "codec"}
        table = {**how, "stages": tables}
        (folder / DECISION).write_text(json.dumps(table), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Load a bundle whose files have been checked (`bundle.load_meta`).

        Raises:
            UserError: damaged files.
        """
        from seqzoo import bundle

        codec = SeriesCodec.load(folder)
        kept = bundle.read_json(folder, DECISION)
        try:
            if "stages" not in kept:
                return _of_format_2(codec, kept, Graph(folder / GRAPH))
            *before, last = kept["stages"]
            stage = Stage.load(last, folder, len(before))
            levels, lives = tuple(map(float, kept["levels"])), kept["lives"]
            earlier = partial(_load_all, before, folder)
            doubt = float(kept.get("doubt", 0))
            how = Answering(codec, levels, str(kept["answer"]), (float(lives[0]), float(lives[1])), doubt)
            found = cls(how, stage, earlier)
        except (TypeError, ValueError, KeyError, OSError) as error:
            raise UserError(f"{folder}: {DECISION} is damaged: {error}") from None
        shape = stage.memory.misses.shape[1:]
        odd = stage.graph is not None and len(stage.graph.inputs) != 1 + codec.future
        if shape != (len(levels), codec.horizon, 2) or stage.memory.errors.shape[1:] != (len(how.used(stage)),) or odd:
            raise UserError(f"{folder}: the graph, the codec and {DECISION} do not fit together")
        return found


def _of_format_2(codec: SeriesCodec, kept: Mapping[str, Any], graph: Graph) -> Forecaster:
    """Of a bundle with one network and offsets, which become misses of which every quantile is the offset."""
    levels = tuple(map(float, kept["levels"]))
    since = np.datetime64(kept["since"], "s")
    misses = np.repeat(np.array(kept["offsets"], np.float32)[None], _OLD, 0)
    if misses.shape[1:] != (len(levels), codec.horizon, 2):
        raise ValueError("offsets of another form")
    seen = np.repeat(ordinals(np.array([since]), codec.step), _OLD) - 100 * codec.horizon  # too old to aim by
    memory = Memory(seen[:0], np.empty((0, 1), np.float32), seen, misses)
    recent = float(kept["recent"])
    stage = Stage(since, {}, memory, graph, b"", float(kept["trust"]))
    return Forecaster(Answering(codec, levels, NETWORK, (recent, recent)), stage)
