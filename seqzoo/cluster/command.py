"""The command sweep. Imports typer only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqzoo import flags
from seqzoo.errors import UserError

_TRIALS = 30


def sweep(
    name: flags.RecipeName,
    columns: dict[str, str],
    more: Annotated[list[str] | None, typer.Argument(metavar="[KEY=RANGE]...", help="As --over.")] = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=RANGE", help="What a key may be: 'log(1e-4,1e-2)', '(0,0.5)', 'int(8,64)', or 1,2,3."
        ),
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help=f"Configurations to try; default: {_TRIALS}.")] = None,
    data: flags.Data = None,
    sets: flags.Sets = None,
    seed: flags.Seed = 0,
    out: Annotated[Path | None, typer.Option(help="The sweep's folder; default: runs/sweep-NAME.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Trials at a time; default: one for each core.")] = None,
    address: flags.Address = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted sweep stopped.")] = False,
    quiet: flags.Quiet = False,
    as_json: flags.Json = False,
) -> None:
    """Search a recipe's keys: bad trials end early, the best on validation is judged once."""
    from seqzoo import recipe
    from seqzoo.cluster import record
    from seqzoo.cluster import sweep as sweeping
    from seqzoo.corridor import Work
    from seqzoo.page import searched

    ranges, overrides = [*(over or []), *(more or [])], [*(sets or []), *flags.own_data(data, columns)]
    folder = out or Path("runs") / f"sweep-{Path(name).stem}"

    def say(line: str) -> None:
        flags.say(quiet or as_json, line)

    if resume:
        if ranges or overrides or seed:
            raise UserError(
                f"--resume goes on with what the sweep was started with: leave out {', '.join([*ranges, *overrides])}",
                f"seqzoo sweep {name} --resume --out {folder}",
            )
        asked = record.resumed(folder, trials)
    else:
        asked = sweeping.ask(recipe.load(name, overrides), ranges, trials or _TRIALS, seed)
        record.begin(folder, asked)
    try:
        sweeping.search(folder, asked, workers, address, say)
        found, report = sweeping.finish(folder, asked, Work(asked.seed, quiet=True, say=say))
    except KeyboardInterrupt:
        typer.echo(f"\nstopped; go on with: seqzoo sweep {name} --resume --out {folder}", err=True)
        raise typer.Exit(130) from None
    searched.show(found, report, as_json, folder)
