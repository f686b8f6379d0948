"""How wrong a transcript is: words and letters that were exchanged, left out or put in.

The word error rate is the sum of these over the number of words that were said (Morris et al. 2004); it may exceed 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqzoo.judge import Metric, Scores

Pair = tuple[str | None, str | None]  # what was said, what was heard


class Errors(NamedTuple):
    """What turns a reference into what was heard, at least."""

    substitutions: int
    deletions: int
    insertions: int

    @property
    def total(self) -> int:
        """The edit distance (Levenshtein 1966)."""
        return sum(self)


def metric() -> Metric:
    """The word error rate, of (..., 2) sums of errors and words."""
    return Metric("WER", kind="share")


def errors(reference: Sequence[str], heard: Sequence[str]) -> Errors:
    """Count what was exchanged, left out and put in between two sequences of words or letters."""
    pairs = aligned(reference, heard)
    exchanged = sum(a is not None and b is not None and a != b for a, b in pairs)
    return Errors(exchanged, sum(b is None for _, b in pairs), sum(a is None for a, _ in pairs))


def aligned(reference: Sequence[str], heard: Sequence[str]) -> list[Pair]:
    """The two beside each other at the least number of errors; None where one has nothing."""
    costs = _costs(reference, heard)
    i, j, found = len(reference), len(heard), list[Pair]()
    while i or j:
        here = costs[i][j]
        if i and j and here == costs[i - 1][j - 1] + (reference[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            found.append((reference[i], heard[j]))
        elif i and here == costs[i - 1][j] + 1:
            i -= 1
            found.append((reference[i], None))
        else:
            j -= 1
            found.append((None, heard[j]))
    return found[::-1]


def _costs(reference: Sequence[str], heard: Sequence[str]) -> list[list[int]]:
    """The edit distance of all beginnings."""
    rows = [list(range(len(heard) + 1))]
    for i, one in enumerate(reference, start=1):
        above, row = rows[-1], [i]
        for j, other in enumerate(heard, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (one != other)))
        rows.append(row)
    return rows


def word_scores(said: Sequence[str], texts: Sequence[str], groups: np.ndarray | None = None) -> Scores:
    """For each recording its wrong words and its words, as (n, 2) float64.

    Args:
        said: what was heard.
        texts: what was said.
        groups: (n,) speakers, who stay together in intervals and tests.
    """
    rows = [(errors(b.split(), a.split()).total, len(b.split())) for a, b in zip(said, texts, strict=True)]
    return Scores(np.array(rows, np.float64).reshape(-1, 2), groups)


def letter_error_rate(said: Sequence[str], texts: Sequence[str]) -> float:
    """CER: wrong letters, spaces included, over letters."""
    wrong = sum(errors(b, a).total for a, b in zip(said, texts, strict=True))
    return wrong / max(1, sum(map(len, texts)))


def further(said: Sequence[str], texts: Sequence[str]) -> dict[str, float]:
    """Numbers beside the word error rate."""
    exact = sum(a == b for a, b in zip(said, texts, strict=True)) / max(1, len(texts))
    return {"CER": letter_error_rate(said, texts), "recordings wholly right": exact}
