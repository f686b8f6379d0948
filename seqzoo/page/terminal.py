"""What the terminal shows: tables of recipes and data sets, a recipe's page, a report, a comparison."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seqzoo import recipe, registry
from seqzoo.page import compared, words
from seqzoo.page.text import number, sparkline

if TYPE_CHECKING:
    from seqzoo.export import Exported
    from seqzoo.recipe import Recipe
    from seqzoo.registry import Architecture, Dataset
    from seqzoo.report import JSON, Report


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))


def results() -> dict[str, Any]:
    """The measured results that ship with the recipes: name -> a row, generated from reports."""
    path = recipe.folder() / "results.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _kind(row: Mapping[str, Any]) -> str:
    """How a row's value is shown; rows of before know it by the metric only."""
    return str(row.get("kind", "share" if row["metric"] == "accuracy" else "number"))


def recipes(as_json: bool) -> None:
    """List the recipes by task."""
    registry.open_all()
    measured = results()
    rows = [_listed(name, recipe.raw(name), measured.get(name)) for name in recipe.names()]
    if as_json:
        return _print_json(rows)
    console = Console()
    for task in sorted({str(row["task"]) for row in rows}):
        console.print(_of_task(task, rows))


def _listed(name: str, table: Mapping[str, Any], result: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "recipe": name,
        "task": table["task"],
        "architecture": table["model"]["architecture"],
        "parameters": result["parameters"] if result else None,
        "data": table["data"].get("dataset", table["data"].get("path", "")),
        "result": result,
    }


