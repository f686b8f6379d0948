"""Pairs of a source and what it becomes, split by source so that no answer is known before."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seqzoo import fetch, files
from seqzoo.errors import UserError
from seqzoo.registry import find_dataset
from seqzoo.report import JSON
from seqzoo.room import Sealed
from seqzoo.tasks.translate import swapped
from seqzoo.tasks.translate.datasets import Row
from seqzoo.tasks.translate.options import DataOptions


@dataclass(frozen=True)
class Pairs:
    """Different sources, each with all that it becomes; sources of a group are alike, or of one dialogue."""

    sources: list[str]
    references: list[list[str]]
    groups: list[str]

    def __len__(self) -> int:
        return len(self.sources)

    def each(self) -> Iterator[tuple[str, str]]:
        """Every source with each of its targets."""
        return ((source, text) for source, texts in zip(self.sources, self.references, strict=True) for text in texts)

    def take(self, places: Iterable[int]) -> Pairs:
        """The sources at these places."""
        chosen = list(places)
        return Pairs(
            [self.sources[i] for i in chosen], [self.references[i] for i in chosen], [self.groups[i] for i in chosen]
        )

    def __add__(self, other: Pairs) -> Pairs:
        """Both, one after the other."""
        return Pairs(self.sources + other.sources, self.references + other.references, self.groups + other.groups)


@dataclass(frozen=True)
class Splits:
    """Train and validation pairs; the test part is sealed, for the report only."""

    train: Pairs
    validation: Pairs
    test: Sealed[Pairs]
    facts: dict[str, JSON] = field(default_factory=dict)


def near(text: str) -> str:
    """What a source has in common with others that differ in case, symbols and blanks only."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip() or text


def load(options: DataOptions, quiet: bool = False) -> Splits:
    """Read what a recipe's [data] table names, and split it; `options.seed` seeds the split.

    Raises:
        UserError: no such file, or one that holds no pairs.
    """
    if options.path:
        path = Path(options.path)
        rows = read(path, options)
        facts: dict[str, JSON] = {"name": path.name, "sha256": fetch.sha256(path), "licence": "your own"}
        for line in () if quiet else swapped.warnings(options.source, options.target, rows):
            print(f"warning: {line}", file=sys.stderr)
    else:
        data = find_dataset(options.dataset)
        path = fetch.fetch(data, quiet=quiet)
        rows, facts = list(data.load(path)), dict(fetch.facts(data, path))
    kept, told = _fitting(rows, options, str(facts["name"]))
    train, validation, test = split(gathered(kept), options)
    return Splits(train, validation, Sealed(lambda: test), facts | told)


def _fitting(rows: Sequence[Row], options: DataOptions, name: str) -> tuple[list[Row], dict[str, JSON]]:
    """Rows that are short enough, at most so many; and what was left out."""
    kept = in_context(rows, options.turns) if options.turns > 1 else list(rows)
    kept = [row for row in kept if max(len(row.source), len(row.target)) <= options.longest]
    left = len(rows) - len(kept)
    if left > len(rows) // 2:
        raise UserError(
            f"{name}: {left:,} of {len(rows):,} pairs have a side of more than {options.longest} characters",
            "cut them into sentences, or --set data.longest=...",
        )
    if options.limit and options.limit < len(kept):
        chosen = np.sort(np.random.default_rng(options.seed).permutation(len(kept))[: options.limit])
        kept = [kept[i] for i in chosen]
    return kept, {"left out, too long": left} if left else {}


def gathered(rows: Iterable[Row]) -> Pairs:
    """Rows by source: each source once, with all that it becomes, each of that once."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        found.setdefault((row.dialogue and f"dialogue {row.dialogue}", row.source), {})[row.target] = None
    groups = [dialogue or near(source) for dialogue, source in found]
    return Pairs([source for _, source in found], [list(texts) for texts in found.values()], groups)


def split(pairs: Pairs, options: DataOptions) -> tuple[Pairs, Pairs, Pairs]:
    """Train, validation and test: at random, groups whole.

    Raises:
        UserError: too few groups to have some in each part.
    """
    names = sorted(set(pairs.groups))
    order = np.random.default_rng(options.seed).permutation(len(names))
    test, held = round(options.test * len(names)), round(options.validation * len(names))
    if min(test, held) < 1 or len(names) - test - held < 2:
        raise UserError(
            f"{len(names)} different sources or dialogues are too few to train, validate and test on",
            "more pairs, or --set data.validation=0.2 --set data.test=0.2",
        )
    part = dict(zip((names[i] for i in order), np.arange(len(names)), strict=True))
    ranks = np.array([part[group] for group in pairs.groups])
    parts = (ranks >= test + held, (ranks >= test) & (ranks < test + held), ranks < test)
    train, validation, last = (pairs.take(np.flatnonzero(chosen)) for chosen in parts)
    return train, validation, last


def in_context(rows: Sequence[Row], turns: int) -> list[Row]:
    """Each source with the turns before it, up to so many in all, a line each; dialogues end where the name changes."""
    found: list[Row] = []
    said: list[str] = []
    before = None
    for row in rows:
        if row.dialogue != before:
            said, before = [], row.dialogue
        if not said or said[-1] != row.source:
            said.append(row.source)
        found.append(Row("\n".join(said[-turns:]), row.target, row.dialogue))
        said.append(row.target)
    return found


def shared(left: Pairs, right: Pairs) -> np.ndarray:
    """(len(right),) bool: whether a source of `right` stands in `left` as well, but for case, symbols and blanks."""
    known = {near(source) for source in left.sources}
    return np.array([near(source) in known for source in right.sources], bool)


# --- a user's own file -------------------------------------------------------------------------------


def read(path: Path, options: DataOptions) -> list[Row]:
    """Read a file of pairs: columns of a CSV, TSV or JSONL file, or a .txt file of lines of source, tab, target.

    Raises:
        UserError: missing file or column, wrong encoding, rows with an empty side or a NUL, or no rows.
    """
    if path.suffix.lower() == ".txt":
        rows = list(_tabbed(path))
    else:
        columns = [options.source, options.target, *([options.dialogue] if options.dialogue else [])]
        rows = [Row(*(row[column] for column in columns)) for row in files.read_rows(path, columns)]
    if not rows:
        raise UserError(f"{path} holds no rows")
    for what, wrong in (("a side that is empty", _empty), ("a NUL character", _binary)):
        places = [number for number, row in enumerate(rows, start=1) if wrong(row)]
        if places:
            shown = ", ".join(map(str, places[:5])) + (" ..." if len(places) > 5 else "")
            raise UserError(f"{path}: {len(places)} row(s) have {what}: {shown}", "remove or complete them")
    return [Row(row.source.strip(), row.target.strip(), row.dialogue) for row in rows]


def _tabbed(path: Path) -> Iterator[Row]:
    with files.reading(path) as file:
        for number, line in enumerate(file, start=1):
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) < 2:
                raise UserError(
                    f"{path}, line {number}: one column; source and target stand on a line, with a tab between them",
                    "or a .csv, .tsv or .jsonl file with --source and --target",
                )
            yield Row(*cells[:2])


def _empty(row: Row) -> bool:
    return not row.source.strip() or not row.target.strip()


def _binary(row: Row) -> bool:
    return "\0" in row.source or "\0" in row.target
