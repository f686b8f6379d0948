"""The verb classify: one text on the terminal, or a stream of rows from a file to a file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqzoo import flags
from seqzoo.errors import UserError, nearest
from seqzoo.tasks.classify.options import SAMPLE

if TYPE_CHECKING:
    from seqzoo.tasks.classify.predict import Classifier

ANSWER = ("predicted", "predicted_confidence")
EXAMPLE = 'seqzoo classify "A slow start, but the ending was superb"'
Write = Callable[[Mapping[str, object]], None]


def command(
    words: Annotated[list[str] | None, typer.Argument(metavar="[RUN] TEXT", help="Text to classify.")] = None,
    old_run: flags.OldRun = None,
    source: Annotated[
        Path | None,
        typer.Option("--input", metavar="FILE", help="CSV, TSV, JSONL, Parquet, or text by line; - is stdin."),
    ] = None,
    output: flags.Output = None,
    workers: flags.Workers = None,
    address: flags.Address = None,
    force: flags.Force = False,
    text: Annotated[str, typer.Option("--text", metavar="COLUMN", help="The input's column of texts.")] = "text",
    explain: Annotated[bool, typer.Option("--explain", help="Mark the words that moved the score.")] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Classify the reviews that come with seqzoo.")] = False,
    quiet: flags.Quiet = False,
    as_json: flags.Json = False,
) -> None:
    """Say which class a text belongs to, with a confidence that means something."""
    from seqzoo import files, lines, runs

    source = SAMPLE if sample else source
    run, said = lines.run_and_text(words or [], old_run, source, EXAMPLE)
    if workers or address or (source is not None and output is not None and not output.suffix):
        _bulk(run, source, output, text, workers=workers, address=address, force=force, quiet=quiet or as_json)
        return
    if output is not None and output.suffix.lower() not in files.ROWS:
        raise UserError(f"--output {output}: {nearest(output.suffix, files.ROWS)}")
    if output is not None and not force:
        files.refuse_existing(output)
    folder = runs.find(run, "classify")
    classifier: Classifier = runs.load(str(folder), "classify")
    name = runs.called(folder)
    if said is not None:
        flags.say(quiet or as_json, f"answered by {name}")
        _one(classifier, name, said, explain, as_json)
        return
    flags.say(quiet, f"answered by {name}")
    _many(classifier, lines.read(source, text), text, output, quiet, as_json)


def _bulk(run: str | None, source: Path | None, output: Path | None, text: str, **options: Any) -> None:
    """From Parquet or CSV to a folder of Parquet, in this process or in several."""
    from seqzoo import runs
    from seqzoo.cluster import bulk

    if source is None or output is None or output.suffix:
        raise UserError("answers in bulk go from --input FILE to --output FOLDER", "--input big.parquet --output out/")
    folder = runs.find(run, "classify")
    flags.say(options["quiet"], f"answered by {runs.called(folder)}")
    started = time.perf_counter()
    rows = bulk.answer(Columns, folder, source, text, ANSWER, output, **options)
    seconds = time.perf_counter() - started
    flags.say(options["quiet"], f"{rows:,} rows in {seconds:.0f} s, {rows / seconds:,.0f}/s: {output}")


class Columns:
    """The columns ANSWER of texts; each process of a bulk loads its bundle once."""

    def __init__(self, folder: str) -> None:
        from seqzoo import runs

        self.classifier: Classifier = runs.load(folder, "classify")

    def __call__(self, texts: list[str]) -> tuple[list[str], list[float]]:
        """Labels and confidences."""
        answers = list(self.classifier.predict(texts))
        return [one.label for one in answers], [round(one.confidence, 4) for one in answers]


def _one(classifier: Classifier, name: str, text: str, explain: bool, as_json: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    answer = next(classifier.predict([text]))
    if not answer.known:
        raise UserError(f"the model knows no word of {text[:40]!r}: there is nothing to judge")
    moved = classifier.explain(text) if explain else []
    if as_json:
        line: dict[str, object] = {"model": name, "label": answer.label, "confidence": answer.confidence,
                                   "top": answer.top, "probabilities": answer.probabilities}  # fmt: skip
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


def _many(
    classifier: Classifier,
    rows: Iterable[dict[str, str]],
    column: str,
    output: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Stream rows through the classifier; each is written with its answer in columns of free names."""
    from seqzoo import lines
    from seqzoo.files import free_names

    kept, read = tee(rows)
    answers = classifier.predict(row[column] for row in read)
    unread, names = 0, list(ANSWER)
    with (
        _writer(output, as_json, column, names) as write,
        lines.progress(quiet or output is None, "classify") as advance,
    ):
        for number, (row, answer) in enumerate(zip(kept, answers, strict=True)):
            if not number:
                names[:] = free_names([*row], ANSWER)
            write({**row, names[0]: answer.label, names[1]: f"{answer.confidence:.4f}"})
            unread += not answer.known
            advance()
    if unread:
        flags.say(quiet, f"{unread:,} text(s) held no word that the model knows: answered without reading")


@contextmanager
def _writer(output: Path | None, as_json: bool, column: str, names: list[str]) -> Iterator[Write]:
    """A function that writes one row: to the terminal, or to a file that appears once it is whole."""
    from seqzoo import files

    if output is None:
        yield _print_row(as_json, column, names)
        return
    with files.writing(output) as file:
        yield files.row_writer(file, output.suffix.lower())


def _print_row(as_json: bool, column: str, names: list[str]) -> Write:
    from rich.console import Console
    from rich.text import Text

    if as_json:
        return lambda row: print(json.dumps(row, ensure_ascii=False))
    console = Console(highlight=False)
    room = max(20, console.width - 26)

    def write(row: Mapping[str, object]) -> None:
        text = " ".join(str(row[column]).split())
        shown = text if len(text) <= room else text[: room - 1] + "…"
        label, confidence = str(row[names[0]]), float(str(row[names[1]]))
        console.print(
            Text.assemble((f"{label[:14].capitalize():<14} ", "bold"), f"{confidence:>6.1%}  ", shown), soft_wrap=True
        )

    return write
