"""What a translation has to be better than: the source itself, the nearest translation, word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from seqzoo.tasks.translate.data import Pairs

COPY, MEMORY, WORDS = "the source itself", "translation memory", "word by word (IBM Model 1)"
_AT_A_TIME = 200  # sources that are compared with all that were learnt
_COUNTED = 300_000  # pairs whose words are aligned, at most
_TOKEN = re.compile(r"\w+['’]|\w+|[^\w\s]")


def memory(train: Pairs, sources: Sequence[str]) -> list[str]:
    """The first translation of the nearest source: by the cosine of TF-IDF over words and pairs of words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", sublinear_tf=True, dtype=np.float32)
    known = vectors.fit_transform(train.sources).T.tocsr()
    asked = vectors.transform(sources)
    found: list[str] = []
    for start in range(0, len(sources), _AT_A_TIME):
        nearest = np.asarray((asked[start : start + _AT_A_TIME] @ known).argmax(1)).ravel()
        found += [train.references[i][0] for i in nearest]
    return found


class Model1:
    """Word translation probabilities by expectation maximization, without order (Brown et al. 1993).

    Attributes:
        sources, targets: words; source 0 is the empty one.
        cells: (n, 2) ids of a source and a target word that stand in a pair; p: (n,) of the target given the source.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]], rounds: int = 5) -> None:
        self.sources: dict[str, int] = {"": 0}
        self.targets: dict[str, int] = {}
        read = [(self._ids(self.sources, source), self._ids(self.targets, target)) for source, target in pairs]
        read = [(np.append(s, 0), t) for s, t in read]
        source = np.concatenate([np.tile(s, len(t)) for s, t in read])
        target = np.concatenate([np.repeat(t, len(s)) for s, t in read])
        wide = np.concatenate([np.full(len(t), len(s)) for s, t in read])
        token = np.repeat(np.arange(len(wide)), wide)  # which target word of which pair
        keys, cell = np.unique(source.astype(np.int64) * len(self.targets) + target, return_inverse=True)
        self.cells = np.stack(np.divmod(keys, len(self.targets)), 1)
        self.p = np.full(len(keys), 1 / len(self.targets))
        for _ in range(rounds):
            explained = np.bincount(token, self.p[cell])
            counts = np.bincount(cell, self.p[cell] / explained[token])
            self.p = counts / np.bincount(self.cells[:, 0], counts)[self.cells[:, 0]]

    @staticmethod
    def _ids(known: dict[str, int], text: str) -> np.ndarray:
        return np.array([known.setdefault(word, len(known)) for word in words(text)], np.int64)

    def best(self) -> dict[str, str]:
        """The likeliest target word of each source word."""
        order = np.lexsort((self.p, self.cells[:, 0]))
        last = {int(self.cells[i, 0]): int(self.cells[i, 1]) for i in order}
        spelled = list(self.targets)
        return {word: spelled[last[i]] for word, i in self.sources.items() if word and i in last}


def words(text: str) -> list[str]:
    """Lower-case words, an apostrophe with the word before it, and symbols."""
    return _TOKEN.findall(text.lower())


def word_by_word(train: Pairs, sources: Sequence[str]) -> list[str]:
    """Each word's likeliest translation, in the source's order; unknown words stay.

    Of very many pairs it counts some, evenly spread.
    """
    pairs = list(train.each())
    best = Model1(pairs[:: -(-len(pairs) // _COUNTED)]).best()
    return [written([best.get(word, word) for word in words(text)]) for text in sources]


def written(tokens: Sequence[str]) -> str:
    """Words and symbols as a sentence."""
    text = re.sub(r"(['’]) ", r"\1", " ".join(tokens))
    text = re.sub(r" ([.,…)\]])", r"\1", text)
    return text[:1].upper() + text[1:]
