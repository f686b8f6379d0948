"""From CTC's columns to letters: the best path, and a prefix beam search that a language model may join.

Columns: 0 is the blank, letter i is column i + 1. All probabilities are natural logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from seqzoo.errors import UserError

if TYPE_CHECKING:
    from seqzoo.tasks.transcribe.language import Scorer

BLANK = 0
_NEVER = -math.inf
_SETTLED, _LONGEST, _EVERY = 64, 256, 64  # letters, letters, steps: see `PrefixBeam._settle`


@dataclass(frozen=True)
class Search:
    """How hypotheses are followed.

    Attributes:
        beam: how many; 1: the best path, unless something speaks for other letters.
        language: the weight of the language model's log-probability.
        bonus: added for each letter.
        hot: words to expect; `hot_bonus` is added for each of their letters once a word is whole.
        words: nothing but these is ever heard, and hot words; empty: whatever the letters spell.
        threshold: columns less likely than this at a step begin no new letter there; -inf: all may.
        alternatives: how many answers are told.
    """

    beam: int = 8
    language: float = 0.0
    bonus: float = 0.0
    hot: tuple[str, ...] = ()
    hot_bonus: float = 1.5
    words: tuple[str, ...] = ()
    threshold: float = -12.0
    alternatives: int = 5

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UserError: a number out of range.
        """
        if not 1 <= self.beam <= 1024:
            raise UserError(f"--beam {self.beam}: from 1 to 1024 hypotheses", "seqzoo transcribe --beam 16")
        if not 0 <= self.language <= 10:
            raise UserError(f"--weight {self.language:g}: from 0 to 10", "seqzoo transcribe --weight 0.5")


@dataclass(frozen=True)
class Hypothesis:
    """Columns of letters, and their score: of the sound, the language and the bonuses together."""

    ids: tuple[int, ...]
    score: float


def greedy(log_probs: np.ndarray) -> Hypothesis:
    """The best path of (steps, columns): the likeliest column of each step, repeats and blanks taken out."""
    best = log_probs.argmax(1)
    ids = tuple(int(column) for column, _ in groupby(best.tolist()) if column != BLANK)
    return Hypothesis(ids, float(log_probs.max(1).sum()))


@dataclass(frozen=True, eq=False)
class _Prefix:
    """Letters so far, as a chain: the last one, what came before, and what the language model and hot words say."""

    before: _Prefix | None
    letter: int
    length: int
    extra: float  # language and bonuses
    state: Hashable
    word: str
    told: list[np.ndarray] = field(default_factory=list)  # of the next letters: asked once

    def ids(self) -> tuple[int, ...]:
        found, one = [], self
        while one.before is not None:
            found.append(one.letter)
            one = one.before
        return tuple(found[::-1])


_Heard = tuple[_Prefix, float, float]


