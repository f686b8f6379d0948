"""The table of a comparison, cell by cell, for page and terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from seqzoo.page import words
from seqzoo.page.text import number


class ComparedRow(TypedDict):
    """A recipe or a baseline of a comparison; see `seqzoo.compare`."""

    name: str
    parameters: int | None
    value: float
    interval: tuple[float, float]
    seconds: float | None
    ms: float | None
    p: float | None


class Compared(TypedDict):
    """The result of a comparison."""

    metric: str
    kind: str
    data: str
    n: int
    seeds: int
    rows: Sequence[ComparedRow]


def columns(told: Compared) -> tuple[str, ...]:
    """The headings."""
    return ("", "parameters", told["metric"], "95 % interval", "training", "for one", "p")


def cells(told: Compared) -> list[tuple[str, ...]]:
    """The cells of each row; empty where a baseline has no such number."""
    return [
        (
            row["name"],
            f"{row['parameters']:,}" if row["parameters"] else "",
            number(row["value"], told["kind"]),
            between(row["interval"], told["kind"]),
            words.duration(row["seconds"]) if row["seconds"] else "",
            words.milliseconds(row["ms"]) if row["ms"] else "",
            words.p_value(row["p"]),
        )
        for row in told["rows"]
    ]


def between(interval: Sequence[float], kind: str) -> str:
    """An interval's two ends."""
    return f"[{number(interval[0], kind)},\N{NO-BREAK SPACE}{number(interval[1], kind)}]"
