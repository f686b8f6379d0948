"""The command line: the commands of the corridor, and each room's own. A command parses, calls a function, renders."""

from __future__ import annotations

import errno
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from seqzoo import flags, tasks
from seqzoo.cluster.command import sweep
from seqzoo.errors import UserError
from seqzoo.flags import Data, Force, Json, Quiet, RecipeName, RunName, Seed, Sets
from seqzoo.serve.command import command as serve

app = typer.Typer(
    name="seqzoo",
    help="Recurrent sequence models: trained in one command, judged honestly, deployed without TensorFlow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Data sets: where they come from, which licence, what is here.", no_args_is_help=True)
app.add_typer(data_app, name="data")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"seqzoo {version('seqzoo')}")
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    pass


# --- one's own data ----------------------------------------------------------------------------------


def with_own_data(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for each field of [data] that some room lets one's own file set.

    The command takes them as `columns`, by name; fields that were not given are left out.
    """
    told = flags.of_rooms()

    def wrapped(**given: Any) -> None:
        columns = {name: value for name in told if (value := given.pop(name)) is not None}
        command(**given, columns=columns)

    signature = inspect.signature(command, eval_str=True)
    kept = [parameter for name, parameter in signature.parameters.items() if name != "columns"]
    place = next(i for i, parameter in enumerate(kept) if parameter.name == "data") + 1
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, typer.Option(f"--{name}", metavar=flag.takes, help=flag.help)],
        )
        for name, flag in told.items()
    ]
    kept = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in kept]
    parameters = [*kept[:place], *added, *kept[place:]]
    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapped


# --- commands of the corridor ------------------------------------------------------------------------


@app.command("list")
def list_recipes(as_json: Json = False) -> None:
    """List the recipes: task, architecture, parameters, data, measured result."""
    from seqzoo.page import terminal

    terminal.recipes(as_json)


@app.command("show")
def show_recipe(name: RecipeName, as_json: Json = False) -> None:
    """Show one recipe: source, layers, numbers, claim, data and licence."""
    from seqzoo.page import terminal

    terminal.recipe_page(name, as_json)


@app.command()
def copy(name: RecipeName, target: Annotated[Path, typer.Argument(help="A new .toml file.")]) -> None:
    """Copy a recipe: the start of your own variation."""
    from seqzoo import recipe

    if target.suffix != ".toml" or target.exists():
        raise UserError(f"{target} {'exists already' if target.exists() else 'must end in .toml'}")
    content = recipe.path_of(name).read_text("utf-8")
    try:
        target.write_text(content, "utf-8")
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}") from None
    typer.echo(f"wrote {target}; now: seqzoo train {target}")


@app.command()
@with_own_data
def train(
    name: RecipeName,
    columns: dict[str, str],
    data: Data = None,
    sets: Sets = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="The run's folder; default: runs/NAME.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write TensorBoard logs into the run's folder.")
    ] = False,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="8-bit weights, kept only if validation loses less than .2 points.")
    ] = False,
    workers: flags.Workers = None,
    address: flags.Address = None,
    require_win: Annotated[bool, typer.Option("--require-win", help="Exit 1 unless the baselines are beaten.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train a recipe into a judged, portable bundle."""
    from seqzoo import recipe, runs
    from seqzoo.cluster.workers import team
    from seqzoo.corridor import Work
    from seqzoo.corridor import train as walk
    from seqzoo.page import terminal

    overrides = [*(sets or []), *flags.own_data(data, columns)]
    if resume:
        if overrides or seed:
            raise UserError(
                "--resume goes on with the recipe, data and seed that the run was started with: leave out "
                f"{', '.join([*overrides, *(['--seed'] if seed else [])])}",
                f"seqzoo train {name} --resume",
            )
        folder = out or runs.unfinished(Path(name).stem)
        chosen, seed, asked = runs.resumable(folder)
        quantize = quantize or asked
    else:
        chosen = recipe.load(name, overrides)
        folder = out or runs.new_folder(chosen.name)
    try:
        with team(chosen, seed, workers, address) as share:
            work = Work(seed, resume, quiet, tensorboard, lambda line: flags.say(quiet, line), quantize, share=share)
            report = walk(chosen, folder, work)
    except KeyboardInterrupt:
        typer.echo(f"\nstopped; go on with: seqzoo train {name} --resume --out {folder}", err=True)
        raise typer.Exit(130) from None
    terminal.report(report, as_json, folder, tasks.open_room(report.task).try_next.format(folder=folder))
    if require_win and not report.wins:
        raise typer.Exit(1)


@app.command()
@with_own_data
def evaluate(columns: dict[str, str], run: RunName = None, data: Data = None, as_json: Json = False) -> None:
    """Judge a bundle: on its own sealed test part, or on all of other data."""
    from seqzoo.corridor import evaluate as judge_again
    from seqzoo.page import terminal

    terminal.report(judge_again(run, flags.own_data(data, columns)), as_json, None)


@app.command()
@with_own_data
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="RECIPE", help="Two or more recipes.", autocompletion=flags.recipe_names)
    ],
    columns: dict[str, str],
    data: Data = None,
    sets: Sets = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds for each.")] = 1,
    out: Annotated[Path, typer.Option(help="Where the runs and compare.html go.")] = Path("runs/compare"),
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train several recipes on the same data, split and seeds: one table and one picture."""
    from seqzoo import compare as comparison
    from seqzoo.page import terminal

    overrides = [*(sets or []), *flags.own_data(data, columns)]
    terminal.comparison(comparison.compare(names, overrides, seeds, out, quiet=quiet), as_json, out)


app.command()(with_own_data(sweep))


@app.command()
def export(
    run: RunName = None,
    to: Annotated[str, typer.Option(help="onnx, savedmodel or litert.")] = "onnx",
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("exported"),
    steps: Annotated[int, typer.Option(min=0, help="Steps of LiteRT's fixed shapes; 0: as the codec keeps.")] = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a bundle for other runtimes, held against the bundle on real inputs first."""
    from seqzoo import export as exporting
    from seqzoo.page import terminal

    terminal.exported(exporting.export(run, to, out, steps=steps, force=force), as_json)


for _room in tasks.ROOMS:
    app.command(_room)(tasks.part(_room, "command").command)
app.command("serve")(serve)


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """List the data sets: task, size, licence, and whether they are here."""
    from seqzoo.page import terminal

    terminal.datasets(as_json)


@data_app.command("path")
def data_path() -> None:
    """Print the folder where data sets are kept."""
    from seqzoo import fetch

    typer.echo(fetch.folder())


@data_app.command("fetch")
def data_fetch(name: Annotated[str, typer.Argument(help="A data set's name.")], quiet: Quiet = False) -> None:
    """Download a data set, or say where it is already."""
    from seqzoo import fetch, registry

    typer.echo(fetch.fetch(registry.find_dataset(name), quiet=quiet))


def main() -> None:
    """Run the command line; a UserError becomes a message and exit code 2."""
    try:
        app()
    except UserError as error:
        typer.secho(f"error: {error}", fg="red", err=True)
        if error.hint:
            typer.echo(f"try:   {error.hint}", err=True)
        sys.exit(2)
    except ModuleNotFoundError as error:  # a small environment that answers, without what training needs
        if (error.name or "seqzoo").startswith("seqzoo"):
            raise
        typer.secho(f"error: this command needs {error.name}, which is not installed here", fg="red", err=True)
        typer.echo("try:   pip install seqzoo", err=True)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output has gone
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        typer.secho(f"error: {error.strerror}{f': {error.filename}' if error.filename else ''}", fg="red", err=True)
        sys.exit(2)
