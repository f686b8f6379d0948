"""Sentences <-> arrays. Fitted on the training part, saved as JSON, used on every path."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.runtime import Arrays
from seqzoo.tasks.tag import schemes, vectors, viterbi
from seqzoo.tasks.tag.data import Splits
from seqzoo.tasks.tag.options import CodecOptions
from seqzoo.tasks.tag.schemes import PLAIN, SCHEMES, Span
from seqzoo.tasks.tag.words import PADDING, SPECIAL, UNKNOWN, known_as

FILE = "codec.json"
BEGIN, END = 2, 3  # of a word; 0 is padding, 1 an unknown letter
_SPECIAL_LETTERS = 4


@dataclass(frozen=True)
class TagCodec:
    """Words and letters to ids, tags to numbers.

    Attributes:
        words: the vocabulary; word i has id i + 2.
        letters: the alphabet; letter i has id i + 4. Empty: letters are not read.
        tags: in the order of the model's outputs.
        scheme: in which spans are tagged: BIOES, IOB2, or plain.
        lower: whether words are looked up in small letters.
        width: letters of a word that are read, its beginning and its end counted.

    An encoded sentence: "words" (time,) int32 and, where letters are read, "letters" (time, width) int32.
    """

    words: tuple[str, ...]
    letters: tuple[str, ...]
    tags: tuple[str, ...]
    scheme: str
    lower: bool
    width: int

    def __post_init__(self) -> None:
        # Lookup tables, not state: they follow from the fields.
        object.__setattr__(self, "_ids", {word: i + SPECIAL for i, word in enumerate(self.words)})
        object.__setattr__(self, "_letters", {x: i + _SPECIAL_LETTERS for i, x in enumerate(self.letters)})

    @classmethod
    def fit(cls, splits: Splits, options: CodecOptions) -> TagCodec:
        """Learn words, letters and tags from the training part; words also from its texts without tags."""
        train = splits.train
        scheme = PLAIN if train.plain else options.scheme
        counts = Counter(known_as(word, options.lower) for words in train.words for word in words)
        room = max(0, options.words - SPECIAL)
        found = [word for word, n in _ranked(counts) if n >= options.minimum][:room]
        if options.more:
            found += _further(splits, options, set(found))
        letters: tuple[str, ...] = ()
        if options.letters:
            seen = Counter(letter for words in train.words for word in words for letter in word)
            letters = tuple(sorted(letter for letter, n in seen.items() if n > 1))
        tags = schemes.names((tag for tags in train.tags for tag in tags), scheme)
        return cls(tuple(found), letters, tags, scheme, options.lower, options.letters)

    def sizes(self) -> dict[str, int]:
        """What the builder of a model must know."""
        sizes = {"vocabulary_size": len(self.words) + SPECIAL, "classes": len(self.tags)}
        spelled = {"alphabet": len(self.letters) + _SPECIAL_LETTERS, "width": self.width}
        return sizes | (spelled if self.width else {})

    @property
    def outside(self) -> str:
        """The scheme in which tags leave the model: IOB2, or plain."""
        return PLAIN if self.scheme == PLAIN else "IOB2"

    @property
    def kinds(self) -> list[str]:
        """What is marked, sorted."""
        return sorted({schemes.parted(tag)[1] or tag for tag in self.tags} - {schemes.OUTSIDE})

    @cached_property
    def allowed(self) -> np.ndarray:
        """Which tag may follow which; see `viterbi.allowed`."""
        return viterbi.allowed(self.tags, self.scheme)

    def encode(self, words: Sequence[str]) -> Arrays:
        """The arrays of one sentence of at least one word."""
        found = {"words": self.ids(words)}
        return found | ({"letters": np.stack([self._spelled(word) for word in words])} if self.width else {})

    def ids(self, words: Sequence[str]) -> np.ndarray:
        """(time,) int32 ids of words."""
        known: dict[str, int] = self._ids  # type: ignore[attr-defined]
        return np.array([known.get(known_as(word, self.lower), UNKNOWN) for word in words], np.int32)

    def _spelled(self, word: str) -> np.ndarray:
        """(width,) int32: the letters between a beginning and an end; of a long word what fits of both ends."""
        known: dict[str, int] = self._letters  # type: ignore[attr-defined]
        room = self.width - 2
        kept = word if len(word) <= room else word[: (room + 1) // 2] + word[-(room // 2) :]
        ids = [BEGIN, *(known.get(letter, UNKNOWN) for letter in kept), END]
        return np.array(ids + [PADDING] * (self.width - len(ids)), np.int32)

    def encode_tags(self, tags: Sequence[str]) -> np.ndarray:
        """(time,) int32 numbers of a sentence's tags, given in IOB2 or plain.

        Raises:
            UserError: a tag that training never saw.
        """
        tags = schemes.written(schemes.each(tags, self.scheme), len(tags), self.scheme)
        numbers = {tag: i for i, tag in enumerate(self.tags)}
        if unseen := sorted(set(tags) - set(numbers)):
            shown, known = ", ".join(unseen[:5]), ", ".join(self.tags[:30])
            raise UserError(f"tag(s) unseen in training: {shown} (known: {known})")
        return np.array([numbers[tag] for tag in tags], np.int32)

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """The tags that the model's outputs name, in `scheme`."""
        return [self.tags[i] for i in numbers]

    def spans(self, numbers: Iterable[int]) -> list[Span]:
        """What they mark; of a plain scheme each word."""
        return schemes.each(self.decode(numbers), self.scheme)

    def save(self, folder: Path) -> None:
        """Write codec.json."""
        (folder / FILE).write_text(json.dumps(dataclasses.asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TagCodec:
        """Read what `save` wrote.

        Raises:
            UserError: a missing or damaged file.
        """
        try:
            return cls.from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise UserError(f"{folder}: the codec is missing or damaged: {error}") from None

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TagCodec:
        """Rebuild a codec; the fields must be exactly ours, with the right types.

        Raises:
            ValueError: a missing, foreign or mistyped field.
        """
        names = {one.name for one in dataclasses.fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            raise ValueError(f"a codec of tags has the fields {', '.join(sorted(names))}")
        lists = {name: values[name] for name in ("words", "letters", "tags")}
        if not all(isinstance(v, list | tuple) and all(isinstance(x, str) for x in v) for v in lists.values()):
            raise ValueError("words, letters and tags must be lists of strings")
        if values["scheme"] not in SCHEMES or len(values["tags"]) < 2 or not isinstance(values["lower"], bool):
            raise ValueError("a codec of tags needs a scheme and two tags")
        if not isinstance(values["width"], int) or not (values["width"] == 0 or 4 <= values["width"] <= 60):
            raise ValueError("width must be 0 or lie between 4 and 60")
        return cls(**{**values, **{name: tuple(v) for name, v in lists.items()}})


def _further(splits: Splits, options: CodecOptions, known: set[str]) -> list[str]:
    """Words that occur in other texts alone, or in a file of word vectors: so many as `options.more`."""
    if splits.vectors:
        named = dict.fromkeys(known_as(word, options.lower) for word in vectors.words(Path(splits.vectors)))
        return [word for word in named if word not in known][: options.more]
    others = Counter(known_as(word, options.lower) for words in splits.paragraphs() for word in words)
    return [word for word, _ in _ranked(others) if word not in known][: options.more]


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent first, ties in alphabetical order."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
