"""What a recipe of this room may say: pure data, no heavy imports."""

from __future__ import annotations

from dataclasses import dataclass

from seqzoo.errors import nearest
from seqzoo.options import Flag, parts_of

UNITS = ("subword", "character")
FLAGS = {
    "source": Flag("Of pairs: the column to translate from."),
    "target": Flag("Of pairs: the column to translate into."),
    "dialogue": Flag("Of pairs: which dialogue a row belongs to."),
}


@dataclass(frozen=True)
class DataOptions:
    """Which pairs. Either a registered data set, or a file with its column names.

    Attributes:
        source, target: columns of a CSV, TSV or JSONL file; a .txt file has them first, without a header.
        dialogue: the column that says which rows are one dialogue, in order; nothing: all rows are one.
        turns: how many of the last turns are read; above 1, the rows before are read too, as a dialogue.
        validation, test: shares of the different sources.
        longest: characters; pairs with a longer side are left out, and counted.
        limit: so many pairs, at random; 0: all.
        seed: of the split.
    """

    dataset: str = ""
    path: str = ""
    source: str = "source"
    target: str = "target"
    dialogue: str = ""
    turns: int = 1
    validation: float = 0.03
    test: float = 0.05
    longest: int = 400
    limit: int = 0
    seed: int = 0

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = parts_of("sources", self, 0.5)
        if self.dataset and (self.source, self.target, self.dialogue) != ("source", "target", ""):
            found.append("--source, --target and --dialogue are columns of your own file: name it with --data")
        found += [f"data.{name} must be at least 1" for name in ("turns", "longest") if getattr(self, name) < 1]
        if self.limit < 0:
            found.append("data.limit must be 0 (all pairs) or more")
        return found


@dataclass(frozen=True)
class CodecOptions:
    """How sentences become numbers.

    Attributes:
        unit: "subword" (byte-pair encoding, each side its own) or "character".
        source_units, target_units: sizes of the two vocabularies; of the target's, two are the start and the stop unit.
            Characters: all of them.
        longest: units of a side; longer pairs are not learnt, and a longer sentence is translated in parts.
        whole: sources are not cut into sentences but read whole, of longer ones the end: the turns of a dialogue.
    """

    unit: str = "subword"
    source_units: int = 3000
    target_units: int = 3000
    longest: int = 50
    whole: bool = False

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = []
        if self.unit not in UNITS:
            found.append(f"codec.unit = {self.unit!r}: {nearest(self.unit, UNITS)}")
        for name in ("source_units", "target_units"):
            if not 300 <= getattr(self, name) <= 65_000:
                found.append(f"codec.{name} must lie between 300 (256 bytes and some) and 65,000")
        if self.longest < 2:
            found.append("codec.longest must be at least 2")
        return found


@dataclass(frozen=True)
class DecideOptions:
    """How an answer is found when the command line does not say, and what is learnt besides the truth.

    Attributes:
        beam: hypotheses that are followed at a time; 1: greedily.
        length_penalties: exponents of ((5 + length) / 6) by which a log-probability is divided (Wu et al. 2016); the
            one with the best BLEU on validation is taken.
        smoothing: share of the probability that training spreads over all units (Szegedy et al. 2016).
    """

    beam: int = 4
    length_penalties: tuple[float, ...] = (0.6, 1.0, 1.4, 1.8)
    smoothing: float = 0.0

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = [] if self.beam >= 1 else ["decide.beam must be at least 1"]
        if not self.length_penalties or not all(0 <= one <= 5 for one in self.length_penalties):
            found.append("decide.length_penalties must be numbers between 0 and 5")
        if not 0 <= self.smoothing < 1:
            found.append("decide.smoothing must be at least 0 and below 1")
        return found
