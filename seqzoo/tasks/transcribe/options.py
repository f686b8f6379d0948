"""What a recipe of this room may say: pure data, no heavy imports."""

from __future__ import annotations

from dataclasses import dataclass

from seqzoo.errors import nearest
from seqzoo.options import Flag, parts_of

TARGETS = ("letters", "word")
FLAGS = {
    "audio": Flag("Its column of recordings."),
    "text": Flag("Its column of texts."),
    "speaker": Flag("Its column of speakers."),
}
OF_DATA_SET = ("held", "also", "also_limit")  # of [data]: they say nothing of a file of one's own


@dataclass(frozen=True)
class DataOptions:
    """Which recordings, and which of them are kept for the test.

    Attributes:
        dataset, path: a registered data set, or a manifest or folder of one's own.
        audio, text, speaker: columns of a manifest; no speaker: all may be one voice.
        rate: samples a second; recordings are resampled to it.
        held: speakers that are the test part, heard nowhere else.
        also: other data sets that are heard in training only; `also_limit`: so many recordings of each, 0 for all.
        limit: so many recordings, drawn at random; 0 for all.
        validation, test: shares of the recordings; a data set with its own test part, or `held`, has no use for test.
    """

    dataset: str = ""
    path: str = ""
    audio: str = "path"
    text: str = "text"
    speaker: str = ""
    rate: int = 8000
    held: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    also_limit: int = 0
    limit: int = 0
    validation: float = 0.1
    test: float = 0.15
    seed: int = 0

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = parts_of("recordings", self, 0.6)
        if not 4000 <= self.rate <= 48_000:
            found.append("data.rate must lie between 4000 and 48000 samples a second")
        for name in ("limit", "also_limit"):
            if getattr(self, name) < 0:
                found.append(f"data.{name} must be 0 (all recordings) or more")
        return found


@dataclass(frozen=True)
class CodecOptions:
    """What is written for a recording, and how recordings are varied in training.

    Attributes:
        target: "letters", one after another, or one "word" a recording.
        joined: so many recordings at most become one string, drawn anew in each epoch; 1: none.
        passes: how often a recording is heard in an epoch, each time varied.
        speed: the share by which a voice is made faster and higher, or slower and deeper, at most.
        tempo: the share by which it is made faster or slower as it is.
        gain: decibels by which it is made louder or softer, at most.
        noise: decibels under the voice at which noise is mixed in, at the loudest; 0: none.
        colour: decibels by which bands are raised or lowered at random, as other microphones would.
        silence: seconds of near silence before, between and after recordings, at most.
        cut: seconds that are cut off at each end of a recording, at most, as who cuts speech into words would.
    """

    target: str = "letters"
    joined: int = 1
    passes: int = 1
    speed: float = 0.0
    tempo: float = 0.0
    gain: float = 0.0
    noise: float = 0.0
    colour: float = 0.0
    silence: float = 0.0
    cut: float = 0.0

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = []
        if self.target not in TARGETS:
            found.append(f"codec.target = {self.target!r}: {nearest(self.target, TARGETS)}")
        if not (1 <= self.joined <= 12 and 1 <= self.passes <= 50):
            found.append("codec.joined must lie between 1 and 12, codec.passes between 1 and 50")
        if self.target == "word" and self.joined != 1:
            found.append("codec.joined must be 1 where one word is said of a recording")
        for name in ("speed", "tempo"):
            if not 0 <= getattr(self, name) <= 0.4:
                found.append(f"codec.{name} is a share: from 0 to 0.4")
        for name, most in (("gain", 40), ("noise", 60), ("colour", 30), ("silence", 3), ("cut", 1)):
            if not 0 <= getattr(self, name) <= most:
                found.append(f"codec.{name} must lie between 0 and {most}")
        return found


@dataclass(frozen=True)
class DecideOptions:
    """How what was heard becomes a text; each number is one of those that validation may choose from.

    Attributes:
        beam: hypotheses that are followed.
        order: of the letter n-grams that are counted from the training texts and travel with the bundle; 0: none.
        weights: of these n-grams beside the sound.
        bonuses: added for each letter, against the n-grams' love of short texts.
        closed: only words of the set's own training texts are ever heard; not for what people say freely.
        abstain: the answer where the confidence is too low; empty: the text is written, and marked as unsure.
        risk: the share of wrong answers that is allowed among the sure ones.
    """

    beam: int = 8
    order: int = 0
    weights: tuple[float, ...] = (0.0,)
    bonuses: tuple[float, ...] = (0.0,)
    closed: bool = False
    abstain: str = ""
    risk: float = 0.05

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = []
        if not 1 <= self.beam <= 256:
            found.append("decide.beam must lie between 1 and 256")
        if self.order and not 2 <= self.order <= 12:
            found.append("decide.order must be 0 or lie between 2 and 12")
        if not self.weights or any(not 0 <= weight <= 5 for weight in self.weights):
            found.append("decide.weights must lie between 0 and 5")
        if not self.bonuses or any(not -5 <= bonus <= 5 for bonus in self.bonuses):
            found.append("decide.bonuses must lie between -5 and 5")
        if not self.order and any(self.weights):
            found.append("decide.weights are of n-grams: decide.order must be at least 2")
        if not 0 < self.risk < 0.5:
            found.append("decide.risk must lie between 0 and 0.5")
        return found
