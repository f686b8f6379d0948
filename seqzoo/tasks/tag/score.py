"""How right tags are: F1 of spans, whole and of the right kind; of a plain scheme that is the share of right words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from seqzoo.judge import Metric, Scores, value
from seqzoo.tasks.tag.schemes import Span

Spans = Sequence[Sequence[Span]]


def metric() -> Metric:
    """What a verdict of this room is about."""
    return Metric("F1", higher_is_better=True, kind="share", of=_f1)


def _f1(sums: np.ndarray) -> np.ndarray:
    """(..., 2) sums of twice the right ones, and of those said and those that are there."""
    return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1e-9))


def span_scores(said: Spans, true: Spans, groups: np.ndarray | None = None) -> Scores:
    """Statistics of each sentence."""
    rows = [(2 * len(set(a) & set(b)), len(a) + len(b)) for a, b in zip(said, true, strict=True)]
    return Scores(np.array(rows, np.float64).reshape(-1, 2), groups)


def f1(said: Spans, true: Spans) -> float:
    """Micro F1 over all sentences."""
    return value(span_scores(said, true), metric())


def by_kind(said: Spans, true: Spans) -> dict[str, tuple[float, float, float, int]]:
    """Precision, recall, F1 and how many there are, of each kind that occurs."""
    right, claimed, there = Counter[str](), Counter[str](), Counter[str]()
    for a, b in zip(said, true, strict=True):
        right.update(one.kind for one in set(a) & set(b))
        claimed.update(one.kind for one in a)
        there.update(one.kind for one in b)
    found = {}
    for kind in sorted(claimed | there, key=lambda kind: (-there[kind], kind)):
        precision = right[kind] / claimed[kind] if claimed[kind] else 0.0
        recall = right[kind] / there[kind] if there[kind] else 0.0
        found[kind] = (precision, recall, 2 * right[kind] / (claimed[kind] + there[kind]), there[kind])
    return found


def surface_f1(words: Sequence[Sequence[str]], said: Spans, true: Spans) -> float:
    """F1 over the different names, each counted once however often it stands there.

    Source: the second measure of WNUT 2017 (Derczynski et al.).
    """

    def forms(marked: Spans) -> set[tuple[str, str]]:
        pairs = zip(words, marked, strict=True)
        return {(" ".join(text[one.start : one.end]), one.kind) for text, spans in pairs for one in spans}

    a, b = forms(said), forms(true)
    return 2 * len(a & b) / max(1, len(a) + len(b))


def word_accuracy(said: Sequence[Sequence[str]], true: Sequence[Sequence[str]]) -> float:
    """The share of words whose tag is right."""
    pairs = [(a, b) for one, other in zip(said, true, strict=True) for a, b in zip(one, other, strict=True)]
    return sum(a == b for a, b in pairs) / max(1, len(pairs))


def unknown_accuracy(
    words: Sequence[Sequence[str]],
    said: Sequence[Sequence[str]],
    true: Sequence[Sequence[str]],
    known: Callable[[str], bool],
) -> tuple[float, int]:
    """The share of right tags among words that training never saw, and how many these are."""
    rows = [
        a == b
        for text, one, other in zip(words, said, true, strict=True)
        for word, a, b in zip(text, one, other, strict=True)
        if not known(word)
    ]
    return sum(rows) / max(1, len(rows)), len(rows)


def by_frequency(
    words: Sequence[Sequence[str]], said: Spans, true: Spans, seen: Iterable[str]
) -> list[tuple[str, float, int]]:
    """F1 of spans by how often training had the same words marked: never, once or twice, more often; and how many."""
    counts = Counter(seen)
    parts = (("never", 0, 0), ("once or twice", 1, 2), ("3 to 9 times", 3, 9), ("10 times and more", 10, 1 << 60))

    def some(marked: Spans, low: int, high: int) -> list[list[Span]]:
        return [
            [one for one in spans if low <= counts[surface(text, one)] <= high]
            for text, spans in zip(words, marked, strict=True)
        ]

    found = []
    for name, low, high in parts:
        a, b = some(said, low, high), some(true, low, high)
        if there := sum(map(len, b)):
            found.append((name, f1(a, b), there))
    return found


def surface(words: Sequence[str], span: Span) -> str:
    """What a span says, in small letters."""
    return " ".join(words[span.start : span.end]).lower()
