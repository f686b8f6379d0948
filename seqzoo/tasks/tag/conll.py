"""CoNLL: a word a line with its tag, an empty line after each sentence. And CoNLL-U, its kin of ten columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seqzoo.errors import UserError, listing
from seqzoo.files import reading

_LONGEST = 100_000  # words of a sentence: more, and the empty lines are missing
COLUMNS_U = {"upos": 3, "xpos": 4}
_OF_U = 10


@dataclass
class Sentence:
    """Words with their tags, as a file has them.

    Attributes:
        line: the first word's, from 1.
        document: a number that sentences of one document share.
    """

    line: int
    document: int
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


def read(path: Path, word: int = 0, tag: int = -1, *, repair: bool = False) -> list[Sentence]:
    """Read all sentences of a file; `tag` counts from the end where it is below 0.

    `repair` leaves lines without a word out, where others would be refused.

    Raises:
        UserError: not UTF-8, no sentence, or ragged lines: all of them are told.
    """
    with reading(path) as file:
        return parsed(file, str(path), word, tag, repair)


def parsed(lines: Iterable[str], name: str, word: int = 0, tag: int = -1, repair: bool = False) -> list[Sentence]:
    """Read sentences from lines; see `read`."""
    found: list[Sentence] = []
    ragged: list[str] = []
    width, going_on = 0, False
    for number, document, columns in _rows(lines):
        if not columns:
            going_on = False
            continue
        width = width or _width(columns, name, word, tag)
        if _left_out(columns) or (repair and not columns[word].strip()):
            continue
        if len(columns) != width or not columns[word].strip() or not columns[tag].strip():
            ragged.append(f"line {number}: {len(columns)} column(s), {' '.join(columns)[:60]!r}")
            continue
        if not going_on:
            found.append(Sentence(number, document))
            going_on = True
        found[-1].words.append(columns[word].strip())
        found[-1].tags.append(columns[tag].strip())
        if len(found[-1].words) > _LONGEST:
            raise UserError(f"{name}, line {found[-1].line}: a sentence of over {_LONGEST:,} words: no empty lines?")
    _refuse(ragged, name, width)
    if not found:
        raise UserError(f"{name} holds no sentence")
    return found


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, int, list[str]]]:
    """The number of each line, that of its document, and its columns; none where a sentence ends."""
    document, separator, first = 0, None, True
    for number, line in enumerate(lines, start=1):
        line = line.rstrip("\r\n")
        if line.startswith("-DOCSTART-") or not line.strip():
            document += bool(line.strip())
            yield number, document, []
        elif _comment(line):
            document += line.startswith("# newdoc")
        else:
            if first:
                separator, first = ("\t" if "\t" in line else None), False
            yield number, document, line.split(separator)


def _width(columns: Sequence[str], name: str, word: int, tag: int) -> int:
    """How many columns the first line has; those that were asked for must be among them."""
    width = len(columns)
    for which, place in (("word", word), ("tag", tag)):
        if not -width <= place < width:
            raise UserError(f"{name} has {width} column(s): there is no column {place}", f"--{which} 0")
    if word != tag and word % width == tag % width:
        raise UserError(f"{name}: words and tags are both column {word % width}", "a word and its tag on each line")
    return width


def _refuse(ragged: Sequence[str], name: str, width: int) -> None:
    if ragged:
        raise UserError(
            f"{name}: {len(ragged)} line(s) are not {width} columns, as the first is:{listing(ragged)}",
            "tabs or spaces between columns, not both; the word first and the tag last",
        )


def _comment(line: str) -> bool:
    """Comments begin with # and have no columns; a word may begin with # too."""
    return line.startswith("# ") and "\t" not in line


def _left_out(columns: Sequence[str]) -> bool:
    """Of CoNLL-U: what stands for several words (1-2), and words that were never written (1.1)."""
    return len(columns) == _OF_U and not columns[0].isdigit() and columns[0].replace("-", "").replace(".", "").isdigit()


def written(rows: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Iterator[str]:
    """The lines of sentences of words and tags, with an empty one after each."""
    for words, tags in rows:
        yield from (f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True))
        yield "\n"
