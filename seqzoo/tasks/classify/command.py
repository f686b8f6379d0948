"""The verb classify: one text on the terminal, or a stream of rows from a file to a file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from seqzoo import runs
from seqzoo.errors import UserError, nearest

SAMPLE = Path(__file__).parents[1] / "bundles" / "reviews.csv"
_OUTPUTS = (".csv", ".tsv", ".jsonl")


def classify(
    words: list[str],
    run: str | None,
    source: Path | None,
    target: Path | None,
    column: str,
    *,
    explain: bool,
    sample: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Answer what the command line asked; see `seqzoo classify --help`.

    With --input, --sample or piped lines the only positional word is RUN; otherwise the last one is the text.
    """
    source = SAMPLE if sample else source
    only_run = not words or (len(words) == 1 and runs.is_run(words[0]))
    piped = only_run and source is None and not sys.stdin.isatty()
    if source is None and not piped:
        if not words:
            raise UserError("nothing to classify", 'seqzoo classify "A slow start, but the ending was superb"')
        *rest, text = words
    else:
        rest, text = words, ""
    if len(rest) > 1 or (rest and run):
        raise UserError(f"one RUN at most; put the text in quotes: {' '.join(words)!r}")
    if target is not None and target.suffix.lower() not in _OUTPUTS:
        raise UserError(f"--output {target}: {nearest(target.suffix, _OUTPUTS)}")
    classifier = runs.load(rest[0] if rest else run, "classify")
    if source is None and not piped:
        return _one(classifier, text, explain, as_json)
    rows = _stdin(column) if piped or str(source) == "-" else _rows(Path(str(source)), column)
    _many(classifier, rows, column, target, quiet, as_json)


def _one(classifier: Any, text: str, explain: bool, as_json: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    answer = next(classifier.predict([text]))
    if not answer.known:
        raise UserError(f"the model knows no word of {text[:40]!r}: there is nothing to judge")
    moved = classifier.explain(text) if explain else []
    if as_json:
        line: dict[str, Any] = {"label": answer.label, "confidence": answer.confidence, "top": answer.top,
                                "probabilities": answer.probabilities}  # fmt: skip
        print(json.dumps(line | ({"words": moved} if explain else {}), ensure_ascii=False))
        return
    console = Console(highlight=False)
    others = "  ".join(f"{name} {p:.1%}" for name, p in sorted(answer.probabilities.items(), key=lambda kv: -kv[1])[:5])
    console.print(Text.assemble((answer.label.capitalize(), "bold"), f"  {answer.confidence:.1%}   ", (others, "dim")))
    if explain:
        largest = max((abs(weight) for _, weight in moved), default=0.0) or 1.0
        marked = Text()
        for word, weight in moved:
            strength = abs(weight) / largest
            colour = "green" if weight > 0 else "red"
            marked.append(word, f"bold {colour}" if strength > 0.5 else colour if strength > 0.15 else "dim")
            marked.append(" ")
        console.print(marked)
        console.print(Text(f"green speaks for {answer.top}, red against it", "dim"))


def _rows(path: Path, column: str) -> Iterator[dict[str, str]]:
    from seqzoo.tasks.classify.data import FILE_TYPES, read_rows

    if path.suffix.lower() in FILE_TYPES:
        found = False
        for found_row in read_rows(path, [column]):
            found = True
            yield found_row
        if not found:
            raise UserError(f"{path} holds no rows")
        return
    if not path.is_file():
        raise UserError(f"no such file: {path}")
    with path.open(encoding="utf-8") as file:
        yield from _lines(file, column, str(path))


def _stdin(column: str) -> Iterator[dict[str, str]]:
    yield from _lines(sys.stdin, column, "standard input")


def _lines(file: Iterable[str], column: str, name: str) -> Iterator[dict[str, str]]:
    """Lines of text, or of JSON when they start with a brace."""
    try:
        for number, line in enumerate(file, start=1):
            stripped = line.rstrip("\n")
            if not stripped.lstrip().startswith("{"):
                yield {column: stripped}
                continue
            row = json.loads(stripped)
            if column not in row:
                raise UserError(f"{name}, line {number}: no key {column!r}: {nearest(column, row)}")
            yield {str(k): str(v) for k, v in row.items()}
    except UnicodeDecodeError as error:
        raise UserError(f"{name} is not UTF-8 (byte {error.start})", "iconv -f latin1 -t utf-8") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{name}, line {number}: not valid JSON: {error}") from None


def _many(
    classifier: Any,
    rows: Iterable[dict[str, str]],
    column: str,
    target: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Stream rows through the classifier; each is written with its label and confidence."""
    from itertools import tee

    kept, read = tee(rows)
    answers = classifier.predict(row[column] for row in read)
    unread = 0
    with _writer(target, as_json, column) as write, _progress(quiet or target is None) as advance:
        for row, answer in zip(kept, answers, strict=True):
            write({**row, "label": answer.label, "confidence": f"{answer.confidence:.4f}"})
            unread += not answer.known
            advance()
    if unread and not quiet:
        print(f"{unread:,} text(s) held no word that the model knows: answered without reading", file=sys.stderr)


@contextmanager
def _writer(target: Path | None, as_json: bool, column: str) -> Iterator[Any]:
    """A function that writes one row: to the terminal, or to a file that appears once it is whole."""
    if target is None:
        yield _print_row(as_json, column)
        return
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield _file_row(file, target.suffix.lower())
        part.replace(target)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def _print_row(as_json: bool, column: str) -> Any:
    from rich.console import Console
    from rich.text import Text

    if as_json:
        return lambda row: print(json.dumps(row, ensure_ascii=False))
    console = Console(highlight=False)
    room = max(20, console.width - 26)

    def write(row: dict[str, str]) -> None:
        text = " ".join(row[column].split())
        shown = text if len(text) <= room else text[: room - 1] + "…"
        line = Text.assemble(
            (f"{row['label'][:14].capitalize():<14} ", "bold"), f"{float(row['confidence']):>6.1%}  ", shown
        )
        console.print(line, soft_wrap=True)

    return write


def _file_row(file: IO[str], suffix: str) -> Any:
    if suffix == ".jsonl":
        return lambda row: file.write(json.dumps(row, ensure_ascii=False) + "\n")
    writer: Any = None

    def write(row: dict[str, str]) -> None:
        nonlocal writer
        if writer is None:
            writer = csv.DictWriter(
                file,
                list(row),
                delimiter="\t" if suffix == ".tsv" else ",",
                restval="",
                extrasaction="ignore",
            )
            writer.writeheader()
        writer.writerow(row)

    return write


@contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} texts"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("classify", total=None)
        yield lambda: bar.advance(task)
