"""The corridor, top to bottom. Data flows forward: raw -> codec -> model -> graph -> report -> bundle."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo import bundle, judge, lighter, registry, runs
from seqzoo.errors import UserError
from seqzoo.judge import Metric, Scores
from seqzoo.lighter import Weighed
from seqzoo.recipe import NONE, Recipe
from seqzoo.report import JSON, Measured, Report
from seqzoo.room import C, D, Graphs, Judgement, K, P, Room, S, Share, T, Training, X
from seqzoo.tasks import open_room

if TYPE_CHECKING:
    import keras
    import numpy as np

_CHECKED = 4  # validation batches on which the graph is held against Keras


@dataclass(frozen=True)
class Work:
    """How a run is done, apart from what it does.

    Attributes:
        seed: of weights, dropout and order.
        resume: go on where an interrupted run stopped.
        quiet: no progress.
        tensorboard: write TensorBoard's logs as well.
        say: told what is going on.
        quantize: 8-bit weights, where validation allows it.
        told: given the row of each epoch that is over.
        share: computes the sums of a step's batch elsewhere; None: each step is done here.
    """

    seed: int = 0
    resume: bool = False
    quiet: bool = False
    tensorboard: bool = False
    say: Callable[[str], None] = lambda line: None
    quantize: bool = False
    told: Callable[[Mapping[str, float]], None] = lambda row: None
    share: Share | None = None


def train(recipe: Recipe[D, C, X], out: Path, work: Work | None = None) -> Report:
    """Walk one recipe from raw data to a saved, judged bundle in `out`; return its report.

    Work in progress lives beside it in `<out>.training`, from which `work.resume` goes on.

    Raises:
        UserError: data, options or folders that cannot be used.
    """
    return walk(open_room(recipe.task), recipe, out, work or Work())


def walk(room: Room[D, C, X, S, T, K, P], recipe: Recipe[D, C, X], out: Path, work: Work) -> Report:
    """The walk of `train` through one room."""
    if work.quantize and recipe.architecture == NONE:
        raise UserError(f"{recipe.name} has no network whose weights --quantize could round")
    folder = runs.working_folder(out, recipe, work.seed, work.resume, work.quantize)
    started = time.perf_counter()
    work.say(f"reading {recipe.data.dataset or recipe.data.path}")
    splits = room.load(recipe.data, work.quiet)  # first: yfinance's transport must be loaded before TensorFlow
    codec = room.fit_codec(splits, recipe.codec)
    learnt = _learnt(room, recipe, splits, codec, folder, work)
    predictor = room.decide(codec, learnt.graphs.files, splits, recipe)
    weighed = None
    if work.quantize:
        learnt, predictor, weighed = _lighter(room, recipe, splits, codec, learnt, predictor)
        work.say(f"{lighter.NAME} {weighed.told}")
    work.say("unsealing the test part")
    test = room.open_test(splits)
    answering = learnt
    for number, part in enumerate(room.refits(splits, test, recipe), start=1):
        if learnt.model is not None and room.answers(predictor):
            answering = _again(room, recipe, part, codec, folder / f"refit-{number}", work, learnt)
            answering = _in_eight_bits(answering) if weighed and weighed.kept else answering
        predictor = room.refitted(predictor, answering.graphs.files, part, recipe)
    work.say("judging, beside the baselines")
    judgement = room.judge(predictor, splits, test, recipe)
    report = replace(
        judged(room, recipe, judgement),
        architecture=recipe.architecture,
        parameters=answering.parameters,
        seed=work.seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=f"{os.cpu_count()} cores, {platform.machine()}",
        data=dict(splits.facts),
        history=learnt.history,
        training_seconds=round(sum(row["seconds"] for row in learnt.history), 1),
        total_seconds=round(time.perf_counter() - started, 1),
        onnx_difference=max(learnt.graphs.difference, answering.graphs.difference),
        weights_sha256=weights_hash(answering.model.get_weights()) if answering.model else "",
    )
    report = weighed.on(report) if weighed else report
    _save(out, folder, recipe, codec, answering, predictor, report)
    return report


@dataclass(frozen=True)
class Learnt:
    """A trained network, the history of its training, and its graphs; no model where the recipe has none."""

    model: keras.Model | None
    history: list[dict[str, float]]
    graphs: Graphs

    @property
    def parameters(self) -> int:
        """How many numbers were learnt."""
        return int(self.model.count_params()) if self.model else 0

    @property
    def epochs(self) -> int:
        """After how many the network was best on validation."""
        return 1 + min(range(len(self.history)), key=lambda i: self.history[i]["val_loss"])


def _learnt(
    room: Room[D, C, X, S, T, K, P],
    recipe: Recipe[D, C, X],
    splits: S,
    codec: K,
    folder: Path,
    work: Work,
    epochs: int | None = None,
) -> Learnt:
    """Train the recipe's network; for so many `epochs` where that has been chosen."""
    if recipe.architecture == NONE:
        return Learnt(None, [], Graphs({}, 0.0))
    model, training = _prepared(room, recipe, splits, codec, work.seed)
    history = _taught(model, training, recipe, folder, work, epochs)
    work.say("checking the ONNX graph against Keras")
    stride = max(1, len(training.validation) // _CHECKED)
    real = list(islice(training.validation.epoch(0), 0, None, stride))
    return Learnt(model, history, room.graphs(model, codec, real))


def _lighter(
    room: Room[D, C, X, S, T, K, P], recipe: Recipe[D, C, X], splits: S, codec: K, exact: Learnt, predictor: P
) -> tuple[Learnt, P, Weighed]:
    """The network and its predictor with 8-bit weights; as they were, where that would cost too much on validation."""
    rounded = _in_eight_bits(exact)
    other = room.decide(codec, rounded.graphs.files, splits, recipe)
    values = room.validate(predictor, splits), room.validate(other, splits)
    weighed = Weighed(room.metric, *values, *(lighter.weight(one.graphs.files) for one in (exact, rounded)))
    return (rounded, other, weighed) if weighed.kept else (exact, predictor, weighed)


def _in_eight_bits(learnt: Learnt) -> Learnt:
    from seqzoo.graph import quantize

    return replace(learnt, graphs=learnt.graphs._replace(files=quantize.each(learnt.graphs.files)))


def _prepared(
    room: Room[D, C, X, S, T, K, P], recipe: Recipe[D, C, X], splits: S, codec: K, seed: int
) -> tuple[keras.Model, Training]:
    """The network before its first step, and what it learns from."""
    from seqzoo import fitting

    fitting.prepare(seed, parallel=registry.find_architecture(recipe.architecture).parallel)
    model = registry.build(recipe.architecture, recipe.model, codec.sizes())
    return model, room.training(codec, splits, recipe, seed)


def _taught(
    model: keras.Model,
    training: Training,
    recipe: Recipe[D, C, X],
    folder: Path,
    work: Work,
    epochs: int | None = None,
) -> list[dict[str, float]]:
    """Train a network that was prepared; the history."""
    from seqzoo.fitting.fit import fit

    parameters, batches = model.count_params(), len(training.train)
    work.say(f"{recipe.architecture}: {parameters:,} parameters, {batches:,} batches an epoch")
    training.initialise(model)
    chosen = recipe.fit if epochs is None else replace(recipe.fit, epochs=epochs, patience=None, reduce_patience=None)
    return fit(
        model, training, chosen, folder, resume=work.resume, quiet=work.quiet, tensorboard=work.tensorboard,
        last=epochs is not None, told=work.told, share=work.share,
    )  # fmt: skip


def prepared(recipe: Recipe[D, C, X], seed: int) -> tuple[keras.Model, Training]:
    """A recipe's network before its first step, and what it learns from. The test part stays sealed.

    Raises:
        UserError: data or options that cannot be used.
    """
    room = open_room(recipe.task)
    splits = room.load(recipe.data, True)
    return _prepared(room, recipe, splits, room.fit_codec(splits, recipe.codec), seed)


def rehearse(recipe: Recipe[D, C, X], folder: Path, work: Work) -> list[dict[str, float]]:
    """Train a recipe's network just as `train` does, and no more: the history. The test part stays sealed.

    Raises:
        UserError: data or options that cannot be used, or a loss that is no number.
    """
    return _taught(*prepared(recipe, work.seed), recipe, folder, work)


def _again(
    room: Room[D, C, X, S, T, K, P], recipe: Recipe[D, C, X], part: S, codec: K, folder: Path, work: Work, once: Learnt
) -> Learnt:
    """Train anew on more, as long as validation had found best."""
    work.say(f"once more on more data, {once.epochs} epochs as validation chose")
    folder.mkdir(exist_ok=True)
    return _learnt(room, recipe, part, codec, folder, work, once.epochs)


def judged(room: Room[D, C, X, S, T, K, P], recipe: Recipe[D, C, X], found: Judgement) -> Report:
    """The part of a report that depends on the test examples: value, interval, baselines, verdict."""
    metric, scores = room.metric, found.scores
    value = judge.value(scores, metric)
    baselines = {name: _measured(scores, one, value, metric) for name, one in found.baselines.items()}
    return Report(
        recipe=recipe.name,
        title=recipe.title,
        source=recipe.source,
        task=room.name,
        claim=recipe.claim.text,
        metric=metric.name,
        unit=metric.unit,
        kind=metric.kind,
        higher_is_better=metric.higher_is_better,
        items=room.items,
        value=value,
        interval=judge.interval(scores, metric),
        n=len(scores.statistics),
        baselines=baselines,
        verdict=judge.verdict(scores, dict(found.baselines), metric) if found.baselines else None,
        scores=scores,
        baseline_scores=dict(found.baselines),
        **{
            name: getattr(found, name)
            for name in ("subject", "learnt", "metrics", "counts", "ms_for_one", "facts", "sections", "more")
        },
    )


def _measured(ours: Scores, theirs: Scores, value: float, metric: Metric) -> Measured:
    other = judge.value(theirs, metric)
    between = judge.difference_interval(ours, theirs, metric)
    return Measured(other, judge.interval(theirs, metric), value - other, between)


def _save(
    out: Path,
    folder: Path,
    recipe: Recipe[D, C, X],
    codec: K,
    learnt: Learnt,
    predictor: P,
    report: Report,
) -> None:
    """Write the bundle whole, then let go of the working folder."""
    from seqzoo.page import html

    def write(part: Path) -> dict[str, JSON]:
        (part / "recipe.toml").write_text(recipe.to_toml(), encoding="utf-8")
        for name, content in learnt.graphs.files.items():
            (part / name).write_bytes(content)
        if learnt.model is not None:
            learnt.model.save(part / "model.keras")
        codec.save(part)
        predictor.save(part)
        if report.history:
            _keep_history(part, folder, report)
        report.save(part)
        (part / html.FILE).write_text(html.page(report, _sizes(part)), encoding="utf-8")
        known: dict[str, JSON] = {name: getattr(report, name) for name in bundle.ORIGIN}
        return known | {"versions": _versions(), "data": dict(report.data)}

    bundle.save(out, write)
    shutil.rmtree(folder)


def _keep_history(part: Path, folder: Path, report: Report) -> None:
    from seqzoo.fitting import callbacks

    callbacks.write_history(part / callbacks.HISTORY, report.history)
    if (folder / callbacks.TENSORBOARD).is_dir():
        shutil.copytree(folder / callbacks.TENSORBOARD, part / callbacks.TENSORBOARD)


def weights_hash(weights: Sequence[np.ndarray]) -> str:
    """SHA-256 over the bytes of the weights, in order."""
    import hashlib

    digest = hashlib.sha256()
    for array in weights:
        digest.update(array.tobytes())
    return digest.hexdigest()


def _sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.is_file()}


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("seqzoo", "tensorflow", "keras", "onnx", "onnxruntime", "numpy")}


def evaluate(run: str | None = None, overrides: Sequence[str] = (), *, task: str | None = None) -> Report:
    """Judge a bundle again: on its own sealed test part, or on all of other data that overrides of [data] name.

    On other data only baselines that need no training stand beside it. Nothing is written.

    Raises:
        UserError: no such run, or data that cannot be used.
    """
    folder = runs.find(run, task)
    meta = bundle.load_meta(folder)
    return _evaluated(open_room(str(meta["task"])), folder, overrides)


def _evaluated(room: Room[D, C, X, S, T, K, P], folder: Path, overrides: Sequence[str]) -> Report:
    recipe: Recipe[D, C, X] = runs.recipe_of(folder, overrides)
    predictor = room.predictor(folder)
    if overrides:
        judgement = room.judge(predictor, None, room.read_other(recipe.data, predictor), recipe)
    else:
        splits = room.load(recipe.data, True)
        judgement = room.judge(predictor, splits, room.open_test(splits), recipe)
    return judged(room, recipe, judgement)
