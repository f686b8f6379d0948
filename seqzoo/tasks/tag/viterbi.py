"""The likeliest legal sequence of tags, and how sure each of its spans is, in NumPy: what answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqzoo.tasks.tag.schemes import Span, follows

NEVER = -1e9  # finite, so that gradients are; no sum of scores comes near


def allowed(tags: Sequence[str], scheme: str) -> np.ndarray:
    """(tags + 1, tags + 1) float32, 0 where a tag may follow another and `NEVER` where it may not.

    Row i holds what may follow tag i, and the last row what may stand first; the last column says after which tags a
    sentence may end.
    """
    around = [*tags, ""]
    may = [[follows(before, after, scheme) or (before == after == "") for after in around] for before in around]
    return np.where(np.array(may), 0.0, NEVER).astype(np.float32)


def decode(logits: np.ndarray, lengths: np.ndarray, transitions: np.ndarray) -> list[np.ndarray]:
    """The tags of each sentence that have the highest score together.

    Args:
        logits: (batch, time, tags) float32.
        lengths: (batch,) int, at least 1.
        transitions: (tags + 1, tags + 1) float32, see `allowed`.

    Returns:
        (length,) int64 of each sentence.

    Source: Viterbi 1967.
    """
    batch, time, count = logits.shape
    inner, first, last = transitions[:count, :count], transitions[count, :count], transitions[:count, count]
    reached = first + logits[:, 0]
    moves = np.zeros((time, batch, count), np.int64)
    rows = np.arange(batch)
    for step in range(1, time):
        ways = reached[:, :, None] + inner
        moves[step] = ways.argmax(1)
        onward = ways.max(1) + logits[:, step]
        reached = np.where((step < lengths)[:, None], onward, reached)
    tags = np.empty((time, batch), np.int64)
    here = (reached + last).argmax(1)
    for step in range(time - 1, -1, -1):
        tags[step] = here
        here = np.where((step < lengths) & (step > 0), moves[step, rows, here], here)
    return [tags[:length, row] for row, length in enumerate(lengths)]


def confidence(logits: np.ndarray, transitions: np.ndarray, numbers: np.ndarray, spans: Sequence[Span]) -> list[float]:
    """The probability that a sentence's tags are these over each span, whatever they are elsewhere.

    Args:
        logits: (time, tags) float32.
        transitions: see `decode`.
        numbers: (time,) tags.
        spans: from word to word.

    Source: the forward-backward algorithm, Rabiner 1989; of spans, Culotta and McCallum 2004.
    """
    count = logits.shape[1]
    scores, table = logits.astype(np.float64), transitions.astype(np.float64)
    inner = table[:count, :count]
    before, after = np.empty_like(scores), np.empty_like(scores)  # all ways that end here, and that go on from here
    before[0], after[-1] = table[count, :count] + scores[0], table[:count, count]
    for i in range(1, len(scores)):
        before[i] = np.logaddexp.reduce(before[i - 1][:, None] + inner, 0) + scores[i]
        after[-i - 1] = np.logaddexp.reduce(inner + (scores[-i] + after[-i]), 1)
    every = np.logaddexp.reduce(before[-1] + after[-1])
    steps = np.append(0.0, np.cumsum(inner[numbers[:-1], numbers[1:]] + scores[np.arange(1, len(scores)), numbers[1:]]))
    found = []
    for span in spans:
        first, last = span.start, span.end - 1
        through = before[first, numbers[first]] + steps[last] - steps[first] + after[last, numbers[last]]
        found.append(float(np.exp(min(0.0, through - every))))
    return found
