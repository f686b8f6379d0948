"""Simpler taggers: each word's most frequent tag, a list of known names, and a CRF over features made by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.util import find_spec

from seqzoo.tasks.tag import schemes
from seqzoo.tasks.tag.data import Sentences
from seqzoo.tasks.tag.schemes import OUTSIDE, Span

FREQUENT, LIST, FEATURES = "each word's most frequent tag", "longest match in a list", "CRF over features"
EXTRA = "pycrfsuite"
_ITERATIONS = 100
_PENALTIES = {"c1": 0.1, "c2": 0.05}


def said(known: Sentences, test: Sentences) -> dict[str, list[list[Span]]]:
    """What each baseline that can be had marks in the test sentences."""
    found = {FREQUENT: frequent(known, test)}
    if not known.plain:
        found[LIST] = listed(known, test)
    if find_spec(EXTRA) is not None:
        found[FEATURES] = features(known, test)
    return found


def frequent(known: Sentences, test: Sentences) -> list[list[Span]]:
    """Each word has the tag that it had most often; an unknown one what words that stood there once had."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for words, tags in zip(known.words, known.tags, strict=True):
        for word, tag in zip(words, tags, strict=True):
            counts[word.lower()][tag] += 1
    rare = Counter(next(iter(tags)) for tags in counts.values() if tags.total() == 1)
    usual = rare.most_common(1)[0][0] if rare else OUTSIDE
    best = {word: tags.most_common(1)[0][0] for word, tags in counts.items()}
    return [schemes.each([best.get(word.lower(), usual) for word in words], test.scheme) for words in test.words]


def listed(known: Sentences, test: Sentences) -> list[list[Span]]:
    """Names that training marked, wherever they stand, the longest first; a name's kind is its most frequent one.

    A name that stood unmarked more often than marked is not on the list.
    """
    kinds: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for words, spans in zip(known.words, known.spans(), strict=True):
        for span in spans:
            kinds[tuple(words[span.start : span.end])][span.kind] += 1
    longest = max(map(len, kinds), default=1)
    met = Counter(
        words_here
        for words in known.words
        for size in range(1, longest + 1)
        for i in range(len(words) - size + 1)
        if (words_here := tuple(words[i : i + size])) in kinds
    )
    names = {name: found.most_common(1)[0][0] for name, found in kinds.items() if 2 * found.total() >= met[name]}
    return [_matched(words, names, longest) for words in test.words]


def _matched(words: Sequence[str], names: dict[tuple[str, ...], str], longest: int) -> list[Span]:
    found, i = list[Span](), 0
    while i < len(words):
        sizes = range(min(longest, len(words) - i), 0, -1)
        size = next((size for size in sizes if tuple(words[i : i + size]) in names), 0)
        if size:
            found.append(Span(i, i + size, names[tuple(words[i : i + size])]))
        i += max(1, size)
    return found


def features(known: Sentences, test: Sentences) -> list[list[Span]]:
    """A linear-chain CRF over words, their ends and shapes, and those of their neighbours, by L-BFGS.

    Source: Lafferty, McCallum and Pereira 2001; python-crfsuite (Okazaki 2007).
    """
    import tempfile
    from pathlib import Path

    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    for words, tags in zip(known.words, known.tags, strict=True):
        written = tags if known.plain else schemes.written(schemes.spans(tags), len(tags), "BIOES")
        trainer.append(described(words), written)
    trainer.set_params({**_PENALTIES, "max_iterations": _ITERATIONS, "feature.possible_transitions": True})
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(folder) / "model.crf")
        trainer.train(model)
        tagger = pycrfsuite.Tagger()
        tagger.open(model)
        try:
            return [schemes.each(tagger.tag(described(words)), test.scheme) for words in test.words]
        finally:
            tagger.close()


def described(words: Sequence[str]) -> list[list[str]]:
    """The features of each word."""
    lower = [word.lower() for word in words]
    shapes = [shape(word) for word in words]
    found = []
    for i, word in enumerate(words):
        here = [f"w={lower[i]}", f"W={word}", f"shape={shapes[i]}", f"kind={_kind(word)}"]
        here += [f"end{n}={lower[i][-n:]}" for n in (1, 2, 3, 4)] + [f"start{n}={lower[i][:n]}" for n in (1, 2, 3, 4)]
        for away in (-2, -1, 1, 2):
            j = i + away
            if 0 <= j < len(words):
                here += [f"{away}w={lower[j]}", f"{away}shape={shapes[j]}", f"{away}kind={_kind(words[j])}"]
                here += [f"{away}end={lower[j][-3:]}"] if abs(away) == 1 else []
            elif abs(away) == 1:
                here.append(f"{away}none")
        if i:
            here.append(f"w-1w={lower[i - 1]} {lower[i]}")
        if i + 1 < len(words):
            here.append(f"ww+1={lower[i]} {lower[i + 1]}")
        found.append(here)
    return found


def shape(word: str) -> str:
    """The pattern of a word's letters, runs made short: "McDonald's" -> "XxXx'x"."""
    found = ""
    for letter in word[:40]:
        kind = "X" if letter.isupper() else "x" if letter.islower() else "0" if letter.isdigit() else letter
        found += kind if not found.endswith(kind) else ""
    return found


def _kind(word: str) -> str:
    if word[0] in "@#":
        return word[0]
    if word.startswith("http"):
        return "http"
    return "title" if word.istitle() else "upper" if word.isupper() else "lower" if word.islower() else "other"
