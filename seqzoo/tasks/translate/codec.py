"""Pairs of sentences <-> ids: a table of units for each side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.tasks.translate.data import Pairs
from seqzoo.tasks.translate.options import UNITS, CodecOptions
from seqzoo.tasks.translate.units import Characters, Subwords, Units, units

FILE = "codec.json"
PADDING, START, STOP = 0, 1, 2
_FIRST_SOURCE, _FIRST_TARGET = 1, 3  # ids of the first unit of each side
_MANY = 200_000  # pairs that subwords are learnt from


@dataclass(frozen=True)
class PairCodec:
    """Both sides' units. Ids of the source begin at 1; of the target 1 is the start, 2 the stop, and units begin at 3.

    Attributes:
        unit, whole: as in the recipe.
        longest: units of a side that are read or written at a time.
        source, target: the tables.
        letters: the letters that sources of the training part have.
    """

    unit: str
    longest: int
    whole: bool
    source: Units
    target: Units
    letters: str

    @classmethod
    def fit(cls, train: Pairs, options: CodecOptions) -> PairCodec:
        """Learn the units of the training part."""
        sources, targets = train.sources, [text for texts in train.references for text in texts]
        letters = "".join(sorted({unit for text in sources for unit in text if unit.isalpha()}))
        source: Units
        target: Units
        if options.unit == "character":
            source, target = Characters.fit(sources), Characters.fit(targets)
        else:
            source = Subwords.fit(sources[:_MANY], options.source_units)
            target = Subwords.fit(targets[:_MANY], options.target_units - _FIRST_TARGET + 1)
        return cls(options.unit, options.longest, options.whole, source, target, letters)

    def sizes(self) -> dict[str, int]:
        """What the builder of a model must know."""
        return {"source_units": len(self.source), "target_units": _FIRST_TARGET - 1 + len(self.target)}

    def knows(self, text: str) -> bool:
        """Whether a text holds a letter that training sources held."""
        return any(unit in self.letters for unit in text)

    def script(self) -> str:
        """What those letters look like."""
        return f"texts with letters like {self.letters[:12]}" if self.letters else "texts without letters"

    def encode(self, text: str) -> np.ndarray:
        """(n,) int32 ids of a source; of one that is read whole, its last."""
        ids = np.array(self.source.encode(text), np.int32) + _FIRST_SOURCE
        return ids[-self.longest :] if self.whole else ids

    def encode_target(self, text: str) -> np.ndarray:
        """(n + 2,) int32 ids of a target between its start and its stop."""
        ids = (unit + _FIRST_TARGET for unit in self.target.encode(text))
        return np.array([START, *ids, STOP], np.int32)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of target ids; start and stop are passed over."""
        return self.target.decode(int(i) - _FIRST_TARGET for i in ids if i >= _FIRST_TARGET)

    def spelled(self, text: str) -> list[str]:
        """The text of each unit of a source."""
        return [self.source.decode([unit - _FIRST_SOURCE]) for unit in self.encode(text).tolist()]

    def parts(self, text: str) -> list[str]:
        """A text as sentences, and parts of sentences that are too long, which together are the text.

        Blanks stay at the end of what they follow. What is read whole has one part.
        """
        return [text] if self.whole else [part for sentence in sentences(text) for part in self._short(sentence)]

    def _short(self, text: str) -> Iterator[str]:
        if len(text) <= self.longest or len(self.encode(text)) <= self.longest:  # a unit is a character at least
            yield text
            return
        yield from self._halves(text)

    def _halves(self, text: str) -> Iterator[str]:
        """Cut near the middle: after a comma or the like, else after a blank, else anywhere."""
        middle = len(text) // 2
        for pattern in (r"[,;:–—]\s+", r"\s+"):
            places = [match.end() for match in re.finditer(pattern, text) if 0 < match.end() < len(text)]
            if places:
                middle = min(places, key=lambda place: abs(place - len(text) / 2))
                break
        yield from self._short(text[:middle])
        yield from self._short(text[middle:])

    # --- files ---------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write codec.json."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values |= {"source": self.source.to_json(), "target": self.target.to_json()}
        (folder / FILE).write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> PairCodec:
        """Read what `save` wrote.

        Raises:
            UserError: missing or damaged.
        """
        try:
            return cls.from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UserError(f"{folder}: the codec is missing or damaged: {error}") from None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> PairCodec:
        """Rebuild a codec; the fields must be exactly ours.

        Raises:
            ValueError: a missing or foreign field, or units that cannot be.
        """
        names = [f.name for f in fields(cls)]
        if not isinstance(values, dict) or set(values) != set(names) or values["unit"] not in UNITS:
            raise ValueError(f"a codec of pairs has the fields {', '.join(names)}")
        source, target = units(values["source"]), units(values["target"])
        longest, whole = int(values["longest"]), bool(values["whole"])
        return cls(values["unit"], longest, whole, source, target, str(values["letters"]))


_END = re.compile(r"(?<=[.!?…])[\"'»”’)\]]*\s+(?=[\"'«“‘(\[¿¡]*[^\W\d_])")
_LETTER = re.compile(r"[^\W\d_]")
_SHORTENED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|No|vs|etc|M|Mme|[A-Z])\.\s+$")


def sentences(text: str) -> list[str]:
    """Cut after what ends a sentence, where a letter that is no small one follows; together they are the text."""
    found, start = [], 0
    for match in _END.finditer(text):
        begins = _LETTER.search(text, match.end())
        if (begins and begins[0].islower()) or _SHORTENED.search(text[start : match.end()]):
            continue
        found.append(text[start : match.end()])
        start = match.end()
    return [*found, text[start:]]


def joined(parts: Sequence[str], answers: Sequence[str]) -> str:
    """Answers with the blanks that their parts began and ended with."""
    out = []
    for part, answer in zip(parts, answers, strict=True):
        bare = part.strip()
        start = part.index(bare) if bare else 0
        out.append(part[:start] + answer + part[start + len(bare) :])
    return "".join(out)
