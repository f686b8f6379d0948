"""Texts <-> arrays. Fitted on the training split only, saved as JSON, used on every path."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.runtime import Arrays
from seqzoo.tasks.classify import words as splitting
from seqzoo.tasks.classify.options import CodecOptions
from seqzoo.tasks.classify.ratios import Ratios, crossfit
from seqzoo.tasks.classify.words import PADDING, SPECIAL, START, UNKNOWN

if TYPE_CHECKING:
    from seqzoo.tasks.classify.data import Examples


FILE, RATIOS = "codec.json", "ratios.npz"


@dataclass(frozen=True, eq=False)
class WordCodec:
    """Words to ids, class names to numbers.

    Attributes:
        words: the vocabulary, most frequent first; word i has id i + 3.
        classes: class names in the order of the model's outputs.
        tokens: the longest sequence, start token included.
        keep: which part of a longer text is read: "head", "tail" or "head+tail" (half each).
        ratios: evidence for each token beside its id, or None.

    An encoded text is arrays that share their first axis: "ids" (time,) int32 and, with ratios, "evidence"
    (time, columns) float32.
    """

    words: tuple[str, ...]
    classes: tuple[str, ...]
    tokens: int
    keep: str
    ratios: Ratios | None = None

    def __post_init__(self) -> None:
        # A lookup table, not state: it follows from `words`.
        object.__setattr__(self, "_ids", {word: i + SPECIAL for i, word in enumerate(self.words)})

    @classmethod
    def fit(cls, train: Examples, options: CodecOptions) -> WordCodec:
        """Learn vocabulary, class names and, where the recipe asks for them, ratios from the training split."""
        words = splitting.most_frequent(train.tokens, options.words - SPECIAL, train.groups, options.minimum_groups)
        codec = cls(words, tuple(sorted(set(train.labels))), options.tokens, options.keep)
        if not options.ratios:
            return codec
        ids, labels = [*map(codec.ids, train.tokens)], codec.encode_labels(train.labels)
        table = Ratios.fit(ids, labels, train.groups, len(codec.classes), options.ratios, options.ratio_groups)
        return dataclasses.replace(codec, ratios=table)

    def sizes(self) -> dict[str, int]:
        """What the builder of a model must know; two classes need one output."""
        outputs = 1 if len(self.classes) == 2 else len(self.classes)
        sizes = {"vocabulary_size": len(self.words) + SPECIAL, "classes": outputs}
        return sizes | ({"evidence": self.ratios.columns} if self.ratios else {})

    def encode(self, text: str) -> Arrays:
        """Turn a text into arrays: the start token, then at most `tokens - 1` words."""
        return self.arrays(self.ids(splitting.words(text)))

    def arrays(self, ids: np.ndarray) -> Arrays:
        """Complete (time,) int32 ids with their evidence."""
        return {"ids": ids} if self.ratios is None else {"ids": ids, "evidence": self.ratios.of(ids)}

    def encode_training(self, train: Examples, options: CodecOptions) -> list[Arrays]:
        """Encode the split the codec was fitted on: evidence comes from the other folds (see `ratios`)."""
        ids = [*map(self.ids, train.tokens)]
        if self.ratios is None:
            return [{"ids": one} for one in ids]
        labels = self.encode_labels(train.labels)
        evidence = crossfit(ids, labels, train.groups, len(self.classes), self.ratios.orders, options.ratio_groups)
        return [{"ids": a, "evidence": b} for a, b in zip(ids, evidence, strict=True)]

    def ids(self, tokens: Sequence[str]) -> np.ndarray:
        """(time,) int32 ids of a text's words, the start token first."""
        known: dict[str, int] = self._ids  # type: ignore[attr-defined]
        return np.array([START, *(known.get(word, UNKNOWN) for word in self.kept(tokens))], np.int32)

    def kept(self, tokens: Sequence[str]) -> Sequence[str]:
        """The words that are read; word i stands at position i + 1 of the encoding."""
        room = self.tokens - 1
        if len(tokens) <= room:
            return tokens
        if self.keep == "head":
            return tokens[:room]
        if self.keep == "tail":
            return tokens[-room:]
        head = (room + 1) // 2
        return [*tokens[:head], *tokens[len(tokens) - (room - head) :]]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Turn ids back into words; padding and start vanish, unknown words become `<unknown>`."""
        return ["<unknown>" if i == UNKNOWN else self.words[i - SPECIAL] for i in ids if i not in (PADDING, START)]

    def encode_labels(self, labels: Sequence[str]) -> np.ndarray:
        """Class names to (n,) int32 class numbers.

        Raises:
            UserError: a class that training never saw.
        """
        numbers = {name: i for i, name in enumerate(self.classes)}
        unseen = sorted(set(labels) - set(numbers))
        if unseen:
            shown, known = ", ".join(map(repr, unseen[:5])), ", ".join(self.classes[:20])
            raise UserError(f"class(es) unseen in training: {shown} (known: {known})")
        return np.array([numbers[label] for label in labels], np.int32)

    def save(self, folder: Path) -> None:
        """Write codec.json, and ratios.npz where there are ratios."""
        (folder / FILE).write_text(json.dumps(self.to_json()), encoding="utf-8")
        if self.ratios is not None:
            self.ratios.save(folder / RATIOS)

    @classmethod
    def load(cls, folder: Path) -> WordCodec:
        """Read what `save` wrote.

        Raises:
            UserError: missing or damaged files.
        """
        try:
            codec = cls.from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
            ratios = Ratios.load(folder / RATIOS) if (folder / RATIOS).is_file() else None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise UserError(f"{folder}: the codec is missing or damaged: {error}") from None
        return dataclasses.replace(codec, ratios=ratios)

    def to_json(self) -> dict[str, Any]:
        """Every field but the ratios, as JSON values."""
        return {name: getattr(self, name) for name in _fields()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> WordCodec:
        """Rebuild a codec; the fields must be exactly ours, with the right types.

        Raises:
            ValueError: a missing, foreign or mistyped field.
        """
        if not isinstance(values, dict) or set(values) != set(_fields()):
            raise ValueError(f"a text codec has the fields {', '.join(_fields())}")
        words, classes = values["words"], values["classes"]
        if not all(isinstance(w, list | tuple) and all(isinstance(x, str) for x in w) for w in (words, classes)):
            raise ValueError("words and classes must be lists of strings")
        if len(classes) < 2 or not isinstance(values["tokens"], int) or values["tokens"] < 2:
            raise ValueError("a text codec needs two classes and two tokens")
        return cls(tuple(words), tuple(classes), values["tokens"], str(values["keep"]))


def _fields() -> list[str]:
    return [f.name for f in dataclasses.fields(WordCodec) if f.name != "ratios"]
