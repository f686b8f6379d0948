"""The verb forecast: what comes next, or what nobody expected, on the terminal, as JSON, and as a table in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqzoo import flags
from seqzoo.errors import UserError, nearest
from seqzoo.tasks.forecast.options import FLAGS

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console
    from rich.table import Table

    from seqzoo.tasks.forecast.answers import Anomaly, Forecast
    from seqzoo.tasks.forecast.finding import Answered

_SHOWN = 12  # rows of a table
_SERIES = 3  # that are printed
_OLD_SPELLING = "As --data."


def command(
    run: flags.RunName = None,
    old_run: flags.OldRun = None,
    path: flags.Data = None,
    csv: Annotated[str | None, typer.Option("--csv", hidden=True, help=_OLD_SPELLING)] = None,
    ticker: Annotated[str | None, typer.Option(metavar=FLAGS["ticker"].takes, help=FLAGS["ticker"].help)] = None,
    time: Annotated[str | None, typer.Option(metavar=FLAGS["time"].takes, help=FLAGS["time"].help)] = None,
    target: Annotated[str | None, typer.Option(metavar=FLAGS["target"].takes, help=FLAGS["target"].help)] = None,
    known: Annotated[str, typer.Option(metavar="COLUMNS", help="Known in advance: holiday,promo")] = "",
    past: Annotated[str, typer.Option(metavar="COLUMNS", help="Known up to now: wind")] = "",
    series: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Names the series, where there are many.")
    ] = None,
    horizon: Annotated[int | None, typer.Option(metavar="STEPS", help="Steps ahead.")] = None,
    answer: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Who answers: network, theta ...; else the best.")
    ] = None,
    joint: Annotated[
        bool, typer.Option("--joint", help="Intervals hold whole paths, not each step by itself.")
    ] = False,
    periods: Annotated[
        int | None, typer.Option(metavar="COUNT", help="Judge over so many periods, fitted anew before each.")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option("--recipe", metavar="RECIPE", help="Train this one.", autocompletion=flags.recipe_names),
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="DATE", help="First day of the prices.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Day after the last.")] = None,
    source: Annotated[str | None, typer.Option(metavar=FLAGS["source"].takes, help=FLAGS["source"].help)] = None,
    every: Annotated[str | None, typer.Option(metavar="STEP", help="Resample: 1h, 1D.")] = None,
    mend: Annotated[
        str, typer.Option(metavar="WHAT", help="Mend the time axis: sort,duplicates,gaps,few; unasked: sort,few")
    ] = "",
    sets: flags.Sets = None,
    seed: flags.Seed = 0,
    keep: Annotated[bool, typer.Option("--keep", help="Newer data: let the old model answer nevertheless.")] = False,
    retrain: Annotated[bool, typer.Option("--retrain", help="Train anew, even on the same data.")] = False,
    anomalies: Annotated[bool, typer.Option("--anomalies", help="List what no forecast expected.")] = False,
    output: flags.Output = None,
    force: flags.Force = False,
    quiet: flags.Quiet = False,
    as_json: flags.Json = False,
) -> None:
    """Say what comes next, with intervals, and whether that beats a naive forecast.

    A model is trained where none is there for these very data.
    """
    from seqzoo import runs
    from seqzoo.tasks.forecast import finding

    if path and csv:
        raise UserError(f"one file, please: --data {path} or --csv {csv}")
    _check_output(output, force)
    about = {"path": path or csv, "ticker": ticker, "time": time, "target": target, "series": series, "start": start,
             "end": end, "source": source, "every": every}  # fmt: skip
    given: dict[str, object] = {key: value for key, value in about.items() if value is not None}
    given |= {key: words.split(",") for key, words in {"known": known, "past": past, "mend": mend}.items() if words}
    asked = finding.Asked(given, flags.chosen_run(run, old_run), recipe, horizon, sets or [], seed, keep, retrain,
                          answer, periods)  # fmt: skip
    answered = finding.answer(asked, quiet=quiet, say=lambda line: flags.say(quiet, line))
    if anomalies:
        _say_anomalies(answered, output, as_json)
    else:
        _say_forecasts(answered, output, as_json, joint)
    flags.say(quiet or as_json, f"answered by {runs.called(answered.folder)}")


def _check_output(output: Path | None, force: bool) -> None:
    """Refuse a table that could not be written before anything is trained."""
    from seqzoo import files

    if output is None:
        return
    if output.suffix.lower() not in files.ROWS:
        raise UserError(f"--output {output}: {nearest(output.suffix, files.ROWS)}")
    if not force:
        files.refuse_existing(output)


def _write(
    answered: Answered, what: str, rows: Sequence[Mapping[str, object]], output: Path | None, as_json: bool
) -> None:
    """The table into its file, and all of it as JSON."""
    from seqzoo import files, runs

    if output is not None:
        files.write_rows(output, rows, force=True)
    if as_json:
        verdict = answered.report.verdict
        print(json.dumps({
            "model": runs.called(answered.folder), "who": answered.report.facts.get("who answers", ""),
            "verdict": verdict.to_json() if verdict else None,
            "age": answered.age(), what: rows, "data": answered.facts, "folder": str(answered.folder),
        }))  # fmt: skip


def _say_forecasts(answered: Answered, output: Path | None, as_json: bool, joint: bool) -> None:
    from rich.markup import escape

    from seqzoo.tasks.forecast import finding, picture

    forecasts = answered.forecasts(joint)
    rows = [row | {"time": _text(answered, row["time"])} for row in finding.rows(forecasts)]
    _write(answered, "forecast", rows, output, as_json)
    if as_json:
        return
    console = _headed(answered)
    by_name = {series.name: series for series in answered.panel.series}
    for forecast in forecasts[:_SERIES]:
        if len(forecasts) > 1:
            console.print(f"[bold]{escape(forecast.series)}[/]")
        console.print(_table(answered, forecast))
        if len(forecast.times) > _SHOWN:
            console.print(f"[dim]... {len(forecast.times) - _SHOWN} more: --output FILE.csv[/]")
        series = by_name[forecast.series]
        console.print("\n" + escape(picture.ahead(series.target[: series.observed], forecast)))
    if len(forecasts) > _SERIES:
        console.print(f"[dim]... {len(forecasts) - _SERIES} more series: --output FILE.csv[/]")
    few = answered.report.facts.get("intervals rest on")
    if few:
        console.print(f"[yellow]the intervals rest on {escape(str(few))}[/]")
    console.print(f"\n{answered.folder}/report.html")


def _say_anomalies(answered: Answered, output: Path | None, as_json: bool) -> None:
    from rich.markup import escape

    from seqzoo.tasks.forecast import picture

    bands = answered.forecaster.bands(answered.panel)
    outside = sorted((step for band in bands for step in band.outside()), key=lambda step: -step.beyond)
    rows = [asdict(step) | {"time": _text(answered, step.time)} for step in outside]
    _write(answered, "anomalies", rows, output, as_json)
    if as_json:
        return
    console = _headed(answered)
    observed = sum(series.observed for series in answered.panel.series)
    level = answered.forecaster.levels[-1]
    console.print(f"{len(outside):,} of {observed:,} steps lie outside their {level:.0%} interval; the farthest:\n")
    console.print(_anomaly_table(answered, outside))
    if outside:
        band = next(band for band in bands if band.series.name == outside[0].series)
        console.print("\n" + escape(picture.surroundings(band, outside[0].time)))
    console.print(f"\n{answered.folder}/report.html")


# --- on the terminal ---------------------------------------------------------------------------------


def _text(answered: Answered, time: object) -> str:
    import numpy as np

    from seqzoo.tasks.forecast.steps import time_text

    return time_text(np.datetime64(str(time)), answered.panel.step)


def _headed(answered: Answered) -> Console:
    """The verdict first, then which data were read and how old they, and the model, are."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    verdict = answered.report.verdict
    if verdict is not None:
        style = "bold green" if verdict.wins else "bold yellow"
        console.print(f"\n[{style}]{escape(_subject(answered))} {escape(verdict.words)}[/]")
        console.print(f"[dim]who answers: {escape(str(answered.report.facts.get('who answers', 'the network')))}[/]")
    last = answered.panel.last
    name = escape(str(answered.facts["name"]))
    console.print(f"[dim]{name}, last observed {_text(answered, last)}{_long_ago(last)}[/]")
    if answered.age():
        console.print(f"[yellow]{escape(answered.age())}[/]")
    mended = answered.facts.get("mended")
    for line in mended[:5] if isinstance(mended, list) else ():
        console.print(f"[dim]mended: {escape(line)}[/]")
    console.print()
    return console


