"""What CTC's columns say of a text that is given: how likely it is, and when each of its letters was heard.

Columns: 0 is the blank, letter i is column i + 1. All probabilities are natural logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from seqzoo.tasks.transcribe.decode import BLANK

_NEVER = -math.inf


def total(log_probs: np.ndarray, ids: Sequence[int]) -> float:
    """The log-probability of a text under (steps, columns), summed over all alignments (Graves et al. 2006)."""
    columns, skips = _between_blanks(ids)
    rows = np.asarray(log_probs, np.float64)[:, columns]
    reached = np.full(len(columns), _NEVER)
    reached[:2] = rows[0, :2]
    for row in rows[1:]:
        stay = np.logaddexp(reached, _shifted(reached, 1))
        reached = np.where(skips, np.logaddexp(stay, _shifted(reached, 2)), stay) + row
    return float(np.logaddexp.reduce(reached[-2:]))


def align(log_probs: np.ndarray, ids: Sequence[int]) -> list[tuple[int, int]]:
    """First and last step of each letter on the likeliest alignment of a text to (steps, columns) (Viterbi).

    Raises:
        ValueError: there are too few steps for the text.
    """
    if not len(ids):
        return []
    columns, skips = _between_blanks(ids)
    rows = np.asarray(log_probs, np.float64)[:, columns]
    reached = np.full(len(columns), _NEVER)
    reached[:2] = rows[0, :2]
    moves = np.zeros(rows.shape, np.int64)
    for step, row in enumerate(rows[1:], start=1):
        ways = np.stack([reached, _shifted(reached, 1), np.where(skips, _shifted(reached, 2), _NEVER)])
        moves[step] = ways.argmax(0)
        reached = ways.max(0) + row
    place = len(columns) - 1 if reached[-1] >= reached[-2] else len(columns) - 2
    if reached[place] == _NEVER:
        raise ValueError(f"{len(rows)} steps are too few for {len(ids)} letters")
    spans: dict[int, tuple[int, int]] = {}
    for step in range(len(rows) - 1, -1, -1):
        if place % 2:
            spans[place // 2] = (step, spans.get(place // 2, (step, step))[1])
        place -= int(moves[step, place])
    return [spans[i] for i in range(len(ids))]


def _between_blanks(ids: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Columns with a blank around each, and where the blank before may be left out."""
    columns = np.full(2 * len(ids) + 1, BLANK)
    columns[1::2] = ids
    skips = np.zeros(len(columns), bool)
    skips[3::2] = columns[3::2] != columns[1:-2:2]
    return columns, skips


def _shifted(values: np.ndarray, by: int) -> np.ndarray:
    return np.concatenate([np.full(min(by, len(values)), _NEVER), values[:-by] if len(values) > by else values[:0]])
