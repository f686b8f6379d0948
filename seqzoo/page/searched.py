"""A sweep, for page and terminal: the loss by each key, the curves of its trials, a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

from seqzoo.page import compared, scatter
from seqzoo.page.text import number
from seqzoo.report import JSON, Table

if TYPE_CHECKING:
    from seqzoo.report import Report

LOSS, PAGE = "validation loss", "sweep.html"
_SHOWN = 10  # trials on the terminal
_COLOURS = {"trained": "s0", "stopped": "s5"}
_BEST = "s1"


class Tried(TypedDict):
    """A trial; see `seqzoo.cluster.sweep`."""

    trial: int
    values: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    ended: str
    why: str
    loss: float | None


class Found(TypedDict):
    """What a sweep found, its trials from the best to the worst."""

    recipe: str
    data: str | None
    seed: int
    over: Mapping[str, str]
    trials: Sequence[Tried]
    best: Mapping[str, Any]


def columns(told: Found) -> tuple[str, ...]:
    """The headings."""
    return ("trial", *told["over"], LOSS, "epochs", "seconds", "ended")


def cells(told: Found) -> list[tuple[str, ...]]:
    """The cells of each row."""
    return [
        (
            str(one["trial"]),
            *(shown(one["values"][key]) for key in told["over"]),
            number(one["loss"]) if one["loss"] is not None else "–",
            str(len(one["history"])),
            f"{sum(row['seconds'] for row in one['history']):.0f}",
            one["why"].splitlines()[0] if one["why"] else one["ended"],
        )
        for one in told["trials"]
    ]


def shown(value: Any) -> str:
    """A key's value."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def page(result: Mapping[str, JSON]) -> str:
    """Render what was found."""
    from seqzoo.page import html

    told = cast(Found, result)
    best = told["best"]
    tried = [one for one in told["trials"] if one["loss"] is not None]
    return html.rendered(
        "sweep.html.jinja",
        title=f"Sweep of {told['recipe']}",
        told=told,
        counts=_counts(told),
        values=[(key, shown(value)) for key, value in told["trials"][0]["values"].items()],
        reached=f"{number(best['value'], best['kind'])} {compared.between(best['interval'], best['kind'])}",
        pictures=[(key, _by_key(key, form, tried)) for key, form in told["over"].items()],
        curves=_curves(tried),
        table=Table("", columns(told), cells(told)),
        zoomable=False,
    )


def _counts(told: Found) -> str:
    ends = [one["ended"] for one in told["trials"]]
    known = ((how, ends.count(how)) for how in ("trained", "stopped", "failed"))
    return ", ".join(f"{count:,} {how}{' early' * (how == 'stopped')}" for how, count in known if count)


def _by_key(key: str, form: str, tried: Sequence[Tried]) -> str:
    """The loss by the value of one key, whatever the others were."""
    values = [one["values"][key] for one in tried]
    names = list(dict.fromkeys(map(shown, sorted(values, key=_order)))) if form == "list" else []
    places = [float(names.index(shown(value))) if names else float(value) for value in values]
    losses = [float(one["loss"] or 0) for one in tried]
    points = [
        scatter.Point(place, loss, _colour(one, tried), f"trial {one['trial']}: {shown(value)}, {loss:.4g}")
        for one, place, value, loss in zip(tried, places, values, losses, strict=True)
    ]
    x = scatter.across(key, places, form == "log", names)
    return scatter.draw(x, scatter.up(LOSS, losses), points[::-1])  # the best lies on top


def _order(value: Any) -> tuple[bool, float, str]:
    numeric = isinstance(value, int | float)
    return (not numeric, float(value) if numeric else 0.0, str(value))


def _colour(one: Tried, tried: Sequence[Tried]) -> str:
    return _BEST if one is tried[0] else _COLOURS[one["ended"]]


def _curves(tried: Sequence[Tried]) -> str:
    """The loss of each trial, epoch by epoch; a dot where one was stopped."""
    curves = [[(float(row["epoch"]), float(row["val_loss"])) for row in one["history"]] for one in tried]
    lines, points = [], []
    for one, curve in zip(tried, curves, strict=True):
        colour = _colour(one, tried)
        lines.append(scatter.Line(curve, colour if colour == _BEST else f"{colour} thin"))
        if one["ended"] == "stopped" or len(curve) == 1:
            points.append(scatter.Point(*curve[-1], colour, f"trial {one['trial']} {one['ended']}: {curve[-1][1]:.4g}"))
    every = [point for curve in curves for point in curve]
    x = scatter.across("epoch", [a for a, _ in every])
    return scatter.draw(x, scatter.up(LOSS, [b for _, b in every]), points[::-1], lines[::-1])


def show(result: Mapping[str, JSON], report: Report, as_json: bool, out: Path) -> None:
    """Print the best trials, and how the best one was judged."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Grid

    from seqzoo import tasks
    from seqzoo.page import terminal

    if as_json:
        print(json.dumps(result, indent=1, ensure_ascii=False))
        return
    told = cast(Found, result)
    grid = Grid(box=None, header_style="bold", pad_edge=False)
    for title in columns(told):
        grid.add_column(title.replace(".", ".\n"), justify="left" if title == "ended" else "right")
    for row in cells(told)[:_SHOWN]:
        grid.add_row(*map(escape, row))
    console = Console(highlight=False)
    console.print(grid)
    left = len(told["trials"]) - _SHOWN
    console.print(f"[dim]{_counts(told)}{f'; {left:,} more in {PAGE}' if left > 0 else ''}[/]")
    folder = out / "best"
    terminal.report(report, False, folder, tasks.open_room(report.task).try_next.format(folder=folder))
    console.print(f"\n{escape(str(out))}/{PAGE}", soft_wrap=True)
