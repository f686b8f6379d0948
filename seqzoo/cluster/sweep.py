"""A sweep: many configurations of one recipe, bad ones stopped early, the best on validation walked to its bundle.

    OUT/sweep.json     what was asked
    OUT/trials.jsonl   a line for each trial that has ended, so that a sweep that was killed goes on
    OUT/best.toml      the recipe of the best, and OUT/best its bundle, judged once
    OUT/sweep.html     what was found

A trial's values follow from the sweep's seed and the trial's number, so nothing else needs to be remembered. Ray Tune
starts the trials and starts them again when a process dies. Which one is stopped is decided here, not by a scheduler of
Tune's: that would forget, with a killed sweep, what the trials before it had reached.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from seqzoo import corridor, learning, recipe, runs
from seqzoo.cluster import connect, space
from seqzoo.cluster.halving import Halving
from seqzoo.cluster.record import Asked, Trial, ended, keep, write
from seqzoo.corridor import Work
from seqzoo.errors import UserError
from seqzoo.recipe import NONE, Recipe
from seqzoo.report import JSON, Report
from seqzoo.tasks import open_room

BEST, PAGE, FOUND = "best", "sweep.html", "found.json"
NOTES = "ray"  # what Tune writes for itself, until it is done
TABLES = ("codec", "model", "fit")
_LIVES = 5  # how often a trial is tried again when its process dies


def ask(chosen: Recipe[Any, Any, Any], over: Sequence[str], trials: int, seed: int) -> Asked:
    """What is to be swept, every configuration of it checked.

    Raises:
        UserError: keys, ranges or values that cannot be.
    """
    asked = Asked(chosen.name, chosen.to_toml(), list(over), trials, seed)
    if chosen.architecture == NONE:
        raise UserError(f"{chosen.name} trains no network: there is nothing to search")
    for one in space.parse(over):
        _refuse_unfair(chosen, one.key)
        ends = one.values if one.form != "uniform" and one.form != "log" else tuple(map(float, one.values))  # type: ignore[arg-type]
        for value in ends:
            configured(asked, {one.key: value})
    for trial in range(trials):
        configured(asked, space.drawn(space.parse(over), seed, trial))
    return asked


def _refuse_unfair(chosen: Recipe[Any, Any, Any], key: str) -> None:
    """Refuse a key by which validation losses could not be compared."""
    table, _, name = key.partition(".")
    if table in ("data", "decide", "claim"):
        raise UserError(f"--over {key}: a sweep searches {', '.join(TABLES)}; [{table}] is the same for all its trials")
    if table == "codec" and name in open_room(chosen.task).comparable:
        raise UserError(f"--over {key}: losses of different {name} cannot be compared", f"--set {key}=...")


def configured(asked: Asked, values: Mapping[str, space.Value]) -> Recipe[Any, Any, Any]:
    """The recipe with these values.

    Raises:
        UserError: they do not fit.
    """
    return recipe.parse(tomllib.loads(asked.toml), asked.recipe, space.overrides(values), f"{asked.recipe} --over")


# --- the search --------------------------------------------------------------------------------------


@dataclass
class Listener:
    """Hears each epoch of each trial, keeps those that end, and says which are to be stopped."""

    out: Path
    over: list[space.Over]
    seed: int
    halving: Halving
    say: Callable[[str], None]
    running: dict[int, dict[int, dict[str, float]]] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)

    def __call__(self, name: str, row: Mapping[str, Any]) -> bool:
        """Whether the trial that reports this row is to be stopped; a trial that was tried again repeats its rows."""
        trial = int(row["config"]["trial"])
        if trial in self.known:
            return True
        rows = self.running.setdefault(trial, {})
        if "ended" in row:
            self.end(trial, str(row["ended"]), str(row["why"]))
            return False
        epoch = int(row["epoch"])
        rows[epoch] = {key: float(row[key]) for key in ("epoch", "loss", "val_loss", "seconds")}
        stop = self.halving.stops(trial, epoch, min(rows[e]["val_loss"] for e in rows if e <= epoch))
        if stop:
            self.end(trial, "stopped")
        return stop

    def end(self, trial: int, how: str, why: str = "") -> None:
        """Keep a trial."""
        rows = [row for _, row in sorted(self.running.pop(trial, {}).items())]
        one = Trial(trial, space.drawn(self.over, self.seed, trial), rows, how, why)
        keep(self.out, one)
        self.known.add(trial)
        values = "  ".join(f"{key} {value}" for key, value in one.values.items())
        said = why.splitlines()[0] if why else f"val_loss {one.loss:.4g} after {len(rows)} epochs" if one.loss else ""
        self.say(f"trial {trial}  {values}  {how}: {said}")


def search(out: Path, asked: Asked, workers: int | None, address: str | None, say: Callable[[str], None]) -> None:
    """Run the trials that are left.

    Raises:
        UserError: no Ray, no cluster.
    """
    before = ended(out)
    left = sorted(set(range(asked.trials)) - {one.trial for one in before})
    if not left:
        return
    halving = Halving(configured(asked, {}).fit.epochs)
    for one in before:
        for at, row in enumerate(one.history, start=1):
            halving.stops(one.trial, int(row["epoch"]), min(other["val_loss"] for other in one.history[:at]))
    listener = Listener(out, space.parse(asked.over), asked.seed, halving, say, known={one.trial for one in before})
    with connect.connected("seqzoo sweep", workers, address, "tune") as count:
        say(f"{len(left)} trials, {count} at a time")
        shutil.rmtree(out / NOTES, ignore_errors=True)
        _tuned(out, asked, left, count, listener)
    shutil.rmtree(out / NOTES, ignore_errors=True)
    for trial in sorted(set(left) - listener.known):
        listener.end(trial, "failed", "its process died again and again")


def _tuned(out: Path, asked: Asked, left: Sequence[int], workers: int, listener: Listener) -> None:
    from ray import tune

    told = {"folder": os.getcwd(), "asked": json.dumps(asdict(asked)), "trial": tune.grid_search(list(left))}
    resources = {"cpu": 1, "gpu": connect.gpus(workers)}
    tune.run(
        tune.with_resources(attempt, resources),
        config=told,
        stop=listener,
        storage_path=str((out / NOTES).resolve()),
        name="tune",
        max_concurrent_trials=workers,
        max_failures=_LIVES,
        raise_on_failed_trial=False,
        reuse_actors=True,
        verbose=0,
    )


def attempt(config: Mapping[str, Any]) -> None:
    """Train one trial in a process of its own, reporting each epoch to Tune, and how it ended."""
    from tempfile import TemporaryDirectory

    from ray import tune

    connect.stand(config["folder"])
    asked = Asked(**json.loads(config["asked"]))
    chosen = configured(asked, space.drawn(space.parse(asked.over), asked.seed, config["trial"]))
    end = {"ended": "trained", "why": ""}
    with TemporaryDirectory() as folder:
        try:
            work = Work(asked.seed, quiet=True, told=lambda row: tune.report(dict(row)))
            learning.rehearse(chosen, Path(folder), work)
        except UserError as error:
            end = {"ended": "failed", "why": str(error)}
    tune.report(end)


# --- what was found ----------------------------------------------------------------------------------


def finish(out: Path, asked: Asked, work: Work) -> tuple[dict[str, JSON], Report]:
    """Walk the best configuration to its bundle, once, and write down what was found.

    Raises:
        UserError: no trial could be trained.
    """
    trials = sorted(ended(out), key=lambda one: math.inf if one.loss is None else one.loss)
    best = trials[0]
    if best.loss is None:
        raise UserError(f"none of {len(trials)} trials could be trained; the first: {best.why}")
    chosen = configured(asked, best.values)
    write(out / f"{BEST}.toml", chosen.to_toml())
    work.say(f"trial {best.trial} is the best on validation: trained again, and judged")
    report = _walked(chosen, out / BEST, work)
    found = _found(asked, trials, report)
    from seqzoo.page import searched

    write(out / FOUND, json.dumps(found, indent=1))
    write(out / PAGE, searched.page(found))
    return found, report


def _walked(chosen: Recipe[Any, Any, Any], folder: Path, work: Work) -> Report:
    known = folder / "recipe.toml"
    if known.is_file() and known.read_text("utf-8") == chosen.to_toml():
        return Report.load(folder)
    state = runs.read_state(folder.with_name(f"{folder.name}.training"))
    return corridor.train(chosen, folder, replace(work, resume=state.get("toml") == chosen.to_toml()))


def _found(asked: Asked, trials: Sequence[Trial], report: Report) -> dict[str, JSON]:
    """Trials from the best to the worst, and how the best was judged."""
    return {
        "recipe": asked.recipe,
        "data": report.data.get("name"),
        "seed": asked.seed,
        "over": {one.key: one.form for one in space.parse(asked.over)},
        "trials": [asdict(one) | {"loss": one.loss} for one in trials],
        "best": {
            "trial": trials[0].trial,
            "metric": report.metric,
            "kind": report.kind,
            "value": report.value,
            "interval": list(report.interval),
            "n": report.n,
            "verdict": report.verdict.words if report.verdict else None,
        },
    }
