"""What a report shows of a translator: BLEU by length, where it looked, its worst, and what else it thought of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from seqzoo.judge import Scores
from seqzoo.report import JSON, Figure, Section, Table
from seqzoo.tasks.translate.data import Pairs
from seqzoo.tasks.translate.decode import Search
from seqzoo.tasks.translate.predict import Translator, by_words
from seqzoo.tasks.translate.score import bleu, of_sentences

_EDGES = (1, 4, 6, 8, 11, 15)  # words of a source from which on it belongs to the next group
_LEAST = 10  # sources of a group that is shown
_PICTURES, _WORST, _OTHERS = 10, 12, 8


def by_length(pairs: Pairs, systems: Mapping[str, Scores]) -> dict[str, list[tuple[float, float]]]:
    """BLEU of each system over sources of about the same length: (mean words, BLEU), the shortest first."""
    lengths = np.array([len(source.split()) for source in pairs.sources])
    group = np.digitize(lengths, _EDGES)
    places = [np.flatnonzero(group == g) for g in range(len(_EDGES) + 1)]
    places = [some for some in places if len(some) >= _LEAST]
    return {
        name: [(float(lengths[some].mean()), float(bleu(one.statistics[some].sum(0)))) for some in places]
        for name, one in systems.items()
    }


def lengths(found: Mapping[str, Sequence[tuple[float, float]]]) -> list[Section]:
    """The picture of it."""
    lines = {name: [[x, y] for x, y in line] for name, line in found.items()}
    note = "Sources of the test part, in groups of about the same length; BLEU of each group as a corpus."
    data: dict[str, JSON] = {"lines": lines, "x": "words of the source", "y": "BLEU"}
    return [Figure("BLEU by length", "lines", data, note)] if any(lines.values()) else []


def looked(translator: Translator, pairs: Pairs, said: Sequence[str]) -> list[Section]:
    """Where the model looked while it wrote, for sentences that are evenly spread over the test part."""
    places = _spread(pairs, _PICTURES, low=4, high=12)
    drawn = ((i, translator.attention(pairs.sources[i], said[i])) for i in places)
    return [_picture(translator, pairs.sources[i], said[i], weights) for i, weights in drawn if weights is not None]


def _spread(pairs: Pairs, count: int, low: int, high: int) -> list[int]:
    """Places of sources of so many words, evenly spread."""
    fit = [i for i, source in enumerate(pairs.sources) if low <= len(source.split()) <= high]
    return [fit[int(place)] for place in np.unique(np.linspace(0, len(fit) - 1, count).astype(int))] if fit else []


def _picture(translator: Translator, source: str, target: str, weights: np.ndarray) -> Figure:
    rows, columns, table = by_words(translator.codec, source, target, weights)
    data: dict[str, JSON] = {
        "rows": rows,
        "columns": columns,
        "values": [[float(value) for value in row] for row in table],
        "shown": [[f"{value:.0%}" if value >= 0.1 else "" for value in row] for row in table],
    }
    note = "Each row: the share of its attention that a word of the source got while the word was written."
    return Figure(f"{source} → {target}"[:120], "heatmap", data, note)


def worst(pairs: Pairs, said: Sequence[str], scores: Scores) -> list[Section]:
    """The sentences that came out worst."""
    each = of_sentences(scores.statistics)
    long = [i for i in np.argsort(each, kind="stable") if len(pairs.sources[i].split()) >= 4][:_WORST]
    rows = [(pairs.sources[i], said[i], pairs.references[i][0], f"{each[i]:.0f}") for i in long]
    columns = ("source", "translation", "a reference", "BLEU")
    return [Table("The worst sentences of the test part", columns, rows, wide=True)] if rows else []


def others(translator: Translator, pairs: Pairs) -> list[Section]:
    """What else was thought of, with the score that chose."""
    places = _spread(pairs, _OTHERS, low=3, high=10)
    count = min(3, translator.search.beam)
    search = Search(translator.search.beam, count, translator.search.length_penalty)
    answers = translator.predict([pairs.sources[i] for i in places], search)
    rows = [
        (pairs.sources[i] if not rank else "", text, f"{score:.2f}")
        for i, answer in zip(places, answers, strict=True)
        for rank, (text, score) in enumerate(answer.alternatives)
    ]
    columns = ("source", "translation", "score")
    note = "The score is the log-probability, divided for its length."
    return [Table("Alternatives", columns, rows, note, wide=True)] if rows and count > 1 else []
