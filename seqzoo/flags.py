"""One vocabulary for all verbs: the flags that commands share. Imports typer only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from seqzoo import tasks
from seqzoo.errors import UserError
from seqzoo.options import Flag


def recipe_names(incomplete: str) -> list[str]:
    """Complete a recipe's name."""
    from seqzoo import recipe

    return [name for name in recipe.names() if name.startswith(incomplete)]


Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results only.")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="TABLE.KEY=VALUE", help="Override the recipe.")]
Seed = Annotated[int, typer.Option(min=0, help="Of weights, dropout and order; one seed, one result.")]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that exists.")]
RunName = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="A run's folder, or a recipe's name.", autocompletion=recipe_names),
]
OldRun = Annotated[str | None, typer.Option("--run", hidden=True, help="As RUN.")]
RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A recipe's name, or a .toml file.", autocompletion=recipe_names)
]
Data = Annotated[str | None, typer.Option("--data", metavar="FILE", help="Your own file.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes, by Ray: the extra `ray`.")]
Address = Annotated[
    str | None, typer.Option("--address", metavar="HOST:PORT", help="A Ray cluster that runs, or auto; else: here.")
]
Output = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Where the result goes, as a file.")]


def chosen_run(run: str | None, old: str | None) -> str | None:
    """RUN, or what the older spelling --run says.

    Raises:
        UserError: both.
    """
    if run and old:
        raise UserError(f"one RUN at most: {run} or --run {old}")
    return run or old


def overrides(table: str, values: Mapping[str, object]) -> list[str]:
    """Values, None left out, as overrides of a recipe's table: `table.key=value`."""
    return [f"{table}.{key}={json.dumps(value)}" for key, value in values.items() if value is not None]


def of_rooms() -> dict[str, Flag]:
    """The flags by which some room describes one's own data; what two rooms share says both."""
    found: dict[str, Flag] = {}
    for room in tasks.ROOMS:
        for name, flag in tasks.part(room, "options").FLAGS.items():
            both = (found[name], flag) if name in found else (flag,)
            takes = next((one.takes for one in both if one.takes != "COLUMN"), "COLUMN")
            found[name] = Flag(" ".join(one.help for one in both), takes)
    return found


def own_data(data: str | None, columns: Mapping[str, str]) -> list[str]:
    """The flags of one's own data, as overrides of the recipe's [data] table.

    Raises:
        UserError: columns of a file that is not named.
    """
    said: dict[str, object] = dict(columns)
    if data is None:
        elsewhere = [name for name, flag in of_rooms().items() if flag.takes != "COLUMN"]
        of_file = [name for name in columns if name not in elsewhere]
        if of_file:
            raise UserError(
                f"{', '.join('--' + name for name in of_file)} describes your own file: name it with --data"
            )
        return overrides("data", said)
    return [*overrides("data", {"path": data, "dataset": "", **said}), 'claim.text=""']


def say(quiet: bool, line: str) -> None:
    """Tell what is going on, beside the results."""
    if not quiet:
        typer.echo(line, err=True)
