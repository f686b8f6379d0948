"""Forecasts from a bundle, with intervals that were calibrated. Imports neither TensorFlow nor Keras."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqzoo.errors import UserError, nearest
from seqzoo.runtime import Graph
from seqzoo.tasks.forecast import combine, intervals
from seqzoo.tasks.forecast.answers import Band, Forecast
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.combine import Fresh, Memory
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.simple import LAST
from seqzoo.tasks.forecast.stages import GRAPH, Stage
from seqzoo.tasks.forecast.steps import ordinals
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

DECISION = "decision.json"
BEST, NETWORK = "best", "network"
_HEARD = 0.01  # weight below which a candidate has no say
_OLD = 60  # errors that stand for the offsets of an older bundle
_LOOKED_BACK = 600  # windows whose errors a forecast goes by


class Told(NamedTuple):
    """Answers from some origins.

    Attributes:
        columns: (n, horizon, 1 + 2 levels) float64 in the target's unit: the forecast and the ends of its intervals.
        weights: (n, candidates), see `Forecaster.used`.
        memory: of what was known before, and of these answers where the outcomes are known.
    """

    columns: np.ndarray
    weights: np.ndarray
    memory: Memory


def _no_stages() -> tuple[Stage, ...]:
    return ()


def _load_all(tables: Sequence[Mapping[str, Any]], folder: Path) -> tuple[Stage, ...]:
    return tuple(Stage.load(table, folder, number) for number, table in enumerate(tables))


@dataclass(frozen=True, eq=False)
class Forecaster:
    """A loaded bundle: series in, forecasts out.

    Attributes:
        codec: series <-> arrays.
        levels: shares of the outcomes that the intervals should hold, rising.
        answer: who answers: "best", a combination by weights; "network"; or a simple forecast by its name.
        lives: half-lives of errors, in steps: those of the weights, those of the intervals.
        last: the stage that answers.
        earlier: gives the stages before it, which were judged, the oldest first.
    """

    codec: SeriesCodec
    levels: tuple[float, ...]
    answer: str
    lives: tuple[float, float]
    last: Stage
    earlier: Callable[[], tuple[Stage, ...]] = _no_stages

    def __post_init__(self) -> None:
        """Refuse an answer that nobody gives.

        Raises:
            UserError: see above.
        """
        names = [*self.last.simple, *([NETWORK] if self.last.graph else [])]
        if self.answer != BEST and self.answer not in names:
            raise UserError(f"nobody here is called {self.answer!r}: {nearest(self.answer, [BEST, *names])}")

    @property
    def used(self) -> list[str]:
        """The candidates that answer, in the order of weights."""
        if self.answer != BEST:
            return [self.answer]
        return [*self.last.simple, *([NETWORK] if self.last.graph else [])]

    @property
    def listens(self) -> bool:
        """Whether the network has a say."""
        if self.answer != BEST:
            return self.answer == NETWORK
        memory, used = self.last.memory, self.used
        if NETWORK not in used or not len(memory.known):
            return NETWORK in used
        nothing = Fresh.of(memory.known[:0], np.empty((0, self.codec.horizon), np.int64), np.empty((0, 1, len(used))))
        weights, _ = self._weights(memory, nothing, memory.known[-1:])
        return bool(weights[0, used.index(NETWORK)] > _HEARD)

    @property
    def rests_on(self) -> float:
        """As how many forecasts, that neither overlap nor share shocks, the errors count that the intervals go by."""
        seen = self.last.memory.seen
        return intervals.independent(
            seen, combine.shares(seen, self.last.memory.newest, self.lives[1]), self.codec.horizon
        )

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All of them, the oldest first."""
        return (*self.earlier(), self.last)

    # --- answers -------------------------------------------------------------------------------------

    def told(
        self, stage: Stage, encoded: EncodedPanel, at: Origins, most: int | None = None, joint: bool = False
    ) -> Told:
        """Answer from origins by what a stage had fitted and what was known by then.

        `most`: look at about so many of the newest errors only.
        """
        back = self._back(stage, encoded, most)
        both = Origins.joined([back, at])
        if not len(both):
            none = np.empty((0, self.codec.horizon, 1 + 2 * len(self.levels)))
            return Told(none, np.empty((0, len(self.used))), stage.memory)
        _, first, place = np.unique(encoded.rows(both), return_index=True, return_inverse=True)
        raw, errors = (part[place] for part in self._candidates(stage, encoded, both.take(first)))  # each window once
        n, horizon = len(back), self.codec.horizon
        now, known = self._steps(encoded, both), self._steps(encoded, back, horizon)
        fresh = self._fresh(encoded, back, errors[:n])
        now = np.maximum(now, stage.memory.newest)  # what came before knows all that is remembered
        remembered = stage.memory.and_errors(fresh)
        weights, informed = self._weights(remembered, fresh, now)
        answers = np.einsum("nhqk,nk->nhq", raw, weights)
        missed = intervals.misses(answers[:n], encoded.outcomes(back), self.codec, self.levels).astype(np.float32)
        kept = informed[:n] if informed[:n].any() else ~informed[:n]
        remembered = remembered.and_misses(missed[kept], known[kept])
        if not len(at):
            return Told(np.empty((0, horizon, 1 + 2 * len(self.levels))), weights[n:], remembered)
        moves = intervals.along(remembered, now[n:], self.levels, horizon, self.lives[1], joint)
        columns = encoded.decoded(intervals.with_ends(answers[n:], self.codec, self.levels, moves), at)
        return Told(columns, weights[n:], remembered)

    def _back(self, stage: Stage, encoded: EncodedPanel, most: int | None) -> Origins:
        """Origins since a stage was fitted of whose outcomes some have been observed, the newest `most` of them."""
        share = None if most is None else max(1, most // len(encoded.series))
        steps = []
        for series in encoded.series:
            first = encoded.codec.origins(series)[:1]
            origins = np.arange(
                first[0] if len(first) else 0, min(series.observed - 1, len(series) - self.codec.horizon)
            )
            origins = origins[series.times[origins + 1] >= stage.since]
            steps.append(origins if share is None else origins[-share:])
        return Origins.of_series(steps)

    def _steps(self, encoded: EncodedPanel, at: Origins, later: int = 0) -> np.ndarray:
        """(n,) int64: the origins, or so many rows later, as steps of one clock."""

        def of(series: Series, mine: np.ndarray) -> np.ndarray:
            return ordinals(series.times[at.steps[mine] + later], self.codec.step)

        return encoded.by_series(at, of, (), "i8")

    def _candidates(self, stage: Stage, encoded: EncodedPanel, at: Origins) -> tuple[np.ndarray, np.ndarray]:
        """(n, horizon, quantiles, used) in the codec's unit; (n, horizon, used) errors, NaN where nobody knows yet."""
        width = max(1, len(self.codec.quantiles))
        if not len(at):
            return np.empty((0, self.codec.horizon, width, len(self.used))), np.empty(
                (0, self.codec.horizon, len(self.used))
            )
        actual = encoded.actual(at)
        raw, errors = [], []
        for name in self.used:
            if name == NETWORK:
                quantiles = stage.network(encoded, at)
                points = encoded.decoded(self._middle(quantiles)[..., None], at)[..., 0]
            else:
                points = stage.simple[name](encoded, at)
                quantiles = np.repeat(encoded.coded(points, at).astype(np.float32)[..., None], width, 2)
            raw.append(quantiles)
            errors.append(np.abs(points - actual))
        return np.stack(raw, -1), np.stack(errors, -1)

    def _middle(self, quantiles: np.ndarray) -> np.ndarray:
        return np.asarray(quantiles[..., self.codec.quantiles.index(0.5) if self.codec.quantiles else 0])

    def points(self, stage: Stage, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon) float64: what a stage's network alone says."""
        return np.asarray(encoded.decoded(self._middle(stage.network(encoded, at))[..., None], at)[..., 0])

    def _fresh(self, encoded: EncodedPanel, at: Origins, errors: np.ndarray) -> Fresh:
        ahead = np.arange(1, self.codec.horizon + 1)

        def when(series: Series, mine: np.ndarray) -> np.ndarray:
            return ordinals(series.times[at.steps[mine][:, None] + ahead], self.codec.step)

        return Fresh.of(self._steps(encoded, at), encoded.by_series(at, when, dtype="i8"), errors)

    def _weights(self, memory: Memory, fresh: Fresh, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if len(self.used) == 1:
            return np.ones((len(now), 1)), np.ones(len(now), bool)
        return combine.along(memory, fresh, now, self.lives[0], self.used.index(LAST))

    def backtest(self, encoded: EncodedPanel, at: Origins, joint: bool = False) -> np.ndarray:
        """(n, horizon, 1 + 2 levels) float64 from origins whose outcomes may be known, by the stage of their time."""
        out = np.empty((len(at), self.codec.horizon, 1 + 2 * len(self.levels)))
        for stage, rows in self.by_stage(encoded, at):
            out[rows] = self.told(stage, encoded, at.take(rows), joint=joint).columns
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

    def weights(self, series: Sequence[Series]) -> dict[str, float]:
        """How much each candidate has to say after the last observed step, the mean over the series."""
        at = Origins(np.arange(len(series)), np.array([one.observed - 1 for one in series]))
        encoded = EncodedPanel(self.codec, self._extended(series))
        back = self._back(self.last, encoded, _LOOKED_BACK)
        fresh = self._fresh(encoded, back, self._candidates(self.last, encoded, back)[1])
        memory = self.last.memory.and_errors(fresh)
        now = np.maximum(self._steps(encoded, at), memory.newest)
        found = self._weights(memory, fresh, now)[0].mean(0)
        return {name: float(weight) for name, weight in zip(self.used, found, strict=True)}

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

    def _extended(self, series: Sequence[Series]) -> Sequence[Series]:
        """With times ahead, where the columns that are known in advance reach that far."""
        try:
            return [self.codec.extended(one) for one in series]
        except UserError:
            return series

    def _ahead(self, series: Sequence[Series], joint: bool) -> Iterator[Forecast]:
        encoded, at = self._at_the_end(series)
        columns = self.told(self.last, encoded, at, _LOOKED_BACK, joint).columns
        for one, origin, ahead in zip(encoded.series, at.steps, columns, strict=True):
            ends = {level: ahead[:, 1 + 2 * i : 3 + 2 * i] for i, level in enumerate(self.levels)}
            yield Forecast(one.name, one.times[origin + 1 :], ahead[:, 0], ends)

    # --- files ---------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write decision.json, and for each stage its arrays and graphs; the last one's network is the bundle's."""
        stages = self.stages
        tables = [stage.save(folder, i, answers=stage is self.last) for i, stage in enumerate(stages)]
        table = {"levels": self.levels, "answer": self.answer, "lives": self.lives, "stages": tables}
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
            found = cls(codec, levels, str(kept["answer"]), (float(lives[0]), float(lives[1])), stage, earlier)
        except (TypeError, ValueError, KeyError, OSError) as error:
            raise UserError(f"{folder}: {DECISION} is damaged: {error}") from None
        shape = stage.memory.misses.shape[1:]
        odd = stage.graph is not None and len(stage.graph.inputs) != 1 + codec.future
        if shape != (len(levels), codec.horizon, 2) or stage.memory.errors.shape[1:] != (len(found.used),) or odd:
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
    return Forecaster(codec, levels, NETWORK, (recent, recent),
                      Stage(since, {}, memory, graph, b"", float(kept["trust"])))  # fmt: skip