def _subject(answered: Answered) -> str:
    """What the verdict is about: the recipe's network, or the forecast, whoever it is by."""
    about = f"{answered.panel.target}: " if answered.report.subject else ""
    return about + answered.report.name


def _long_ago(last: np.datetime64) -> str:
    import numpy as np

    days = int((np.datetime64("now") - last) / np.timedelta64(1, "D"))
    return f", {days / 365.25:.1f} years ago" if days > 365 else f", {days} days ago" if days > 7 else ""


def _table(answered: Answered, forecast: Forecast) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from seqzoo.page.text import number

    grid = Table("", box=None, header_style="bold", pad_edge=False)
    for name in (escape(answered.panel.target), *(f"{level:.0%}" for level in forecast.intervals)):
        grid.add_column(name, justify="right")
    for h, time in list(enumerate(forecast.times))[:_SHOWN]:
        ends = (" to ".join(number(float(end)) for end in pair[h]) for pair in forecast.intervals.values())
        grid.add_row(_text(answered, time), number(float(forecast.values[h])), *ends)
    return grid


def _anomaly_table(answered: Answered, outside: Sequence[Anomaly]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from seqzoo.page.text import number

    headings = ("", "series", escape(answered.panel.target), "interval", "widths beyond")
    grid = Table(*headings, box=None, header_style="bold", pad_edge=False)
    for step in outside[:_SHOWN]:
        interval = f"{number(step.low)} to {number(step.high)}"
        grid.add_row(
            _text(answered, step.time), escape(step.series), number(step.value), interval, f"{step.beyond:.2f}"
        )
    return grid
