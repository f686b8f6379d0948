"""The corridor: train, evaluate, predict. Data flows forward: raw -> codec -> model -> graph -> report -> bundle."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from seqzoo import bundle, recipe
from seqzoo.errors import UserError, nearest
from seqzoo.recipe import Recipe
from seqzoo.tasks import open_room

RUNS = Path("runs")
_ROUNDING = 1e-3  # a trained plain recurrent layer blows rounding up (4e-5 over 200 steps); a wrong graph is far off


def train(
    chosen: Recipe,
    out: Path,
    *,
    seed: int = 0,
    resume: bool = False,
    quiet: bool = False,
    tensorboard: bool = False,
    say: Any = lambda line: None,
) -> dict[str, Any]:
    """Walk one recipe from raw data to a saved, judged bundle in `out`; return its report.

    Work in progress lives beside it in `<out>.training`, from which `resume` goes on.

    Raises:
        UserError: data, options or folders that cannot be used.
    """
    room = open_room(chosen.task)
    work = _working_folder(out, chosen, seed, resume)
    started = time.perf_counter()
    say(f"reading {chosen.data.dataset or chosen.data.path}")
    splits = room.load(chosen.data, quiet=quiet)
    codec = room.fit_codec(splits.train, chosen.codec)

    from seqzoo import callbacks, fit, graph, registry

    fit.prepare(seed, one_way=room.states)
    model = registry.build(chosen.architecture, chosen.model, codec.sizes())
    batches = room.batches(codec, splits, chosen, seed)
    say(f"{chosen.architecture}: {model.count_params():,} parameters, {len(batches[0]):,} batches an epoch")
    room.initialise(model, batches[0], chosen)
    history = fit.fit(
        model, batches[0], batches[1], chosen.fit, work,
        **room.objective(codec), resume=resume, quiet=quiet, tensorboard=tensorboard,
    )  # fmt: skip
    training_seconds = sum(row["seconds"] for row in history)

    say("checking the ONNX graph against Keras")
    proto = graph.convert(model, states=room.states)
    real = [arrays for arrays, _ in list(batches[1].epoch(0))[:: max(1, len(batches[1]) // 4)]]
    difference = graph.check(model, proto, real, _ROUNDING)
    say("unsealing the test split; fitting the baselines")
    judged = room.judge(proto.SerializeToString(), codec, splits, chosen)
    report = {
        "recipe": chosen.name,
        "title": chosen.title,
        "source": chosen.source,
        "task": chosen.task,
        "architecture": chosen.architecture,
        "parameters": model.count_params(),
        "seed": seed,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "claim": asdict(chosen.claim),
        "data": splits.facts,
        "history": history,
        "training seconds": round(training_seconds, 1),
        "total seconds": round(time.perf_counter() - started, 1),
        "onnx difference": difference,
        "weights sha256": weights_hash(model.get_weights()),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        **judged.report,
    }

    def write(folder: Path) -> dict[str, Any]:
        (folder / "recipe.toml").write_text(chosen.to_toml(), encoding="utf-8")
        (folder / "model.onnx").write_bytes(proto.SerializeToString())
        model.save(folder / "model.keras")
        codec.save(folder)
        judged.save(folder)
        callbacks.write_history(folder / "history.csv", history)
        if (work / callbacks.TENSORBOARD).is_dir():
            shutil.copytree(work / callbacks.TENSORBOARD, folder / callbacks.TENSORBOARD)
        write_report(folder, report)
        return {**{key: report[key] for key in ("recipe", "task", "seed", "created", "parameters")},
                "versions": _versions(), "data": splits.facts}  # fmt: skip

    bundle.save(out, write)
    shutil.rmtree(work)
    return report


def weights_hash(weights: Sequence[Any]) -> str:
    """SHA-256 over the bytes of the weights, in order."""
    import hashlib

    digest = hashlib.sha256()
    for array in weights:
        digest.update(array.tobytes())
    return digest.hexdigest()


def write_report(folder: Path, report: dict[str, Any]) -> None:
    """Write report.json and report.html."""
    from seqzoo.report import to_html

    (folder / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    (folder / "report.html").write_text(to_html(report, _sizes(folder)), encoding="utf-8")


def _sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.name != "report.html"}


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("seqzoo", "tensorflow", "keras", "onnx", "onnxruntime", "numpy")}


# --- run folders -------------------------------------------------------------------------------------


def new_folder(name: str) -> Path:
    """The next free run folder of that recipe: runs/NAME, runs/NAME-2, ..."""
    number = 1
    while (candidate := RUNS / (name if number == 1 else f"{name}-{number}")).exists() or _work(candidate).exists():
        number += 1
    return candidate


def unfinished(name: str) -> Path:
    """The newest interrupted run of that recipe.

    Raises:
        UserError: there is none.
    """
    found = sorted(RUNS.glob("*.training"), key=lambda path: path.stat().st_mtime, reverse=True)
    for work in found:
        if read_state(work).get("recipe") == name:
            return work.with_suffix("")
    raise UserError(f"no interrupted run of {name!r} in {RUNS}/", f"seqzoo train {name}")


def _work(out: Path) -> Path:
    return out.with_name(out.name + ".training")


def read_state(work: Path) -> dict[str, Any]:
    """What an interrupted run was started with: recipe name, seed and the resolved recipe's text."""
    path = work / "state.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def resumable(out: Path) -> tuple[Recipe, int]:
    """The recipe and seed of an interrupted run.

    Raises:
        UserError: there is nothing to resume.
    """
    import tomllib

    state = read_state(_work(out))
    if not state:
        raise UserError(f"nothing to resume in {_work(out)}", "seqzoo train RECIPE")
    return recipe.parse(tomllib.loads(state["toml"]), state["recipe"]), int(state["seed"])


