"""Texts that a verb answers: one that was typed, or a stream of lines or rows from a file or a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from seqzoo import files, runs
from seqzoo.errors import UserError, nearest


def run_and_text(
    words: list[str], old_run: str | None, source: Path | None, example: str
) -> tuple[str | None, str | None]:
    """RUN, and the text that was typed: None where rows are read.

    With --input or piped lines the only word is RUN; otherwise the last one is the text.

    Raises:
        UserError: no text, or several words that are not in quotes; `example` is the command to type.
    """
    only_run = not words or (len(words) == 1 and runs.names_a_run(words[0]))
    piped = only_run and source is None and not sys.stdin.isatty()
    if source is not None or piped:
        rest, said = words, None
    elif not words:
        raise UserError(f"nothing to {example.split()[1]}", example)
    else:
        *rest, said = words
    if len(rest) > 1 or (rest and old_run):
        raise UserError(f"one RUN at most; put the text in quotes: {' '.join(words)!r}")
    return (rest[0] if rest else old_run), said


def read(source: Path | None, column: str) -> Iterator[dict[str, str]]:
    """Rows of a file, or lines as rows of one column; of standard input where there is no file, or it is `-`.

    Raises:
        UserError: as `files.read_rows`, or a file without rows.
    """
    if source is None or source == Path("-"):
        yield from _stdin(column)
    elif source.suffix.lower() in files.READ:
        rows = files.read_rows(source, [column])
        first = next(rows, None)
        if first is None:
            raise UserError(f"{source} holds no rows")
        yield from chain([first], rows)
    else:
        with files.reading(source) as file:
            yield from _lines(file, column, str(source))


def _stdin(column: str) -> Iterator[dict[str, str]]:
    try:
        yield from _lines(sys.stdin, column, "standard input")
    except UnicodeDecodeError as error:
        raise UserError(f"standard input is not UTF-8 (byte {error.start})", "iconv -f latin1 -t utf-8") from None


def _lines(file: Iterable[str], column: str, name: str) -> Iterator[dict[str, str]]:
    """Lines of text, or of JSON when they start with a brace."""
    try:
        for number, line in enumerate(file, start=1):
            stripped = line.rstrip("\r\n")
            if not stripped.lstrip().startswith("{"):
                yield {column: stripped}
                continue
            row = json.loads(stripped)
            if column not in row:
                raise UserError(f"{name}, line {number}: no key {column!r}: {nearest(column, row)}")
            yield {str(k): str(v) for k, v in row.items()}
    except json.JSONDecodeError as error:
        raise UserError(f"{name}, line {number}: not valid JSON: {error}") from None


@contextmanager
def progress(quiet: bool, what: str) -> Iterator[Callable[[], None]]:
    """A function to call for each text that was answered: counts them on a terminal."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} texts"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda: bar.advance(task)
