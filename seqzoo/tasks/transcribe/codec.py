"""Texts <-> ids: letters with CTC's blank before them, or whole words. The sound itself needs no codec."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.tasks.transcribe.options import TARGETS, CodecOptions

if TYPE_CHECKING:
    from seqzoo.tasks.transcribe.data import Clips

FILE, BLANK = "codec.json", 0


@dataclass(frozen=True)
class SpeechCodec:
    """Letters, or words, to columns of the network's output.

    Attributes:
        target: "letters": column 0 is CTC's blank, as Keras has it, and letter i has column i + 1; "word": column i
            is the whole text i.
        letters: what can be written, sorted: single letters, or words.
        rate: samples a second of the sounds that the network takes.
    """

    target: str
    letters: tuple[str, ...]
    rate: int

    def __post_init__(self) -> None:
        # A lookup table, not state: it follows from `letters`.
        object.__setattr__(self, "_ids", {letter: i + self._first for i, letter in enumerate(self.letters)})

    @classmethod
    def fit(cls, train: Clips, options: CodecOptions) -> SpeechCodec:
        """Learn what is written in the training part.

        Raises:
            UserError: more words than can be told apart, or only one.
        """
        known = set("".join(train.texts)) if options.target == "letters" else set(train.texts)
        if options.target == "word" and not 2 <= len(known) <= max(2, len(train) // 2):
            raise UserError(
                f"one word a recording: {len(known)} different texts in {len(train)} recordings",
                "--set codec.target=letters",
            )
        if options.joined > 1:
            known.add(" ")
        return cls(options.target, tuple(sorted(known)), train.rate)

    @property
    def spelled(self) -> bool:
        """Whether letters are written, one after another."""
        return self.target == "letters"

    @property
    def _first(self) -> int:
        return BLANK + 1 if self.spelled else 0

    def sizes(self) -> dict[str, int]:
        """What the builder of a model must know."""
        return {"classes": len(self.letters) + self._first, "rate": self.rate}

    def encode(self, text: str) -> np.ndarray:
        """(n,) int32 columns of a text's letters, or of the one word.

        Raises:
            UserError: letters or a word that training never saw.
        """
        known: dict[str, int] = self._ids  # type: ignore[attr-defined]
        parts = list(text) if self.spelled else [text]
        foreign = sorted(set(parts) - set(known))
        if foreign:
            listed = " ".join(self.letters) if self.spelled else ", ".join(self.letters)
            raise UserError(f"{text[:60]!r} holds {' '.join(map(repr, foreign[:8]))}: the model writes only {listed}")
        return np.array([known[part] for part in parts], np.int32)

    def foreign(self, texts: Iterable[str]) -> list[str]:
        """What in these texts cannot be written, sorted."""
        known = set(self.letters)
        return sorted({part for text in texts for part in (text if self.spelled else [text])} - known)

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """The text that columns spell; blanks vanish."""
        return "".join(self.letters[i - self._first] for i in ids if i >= self._first)

    def save(self, folder: Path) -> None:
        """Write codec.json."""
        (folder / FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SpeechCodec:
        """Read what `save` wrote.

        Raises:
            UserError: a missing or damaged file.
        """
        try:
            return cls.from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{folder}: the codec is missing or damaged: {error}") from None

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> SpeechCodec:
        """Rebuild a codec.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        letters, rate = values["letters"], values["rate"]
        if values["target"] not in TARGETS or not isinstance(rate, int) or not 4000 <= rate <= 48_000:
            raise ValueError("a speech codec has a target and a rate")
        if not isinstance(letters, list | tuple) or not all(isinstance(x, str) and x for x in letters) or not letters:
            raise ValueError("letters must be a list of strings")
        if values["target"] == "letters" and any(len(letter) != 1 for letter in letters):
            raise ValueError("a letter is one character")
        return cls(values["target"], tuple(letters), rate)