def _of_task(task: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    grid = Table(title=task, title_justify="left", title_style="bold", box=None, pad_edge=False)
    grid.add_column("recipe", no_wrap=True, min_width=max(len(row["recipe"]) for row in rows))
    grid.add_column("architecture", overflow="ellipsis")  # what gives way on a narrow terminal
    grid.add_column("data", no_wrap=True, min_width=8)
    for title, width in (("parameters", 10), ("measured", 8), ("baseline", 8)):
        grid.add_column(title, justify="right", no_wrap=True, min_width=width)
    for row in rows:
        if row["task"] == task:
            grid.add_row(row["recipe"], row["architecture"], row["data"], *_measured_cells(row["result"]))
    return grid


def _measured_cells(row: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if not row:
        return "", "-", ""
    return f"{row['parameters']:,}", number(row["value"], _kind(row)), number(row["baseline"], _kind(row))


def recipe_page(name: str, as_json: bool) -> None:
    """Show one recipe whole."""
    chosen = recipe.load(name)
    network = registry.find_architecture(chosen.architecture)
    keywords = {k: v for k, (_, v) in network.keywords.items() if v is not inspect.Parameter.empty} | chosen.model
    data = registry.DATASETS.get(chosen.data.dataset)
    row = results().get(chosen.name)
    if as_json:
        return _print_json(_recipe_json(name, chosen, network, keywords, data, row))
    console = Console(highlight=False)
    source, said = chosen.source or network.source, str(inspect.getdoc(network.build))
    console.print(f"[bold]{escape(chosen.name)}[/]  {escape(chosen.title)}\n[dim]{escape(source)}[/]\n")
    console.print(escape(re.sub(r"(?<!\n)\n(?!\n)", " ", said)) + "\n")
    console.print(_recipe_grid(chosen, network, keywords, data, row))
    if chosen.notes:
        console.print("\n" + escape(chosen.notes.strip()))
    console.print(f"\n[dim]seqzoo copy {escape(chosen.name)} mine.toml   to vary it[/]")


def _recipe_json(
    name: str,
    chosen: Recipe[Any, Any, Any],
    network: Architecture,
    keywords: Mapping[str, object],
    data: Dataset | None,
    row: Mapping[str, Any] | None,
) -> dict[str, object]:
    return {
        "recipe": chosen.name,
        "title": chosen.title,
        "source": chosen.source or network.source,
        "architecture": chosen.architecture,
        "description": inspect.getdoc(network.build),
        "documented parameters": {"count": network.parameters, "at": network.sizes},
        "keywords": keywords,
        "data": {"name": data.name, "address": data.url, "licence": data.licence, "mb": data.size_mb} if data else {},
        "claim": chosen.claim.text or "none",
        "measured": row,
        "notes": chosen.notes,
        "toml": recipe.path_of(name).read_text("utf-8"),
    }


def _recipe_grid(
    chosen: Recipe[Any, Any, Any],
    network: Architecture,
    keywords: Mapping[str, object],
    data: Dataset | None,
    row: Mapping[str, Any] | None,
) -> Table:
    grid = Table(box=None, show_header=False, pad_edge=False)
    for key, value in keywords.items():
        grid.add_row(key.replace("_", " "), escape(str(value)))
    sizes = ", ".join(f"{k.replace('_', ' ')} {v:,}" for k, v in network.sizes.items() if v)
    grid.add_row("parameters", f"{network.parameters:,}" + (f" at {sizes}" if sizes else " without the embedding"))
    if data:
        grid.add_row("data", f"{data.description} ({data.size_mb} MB, {data.licence})\n{data.url}")
    grid.add_row("claim", escape(chosen.claim.text or "none"))
    grid.add_row("measured", _measured(row))
    return grid


def _measured(row: Mapping[str, Any] | None) -> str:
    if not row:
        return "not measured"
    value, theirs = number(row["value"], _kind(row)), number(row["baseline"], _kind(row))
    return (
        f"{row['metric']} {value} (mean of {row['seeds']} seed(s), n = {row['n']:,}); "
        f"best baseline, {row['baseline name']}: {theirs}; {row['training minutes']:.1f} min"
    )


def datasets(as_json: bool) -> None:
    """List the data sets."""
    from seqzoo import fetch

    registry.open_all()
    rows = [
        {"name": d.name, "task": d.task, "mb": d.size_mb, "licence": d.licence, "address": d.url,
         "here": str(fetch.here(d) or ""), "description": d.description}
        for d in registry.DATASETS.values()
    ]  # fmt: skip
    if as_json:
        return _print_json(rows)
    grid = Table("name", "task", "MB", "licence", "here", "description", box=None, header_style="bold", pad_edge=False)
    for row in rows:
        grid.add_row(*(str(row[k]) for k in ("name", "task", "mb", "licence")), "yes" if row["here"] else "no",
                     escape(str(row["description"])))  # fmt: skip
    Console().print(grid)


def report(report: Report, as_json: bool, folder: Path | None, try_next: str = "") -> None:
    """Print a report: whether to use the model first, then the numbers beside the claim and the baselines.

    Args:
        report: what was measured.
        as_json: print it for programs instead.
        folder: of the run; None: nothing was written.
        try_next: the command to type next.
    """
    if as_json:
        return _print_json(report.to_json() | ({"folder": str(folder)} if folder else {}))
    console = Console(highlight=False)
    console.print(f"\n{_lead(report)}\n", soft_wrap=not console.is_terminal)
    if report.verdict:
        console.print(f"[dim]It {escape(report.verdict.words)}.[/]\n", soft_wrap=not console.is_terminal)
    grid = Table(box=None, show_header=False, pad_edge=False)
    for name, text in _rows(report):
        grid.add_row(escape(name), text)
    console.print(grid)
    if folder:
        console.print(f"\n{escape(str(folder))}/report.html\n[dim]{escape(try_next)}[/]", soft_wrap=True)


def _lead(report: Report) -> str:
    lead = words.lead(report)
    style = "bold green" if report.wins else "bold yellow"
    advice = f"[{style}]{escape(lead.advice)}[/] " if lead.advice else ""
    return f"[bold]{escape(report.name)}[/] {escape(lead.learnt)}. {advice}{escape(lead.reason)}"


def _rows(report: Report) -> list[tuple[str, str]]:
    """Names, and values in rich's markup."""
    low, high = (number(end, report.kind) for end in report.interval)
    value = f"[bold]{number(report.value, report.kind)}[/]"
    found = [(words.measure(report), f"{value}  {escape(f'95 % interval [{low}, {high}]')}, n = {report.n:,}")]
    found += [(name, number(v)) for name, v in report.metrics.items() if name != report.metric]
    found += [(name, _beside(report, name)) for name in report.baselines]
    if report.claim:
        found.append(("the source claims", escape(report.claim)))
    found += [(name, escape(words.dated(text))) for name, text in report.facts.items()]
    if report.history:
        losses = [row["val_loss"] for row in report.history if "val_loss" in row]
        found.append(("training", f"{words.duration(report.training_seconds)}, {len(report.history)} epochs"))
        found.append(("validation loss", f"{sparkline(losses)}  {number(min(losses, default=0.0))}"))
    return found


def _beside(report: Report, name: str) -> str:
    """A baseline's value, and ours minus it."""
    theirs = report.baselines[name]
    times, unit = (100, " points") if report.kind == "share" else (1, "")
    low, high = (times * end for end in words.paired(report, name))
    between = f" [{low:+,.3g}, {high:+,.3g}]" if low != high else ""
    ours = f"ours {times * theirs.difference:+,.3g}{unit}{between}"
    return f"{number(theirs.value, report.kind)}  [dim]{escape(ours)}[/]"


def exported(told: Exported, as_json: bool) -> None:
    """Say what was written, and how far it is from the bundle."""
    if as_json:
        return _print_json(vars(told) | {"folder": str(told.folder)})
    for name, difference in told.differences.items():
        print(f"{name}: differs from the bundle by at most {difference:.2g} on {told.tested}")
    for note in told.notes:
        print(note)
    print(f"\n{told.folder}/README.md\npython {told.folder}/run.py")


def comparison(result: Mapping[str, JSON], as_json: bool, out: Path) -> None:
    """Print the table of a comparison."""
    if as_json:
        return _print_json(result)
    told = cast(compared.Compared, result)
    grid = Table(box=None, header_style="bold", pad_edge=False)
    grid.add_column("", min_width=max(len(row["name"]) for row in told["rows"] if row["parameters"]))
    for title in compared.columns(told)[1:]:
        grid.add_column(title, justify="right", no_wrap=True)
    for cells in compared.cells(told):
        grid.add_row(*map(escape, cells))
    console = Console(highlight=False)
    console.print(grid)
    console.print("[dim]for one: time for one answer; p: paired test against the first row[/]")
    console.print(f"\n{escape(str(out))}/compare.html", soft_wrap=True)
