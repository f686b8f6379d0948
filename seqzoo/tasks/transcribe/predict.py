"""Sounds in, texts out: what a bundle does. Imports neither TensorFlow nor Keras."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError
from seqzoo.runtime import Arrays, Graph, pad, windows
from seqzoo.tasks.transcribe import language
from seqzoo.tasks.transcribe.align import align, total
from seqzoo.tasks.transcribe.codec import SpeechCodec
from seqzoo.tasks.transcribe.decode import PrefixBeam, Search, greedy, prefix_beam
from seqzoo.tasks.transcribe.language import LetterGrams, Scorer
from seqzoo.tasks.transcribe.stream import Steps, Stream, log_softmax
from seqzoo.tasks.transcribe.timing import Timing

DECISION, GRAPH, FRONT, STEP = "decision.json", "model.onnx", "front.onnx", "step.onnx"
RECORDINGS = Path(__file__).parents[2] / "bundles" / "recordings"
BATCH = 16
SILENCE_S = 0.1  # around each recording that is spelled: cut at its first sound, it begins as nothing in training does
_TOGETHER = 64  # recordings that are held in memory at a time


@dataclass(frozen=True)
class Decision:
    """How logits become an answer; chosen on validation.

    Attributes:
        beam: hypotheses that are followed; weight, bonus: of the bundle's letter n-grams, and for each letter.
        words: the only ones that are ever heard; empty: whatever the letters spell.
        slope, intercept: from the mean log-probability of a text's letters to the chance that all of it is right.
        confidence: from this chance on an answer is sure.
        abstain: the answer otherwise; empty: the text all the same, marked as unsure.
    """

    beam: int = 8
    weight: float = 0.0
    bonus: float = 0.0
    words: tuple[str, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    confidence: float = 0.0
    abstain: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(self.words))  # JSON has only lists
        if not all(isinstance(word, str) and word and " " not in word for word in self.words):
            raise ValueError("words must be a list of words")
        if self.beam < 1 or not 0 <= self.confidence <= 1:
            raise ValueError("a decision needs a beam of at least 1 and a confidence between 0 and 1")

    @property
    def search(self) -> Search:
        """How it is looked for."""
        return Search(beam=self.beam, language=self.weight, bonus=self.bonus, words=self.words)

    def chance(self, evidence: float) -> float:
        """The probability that an answer with this mean log-probability of a letter is right."""
        return 1 / (1 + math.exp(-min(50.0, max(-50.0, self.slope * evidence + self.intercept))))


@dataclass(frozen=True)
class Word:
    """A word that was heard, from `start` to `end` in seconds; confidence: the geometric mean of its letters'."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Heard:
    """What is said of one recording.

    Attributes:
        text: what was heard, or the abstention.
        confidence: the chance that it is right as a whole, as validation had it.
        sure: whether that is enough.
        words: with times; of one word a recording, the whole of it.
        letters: each letter and when it was heard, in seconds.
        alternatives: texts and their scores, the best first.
        seconds: of the recording.
    """

    text: str
    confidence: float
    sure: bool
    words: tuple[Word, ...] = ()
    letters: tuple[tuple[str, float], ...] = ()
    alternatives: tuple[tuple[str, float], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Transcriber:
    """A bundle in memory: sounds in, texts out."""

    codec: SpeechCodec
    decision: Decision
    timing: Timing
    graph: Graph
    front: Graph | None = None
    step: Graph | None = None
    grams: LetterGrams | None = None

    @classmethod
    def load(cls, folder: Path) -> Transcriber:
        """Load a bundle whose files have been checked (`bundle.load_meta`).

        Raises:
            UserError: damaged files.
        """
        from seqzoo import bundle

        codec, timing = SpeechCodec.load(folder), Timing.load(folder)
        try:
            values = {"words": ()} | bundle.read_json(folder, DECISION)  # before 0.8 all words were heard
            decision = Decision(**{field.name: values[field.name] for field in fields(Decision)})
        except (TypeError, ValueError, KeyError) as error:
            raise UserError(f"{folder}: {DECISION} is damaged: {error}") from None
        graph = Graph(folder / GRAPH, threads=1)
        if graph.output_width != codec.sizes()["classes"] or timing.rate != codec.rate:
            raise UserError(f"{folder}: the graph, the codec and the timing do not fit together")
        parts = [Graph(folder / name, threads=1) if (folder / name).is_file() else None for name in (FRONT, STEP)]
        grams = LetterGrams.load(folder, codec.letters) if (folder / language.FILE).is_file() else None
        return cls(codec, decision, timing, graph, parts[0], parts[1], grams)

    def save(self, folder: Path) -> None:
        """Write decision.json, and the n-grams if there are any."""
        (folder / DECISION).write_text(json.dumps(asdict(self.decision)), encoding="utf-8")
        if self.grams is not None:
            self.grams.save(folder)

    def examples(self) -> list[Arrays]:
        """The recordings that ship."""
        from seqzoo.tasks.transcribe import audio

        sounds = [self.padded(audio.read(path, self.codec.rate)) for path in sorted(RECORDINGS.glob("*.flac"))]
        return [{"samples": one, "lengths": np.array(len(one), np.int32)} for one in sounds]

    @property
    def search(self) -> Search:
        """The bundle's own."""
        return self.decision.search

    @property
    def streams(self) -> bool:
        """Whether it can follow a sound that goes on."""
        return self.front is not None and self.step is not None

    # --- whole recordings ----------------------------------------------------------------------------

    def log_probs(self, sounds: Sequence[np.ndarray], batch: int = BATCH) -> list[np.ndarray]:
        """(steps, classes) float32 natural log-probabilities of each (n,) float32 sound; of one word (1, classes)."""
        sounds = [self.padded(one) for one in sounds]
        order = sorted(range(len(sounds)), key=lambda i: len(sounds[i]))
        found: list[np.ndarray] = [np.empty(0)] * len(sounds)
        for begin in range(0, len(order), batch):
            rows = order[begin : begin + batch]
            feeds = pad([{"samples": sounds[i]} for i in rows])
            feeds["lengths"] = np.array([len(sounds[i]) for i in rows], np.int32)
            for i, logits in zip(rows, self.graph(feeds)[0], strict=True):
                kept = logits[: self.timing.steps(len(sounds[i]))] if self.codec.spelled else logits[None]
                found[i] = log_softmax(kept)
        return found

    def padded(self, samples: np.ndarray) -> np.ndarray:
        """(n,) samples in silence, where letters are written, and as long as a window at least."""
        around = self.silence
        return np.pad(samples, (around, around + max(0, self.timing.window - len(samples))))

    @property
    def silence(self) -> int:
        """Samples of silence before and after a recording."""
        return round(SILENCE_S * self.codec.rate) if self.codec.spelled else 0

    def predict(
        self, sounds: Iterable[np.ndarray], search: Search | None = None, scorer: Scorer | None = None
    ) -> Iterator[Heard]:
        """Answer (n,) float32 sounds at `codec.rate`, in order.

        Args:
            sounds: any number of them; a few are held in memory at a time.
            search: None: the bundle's.
            scorer: a language model; None: the bundle's own n-grams, where its search uses them.
        """
        for some in windows(sounds, _TOGETHER):
            for samples, log_probs in zip(some, self.log_probs(some), strict=True):
                yield self.answer(log_probs, len(samples) / self.codec.rate, search, scorer)

    def answer(
        self, log_probs: np.ndarray, seconds: float, search: Search | None = None, scorer: Scorer | None = None
    ) -> Heard:
        """What (steps, classes) log-probabilities of a recording of so many seconds say."""
        found = self.found(log_probs, search, scorer)
        best = found[0][0]
        chance = self.decision.chance(self.evidence(log_probs, best))
        sure = chance >= self.decision.confidence
        text = self.written(best)
        others: dict[str, float] = {}
        for ids, score in found:
            others.setdefault(self.written(ids), score)  # a blank at the end makes no other text
        alternatives = tuple(others.items())
        heard = Heard(text, chance, sure, (), (), alternatives, seconds)
        heard = self._timed(heard, log_probs, best)
        return heard if sure or not self.decision.abstain else replace(heard, text=self.decision.abstain)

    def found(
        self, log_probs: np.ndarray, search: Search | None = None, scorer: Scorer | None = None
    ) -> list[tuple[tuple[int, ...], float]]:
        """Columns and score of each hypothesis, the best first."""
        search = search or self.search
        if not self.codec.spelled:
            return [((int(i),), float(log_probs[0, i])) for i in np.argsort(-log_probs[0], kind="stable")[:5]]
        if search.beam == 1 and not (search.hot or search.language or search.words):
            best = greedy(log_probs)
            return [(best.ids, best.score)]
        return [
            (one.ids, one.score) for one in prefix_beam(log_probs, search, scorer or self.grams, self.codec.letters)
        ]

    def written(self, ids: Sequence[int]) -> str:
        """The text that columns spell, single spaces between its words."""
        return " ".join(self.codec.decode(ids).split())

    def evidence(self, log_probs: np.ndarray, ids: Sequence[int]) -> float:
        """The mean log-probability of a text's letters and of its end, all alignments counted."""
        if not self.codec.spelled:
            return float(log_probs[0, ids[0]])
        return total(log_probs, ids) / (len(ids) + 1)

    def _timed(self, heard: Heard, log_probs: np.ndarray, ids: Sequence[int]) -> Heard:
        """With the times of its letters and words."""
        if not self.codec.spelled:
            return replace(heard, words=(Word(heard.text, 0.0, heard.seconds, heard.confidence),))
        spans = align(log_probs, ids)
        letters = [self.codec.decode([i]) for i in ids]
        sure = [float(log_probs[begin : end + 1, i].max()) for i, (begin, end) in zip(ids, spans, strict=True)]
        words, place = [], 0
        for word in "".join(letters).split(" "):
            if word:
                last = place + len(word) - 1
                begin, end = self._time(spans[place][0]), self._time(spans[last][1] + 1)
                share = math.exp(sum(sure[place : last + 1]) / len(word))
                begin = min(begin, heard.seconds)
                words.append(Word(word, round(begin, 3), round(min(end, heard.seconds), 3), share))
            place += len(word) + 1
        times = (round(self._time(begin), 3) for begin, _ in spans)
        return replace(heard, words=tuple(words), letters=tuple(zip(letters, times, strict=True)))

    def _time(self, step: int) -> float:
        """Seconds from the beginning of a recording, without the silence before it."""
        return max(0.0, self.timing.seconds(step) - SILENCE_S)

    # --- sounds that go on ---------------------------------------------------------------------------

    def stream(self, search: Search | None = None, scorer: Scorer | None = None) -> Stream:
        """Begin to follow a sound.

        Raises:
            UserError: the network reads both ways.
        """
        if self.front is None or self.step is None:
            raise UserError(
                "this model reads a recording from both ends: it cannot follow a stream",
                "seqzoo train digits-ctc",
            )
        beam = PrefixBeam(search or self.search, scorer or self.grams, self.codec.letters)
        return Stream(Steps(self.front, self.step, self.timing), beam, self.codec, self.silence)
