"""Run folders: where a run goes, which one is meant, and how to answer from it."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from seqzoo import bundle, recipe
from seqzoo.errors import UserError, nearest
from seqzoo.recipe import Recipe
from seqzoo.tasks import open_room

RUNS = Path("runs")


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


def resumable(out: Path) -> tuple[Recipe[Any, Any, Any], int, bool]:
    """The recipe and seed of an interrupted run, and whether it was to have 8-bit weights.

    Raises:
        UserError: there is nothing to resume.
    """
    state = read_state(_work(out))
    if not state:
        raise UserError(f"nothing to resume in {_work(out)}", "seqzoo train RECIPE")
    chosen = recipe.parse(tomllib.loads(state["toml"]), state["recipe"])
    return chosen, int(state["seed"]), bool(state.get("quantize"))


def working_folder(out: Path, chosen: Recipe[Any, Any, Any], seed: int, resume: bool, quantize: bool = False) -> Path:
    """The folder beside `out` that holds work in progress; a new one unless an interrupted run goes on.

    Raises:
        UserError: it cannot be written.
    """
    work = _work(out)
    try:
        if not resume:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            state = {"recipe": chosen.name, "seed": seed, "toml": chosen.to_toml(), "quantize": quantize}
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
    metas = {path.parent: _meta_or_nothing(path) for path in RUNS.glob(f"*/{bundle.META}")}
    local = [
        p for p, meta in metas.items() if task in (None, meta.get("task")) and run in (None, meta.get("recipe"), p.name)
    ]
    if local:
        return max(local, key=lambda path: (path / bundle.META).stat().st_mtime)
    bundles = shipped()
    default = open_room(task).default if run is None and task else ""
    if default in bundles:
        return bundles[default]
    if run in bundles:
        return bundles[run]
    if run is None:
        raise UserError(f"there is no {task + ' ' if task else ''}model here yet", "seqzoo list")
    known = {*bundles, *(str(meta.get("recipe")) for meta in metas.values())}
    hint = f"seqzoo train {run}" if run in recipe.names() else "seqzoo list"
    raise UserError(f"no run or bundle {run!r}: {nearest(str(run), known)}", hint)


def names_a_run(word: str) -> bool:
    """Whether a word names a bundle: a folder, a run or a shipped one."""
    return any((folder / bundle.META).is_file() for folder in (Path(word), RUNS / word)) or word in shipped()


def called(folder: Path) -> str:
    """What an answer says of the model that gave it."""
    return f"{folder.name}, which ships with seqzoo" if folder in shipped().values() else str(folder)


def _meta_or_nothing(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def load(run: str | None = None, task: str | None = None) -> Any:
    """Load a bundle to predict with, as its task does: a Classifier, a Forecaster, a Generator. No TensorFlow.

    Args:
        run: a folder or a recipe's name; None: the newest run, else the bundle that ships.
        task: refuse bundles for any other.

    Raises:
        UserError: no such run, or one that cannot be trusted.
    """
    folder = find(run, task)
    meta = bundle.load_meta(folder)
    if task not in (None, meta.get("task")):
        raise UserError(
            f"{folder} is a bundle for {meta.get('task')!r}, not for {task!r}", f"seqzoo {meta.get('task')}"
        )
    return open_room(str(meta.get("task"))).predictor(folder)


def recipe_of(folder: Path, overrides: Sequence[str] = ()) -> Recipe[Any, Any, Any]:
    """The resolved recipe of a run.

    Raises:
        UserError: overrides that do not fit, or a damaged file.
    """
    try:
        tables = tomllib.loads((folder / "recipe.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{folder}: recipe.toml is missing or damaged: {error}") from None
    return recipe.parse(tables, str(_meta_or_nothing(folder / bundle.META).get("recipe", folder.name)), overrides)
