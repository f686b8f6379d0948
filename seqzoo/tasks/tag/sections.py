"""What a report shows of a tagger: which kinds it takes for which, what goes with what, and its worst sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from seqzoo.report import JSON, Figure, Section, Table
from seqzoo.tasks.tag import score
from seqzoo.tasks.tag.data import Sentences
from seqzoo.tasks.tag.predict import TRANSITIONS, Tagger
from seqzoo.tasks.tag.schemes import Span
from seqzoo.tasks.tag.viterbi import NEVER

Spans = Sequence[Sequence[Span]]
_WORST = 10
_NOTHING = "nothing"


def all_of(tagger: Tagger, test: Sentences, said: Spans, true: Spans, known: Sentences | None) -> list[Section]:
    """Every figure and table of the page."""
    found: list[Section] = [confusion(said, true), kinds(said, true)]
    if TRANSITIONS in tagger.graph.outputs:
        found.append(transitions(tagger))
    if known is not None:
        found.append(_by_frequency(test, said, true, known))
    return [*found, worst(test, said, true)]


def confusion(said: Spans, true: Spans) -> Figure:
    """What the spans that are there were taken for; where the limits differ, the overlapping one counts."""
    counts = Counter[tuple[str, str]]()
    for claimed, there in zip(said, true, strict=True):
        taken = set[Span]()
        for span in there:
            near = [one for one in claimed if one.start < span.end and span.start < one.end]
            best = max(near, key=lambda one: min(one.end, span.end) - max(one.start, span.start), default=None)
            counts[span.kind, best.kind if best else _NOTHING] += 1
            taken |= {best} if best else set()
        counts.update((_NOTHING, one.kind) for one in claimed if one not in taken)
    names = sorted({name for pair in counts for name in pair} - {_NOTHING})
    rows, columns = ([*names, _NOTHING] if any(_NOTHING == pair[i] for pair in counts) else names for i in (0, 1))
    totals = {row: sum(counts[row, column] for column in columns) for row in rows}
    values: list[list[JSON]] = [[counts[r, c] / max(1, totals[r]) for c in columns] for r in rows]
    shown = [[f"{counts[r, c]:,}" if counts[r, c] else "" for c in columns] for r in rows]
    data: dict[str, JSON] = {"rows": rows, "columns": columns, "values": values, "shown": shown}
    return Figure("What is there by rows, what was said by columns", "heatmap", data, wide=len(columns) > 8)


def kinds(said: Spans, true: Spans) -> Table:
    """Precision, recall and F1 of each kind."""
    rows = [
        (kind, f"{precision:.1%}", f"{recall:.1%}", f"{f1:.1%}", f"{count:,}")
        for kind, (precision, recall, f1, count) in score.by_kind(said, true).items()
    ]
    return Table("By kind", ("kind", "precision", "recall", "F1", "how many"), rows)


def transitions(tagger: Tagger) -> Figure:
    """What the network has learnt of tags alone: how well one follows another."""
    table, tags = tagger.transitions, list(tagger.codec.tags)
    legal = table > NEVER / 2
    size = float(np.abs(table[legal]).max()) or 1.0
    values: list[list[JSON]] = [
        [float(0.5 + x / size / 2) if ok else None for x, ok in zip(*pair, strict=True)]
        for pair in zip(table, legal, strict=True)
    ]
    few = len(tags) <= 30
    shown = [
        [f"{x:+.1f}" if ok and few else "" for x, ok in zip(*pair, strict=True)]
        for pair in zip(table, legal, strict=True)
    ]
    data: dict[str, JSON] = {"rows": [*tags, "start"], "columns": [*tags, "end"], "values": values, "shown": shown}
    note = "Nats for the tag of the column after that of the row; empty: illegal, it never comes out."
    return Figure("Transitions", "heatmap", data, note, wide=True)


def _by_frequency(test: Sentences, said: Spans, true: Spans, known: Sentences) -> Figure:
    seen = (
        score.surface(words, span) for words, spans in zip(known.words, known.spans(), strict=True) for span in spans
    )
    rows: list[JSON] = [
        {"name": f"{name} ({count:,})", "value": f1, "ours": True}
        for name, f1, count in score.by_frequency(test.words, said, true, seen)
    ]
    note = "How often the same words were marked in training."
    return Figure("F1 by what training knew", "bars", {"rows": rows, "kind": "share"}, note)


def worst(test: Sentences, said: Spans, true: Spans) -> Table:
    """The sentences with most that is wrong."""
    wrong = [len(set(a) ^ set(b)) for a, b in zip(said, true, strict=True)]
    order = [i for i in np.argsort(-np.array(wrong), kind="stable") if wrong[i]][:_WORST]
    rows = [(_marked(test.words[i], true[i], said[i]), _marked(test.words[i], said[i], true[i])) for i in order]
    note = "What the other side has as well is left out."
    return Table("The sentences with most mistakes", ("what is there", "what was said"), rows, note, wide=True)


def _marked(words: Sequence[str], spans: Sequence[Span], other: Sequence[Span]) -> str:
    """A sentence with brackets around the spans that the other side does not have."""
    before = {span.start: span for span in spans if span not in set(other)}
    found, i = list[str](), 0
    while i < len(words):
        if span := before.get(i):
            found.append(f"[{' '.join(words[i : span.end])}]{span.kind}")
            i = span.end
        else:
            found.append(words[i])
            i += 1
    return " ".join(found)
