"""How a table of a report is laid out: which are small, and on which side a column stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from seqzoo.report import Section, Table

_NUMBER = re.compile(r"([<>] )?[+−-]?[\d.,]+([eE][+-]?\d+)?( ?(%|[a-zA-Z]{1,4}))?|\[.*\]|–|")
_SMALL_COLUMNS, _SMALL_ROWS, _SMALL_LETTERS = 4, 8, 40  # what fits into a third of the page
_LONG = 60  # letters of a cell


def small(section: Section) -> bool:
    """Whether it is a table so small that a card of its own would be empty for the most part."""
    if not isinstance(section, Table) or section.wide or len(section.columns) > _SMALL_COLUMNS:
        return False
    letters = sum(max(map(len, column)) for column in _columns(section))
    return len(section.rows) <= _SMALL_ROWS and letters <= _SMALL_LETTERS


def aligned(table: Table) -> list[str]:
    """A class for each column: "n" for numbers, which stand to the right, "t" for long texts, which need room."""
    return [_class(column[1:]) for column in _columns(table)]


def _columns(table: Table) -> list[tuple[str, ...]]:
    """Each column from its heading down; a row that is too short leaves empty cells."""
    return [*zip_longest(table.columns, *table.rows, fillvalue="")]


def _class(cells: Sequence[str]) -> str:
    if all(_NUMBER.fullmatch(cell) for cell in cells):
        return "n"
    return "t" if max(map(len, cells), default=0) > _LONG else ""
