"""Every verb on one page. A command parses, imports in its body, calls one function, renders."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Annotated

import typer

from seqzoo.errors import UserError

app = typer.Typer(
    name="seqzoo",
    help="Recurrent sequence models: trained in one command, judged honestly, deployed without TensorFlow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Data sets: where they come from, which licence, what is here.", no_args_is_help=True)
app.add_typer(data_app, name="data")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results only.")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="TABLE.KEY=VALUE", help="Override the recipe.")]
DataFile = Annotated[str | None, typer.Option("--data", metavar="FILE", help="Your own CSV, TSV or JSONL.")]
Text = Annotated[str | None, typer.Option("--text", metavar="COLUMN", help="Its column of texts.")]
Label = Annotated[str | None, typer.Option("--label", metavar="COLUMN", help="Its column of classes.")]
Group = Annotated[str | None, typer.Option("--group", metavar="COLUMN", help="Rows that belong together.")]
Time = Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="Its column of times.")]
Target = Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="Its column to forecast.")]
Ticker = Annotated[str | None, typer.Option("--ticker", help="A stock, for example AAPL.")]
Source = Annotated[str | None, typer.Option("--source", metavar="yahoo|sample", help="Of the prices.")]


def _recipe_names(incomplete: str) -> list[str]:
    from seqzoo import recipe

    return [name for name in recipe.names() if name.startswith(incomplete)]


RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A recipe's name, or a .toml file.", autocompletion=_recipe_names)
]
RunName = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="A run's folder, or a recipe's name.", autocompletion=_recipe_names),
]


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


def _own_data(
    data: str | None, ticker: str | None = None, source: str | None = None, **columns: str | None
) -> list[str]:
    """The flags of one's own data, as overrides of the recipe's [data] table."""
    if data is None and any(columns.values()):
        said = ", ".join(f"--{name}" for name, value in columns.items() if value)
        raise UserError(f"{said} describes your own file: name it with --data FILE")
    if columns.get("text") or columns.get("label"):
        columns["group"] = columns.get("group") or ""  # a recipe's own grouping is of its own data
    stock = {"ticker": ticker, "source": source}
    given = {**stock, **({"path": data, "dataset": "", **columns} if data else {})}
    sets = [f"data.{key}={_quoted(value)}" for key, value in given.items() if value is not None]
    return [*sets, 'claim.text=""'] if data else sets


def _quoted(value: str) -> str:
    import json

    return json.dumps(value)


@app.command("list")
def list_recipes(as_json: Json = False) -> None:
    """List the recipes: task, architecture, parameters, data, measured result."""
    from seqzoo import show

    show.recipes(as_json)


@app.command("show")
def show_recipe(name: RecipeName, as_json: Json = False) -> None:
    """Show one recipe: source, layers, numbers, claim, data and licence."""
    from seqzoo import show

    show.recipe_page(name, as_json)


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
def train(
    name: RecipeName,
    data: DataFile = None,
    text: Text = None,
    label: Label = None,
    group: Group = None,
    time: Time = None,
    target: Target = None,
    ticker: Ticker = None,
    source: Source = None,
    sets: Sets = None,
    seed: Annotated[int, typer.Option(help="Of weights, dropout and order.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The run's folder; default: runs/NAME.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write TensorBoard logs into the run's folder.")
    ] = False,
    require_win: Annotated[bool, typer.Option("--require-win", help="Exit 1 unless the baselines are beaten.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train a recipe into a judged, portable bundle."""
    from seqzoo import recipe, runs, show

    if resume:
        folder = out or runs.unfinished(Path(name).stem)
        chosen, seed = runs.resumable(folder)
    else:
        own = _own_data(data, ticker, source, text=text, label=label, group=group, time=time, target=target)
        chosen = recipe.load(name, [*(sets or []), *own])
        folder = out or runs.new_folder(chosen.name)
    say = (lambda line: None) if quiet else (lambda line: typer.echo(line, err=True))
    try:
        report = runs.train(chosen, folder, seed=seed, resume=resume, quiet=quiet, tensorboard=tensorboard, say=say)
    except KeyboardInterrupt:
        typer.echo(f"\nstopped; go on with: seqzoo train {name} --resume --out {folder}", err=True)
        raise typer.Exit(130) from None
    show.report(report, as_json, folder)
    if require_win and not report["verdict"]["wins"]:
        raise typer.Exit(1)


