"""Text <-> ids: characters, words, or what stands between blanks."""

from __future__ import annotations

import itertools
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.tasks.generate.options import OLD_READS, READS, UNITS, CodecOptions
from seqzoo.tasks.generate.text import Text

FILE = "codec.json"
UNKNOWN = "<unk>"
_NEWEST = 40  # units: no later one changes the blanks between those before
_IN_MEMORY = 1 << 26  # bytes of text above which ids are kept in a file
_PATTERNS = {"word": re.compile(r"\n|<unk>|\w+(?:['’]\w+)*|[^\w\s]"), "token": re.compile(r"\n|[^\s]+")}
_CLOSE = re.compile(r" ([.,;:!?)\]}…])|([(\[{]) ")


@dataclass(frozen=True)
class UnitCodec:
    """The units of the training part, most frequent first; ids are their places.

    Attributes:
        unit, window, reads, stride: as in the recipe.
        vocabulary: the units; holds UNKNOWN when training had more of them, or always for words.
    """

    unit: str
    window: int
    reads: str
    stride: int
    vocabulary: tuple[str, ...]

    @classmethod
    def fit(cls, train: Text, options: CodecOptions) -> UnitCodec:
        """Count the units of the training part.

        Raises:
            UserError: no text, or less than one window of it.
        """
        counts: Counter[str] = Counter()
        for units in _units(train.pieces(), options.unit):
            counts.update(units)
        if sum(counts.values()) <= options.window + 1:
            raise UserError(
                f"the training part has {sum(counts.values()):,} {options.unit}s, fewer than a window of "
                f"{options.window}",
                "--set codec.window=...",
            )
        limit = options.vocabulary_size or len(counts) + 1
        counts.pop(UNKNOWN, None)
        needed = options.unit != "character" or len(counts) > limit
        ranked = [unit for unit, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
        kept = [UNKNOWN, *ranked[: limit - 1]] if needed else ranked
        return cls(options.unit, options.window, options.reads, options.stride, tuple(kept))

    def sizes(self) -> dict[str, int]:
        """What the builder of a model must know."""
        return {"vocabulary_size": len(self.vocabulary)}

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {unit: i for i, unit in enumerate(self.vocabulary)}

    @property
    def dtype(self) -> type:
        """Of the ids as they are kept."""
        return np.uint8 if len(self.vocabulary) <= 256 else np.uint16 if len(self.vocabulary) <= 65_536 else np.int32

    def encode(self, text: str) -> tuple[np.ndarray, int]:
        """(n,) ids, and how many units are unknown: they become UNKNOWN, or are left out where there is none."""
        return self._encoded(text if self.unit == "character" else list(itertools.chain(*_units([text], self.unit))))

    @cached_property
    def _by_code_point(self) -> np.ndarray:
        table = np.full(0x110000, -1, np.int32)
        for unit, i in self._ids.items():
            table[ord(unit) if len(unit) == 1 else 0] = i
        return table

    def _encoded(self, units: Sequence[str]) -> tuple[np.ndarray, int]:
        if isinstance(units, str):  # characters, a hundred times faster than one by one
            ids = self._by_code_point[np.frombuffer(units.encode("utf-32-le", "replace"), np.uint32)]
        else:
            ids = np.array([self._ids.get(unit, -1) for unit in units], np.int32)
        unknown = int((ids < 0).sum())
        ids = ids[ids >= 0] if UNKNOWN not in self._ids else np.where(ids < 0, self._ids.get(UNKNOWN, 0), ids)
        return ids.astype(self.dtype), unknown

    def encode_all(self, text: Text) -> tuple[np.ndarray, int]:
        """As `encode`, piece by piece; the ids of a long text live in a file that vanishes with the process."""
        if len(text) <= _IN_MEMORY:
            parts = [self._encoded(units) for units in _units(text.pieces(), self.unit)]
            ids = [ids for ids, _ in parts] or [np.empty(0, self.dtype)]
            return np.concatenate(ids), sum(unknown for _, unknown in parts)
        unknown = 0
        with tempfile.TemporaryFile() as file:
            for units in _units(text.pieces(), self.unit):
                ids_of_piece, more = self._encoded(units)
                file.write(ids_of_piece.tobytes())
                unknown += more
            file.flush()
            return np.memmap(file, self.dtype, "r"), unknown

    def unknown_in(self, text: str) -> list[str]:
        """The units of a text that training never saw, each once, in order."""
        units = itertools.chain(*_units([text], self.unit))
        return list(dict.fromkeys(unit for unit in units if unit not in self._ids))

    def decode(self, ids: Iterable[int]) -> str:
        """Units joined: words by blanks, none before closing symbols or around line ends."""
        units = [self.vocabulary[int(i)] for i in ids]
        if self.unit == "character":
            return "".join(units)
        joined = " ".join(units).replace(" \n ", "\n").replace(" \n", "\n").replace("\n ", "\n")
        return _CLOSE.sub(r"\1\2", joined) if self.unit == "word" else joined

    def spelled(self, ids: Iterable[int]) -> Iterator[str]:
        """What each of a stream of ids adds to the text."""
        recent: list[int] = []
        for i in ids:
            recent = [*recent[-_NEWEST:], int(i)]
            yield self.decode(recent)[len(self.decode(recent[:-1])) :]

    # --- files ---------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write codec.json."""
        (folder / FILE).write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> UnitCodec:
        """Read what `save` wrote.

        Raises:
            UserError: missing or damaged.
        """
        try:
            return cls.from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UserError(f"{folder}: the codec is missing or damaged: {error}") from None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> UnitCodec:
        """Rebuild a codec; the fields must be exactly ours.

        Bundles of format 1 say `targets` for `reads`.

        Raises:
            ValueError: a missing or foreign field, a unit that is none, or a vocabulary with repetitions.
        """
        if isinstance(values, dict) and "targets" in values:
            old = {name: value for name, value in values.items() if name != "targets"}
            values = {"reads": OLD_READS.get(values["targets"], ""), **old}
        names = [f.name for f in fields(cls)]
        if not isinstance(values, dict) or set(values) != set(names):
            raise ValueError(f"a text codec has the fields {', '.join(names)}")
        vocabulary = tuple(map(str, values["vocabulary"]))
        known = values["unit"] in UNITS and values["reads"] in READS
        if not known or len(set(vocabulary)) != len(vocabulary) or len(vocabulary) < 2:
            raise ValueError("the unit, what is read or the vocabulary cannot be")
        window, stride = int(values["window"]), int(values["stride"])
        return cls(values["unit"], window, values["reads"], stride, vocabulary)


def _units(pieces: Iterable[str], unit: str) -> Iterator[Sequence[str]]:
    """Each piece as units; a word that two pieces share is kept whole."""
    if unit == "character":
        yield from pieces
        return
    rest = ""
    for piece in pieces:
        piece = rest + piece
        cut = max(piece.rfind(" "), piece.rfind("\n")) + 1
        rest = piece[cut:]
        yield _PATTERNS[unit].findall(piece[:cut])
    yield _PATTERNS[unit].findall(rest)
