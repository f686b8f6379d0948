"""What the terminal shows: tables of recipes and data sets, a recipe's page, a report."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seqzoo import recipe, registry


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))


def results() -> dict[str, Any]:
    """The measured results that ship with the recipes: name -> a row, generated from reports."""
    path = recipe.folder() / "results.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def recipes(as_json: bool) -> None:
    """List the recipes by task."""
    registry.open_all()
    measured = results()
    rows = []
    for name in recipe.names():
        table = recipe.raw(name)
        rows.append(
            {
                "recipe": name,
                "task": table["task"],
                "architecture": table["model"]["architecture"],
                "parameters": measured[name]["parameters"] if name in measured else None,
                "data": table["data"].get("dataset", table["data"].get("path", "")),
                "result": measured.get(name),
            }
        )
    if as_json:
        return _print_json(rows)
    console = Console()
    for task in sorted({str(row["task"]) for row in rows}):
        grid = Table(title=task, title_justify="left", title_style="bold", box=None, pad_edge=False)
        grid.add_column("recipe", no_wrap=True, min_width=max(len(row["recipe"]) for row in rows))
        grid.add_column("architecture", overflow="ellipsis")  # what gives way on a narrow terminal
        grid.add_column("data", no_wrap=True, min_width=8)
        for title, width in (("parameters", 10), ("measured", 8), ("baseline", 8)):
            grid.add_column(title, justify="right", no_wrap=True, min_width=width)
        for row in rows:
            if row["task"] == task:
                grid.add_row(row["recipe"], row["architecture"], row["data"], *_measured_cells(row["result"]))
        console.print(grid)


def _measured_cells(result: Any) -> tuple[str, str, str]:
    if not result:
        return "", "-", ""
    from seqzoo.report import shown

    metric = result["metric"]
    return f"{result['parameters']:,}", shown(metric, result["value"]), shown(metric, result["baseline"])


def recipe_page(name: str, as_json: bool) -> None:
    """Show one recipe whole."""
    chosen = recipe.load(name)
    found = registry.find_architecture(chosen.architecture)
    keywords = {k: v for k, (_, v) in found.keywords.items() if v is not inspect.Parameter.empty} | chosen.model
    data = registry.DATASETS.get(chosen.data.dataset)
    page = {
        "recipe": chosen.name,
        "title": chosen.title,
        "source": chosen.source or found.source,
        "architecture": chosen.architecture,
        "description": inspect.getdoc(found.build),
        "documented parameters": {"count": found.parameters, "at": found.sizes},
        "keywords": keywords,
        "data": {"name": data.name, "address": data.url, "licence": data.licence, "mb": data.size_mb} if data else {},
        "claim": chosen.claim.text or "none",
        "measured": results().get(chosen.name),
        "notes": chosen.notes,
        "toml": recipe.path_of(name).read_text("utf-8"),
    }
    if as_json:
        return _print_json(page)
    console = Console(highlight=False)
    console.print(f"[bold]{escape(chosen.name)}[/]  {escape(chosen.title)}\n[dim]{escape(str(page['source']))}[/]\n")
    console.print(escape(re.sub(r"(?<!\n)\n(?!\n)", " ", str(page["description"]))) + "\n")
    grid = Table(box=None, show_header=False, pad_edge=False)
    for key, value in keywords.items():
        grid.add_row(key.replace("_", " "), escape(str(value)))
    sizes = ", ".join(f"{k.replace('_', ' ')} {v:,}" for k, v in found.sizes.items() if v)
    grid.add_row("parameters", f"{found.parameters:,}" + (f" at {sizes}" if sizes else " without the embedding"))
    if data:
        grid.add_row("data", f"{data.description} ({data.size_mb} MB, {data.licence})\n{data.url}")
    grid.add_row("claim", escape(str(page["claim"])))
    grid.add_row("measured", _measured(page["measured"]))
    console.print(grid)
    if chosen.notes:
        console.print("\n" + escape(chosen.notes.strip()))
    console.print(f"\n[dim]seqzoo copy {escape(chosen.name)} mine.toml   to vary it[/]")


def _measured(row: Any) -> str:
    if not row:
        return "not measured"
    from seqzoo.report import shown

    value, theirs = shown(row["metric"], row["value"]), shown(row["metric"], row["baseline"])
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


def report(values: dict[str, Any], as_json: bool, folder: Path | None) -> None:
    """Print a report: the verdict first, then the numbers beside the claim and the baselines."""
    if as_json:
        return _print_json(values | ({"folder": str(folder)} if folder else {}))
    from importlib import import_module

    from seqzoo.report import shown

    console = Console(highlight=False)
    low, high = values["interval"]
    if "verdict" in values:
        style = "bold green" if values["verdict"]["wins"] else "bold yellow"
        console.print(
            f"\n[{style}]{escape(values.get('recipe', 'the model'))} {escape(values['verdict']['words'])}[/]\n"
        )
    grid = Table(box=None, show_header=False, pad_edge=False)
    metric = values["metric"]
    interval = f"95 % interval [{shown(metric, low)}, {shown(metric, high)}], n = {values['n']:,}"
    grid.add_row(metric, f"[bold]{shown(metric, values['value'])}[/]  {interval}")
    for name, value in values["metrics"].items():
        if name != metric:
            grid.add_row(name, f"{value:,.4g}")
    for name, value in values.get("baselines", {}).items():
        grid.add_row(escape(name), shown(metric, value))
    if values.get("claim", {}).get("text"):
        grid.add_row("the source claims", escape(values["claim"]["text"]))
    for name, text in import_module(f"seqzoo.tasks.{values['task']}.render").rows(values):
        grid.add_row(escape(name), escape(text))
    if "training seconds" in values:
        grid.add_row("training", f"{values['training seconds'] / 60:.1f} min, {len(values['history'])} epochs")
    console.print(grid)
    if folder:
        hints = {"classify": f'seqzoo classify --run {folder} "..."', "forecast": f"seqzoo forecast {folder}",
                 "generate": f"seqzoo generate {folder}"}  # fmt: skip
        console.print(f"\n{folder}/report.html\n[dim]{hints[values['task']]}[/]")


def comparison(values: dict[str, Any], as_json: bool, folder: Path) -> None:
    """Print the table of a comparison."""
    if as_json:
        return _print_json(values)
    from seqzoo.report import shown

    metric = values["metric"]
    grid = Table(box=None, header_style="bold", pad_edge=False)
    grid.add_column("", min_width=max(len(row["name"]) for row in values["rows"] if row["parameters"]))
    for title in ("parameters", values["metric"], "95 % interval", "seconds", "ms", "p"):
        grid.add_column(title, justify="right", no_wrap=True)
    for row in values["rows"]:
        low, high = row["interval"]
        cells = (
            f"{row['parameters']:,}" if row["parameters"] else "",
            shown(metric, row["value"]),
            f"[{shown(metric, low)}, {shown(metric, high)}]",
            f"{row['seconds']:.0f}" if row["seconds"] else "",
            f"{row['ms']:.1f}" if row["ms"] else "",
            "" if row["p"] is None else "< 0.001" if row["p"] < 0.001 else f"{row['p']:.3f}",
        )
        grid.add_row(escape(row["name"]), *map(escape, cells))
    console = Console(highlight=False)
    console.print(grid)
    console.print("[dim]ms: for one answer; p: paired test against the first row[/]")
    console.print(f"\n{folder}/compare.html")
