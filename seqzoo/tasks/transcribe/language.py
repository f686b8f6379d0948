"""What speaks for one letter after others, whatever was heard: letter n-grams, or a language model's bundle."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from seqzoo import counts
from seqzoo.counts import NGrams
from seqzoo.errors import UserError
from seqzoo.ngrams import longest_order

FILE = counts.FILE
_KEPT = 20_000  # answers that are remembered
_FOREIGN = -12.0  # the log-probability of a letter that a language model never saw


class Scorer(Protocol):
    """Speaks for letters one after another. A state is what it remembers of a text."""

    def begin(self) -> Hashable:
        """Of a text of which nothing is there yet."""
        ...

    def scores(self, state: Any) -> np.ndarray:
        """(columns,) float64 natural log-probabilities of the next letter; that of the blank is 0."""
        ...

    def advance(self, state: Any, column: int) -> Hashable:
        """After one letter more."""
        ...

    def end(self, state: Any) -> float:
        """The log-probability that the text, or at least its word, ends here."""
        ...


@dataclass(frozen=True)
class LetterGrams:
    """Counts of the training texts' letters (Kneser and Ney 1995), a space before and after each text.

    A state is the columns of the last letters, as many as matter.
    """

    table: NGrams
    space: int  # the column of " "; 0: there is none
    _known: dict[tuple[int, ...], np.ndarray] = field(default_factory=dict)

    @classmethod
    def fit(cls, texts: Sequence[str], letters: Sequence[str], order: int) -> LetterGrams:
        """Count runs of up to `order` letters."""
        places = {letter: i for i, letter in enumerate(letters)}
        between = " " if " " in places else ""
        ids = np.array([places[letter] for letter in between + between.join(texts) + between])
        size = max(2, len(letters))
        order = min(order, longest_order(size), len(ids))
        return cls(NGrams.fit(ids, size, order), places.get(" ", -1) + 1)

    def begin(self) -> tuple[int, ...]:
        """As after the end of another text."""
        return (self.space,) if self.space else ()

    def scores(self, state: tuple[int, ...]) -> np.ndarray:
        """See `Scorer`."""
        found = self._known.get(state)
        if found is None:
            p = self.table.probabilities(tuple(column - 1 for column in state))
            found = np.append(0.0, np.log(np.maximum(p, 1e-12)))
            if len(self._known) < _KEPT:
                self._known[state] = found
        return found

    def advance(self, state: tuple[int, ...], column: int) -> tuple[int, ...]:
        """See `Scorer`."""
        return (*state, column)[-(self.table.order - 1) :]

    def end(self, state: tuple[int, ...]) -> float:
        """See `Scorer`."""
        return float(self.scores(state)[self.space]) if self.space and state[-1:] != (self.space,) else 0.0

    def save(self, folder: Path) -> None:
        """Write counts.npz."""
        self.table.save(folder)

    @classmethod
    def load(cls, folder: Path, letters: Sequence[str]) -> LetterGrams:
        """Read what `save` wrote.

        Raises:
            UserError: missing or damaged, or of other letters.
        """
        table = NGrams.load(folder)
        if table.size != max(2, len(letters)):
            raise UserError(f"{folder}: {FILE} counts {table.size} letters, the codec has {len(letters)}")
        return cls(table, letters.index(" ") + 1 if " " in letters else 0)


class Vocabulary(Protocol):
    """What a language model's codec must tell: its units, one after another."""

    @property
    def vocabulary(self) -> Sequence[str]:
        """Unit i has id i."""
        ...


class Writer(Protocol):
    """What a language model's bundle must do: say after one unit more what may come next."""

    @property
    def codec(self) -> Any:
        """A `Vocabulary`."""
        ...

    def begin(self, batch: int) -> Any:
        """The memory of texts of which nothing was read."""
        ...

    def ahead(self, unit: int, memory: Any) -> tuple[np.ndarray, Any]:
        """(1, size) logits after one unit more, and the memory then; the one before stays good."""
        ...


@dataclass(frozen=True, eq=False)
class _Read:
    """What a language model has read, and what it expects."""

    memory: Any
    scores: np.ndarray


class FromGenerator:
    """A bundle that goes on with texts, a letter at a time, as one that speaks for letters.

    Args:
        writer: the loaded bundle.
        letters: what can be heard; those that it never saw are very unlikely.

    Raises:
        UserError: its units are no letters.
    """

    def __init__(self, writer: Writer, letters: Sequence[str]) -> None:
        units = {unit: i for i, unit in enumerate(writer.codec.vocabulary)}
        known = [units.get(letter, -1) for letter in letters]
        if " " not in units or sum(i >= 0 for i in known) < len(letters) / 2:
            raise UserError(
                "this language model does not write the letters that are heard: "
                f"{' '.join(letters)}", "seqzoo train char-lstm --data texts.txt"
            )  # fmt: skip
        self._writer, self._units, self._space = writer, known, units[" "]
        self._foreign = np.array([True] + [i < 0 for i in known])
        self._space_column = list(letters).index(" ") + 1 if " " in letters else 0

    def begin(self) -> Hashable:
        """As after the end of another word."""
        return self._after(self._space, self._writer.begin(1))

    def _after(self, unit: int, memory: Any) -> _Read:
        logits, memory = self._writer.ahead(unit, memory)
        row = logits[0].astype(np.float64)
        row -= row.max()
        row -= np.log(np.exp(row).sum())
        scores = np.append(0.0, row[self._units])
        scores[self._foreign] = _FOREIGN
        scores[0] = 0.0
        return _Read(memory, scores)

    def scores(self, state: _Read) -> np.ndarray:
        """See `Scorer`."""
        return state.scores

    def advance(self, state: _Read, column: int) -> Hashable:
        """See `Scorer`; asked for each hypothesis once."""
        unit = self._units[column - 1]
        return self._after(unit, state.memory) if unit >= 0 else state

    def end(self, state: _Read) -> float:
        """See `Scorer`."""
        return float(state.scores[self._space_column]) if self._space_column else 0.0
