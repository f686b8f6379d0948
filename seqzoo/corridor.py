"""The corridor, top to bottom. Data flows forward: raw -> codec -> model -> graph -> report -> bundle."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo import bundle, judge, learning, lighter, runs
from seqzoo.errors import UserError
from seqzoo.judge import Metric, Scores
from seqzoo.learning import Learnt
from seqzoo.learning import Work as Work
from seqzoo.recipe import NONE, Recipe
from seqzoo.report import JSON, Measured, Report
from seqzoo.room import C, D, Judgement, K, P, Room, S, T, X
from seqzoo.tasks import open_room

if TYPE_CHECKING:
    import numpy as np


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
    learnt = learning.learn(room, recipe, splits, codec, folder, work)
    predictor = room.decide(codec, learnt.graphs.files, splits, recipe)
    weighed = None
    if work.quantize:
        learnt, predictor, weighed = learning.lighten(room, recipe, splits, codec, learnt, predictor)
        work.say(f"{lighter.NAME} {weighed.told}")
    work.say("unsealing the test part")
    test = room.open_test(splits)
    answering = learnt
    for number, part in enumerate(room.refits(splits, test, recipe), start=1):
        if learnt.model is not None and room.answers(predictor):
            answering = learning.again(room, recipe, part, codec, folder / f"refit-{number}", work, learnt)
            answering = learning.in_eight_bits(answering) if weighed and weighed.kept else answering
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
