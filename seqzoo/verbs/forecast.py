"""The verb forecast: find or train a model for one source of series, then say what comes next."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import bundle, charts, recipe, runs
from seqzoo.errors import UserError
from seqzoo.recipe import Recipe
from seqzoo.report import shown
from seqzoo.tasks.forecast import data
from seqzoo.tasks.forecast.panel import Panel, season_of

PRICES, OTHER = "stock-gru", "series-gru"
_SHOWN = 12
_STEPS = 2000  # of training that a short series is given


def forecast(
    run: str | None,
    name: str | None,
    about: dict[str, Any],
    horizon: int | None,
    overrides: Sequence[str],
    *,
    seed: int,
    anomalies: bool,
    output: Path | None,
    quiet: bool,
    as_json: bool,
    say: Any,
) -> None:
    """Answer what the command line asked; see `seqzoo forecast --help`.

    Args:
        run: a bundle to forecast with; None: the one that was trained for these data, or a new one.
        name: the recipe to train; None: the usual one for prices, or for any other series.
        about: fields of [data] that the command line gave.
        horizon: steps ahead; None: the recipe's, or one season.
        overrides: further `--set` overrides.
        seed: of a training.
        anomalies: list the observed steps that no forecast expected, instead of the next ones.
        output: a CSV for the table.
        quiet: results only.
        as_json: print JSON.
        say: told what is going on.
    """
    if horizon is not None and horizon < 1:
        raise UserError(f"--horizon {horizon}: at least 1 step", "--horizon 5")
    if run is None and not about.get("path") and not about.get("ticker") and name is None:
        raise UserError("what is to be forecast?", "seqzoo forecast --ticker AAPL, or --csv FILE")
    if run is not None:
        folder = runs.find(run, "forecast")
        chosen = _recipe_of(folder, about)
        panel, facts = data.panel_of(chosen.data, quiet=quiet)
    else:
        chosen = _chosen(name, about, horizon, overrides)
        panel, facts = data.panel_of(chosen.data, quiet=quiet)
        chosen = _suited(chosen, panel, horizon, overrides) if chosen.name == OTHER else chosen
        folder = runs.RUNS / f"forecast-{_fingerprint(chosen, seed)}"
        if not (folder / bundle.META).is_file():
            say(f"no model for these data yet: training {chosen.name}")
            runs.train(chosen, folder, seed=seed, quiet=quiet, say=say)
    forecaster = runs.load(str(folder), "forecast")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    bands = forecaster.bands(panel) if anomalies else []
    outside = sorted((one for band in bands for one in band.outside()), key=lambda one: -one.beyond)
    found = [] if anomalies else list(forecaster.predict(panel))
    rows = [asdict(one) | {"time": _text(one.time)} for one in outside] if anomalies else _rows(found)
    if output is not None:
        _write(output, rows)
    if as_json:
        what = "anomalies" if anomalies else "forecast"
        print(json.dumps({"verdict": report["verdict"], what: rows, "data": facts, "folder": str(folder)}))
        return
    if anomalies:
        _print_anomalies(outside, bands, panel, report, facts, folder)
    else:
        _print(found, panel, report, facts, folder)


def _chosen(name: str | None, about: dict[str, Any], horizon: int | None, overrides: Sequence[str]) -> Recipe:
    usual = PRICES if about.get("ticker") else OTHER
    given = [f"data.{key}={json.dumps(value)}" for key, value in about.items()]
    if about.get("path"):
        given.append('data.dataset=""')
    if horizon is not None:
        given.append(f"codec.horizon={horizon}")
    return recipe.load(name or usual, [*given, *overrides])


def _suited(chosen: Recipe, panel: Panel, horizon: int | None, overrides: Sequence[str]) -> Recipe:
    """The general recipe, its window, season and calendar from the step of the series."""
    season = season_of(panel.step)
    shortest = min(one.observed for one in panel.series)
    if season * 4 > shortest:
        season = 1
    ahead = horizon or min(max(season, 1), max(1, shortest // 20)) if season > 1 else horizon or 1
    usable = int(min(chosen.data.validation, chosen.data.test) * shortest) - ahead  # a part holds whole windows only
    window = max(2, min(7 * season if season > 1 else 60, usable * 2 // 3))
    sub_daily = panel.step.endswith(("h", "min", "s")) and season > 1
    calendar = {"month": ["month"], "1D": ["weekday", "yearday"], "business day": ["weekday"]}.get(panel.step, [])
    if sub_daily:
        calendar = ["hour", "weekday", "yearday"]
    target = "season" if season > 1 and _seasonal(panel, season, ahead, chosen) else "change"
    found = {"window": window, "horizon": ahead, "target": target, "calendar": calendar}
    sets = [f"codec.{key}={json.dumps(value)}" for key, value in found.items()]
    examples = sum(one.observed for one in panel.series) * (1 - chosen.data.validation - chosen.data.test)
    size = 64 if examples > 4000 else 16
    epochs = int(np.clip(_STEPS * size / examples, chosen.fit.epochs, 100))  # a short series is read more often
    sets += [f"fit.batch_size={size}", f"fit.epochs={epochs}", f"fit.patience={max(3, epochs // 4)}"]
    about = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(chosen.data).items()}
    return recipe.load(OTHER, [*(f"data.{k}={json.dumps(v)}" for k, v in about.items()), *sets, *overrides])


def _seasonal(panel: Panel, season: int, ahead: int, chosen: Recipe) -> bool:
    """Whether, before validation, a season ago is nearer than the last value, up to a horizon of `ahead`."""
    wrong = np.zeros(2)
    for one in panel.series:
        train = one.target[: int(one.observed * (1 - chosen.data.validation - chosen.data.test))]
        for h in {1, max(1, ahead // 2), ahead}:
            back = season * -(-h // season)
            wrong += [np.abs(train[lag:] - train[:-lag]).mean() for lag in (back, h)]
    return bool(wrong[0] < wrong[1])


def _fingerprint(chosen: Recipe, seed: int) -> str:
    """A name for the bundle that this recipe gives on these data."""
    what = Path(chosen.data.path).stem or chosen.data.ticker.upper() or chosen.data.dataset
    digest = hashlib.sha256(f"{chosen.to_toml()}{seed}".encode()).hexdigest()[:8]
    return f"{what}-{digest}"


def _recipe_of(folder: Path, about: dict[str, Any]) -> Recipe:
    import tomllib

    given = [f"data.{key}={json.dumps(value)}" for key, value in about.items()]
    if about.get("path"):
        given.append('data.dataset=""')
    return recipe.parse(tomllib.loads((folder / "recipe.toml").read_text("utf-8")), folder.name, given)


def _rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    rows = []
    for one in found:
        for h, time in enumerate(one.times):
            row: dict[str, Any] = {"series": one.series} if one.series else {}
            row |= {"time": _text(time), "forecast": float(one.values[h])}
            for level, ends in one.intervals.items():
                row |= {f"{level:.0%} low": float(ends[h, 0]), f"{level:.0%} high": float(ends[h, 1])}
            rows.append(row)
    return rows


def _text(time: np.datetime64) -> str:
    return str(time).replace("T00:00:00", "").replace("T", " ")


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else ["time"])
            writer.writeheader()
            writer.writerows(rows)
        part.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None


def _heading(console: Any, panel: Panel, report: dict[str, Any], facts: dict[str, Any]) -> None:
    """The verdict first, then which data were read and how old they are."""
    from rich.markup import escape

    style = "bold green" if report["verdict"]["wins"] else "bold yellow"
    console.print(f"\n[{style}]{escape(report['recipe'])} {escape(report['verdict']['words'])}[/]")
    last = max(one.times[one.observed - 1] for one in panel.series)
    console.print(f"[dim]{escape(str(facts['name']))}, last observed {_text(last)}{_age(last)}[/]")
    for line in facts.get("mended", [])[:5]:
        console.print(f"[dim]mended: {escape(line)}[/]")
    console.print()


def _age(last: np.datetime64) -> str:
    days = int((np.datetime64("now") - last) / np.timedelta64(1, "D"))
    return f", {days / 365.25:.1f} years ago" if days > 365 else f", {days} days ago" if days > 7 else ""


def _print(found: Sequence[Any], panel: Panel, report: dict[str, Any], facts: dict[str, Any], folder: Path) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    _heading(console, panel, report, facts)
    for one in found[:3]:
        if len(found) > 1:
            console.print(f"[bold]{escape(one.series)}[/]")
        console.print(_table(one, panel.target))
        if len(one.times) > _SHOWN:
            console.print(f"[dim]... {len(one.times) - _SHOWN} more: --output FILE.csv[/]")
        mine = next(series for series in panel.series if series.name == one.series)
        console.print("\n" + escape(picture(mine.target[: mine.observed], one)))
    if len(found) > 3:
        console.print(f"[dim]... {len(found) - 3} more series: --output FILE.csv[/]")
    console.print(f"\n{folder}/report.html")


def _table(one: Any, target: str) -> Any:
    from rich.markup import escape
    from rich.table import Table

    grid = Table("", box=None, header_style="bold", pad_edge=False)
    for name in (escape(target), *(f"{level:.0%}" for level in one.intervals)):
        grid.add_column(name, justify="right")
    for h, time in list(enumerate(one.times))[:_SHOWN]:
        ends = (" to ".join(shown("", float(end)) for end in ends[h]) for ends in one.intervals.values())
        grid.add_row(_text(time), shown("", float(one.values[h])), *ends)
    return grid


def _print_anomalies(
    found: Sequence[Any], bands: Sequence[Any], panel: Panel, report: dict[str, Any], facts: dict[str, Any],
    folder: Path,
) -> None:  # fmt: skip
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    _heading(console, panel, report, facts)
    observed = sum(one.observed for one in panel.series)
    level = max(row["level"] for row in report["intervals"])
    console.print(f"{len(found):,} of {observed:,} steps lie outside their {level:.0%} interval; the farthest:\n")
    grid = Table("", "series", panel.target, "interval", "widths beyond", box=None, header_style="bold", pad_edge=False)
    for one in found[:_SHOWN]:
        interval = f"{shown('', one.low)} to {shown('', one.high)}"
        grid.add_row(_text(one.time), one.series, shown("", one.value), interval, f"{one.beyond:.2f}")
    console.print(grid)
    if found:
        band = next(band for band in bands if band.series.name == found[0].series)
        console.print("\n" + escape(surroundings(band, found[0].time)))
    console.print(f"\n{folder}/report.html")


# --- pictures in text --------------------------------------------------------------------------------


def picture(observed: np.ndarray, found: Any, width: int = 66) -> str:
    """The last observed values and the forecast with its widest interval, as lines of text."""
    ahead = len(found.values)
    before = observed[-max(10, width - ahead) :] if ahead < width - 10 else observed[-20:]
    low, high = list(found.intervals.values())[-1].T
    x = len(before) + np.arange(ahead)
    points = [("•", np.arange(len(before)), before), ("●", x, found.values)]
    return charts.in_text(len(before) + ahead, [(x, low, high)], points, partial(shown, ""))


def surroundings(band: Any, time: np.datetime64, width: int = 66) -> str:
    """The band and what came around one moment, which is marked, as lines of text."""
    place = int(np.searchsorted(band.series.times[band.steps], time))
    first = max(0, min(place - width // 2, len(band.steps) - width))
    part = slice(first, first + width)
    came = band.series.target[band.steps]
    x = np.arange(len(band.steps[part]))
    marked = ("◆", np.array([place - first]), came[place : place + 1])
    return charts.in_text(
        len(x), [(x, band.low[part], band.high[part])], [("•", x, came[part]), marked], partial(shown, "")
    )
