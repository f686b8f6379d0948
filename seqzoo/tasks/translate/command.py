"""The verb translate: one text on the terminal, or a stream of lines or rows from a file to a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, tee
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seqzoo import flags
from seqzoo.errors import UserError

if TYPE_CHECKING:
    from seqzoo.sampling import Sampling
    from seqzoo.tasks.translate.decode import Search
    from seqzoo.tasks.translate.predict import Answer, Translator

Row = dict[str, str]
EXAMPLE = 'seqzoo translate "I would like a cup of tea"'
_LOOKED = 50  # texts of a file by which its language is doubted
_SEEN = 0.1  # share of the attention that is shown


def command(
    words: Annotated[list[str] | None, typer.Argument(metavar="[RUN] TEXT", help="Text to translate.")] = None,
    source: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="Text by line, CSV, TSV or JSONL; - is stdin.")
    ] = None,
    output: flags.Output = None,
    force: flags.Force = False,
    text: Annotated[str, typer.Option("--text", metavar="COLUMN", help="The input's column of texts.")] = "text",
    beam: Annotated[
        int | None, typer.Option(help="Hypotheses that are followed; 1: greedily; default: the bundle's.")
    ] = None,
    alternatives: Annotated[int, typer.Option(metavar="N", help="Answers for each text, the best first.")] = 1,
    length_penalty: Annotated[
        float | None,
        typer.Option("--length-penalty", help="0: the likeliest; more: longer ones; default: the bundle's."),
    ] = None,
    no_repeat: Annotated[int, typer.Option("--no-repeat", metavar="N", help="Never write a run of N units twice.")] = 0,
    temperature: Annotated[
        float | None, typer.Option(help="Draw answers by their probability instead; 1: as the model believes.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn.")] = 0,
    explain: Annotated[bool, typer.Option("--explain", help="Show where the model looked.")] = False,
    quiet: flags.Quiet = False,
    as_json: flags.Json = False,
) -> None:
    """Translate a text, or answer one: what the model has learnt from pairs."""
    from seqzoo import files, lines, runs
    from seqzoo.sampling import Sampling
    from seqzoo.tasks.translate.door import asked

    run, said = lines.run_and_text(words or [], None, source, EXAMPLE)
    if output is not None and said is not None:
        raise UserError("--output takes the answers to --input", EXAMPLE)
    if explain and temperature is not None:
        raise UserError("--explain shows where a search looked, not what was drawn: leave out --temperature", EXAMPLE)
    if output is not None and not force:
        files.refuse_existing(output)
    folder = runs.find(run, "translate")
    translator: Translator = runs.load(str(folder), "translate")
    search = asked(translator.search, beam, alternatives, length_penalty, no_repeat, temperature is not None)
    drawn = None if temperature is None else Sampling(temperature, no_repeat=no_repeat, seed=seed)
    search.check()
    name = runs.called(folder)
    flags.say(quiet or as_json, typer.style(f"answered by {name}", dim=True))
    how = How(search, drawn, explain)
    if said is not None:
        _one(translator, name, said, how, quiet, as_json)
    else:
        _many(translator, lines.read(source, text), text, how, output, quiet, as_json)


@dataclass(frozen=True)
class How:
    """What was asked for."""

    search: Search
    drawn: Sampling | None
    explain: bool


def _one(translator: Translator, name: str, text: str, how: How, quiet: bool, as_json: bool) -> None:
    if not text.strip():
        raise UserError("nothing to translate", EXAMPLE)
    if not translator.codec.knows(text):
        raise UserError(f"the model knows no letter of {text[:40]!r}: it has learnt from {translator.codec.script()}")
    _warn(translator, [text], quiet)
    answer = next(translator.predict([text], how.search, how.drawn))
    looked = translator.explain(text, how.search) if how.explain else []
    if as_json:
        more = {"words": [[word, seen] for word, seen in looked]} if how.explain else {}
        alternatives = [{"text": said, "score": round(score, 4)} for said, score in answer.alternatives]
        print(
            json.dumps({"model": name, "text": answer.text, "alternatives": alternatives, **more}, ensure_ascii=False)
        )
        return
    for said, score in answer.alternatives:
        print(said if len(answer.alternatives) == 1 else f"{score:7.3f}  {said}")
    if how.explain:
        _show(looked)


def _show(looked: Sequence[tuple[str, dict[str, float]]]) -> None:
    """Each word that was written beside the words that were looked at."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    if not looked:
        console.print(Text("this model does not look at single words: it has no attention", "dim"))
    wide = max((len(word) for word, _ in looked), default=0)
    for word, seen in looked:
        shown = "  ".join(f"{name} {share:.0%}" for name, share in seen.items() if share >= _SEEN)
        console.print(Text.assemble((f"{word:>{wide}}", "bold"), "  ", (shown, "dim")))


def _many(
    translator: Translator,
    rows: Iterable[Row],
    column: str,
    how: How,
    output: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Stream rows through the translator; what it knows no letter of stays as it is, and is counted."""
    from seqzoo import lines

    rows = iter(rows)
    first = list(islice(rows, _LOOKED))
    if not first:
        raise UserError("there is nothing to translate: no lines", EXAMPLE)
    _warn(translator, [row[column] for row in first], quiet)
    kept, read = tee(chain(first, rows))
    answers = translator.predict((row[column] for row in read), how.search, how.drawn)
    unread = 0
    with _writer(output, as_json) as write, lines.progress(quiet or output is None, "translate") as advance:
        for row, answer in zip(kept, answers, strict=True):
            looked = translator.explain(row[column], how.search) if how.explain else []
            write(row, _columns(answer, how, looked))
            unread += not answer.known and bool(row[column].strip())
            advance()
    if unread:
        flags.say(quiet, f"{unread:,} text(s) held no letter that the model knows: left as they are")


def _columns(answer: Answer, how: How, looked: Sequence[tuple[str, dict[str, float]]]) -> Row:
    """An answer as columns: translation, further ones, and what was looked at most for each word."""
    said = [" ".join(text.splitlines()) for text, _ in answer.alternatives]
    said += [""] * (how.search.alternatives - len(said))
    found = {f"translation{'' if not i else f'_{i + 1}'}": text for i, text in enumerate(said)}
    if how.explain:
        found["looked_at"] = " ".join(f"{word}:{max(seen, key=lambda name: seen[name])}" for word, seen in looked)
    return found


def _warn(translator: Translator, texts: Sequence[str], quiet: bool) -> None:
    if warning := translator.doubts(texts):
        flags.say(quiet, f"warning: {warning}")


@contextmanager
def _writer(output: Path | None, as_json: bool) -> Iterator[Callable[[Row, Row], None]]:
    """A function that writes a row with its answer: rows into files of rows, else lines of the answers alone."""
    from seqzoo import files

    if output is None:
        yield lambda row, found: print(json.dumps(row | found, ensure_ascii=False) if as_json else _line(found))
    elif output.suffix.lower() in files.ROWS:
        with files.writing(output) as file:
            write = files.row_writer(file, output.suffix.lower())
            yield lambda row, found: write(_beside(row, found))
    else:
        with files.writing(output) as file:
            yield lambda row, found: print(_line(found), file=file)


def _line(found: Row) -> str:
    return "\t".join(found.values())


def _beside(row: Row, found: Row) -> Row:
    """A row and its answer, whose columns get free names."""
    from seqzoo.files import free_names

    return row | dict(zip(free_names([*row], [*found]), found.values(), strict=True))
