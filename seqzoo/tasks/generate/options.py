"""What a recipe of this room may say: pure data, no heavy imports."""

from __future__ import annotations

from dataclasses import dataclass

from seqzoo.errors import nearest
from seqzoo.options import Flag, parts_of

UNITS = ("character", "word", "token")
READS = ("before", "window", "both")
FLAGS: dict[str, Flag] = {}
OLD_READS = {"each": "before", "last": "window", "between": "both"}
RENAMED = {"targets": ("reads", OLD_READS)}  # of [codec]: old key -> (new key, {old value: new value})


@dataclass(frozen=True)
class DataOptions:
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
        return parts_of("text", self, 0.5)


@dataclass(frozen=True)
class CodecOptions:
    """How text becomes numbers.

    Attributes:
        unit: "character"; "word" (words, symbols and line ends); "token" (what stands between blanks).
        vocabulary_size: keep the most frequent; the others become one unknown unit. 0: keep all.
        window: units that the network is trained on at a time.
        reads: what a unit is foretold from: all that stands "before" it (the state is carried from window to window);
            the "window" before it, from nothing, as the tutorials do it; or "both" of its sides (such a model fills in
            and writes nothing).
        stride: units from one window to the next, where a window has one target.
        counts: units of the longest counted n-gram that travels with the network, for `decide.mix`; 0: none.
    """

    unit: str = "character"
    vocabulary_size: int = 0
    window: int = 100
    reads: str = "before"
    stride: int = 3
    counts: int = 0

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = [f"codec.{name} must be at least 1" for name in ("window", "stride") if getattr(self, name) < 1]
        if self.reads not in READS:
            found.append(f"codec.reads = {self.reads!r}: {nearest(self.reads, READS)}")
        if self.unit not in UNITS:
            found.append(f"codec.unit = {self.unit!r}: {nearest(self.unit, UNITS)}")
        if self.vocabulary_size < 0 or self.vocabulary_size == 1:
            found.append("codec.vocabulary_size must be 0 (all) or at least 2")
        if self.counts < 0 or self.counts == 1:
            found.append("codec.counts must be 0 (none) or at least 2")
        return found


@dataclass(frozen=True)
class DecideOptions:
    """How a text is made when the command line does not say, and whether the network speaks alone.

    Attributes:
        temperature: of the sampling; prime: what the text begins with; nothing: as after a line end.
        length: units that are made; stop: what ends a text before; nothing: only its length.
        mix: the network with counted n-grams (`codec.counts`) and a cache of what was read; see `mixture`.
        weights: of network, n-grams and cache, where the network has learnt the validation part as well
            (`data.refit`); elsewhere they are chosen on validation.
    """

    temperature: float = 0.8
    prime: str = ""
    length: int = 500
    stop: str = ""
    mix: bool = False
    weights: tuple[float, ...] = ()

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = [] if self.temperature >= 0 else ["decide.temperature must be 0 or more"]
        if self.length < 1:
            found.append("decide.length must be at least 1")
        if self.weights and (len(self.weights) != 3 or not self.weights[0] > 0 or not min(self.weights) >= 0):
            found.append(
                "decide.weights are three numbers: of the network (above 0), the n-grams and the cache (0: off)"
            )
        return found