@app.command()
def evaluate(
    run: RunName = None, data: DataFile = None, text: Text = None, label: Label = None, group: Group = None,
    time: Time = None, target: Target = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Judge a bundle on its sealed test split, or on other data."""
    from seqzoo import runs, show

    own = _own_data(data, text=text, label=label, group=group, time=time, target=target)
    show.report(runs.evaluate(run, own), as_json, None)


@app.command()
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="RECIPE", help="Two or more recipes.", autocompletion=_recipe_names)
    ],
    data: DataFile = None,
    text: Text = None,
    label: Label = None,
    group: Group = None,
    time: Time = None,
    target: Target = None,
    ticker: Ticker = None,
    source: Source = None,
    sets: Sets = None,
    seeds: Annotated[int, typer.Option(help="How many seeds for each.")] = 1,
    out: Annotated[Path, typer.Option(help="Where the runs and compare.html go.")] = Path("runs/compare"),
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train several recipes on the same data, split and seeds: one table and one picture."""
    from seqzoo import compare as comparison
    from seqzoo import show

    own = _own_data(data, ticker, source, text=text, label=label, group=group, time=time, target=target)
    overrides = [*(sets or []), *own]
    show.comparison(comparison.compare(names, overrides, seeds, out, quiet=quiet), as_json, out)


@app.command()
def classify(
    words: Annotated[list[str] | None, typer.Argument(metavar="[RUN] TEXT", help="Text to classify.")] = None,
    run: Annotated[str | None, typer.Option("--run", help="A run's folder, or a recipe's name.")] = None,
    source: Annotated[
        Path | None, typer.Option("--input", help="CSV, TSV, JSONL, or text by line; - is stdin.")
    ] = None,
    target: Annotated[Path | None, typer.Option("--output", help="CSV, TSV or JSONL; default: the terminal.")] = None,
    column: Annotated[str, typer.Option("--text", metavar="COLUMN", help="The input's column of texts.")] = "text",
    explain: Annotated[bool, typer.Option("--explain", help="Mark the words that moved the score.")] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Classify the reviews that come with seqzoo.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Say which class a text belongs to, with a confidence that means something."""
    from seqzoo.verbs import classify as verb

    verb.classify(
        words or [], run, source, target, column, explain=explain, sample=sample, quiet=quiet, as_json=as_json
    )


@app.command()
def forecast(
    run: RunName = None,
    ticker: Ticker = None,
    csv: Annotated[str | None, typer.Option("--csv", metavar="FILE", help="Your own CSV, TSV or Parquet.")] = None,
    time: Time = None,
    target: Target = None,
    known: Annotated[str, typer.Option(metavar="COLUMNS", help="Known in advance: holiday,promo")] = "",
    past: Annotated[str, typer.Option(metavar="COLUMNS", help="Known up to now: wind")] = "",
    series: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Names the series, where there are many.")
    ] = None,
    horizon: Annotated[int | None, typer.Option(help="Steps ahead.")] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", help="Train this one.", autocompletion=_recipe_names)
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="DATE", help="First day of the prices.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Day after the last.")] = None,
    source: Source = None,
    every: Annotated[str | None, typer.Option(metavar="STEP", help="Resample: 1h, 1D.")] = None,
    mend: Annotated[str, typer.Option(metavar="WHAT", help="Mend the time axis: sort,duplicates,gaps")] = "",
    sets: Sets = None,
    seed: Annotated[int, typer.Option(help="Of weights, dropout and order.")] = 0,
    anomalies: Annotated[bool, typer.Option("--anomalies", help="List what no forecast expected.")] = False,
    output: Annotated[Path | None, typer.Option(help="A CSV for the table.")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Say what comes next, with intervals, and whether that beats a naive forecast."""
    from seqzoo.verbs import forecast as verb

    about = {"path": csv, "ticker": ticker, "time": time, "target": target, "series": series, "start": start,
             "end": end, "source": source, "every": every}  # fmt: skip
    given: dict[str, object] = {key: value for key, value in about.items() if value is not None}
    given |= {key: value.split(",") for key, value in {"known": known, "past": past, "mend": mend}.items() if value}
    say = (lambda line: None) if quiet else (lambda line: typer.echo(line, err=True))
    verb.forecast(
        run,
        recipe,
        given,
        horizon,
        sets or [],
        seed=seed,
        anomalies=anomalies,
        output=output,
        quiet=quiet,
        as_json=as_json,
        say=say,
    )


@app.command()
def generate(
    run: RunName = None,
    temperature: Annotated[float, typer.Option(help="0: the likeliest; 1: as the model believes.")] = 0.8,
    prime: Annotated[str | None, typer.Option(metavar="TEXT", help="What the text begins with.")] = None,
    length: Annotated[int, typer.Option(help="Characters, or words, to make.")] = 500,
    seed: Annotated[int, typer.Option(help="One seed, one text.")] = 0,
    top_k: Annotated[int, typer.Option("--top-k", help="Choose among the k likeliest.")] = 0,
    top_p: Annotated[float, typer.Option("--top-p", help="Among the likeliest that hold this share.")] = 1.0,
    no_repeat: Annotated[int, typer.Option("--no-repeat", metavar="N", help="Never repeat a run of N.")] = 0,
    samples: Annotated[int, typer.Option(help="Texts at once.")] = 1,
    temperatures: Annotated[str, typer.Option(metavar="T,T,...", help="A text for each temperature.")] = "",
    suggest: Annotated[str | None, typer.Option(metavar="TEXT", help="Its likeliest next words instead.")] = None,
    fill: Annotated[str | None, typer.Option(metavar="TEXT", help="Words for its one ___ instead.")] = None,
    replace_unknown: Annotated[
        bool, typer.Option("--replace-unknown", help="Leave out of the prime what the model does not know.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Continue a text, a character or a word at a time."""
    from seqzoo.tasks.generate.decode import Sampling
    from seqzoo.verbs import generate as verb

    verb.generate(
        run,
        prime=prime,
        length=length,
        sampling=Sampling(temperature, top_k, top_p, no_repeat, seed),
        samples=samples,
        temperatures=temperatures,
        suggest=suggest,
        fill=fill,
        replace_unknown=replace_unknown,
        as_json=as_json,
    )


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """List the data sets: task, size, licence, and whether they are here."""
    from seqzoo import show

    show.datasets(as_json)


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
    except BrokenPipeError:  # the reader of our output has gone
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        typer.secho(f"error: {error.strerror}{f': {error.filename}' if error.filename else ''}", fg="red", err=True)
        sys.exit(2)
