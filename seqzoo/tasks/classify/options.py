"""What a recipe of this room may say: pure data, no heavy imports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seqzoo.errors import nearest
from seqzoo.options import Flag, parts_of

KEEP = ("head", "tail", "head+tail")
SAMPLE = Path(__file__).parents[2] / "bundles" / "reviews.csv"  # invented reviews that ship
FLAGS = {
    "text": Flag("Its column of texts."),
    "label": Flag("Its column of classes."),
    "group": Flag("Rows that belong together."),
}


@dataclass(frozen=True)
class DataOptions:
    """Which examples. Either a registered data set, or a file with its column names."""

    dataset: str = ""
    path: str = ""
    text: str = "text"
    label: str = "label"
    group: str = ""
    validation: float = 0.2
    test: float = 0.2
    limit: int = 0
    seed: int = 0

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = parts_of("examples", self, 0.6)
        if self.limit < 0:
            found.append("data.limit must be 0 (all examples) or more")
        return found


@dataclass(frozen=True)
class CodecOptions:
    """How texts become numbers.

    Attributes:
        words: size of the vocabulary, the three special ids included.
        tokens: the longest sequence; of a longer text `keep` says which part is read.
        keep: "head", "tail" or "head+tail"; the README says what each was measured to give.
        minimum_groups: a word must occur in so many groups (films).
        ratios: the longest n-gram whose log-count ratio is read beside each word; 0: none.
        ratio_groups: such an n-gram must occur in so many groups.
        vectors: start the embedding from word vectors of the training texts (see `vectors`).
    """

    words: int = 10_000
    tokens: int = 200
    keep: str = "head+tail"
    minimum_groups: int = 1
    ratios: int = 0
    ratio_groups: int = 2
    vectors: bool = False

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = []
        if self.words < 4:
            found.append("codec.words must be at least 4 (three ids are padding, unknown and start)")
        if self.tokens < 2:
            found.append("codec.tokens must be at least 2")
        if not 0 <= self.ratios <= 5:
            found.append("codec.ratios must lie between 0 and 5")
        if self.keep not in KEEP:
            found.append(f"codec.keep = {self.keep!r}: {nearest(self.keep, KEEP)}")
        return found


@dataclass(frozen=True)
class DecideOptions:
    """When to abstain: below the confidence at which the error on validation reaches `risk`.

    `abstain` names the answer given then ("neutral"); empty: always answer with a class.
    """

    abstain: str = ""
    risk: float = 0.05

    def problems(self) -> list[str]:
        """List what is out of range."""
        return [] if 0 < self.risk < 0.5 else ["decide.risk must lie between 0 and 0.5"]
