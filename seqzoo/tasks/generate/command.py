"""The verb generate: find a language model, let it write, suggest or fill in."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqzoo import flags
from seqzoo.errors import UserError

if TYPE_CHECKING:
    from seqzoo.sampling import Sampling
    from seqzoo.tasks.generate.predict import Generator

Row = dict[str, str | float]
MIDI = (".mid", ".midi")


def command(
    run: flags.RunName = None,
    old_run: flags.OldRun = None,
    prime: Annotated[str | None, typer.Option(metavar="TEXT", help="What the text begins with.")] = None,
    length: Annotated[
        int | None, typer.Option(min=1, help="Characters, or words, to make; default: the bundle's, mostly 500.")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="0: the likeliest; 1: as the model believes; default: the bundle's.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="One seed, one text.")] = 0,
    top_k: Annotated[int, typer.Option("--top-k", min=0, help="Choose among the k likeliest.")] = 0,
    top_p: Annotated[float, typer.Option("--top-p", help="Among the likeliest that hold this share.")] = 1.0,
    no_repeat: Annotated[int, typer.Option("--no-repeat", metavar="N", min=0, help="Never repeat a run of N.")] = 0,
    samples: Annotated[int, typer.Option(min=1, help="Texts at once.")] = 1,
    temperatures: Annotated[str, typer.Option(metavar="T,T,...", help="A text for each temperature.")] = "",
    suggest: Annotated[str | None, typer.Option(metavar="TEXT", help="Its likeliest next words instead.")] = None,
    fill: Annotated[str | None, typer.Option(metavar="TEXT", help="Words for its one ___ instead.")] = None,
    replace_unknown: Annotated[
        bool, typer.Option("--replace-unknown", help="Leave out of the prime what the model does not know.")
    ] = False,
    output: flags.Output = None,
    force: flags.Force = False,
    quiet: flags.Quiet = False,
    as_json: flags.Json = False,
) -> None:
    """Continue a text, a character or a word at a time."""
    from seqzoo import files, runs
    from seqzoo.sampling import Sampling
    from seqzoo.tasks.generate import words

    if suggest is not None and fill is not None:
        raise UserError("--suggest or --fill, not both")
    if output is not None and not force:
        files.refuse_existing(output)
    heats = _numbers(temperatures)
    folder = runs.find(flags.chosen_run(run, old_run), "generate")
    generator: Generator = runs.load(str(folder), "generate")
    heat = generator.defaults.temperature if temperature is None else temperature
    chosen = [Sampling(one, top_k, top_p, no_repeat, seed) for one in heats or [heat]]
    for sampling in chosen:
        sampling.check()
    name = runs.called(folder)
    flags.say(quiet or as_json, typer.style(f"answered by {name}", dim=True))
    if suggest is not None or fill is not None:
        asked = words.suggest if suggest is not None else words.fill
        likely = asked(generator, suggest if suggest is not None else fill or "", replace_unknown=replace_unknown)
        rows: list[Row] = [{"word": word, "probability": p} for word, p in likely]
        shown = "\n".join(f"{p:6.1%}  {word}" for word, p in likely)
        _deliver({"model": name, "words": rows}, rows, shown, output, force, as_json)
    elif samples == 1 and len(chosen) == 1 and not as_json and output is None:
        _write(generator, prime, length, chosen[0], replace_unknown)
    else:
        rows = [
            {"temperature": one.temperature, "text": text}
            for one in chosen
            for text in generator.predict(prime, length, one, samples, replace_unknown)
        ]
        if len(chosen) > 1 and not as_json and output is None and sys.stdout.isatty():
            _side_by_side(rows, len(chosen))
            return
        _deliver({"model": name, "texts": rows}, rows, _under_titles(rows, len(chosen) > 1), output, force, as_json)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise UserError(f"--temperatures {text!r}: numbers separated by commas", "--temperatures 0.2,0.5,0.8") from None


def _write(
    generator: Generator, prime: str | None, length: int | None, sampling: Sampling, replace_unknown: bool
) -> None:
    """Write a text to the terminal as it is made."""
    for piece, _ in generator.told(prime, length, sampling, replace_unknown):
        sys.stdout.write(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")


def _under_titles(rows: Sequence[Row], heats: bool) -> str:
    """Texts one after the other; several have a title each."""
    if len(rows) == 1:
        return str(rows[0]["text"])
    titles = [
        f"temperature {row['temperature']:g}" if heats else f"{i} of {len(rows)}" for i, row in enumerate(rows, 1)
    ]
    return "\n\n".join(f"--- {title} ---\n{row['text']}" for title, row in zip(titles, rows, strict=True))


def _side_by_side(rows: Sequence[Row], columns: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    each = len(rows) // columns
    table = Table(*(f"temperature {rows[i * each]['temperature']:g}" for i in range(columns)), expand=True)
    for number in range(each):
        table.add_row(*(Text(str(rows[i * each + number]["text"])) for i in range(columns)), end_section=True)
    Console().print(table)


def _deliver(
    answer: dict[str, str | list[Row]], rows: list[Row], shown: str, output: Path | None, force: bool, as_json: bool
) -> None:
    """Print an answer, or write it: as rows into a .csv, .tsv or .jsonl, as it would be printed into other files."""
    from seqzoo import files
    from seqzoo.tasks.generate import tunes

    text = json.dumps(answer, ensure_ascii=False) if as_json else shown
    if output is None:
        print(text)
    elif output.suffix.lower() in MIDI:
        if len(rows) != 1:
            raise UserError(f"--output {output}: one tune a file", "seqzoo generate folk-lstm --output tune.mid")
        tunes.write_midi(str(rows[0]["text"]), output)
    elif output.suffix.lower() in files.ROWS:
        files.write_rows(output, rows, force=force)
    else:
        with files.writing(output, force=force) as file:
            file.write(text + "\n")
