"""The verb tag: one text in colour on the terminal, or sentences from a file to a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqzoo import flags
from seqzoo.errors import UserError, nearest

if TYPE_CHECKING:
    from seqzoo.tasks.tag.predict import Tagged, Tagger

EXAMPLE = 'seqzoo tag "Angela Merkel met Tim Cook in Berlin"'
_CONLL = (".conll", ".conllu", ".iob", ".iob2", ".bio")
_OUT = (".conll", ".jsonl")
_COLOURS = ("green", "cyan", "magenta", "yellow", "blue", "red")


def command(
    words: Annotated[list[str] | None, typer.Argument(metavar="[RUN] TEXT", help="Text to tag.")] = None,
    source: Annotated[
        Path | None,
        typer.Option("--input", metavar="FILE", help="CoNLL, CSV, TSV, JSONL, or text by line; - is stdin."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help=".conll or .jsonl; nothing: the terminal.")
    ] = None,
    force: flags.Force = False,
    text: Annotated[str, typer.Option("--text", metavar="COLUMN", help="The input's column of texts.")] = "text",
    column: Annotated[int, typer.Option("--word", metavar="COLUMN", help="CoNLL: the column of words, from 0.")] = 0,
    quiet: flags.Quiet = False,
    as_json: flags.Json = False,
) -> None:
    """Mark names in a text, or say which part of speech each word is."""
    from seqzoo import files, lines, runs

    if output is not None and output.suffix.lower() not in _OUT:
        raise UserError(f"--output {output}: {nearest(output.suffix, _OUT)}")
    if output is not None and not force:
        files.refuse_existing(output)
    run, said = lines.run_and_text(words or [], None, source, EXAMPLE)
    folder = runs.find(run, "tag")
    tagger: Tagger = runs.load(str(folder), "tag")
    name = runs.called(folder)
    flags.say(quiet or as_json, typer.style(f"answered by {name}", dim=True))
    if said is not None:
        answers = tagger.predict([said])
    elif source is not None and source.suffix.lower() in _CONLL:
        answers = tagger.read(_conll(source, column))
    else:
        answers = tagger.predict(row[text] for row in lines.read(source, text))
    _written(answers, tagger, name, output, quiet, as_json)


def _conll(source: Path, column: int) -> Iterator[list[str]]:
    """The sentences of a file of words, with tags or without."""
    from seqzoo.tasks.tag import conll

    column = 1 if source.suffix.lower() == ".conllu" and not column else column
    return (one.words for one in conll.read(source, column, column))


def _written(
    answers: Iterable[Tagged], tagger: Tagger, name: str, output: Path | None, quiet: bool, as_json: bool
) -> None:
    """Print the answers, or write them to a file that appears once it is whole."""
    from seqzoo import files, lines

    if output is None:
        for one in answers:
            print(_json(one, name)) if as_json else _shown(one, tagger)
        return
    from seqzoo.tasks.tag import conll

    with files.writing(output) as file, lines.progress(quiet, "tag") as advance:
        for one in answers:
            if output.suffix.lower() == ".jsonl":
                file.write(_json(one, name) + "\n")
            elif one.words:
                file.writelines(conll.written([(one.words, one.tags)]))
            advance()


def _json(one: Tagged, name: str) -> str:
    return json.dumps({"model": name, **asdict(one)}, ensure_ascii=False)


def _shown(one: Tagged, tagger: Tagger) -> None:
    """The text with its spans in colour, each followed by its kind."""
    from rich.console import Console
    from rich.text import Text

    kinds = tagger.codec.kinds
    told, place = Text(), 0
    for span in one.spans:
        colour = _COLOURS[kinds.index(span.kind) % len(_COLOURS)]
        told.append(one.text[place : span.start])
        told.append(span.text, f"bold {colour}")
        told.append(f" {span.kind}", f"dim {colour}")
        place = span.end
    told.append(one.text[place:])
    Console(highlight=False).print(told, soft_wrap=True)