def _working_folder(out: Path, chosen: Recipe, seed: int, resume: bool) -> Path:
    work = _work(out)
    try:
        if not resume:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            state = {"recipe": chosen.name, "seed": seed, "toml": chosen.to_toml()}
            part = work / "state.json.part"
            part.write_text(json.dumps(state), encoding="utf-8")
            part.replace(work / "state.json")
    except OSError as error:
        raise UserError(f"cannot write {work}: {error.strerror or error}", "choose another folder with --out") from None
    return work


def shipped() -> dict[str, Path]:
    """Bundles that ride in the package, by name."""
    folder = Path(str(files("seqzoo"))) / "bundles"
    return {path.parent.name: path.parent for path in sorted(folder.glob(f"*/{bundle.META}"))}


def find(run: str | None, task: str | None) -> Path:
    """Resolve RUN: a folder, a recipe's name (its newest run, else the shipped bundle), or nothing at all.

    Args:
        run: what was asked for; None: the newest run, else the bundle that ships.
        task: look among runs of this task; None: of any.

    Raises:
        UserError: no such run.
    """
    if run and (Path(run) / bundle.META).is_file():
        return Path(run)
    if run and ("/" in run or Path(run).is_dir()):
        bundle.load_meta(Path(run))
    metas = {path.parent: _glance(path) for path in RUNS.glob(f"*/{bundle.META}")}
    local = [
        p for p, meta in metas.items() if task in (None, meta.get("task")) and run in (None, meta.get("recipe"), p.name)
    ]
    if local:
        return max(local, key=lambda path: (path / bundle.META).stat().st_mtime)
    bundles = shipped()
    if run is None and DEFAULTS.get(task or "classify") in bundles:
        return bundles[DEFAULTS[task or "classify"]]
    if run in bundles:
        return bundles[run]
    if run is None:
        raise UserError(f"there is no {task} model here yet", "seqzoo list")
    known = {*bundles, *(str(meta.get("recipe")) for meta in metas.values())}
    hint = f"seqzoo train {run}" if run in recipe.names() else "seqzoo list"
    raise UserError(f"no run or bundle {run!r}: {nearest(str(run), known)}", hint)


def is_run(word: str) -> bool:
    """Whether a word names a bundle: a folder, a run or a shipped one."""
    return any((folder / bundle.META).is_file() for folder in (Path(word), RUNS / word)) or word in shipped()


DEFAULTS = {"classify": "imdb-evidence-bilstm", "generate": "char-lstm"}


def _glance(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def load(run: str | None = None, task: str = "classify") -> Any:
    """Load a bundle to predict with: its task's predictor (`Classifier` for classify). No TensorFlow.

    Raises:
        UserError: no such run, or one that cannot be trusted.
    """
    folder = find(run, task)
    meta = bundle.load_meta(folder)
    if meta.get("task") != task:
        raise UserError(f"{folder} is a bundle for {meta.get('task')!r}, not for {task!r}")
    return open_room(task).predictor(folder)


def evaluate(run: str | None = None, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Judge a bundle: on its own sealed test split, or on other data named by overrides of [data].

    Returns the part of the report that depends on the examples. Nothing is written.
    """
    import tomllib

    folder = find(run, None)
    bundle.load_meta(folder)
    chosen = recipe.parse(tomllib.loads((folder / "recipe.toml").read_text("utf-8")), folder.name, overrides)
    room = open_room(chosen.task)
    return {"task": chosen.task, **room.evaluate_bundle(room.predictor(folder), chosen, other_data=bool(overrides))}