class PrefixBeam:
    """A prefix beam search that hears a few steps at a time; what it keeps does not grow with the sound.

    The probability of each text is summed over all alignments: `a` of those that end in a blank, `b` of those that end
    in its last letter. With a beam as wide as there are texts this is exact.

    Source: Graves 2012, Sequence transduction (prefix search); Hannun et al. 2014, First-pass large vocabulary
    continuous speech recognition using bi-directional recurrent DNNs.
    """

    def __init__(self, search: Search, scorer: Scorer | None, letters: Sequence[str]) -> None:
        self.search, self.letters = search, letters
        self.scorer = scorer if search.language else None
        self._words = frozenset(search.words and search.words + search.hot)
        self._begun = {word[:size] for word in self._words for size in range(len(word) + 1)}
        self.settled: list[int] = []
        self._heard = 0
        begin = self.scorer.begin() if self.scorer else None
        root = _Prefix(None, BLANK, 0, 0.0, begin, "")
        self._beam: dict[int, _Heard] = {id(root): (root, 0.0, _NEVER)}
        self._children: dict[tuple[int, int], _Prefix] = {}

    def feed(self, log_probs: np.ndarray) -> None:
        """Hear (steps, columns) more."""
        for row in np.asarray(log_probs, np.float64):
            self._step(row)
            self._heard += 1
            if self._heard % _EVERY == 0:
                self._settle()

    def _step(self, row: np.ndarray) -> None:
        after: dict[int, list[float]] = {}
        known: dict[int, _Prefix] = {}
        least = _NEVER if self._words else self.search.threshold  # known words are few, and no letter of them too rare
        likely = [column for column in np.flatnonzero(row >= least).tolist() if column != BLANK]
        values, blank = row.tolist(), float(row[BLANK])
        for prefix, a, b in self._beam.values():
            whole = _sum(a, b)
            self._add(after, known, prefix, whole + blank, b + values[prefix.letter] if prefix.before else _NEVER)
            for column in likely:
                if self._words and not self._spells(prefix.word, self.letters[column - 1]):
                    continue
                path = (a if column == prefix.letter and prefix.before else whole) + values[column]
                if path > _NEVER:
                    self._add(after, known, self._longer(prefix, column), _NEVER, path)
        ranked = sorted(after, key=lambda key: _sum(*after[key]) + known[key].extra, reverse=True)
        self._beam = {key: (known[key], after[key][0], after[key][1]) for key in ranked[: self.search.beam]}
        if len(self._children) > 64 * self.search.beam + 1024:
            self._forget()

    def _forget(self) -> None:
        """Keep only what the hypotheses are made of; a text must never stand there twice."""
        self._children = {}
        for prefix, _, _ in self._beam.values():
            one = prefix
            while one.before is not None and (id(one.before), one.letter) not in self._children:
                self._children[id(one.before), one.letter] = one
                one = one.before

    @staticmethod
    def _add(after: dict[int, list[float]], known: dict[int, _Prefix], one: _Prefix, a: float, b: float) -> None:
        key = id(one)
        if key not in after:
            after[key], known[key] = [a, b], one
        else:
            after[key] = [_sum(after[key][0], a), _sum(after[key][1], b)]

    def _longer(self, prefix: _Prefix, column: int) -> _Prefix:
        """The prefix with one letter more, always the same object while the prefix lives."""
        key = (id(prefix), column)
        found = self._children.get(key)
        if found is None or found.before is not prefix:
            found = self._children[key] = self._extended(prefix, column)
        return found

    def _extended(self, prefix: _Prefix, column: int) -> _Prefix:
        extra, state, letter = prefix.extra + self.search.bonus, prefix.state, self.letters[column - 1]
        if self.scorer:
            if not prefix.told:
                prefix.told.append(self.scorer.scores(state))
            extra += self.search.language * float(prefix.told[0][column])
            state = self.scorer.advance(state, column)
        word = "" if letter == " " else prefix.word + letter
        extra += self._hot(word) - (self._hot(prefix.word) if word else self._unfinished(prefix.word))
        return _Prefix(prefix, column, prefix.length + 1, extra, state, word)

    def _spells(self, word: str, letter: str) -> bool:
        """Whether a known word goes on, or ends, with this letter."""
        return word in self._words if letter == " " else word + letter in self._begun

    def _hot(self, word: str) -> float:
        """The bonus of a word that begins as a hot one, a letter at a time; what goes on otherwise loses it."""
        begun = any(hot.startswith(word) for hot in self.search.hot)
        return self.search.hot_bonus * len(word) if begun else 0.0

    def _unfinished(self, word: str) -> float:
        """What a word has of a hot one that it has not become."""
        return 0.0 if word in self.search.hot else self._hot(word)

    def _settle(self) -> None:
        """Let go of the letters that every hypothesis shares once they are many, so that a long stream stays short.

        Where hypotheses still differ in what is long past, those that the best one contradicts are given up.
        """
        ranked = sorted(self._beam.values(), key=lambda one: _sum(one[1], one[2]) + one[0].extra, reverse=True)
        every = [prefix.ids() for prefix, _, _ in ranked]
        if len(every[0]) < _SETTLED:
            return
        if len(every[0]) > _LONGEST:
            kept = [i for i, ids in enumerate(every) if ids[:_SETTLED] == every[0][:_SETTLED] and len(ids) > _SETTLED]
            ranked, every = [ranked[i] for i in kept], [every[i] for i in kept]
        same = [len(set(letters)) == 1 for letters in zip(*every, strict=False)]
        shared = (same.index(False) if False in same else len(same)) - 1
        if shared < _SETTLED // 2:
            return
        self.settled += every[0][:shared]
        self._beam = _without(ranked, shared)
        self._forget()

    def end(self) -> None:
        """Nothing more comes: where only known words are heard, a word that has just begun is none."""
        if self._words:
            whole = {key: one for key, one in self._beam.items() if one[0].word in self._words or not one[0].word}
            self._beam = whole or self._beam

    def best(self) -> Hypothesis:
        """What is heard by now, after what is settled: its cost does not grow with the sound."""
        return self._ranked(())[0]

    def ranked(self) -> list[Hypothesis]:
        """All hypotheses, the best first, whole, the end of the text counted."""
        return self._ranked(tuple(self.settled))

    def _ranked(self, before: tuple[int, ...]) -> list[Hypothesis]:
        found = [
            Hypothesis(before + one.ids(), _sum(a, b) + one.extra + self._end(one)) for one, a, b in self._beam.values()
        ]
        return sorted(found, key=lambda one: one.score, reverse=True)

    def _end(self, one: _Prefix) -> float:
        end = self.search.language * self.scorer.end(one.state) if self.scorer else 0.0
        return end - self._unfinished(one.word)


def _without(beam: Sequence[_Heard], count: int) -> dict[int, _Heard]:
    """The same hypotheses without their first `count` letters, which they share."""
    made: dict[int, _Prefix] = {}

    def short(one: _Prefix) -> _Prefix:
        if id(one) not in made:
            before = short(one.before) if one.length > count and one.before else None
            made[id(one)] = _Prefix(before, one.letter, one.length - count, one.extra, one.state, one.word, one.told)
        return made[id(one)]

    shortened = [(short(one), a, b) for one, a, b in beam]
    return {id(one): (one, a, b) for one, a, b in shortened}


def _sum(a: float, b: float) -> float:
    """The logarithm of the sum of two probabilities."""
    if a < b:
        a, b = b, a
    return a if b == _NEVER else a + math.log1p(math.exp(b - a))


def prefix_beam(
    log_probs: np.ndarray, search: Search, scorer: Scorer | None, letters: Sequence[str]
) -> list[Hypothesis]:
    """What (steps, columns) of a whole recording say, the best first; see `PrefixBeam`."""
    beam = PrefixBeam(search, scorer, letters)
    beam.feed(log_probs)
    beam.end()
    return beam.ranked()[: search.alternatives]
