"""Which model answers for these data: a run that was named, the one trained on them, or a new one.

A run's folder is named after the data, the question (recipe and seed) and what was observed: other numbers in the same
file are another folder, and no run is written over.
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import bundle, corridor, flags, recipe, runs
from seqzoo.corridor import Work
from seqzoo.errors import UserError
from seqzoo.report import Report
from seqzoo.tasks.forecast import data
from seqzoo.tasks.forecast.answering import BEST
from seqzoo.tasks.forecast.answers import Forecast
from seqzoo.tasks.forecast.options import DataOptions
from seqzoo.tasks.forecast.panel import Panel
from seqzoo.tasks.forecast.predict import Forecaster
from seqzoo.tasks.forecast.stages import NETWORK
from seqzoo.tasks.forecast.suit import suited
from seqzoo.tasks.forecast.training import ForecastRecipe

PRICES, OTHER = "stock-gru", "series-gru"
_MENDED = ["sort", "few"]  # of a file, unless something else is asked for


@dataclass(frozen=True)
class Asked:
    """What is to be forecast, and by which model.

    Attributes:
        about: fields of the [data] table that were given: path, ticker, time, target ...
        run: a bundle that answers whatever the data; None: the one that was trained on them, or a new one.
        recipe: to train; None: the usual one for prices, or for any other series.
        horizon: steps ahead; None: the recipe's, or one season.
        overrides: further `table.key=value` of the recipe.
        seed: of a training.
        keep: where the data have changed, let the newest model of the same recipe answer nevertheless.
        retrain: train anew even where nothing has changed.
        model: who answers; None: the best that validation finds. "network", or a simple forecast by its name.
        periods: parts of the test part, all fitted anew before each; None: the recipe's.
    """

    about: Mapping[str, object] = field(default_factory=dict)
    run: str | None = None
    recipe: str | None = None
    horizon: int | None = None
    overrides: Sequence[str] = ()
    seed: int = 0
    keep: bool = False
    retrain: bool = False
    model: str | None = None
    periods: int | None = None

    def check(self) -> None:
        """Refuse what cannot be answered.

        Raises:
            UserError: no source of data or two, a horizon below one step, or choices that exclude each other.
        """
        if self.horizon is not None and self.horizon < 1:
            raise UserError(f"--horizon {self.horizon}: at least 1 step", "--horizon 5")
        if self.run is None and self.recipe is None and not self.about.get("path") and not self.about.get("ticker"):
            raise UserError("what is to be forecast?", "seqzoo forecast --ticker AAPL, or --data FILE")
        if self.about.get("path") and self.about.get("ticker"):
            raise UserError("one source of data, please: --data FILE or --ticker SYMBOL")
        if self.keep and self.retrain:
            raise UserError("--keep answers from an old model, --retrain trains a new one: choose one of them")
        said: dict[str, object] = {
            "--horizon": self.horizon, "--recipe": self.recipe, "--keep": self.keep, "--retrain": self.retrain,
            "--model": self.model, "--periods": self.periods,
        }  # fmt: skip
        said |= {f"--set {line}": True for line in self.overrides if not line.startswith("data.")}
        odd = [name for name, value in said.items() if value]
        if self.run is not None and odd:
            raise UserError(f"{self.run} answers as it was trained: leave out {', '.join(odd)}")

    def given(self) -> list[str]:
        """The data, and the horizon, as overrides of a recipe."""
        about = dict(self.about)
        if about.get("path"):
            about["dataset"] = ""
            about.setdefault("mend", _MENDED)
        elif about.get("ticker"):
            about |= {"dataset": "prices", "path": ""}
        return [*flags.overrides("data", about), *flags.overrides("codec", {"horizon": self.horizon})]

    def wanted(self) -> list[str]:
        """Who is to answer, and how that is judged, as overrides of a recipe."""
        return flags.overrides("decide", {"answer": self.model or BEST, "periods": self.periods})


@dataclass(frozen=True)
class Answered:
    """A model and the series that it answers for.

    Attributes:
        forecaster: ready to predict.
        panel: the data, read and checked; facts: where they come from, what was mended.
        report: of the model; folder: where both are.
    """

    forecaster: Forecaster
    panel: Panel
    report: Report
    folder: Path
    facts: data.Facts

    def forecasts(self, joint: bool = False) -> list[Forecast]:
        """What comes after the last observed step of each series; `joint`: with intervals that hold whole paths.

        Raises:
            UserError: see `Forecaster.predict`.
        """
        return list(self.forecaster.predict(self.panel, joint))

    def age(self) -> str:
        """What to know of a model that was trained on other data; empty where they are the same, or unknown."""
        trained = self.report.data
        if "fingerprint" not in trained or trained["fingerprint"] == self.panel.fingerprint():
            return ""
        when = f"trained and judged on {self.report.created[:10]}, on data up to {trained['to']}"
        return f"{when}; {changed(self.panel, trained)}"


def _silent(line: str) -> None:
    pass


def answer(asked: Asked, *, quiet: bool = True, say: Callable[[str], None] = _silent) -> Answered:
    """Find, or train, the model that answers.

    Args:
        asked: what is to be forecast, by which model.
        quiet: no progress.
        say: told what is going on.

    Raises:
        UserError: no such run, or data that cannot be used.
    """
    asked.check()
    if asked.run is not None:
        folder = runs.find(asked.run, "forecast")
        bundle.load_meta(folder)
        chosen: ForecastRecipe = runs.recipe_of(folder, [*asked.given(), *asked.overrides])
        panel, facts = data.panel_of(chosen.data, quiet=quiet)
    else:
        folder, panel, facts = _matched(asked, quiet, say)
    return Answered(runs.load(str(folder), "forecast"), panel, Report.load(folder), folder, facts)


def _matched(asked: Asked, quiet: bool, say: Callable[[str], None]) -> tuple[Path, Panel, data.Facts]:
    """The folder of a model for the data, which is trained where there is none; the panel, and its facts."""
    name = asked.recipe or (PRICES if asked.about.get("ticker") else OTHER)
    chosen: ForecastRecipe = recipe.load(name, [*asked.given(), *asked.wanted(), *asked.overrides])
    # Prices are read before anything imports TensorFlow, whose TLS library breaks that of yfinance.
    panel, facts = data.panel_of(chosen.data, quiet=quiet)
    question = f"forecast-{_named(chosen.data)}-{_hash(f'{chosen.to_toml()}{asked.seed}')}"
    same, older = newest(f"{question}-{panel.fingerprint()[:8]}"), newest(question)
    kept = same or (older if asked.keep else None)
    if kept is not None and not asked.retrain:
        return kept, panel, facts
    say(_reason(panel, older, asked, chosen.name))
    if chosen.name == OTHER:
        said = any(line.startswith("codec.horizon=") for line in asked.overrides)
        horizon = chosen.codec.horizon if said else asked.horizon
        network = None if asked.model is None else asked.model == NETWORK
        fitting = suited(chosen, panel, horizon, network=network)
        chosen = recipe.load(name, [*asked.given(), *asked.wanted(), *fitting, *asked.overrides])
    folder = runs.RUNS / f"{question}-{panel.fingerprint()[:8]}"
    folder = runs.new_folder(folder.name) if (folder / bundle.META).is_file() else folder
    _train(chosen, panel, facts, folder, Work(asked.seed, quiet=quiet, say=say))
    return folder, panel, facts


def _train(chosen: ForecastRecipe, panel: Panel, facts: data.Facts, folder: Path, work: Work) -> None:
    """Walk the corridor with data that have been read: what answers was trained on the very same panel."""
    from seqzoo.tasks.forecast.room import ROOM

    splits = data.split(panel, chosen.data, facts)
    corridor.walk(replace(ROOM, load=lambda options, quiet: splits), chosen, folder, work)


def newest(stem: str) -> Path | None:
    """The newest run whose folder begins with these words."""
    metas = list(runs.RUNS.glob(f"{glob.escape(stem)}*/{bundle.META}"))
    return max(metas, key=lambda path: path.stat().st_mtime).parent if metas else None


def _named(options: DataOptions) -> str:
    name = Path(options.path).stem or options.ticker.upper() or options.dataset
    return "".join(letter if letter.isalnum() or letter in "._" else "_" for letter in name)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _reason(panel: Panel, older: Path | None, asked: Asked, name: str) -> str:
    if older is None:
        return f"no model for these data yet: training {name}"
    trained = Report.load(older).data
    if asked.retrain or trained.get("fingerprint") == panel.fingerprint():
        return f"training {name} anew"
    return f"{changed(panel, trained)}: training {name} anew; --keep answers from {older}"


def changed(panel: Panel, trained: Mapping[str, Any]) -> str:
    """How a panel differs from the data that a report tells of: newer rows only, or others."""
    try:
        until = np.datetime64(str(trained["to"]), "s") + 1
    except (KeyError, ValueError):
        return "the data are others"
    before = panel.before(until)
    steps = sum(one.observed for one in panel.series) - sum(one.observed for one in before.series)
    only_newer = before.fingerprint() == trained.get("fingerprint")
    return f"the data have {steps:,} newer step(s)" if only_newer else "the data have changed since"


def rows(forecasts: Sequence[Forecast]) -> list[dict[str, object]]:
    """A row for each step ahead: series (where they have names), time, forecast, "80% low", "80% high" ..."""
    table: list[dict[str, object]] = []
    for forecast in forecasts:
        for h, time in enumerate(forecast.times):
            row: dict[str, object] = {"series": forecast.series} if forecast.series else {}
            row |= {"time": time, "forecast": float(forecast.values[h])}
            for level, ends in forecast.intervals.items():
                row |= {f"{level:.0%} low": float(ends[h, 0]), f"{level:.0%} high": float(ends[h, 1])}
            table.append(row)
    return table
