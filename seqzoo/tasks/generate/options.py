"""What a recipe of this room may say: pure data, no heavy imports."""

from __future__ import annotations

from dataclasses import dataclass

from seqzoo.errors import nearest

UNITS = ("character", "word", "token")
TARGETS = ("each", "last", "between")


@dataclass(frozen=True)
class Data:
    """Which text. Either a registered data set, or a UTF-8 file or a folder of them.

    Attributes:
        validation: share of the text, just before test; test: its last share (a data set may bring its own).
        refit: learn the validation part of a data set as well, once the number of epochs has been chosen with it: what
            is just before the sealed part is like it. A text of one's own keeps it, to choose the epoch.
    """

    dataset: str = ""
    path: str = ""
    validation: float = 0.05
    test: float = 0.05
    refit: bool = False

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = []
        if bool(self.dataset) == bool(self.path):
            found.append("data needs either dataset or path")
        for name in ("validation", "test"):
            if not 0 < getattr(self, name) < 0.5:
                found.append(f"data.{name} is a share of the text: above 0 and below 0.5")
        return found


@dataclass(frozen=True)
class Codec:
    """How text becomes numbers.

    Attributes:
        unit: "character"; "word" (words, symbols and line ends); "token" (what stands between blanks).
        vocabulary_size: keep the most frequent; the others become one unknown unit. 0: keep all.
        window: units that the network is trained on at a time.
        targets: "each" (the unit after each, the state carried from window to window), "last" (one after each
            window, which starts from nothing, as the tutorials do it), or "between" (each unit, from those on both
            of its sides: such a model fills in and writes nothing).
        stride: units from one window to the next, where a window has one target.
    """

    unit: str = "character"
    vocabulary_size: int = 0
    window: int = 100
    targets: str = "each"
    stride: int = 3

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = [f"codec.{name} must be at least 1" for name in ("window", "stride") if getattr(self, name) < 1]
        if self.targets not in TARGETS:
            found.append(f"codec.targets = {self.targets!r}: {nearest(self.targets, TARGETS)}")
        if self.unit not in UNITS:
            found.append(f"codec.unit = {self.unit!r}: {nearest(self.unit, UNITS)}")
        if self.vocabulary_size < 0 or self.vocabulary_size == 1:
            found.append("codec.vocabulary_size must be 0 (all) or at least 2")
        return found


@dataclass(frozen=True)
class Decide:
    """How a text is made when the command line does not say.

    Attributes:
        temperature: of the sampling; prime: what the text begins with; nothing: as after a line end.
    """

    temperature: float = 0.8
    prime: str = ""

    def problems(self) -> list[str]:
        """List what is out of range."""
        return [] if self.temperature >= 0 else ["decide.temperature must be 0 or more"]
