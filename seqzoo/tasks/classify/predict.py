"""Texts in, answers out: what a bundle does. Imports neither TensorFlow nor Keras."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError
from seqzoo.runtime import Arrays, Graph, run_sorted, windows
from seqzoo.tasks.classify import words as splitting
from seqzoo.tasks.classify.codec import WordCodec
from seqzoo.tasks.classify.options import SAMPLE
from seqzoo.tasks.classify.words import SPECIAL, UNKNOWN

DECISION, GRAPH = "decision.json", "model.onnx"


@dataclass(frozen=True)
class Calibration:
    """How logits become an answer.

    Attributes:
        temperature: divides the logits, so that probabilities mean what they say.
        abstain: the answer given when the confidence is below `confidence`; empty: never.
        confidence: the lowest confidence at which a class is named.
    """

    temperature: float = 1.0
    abstain: str = ""
    confidence: float = 0.0

    def __post_init__(self) -> None:
        if not self.temperature > 0 or not 0 <= self.confidence <= 1:
            raise ValueError("a decision needs a temperature above 0 and a confidence between 0 and 1")


@dataclass(frozen=True)
class Answer:
    """What the classifier says of one text: `label` may be the abstention, `top` is always a class.

    `known` is false where the model knows none of the words, so that it abstained unread.
    """

    label: str
    top: str
    confidence: float
    probabilities: dict[str, float]
    known: bool = True


def two_columns(logits: np.ndarray) -> np.ndarray:
    """(n, 1) logits of the second class -> (n, 2); more columns stay as they are."""
    return np.concatenate([np.zeros_like(logits), logits], axis=1) if logits.shape[1] == 1 else logits


def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """(n, outputs) logits -> (n, classes) float64 probabilities."""
    scaled = two_columns(logits).astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def logits(graph: Graph, encoded: Sequence[Arrays]) -> np.ndarray:
    """(n, outputs) float32 logits of encoded texts, in order."""
    return np.stack(run_sorted(graph, encoded))


@dataclass(frozen=True)
class Classifier:
    """A loaded bundle: texts in, answers out. Imports neither TensorFlow nor Keras."""

    codec: WordCodec
    decision: Calibration
    graph: Graph

    @classmethod
    def load(cls, folder: Path) -> Classifier:
        """Load a bundle whose files have been checked (`bundle.load_meta`).

        Raises:
            UserError: damaged files.
        """
        from seqzoo import bundle

        try:
            decision = Calibration(**bundle.read_json(folder, DECISION))
        except (TypeError, ValueError) as error:
            raise UserError(f"{folder}: {DECISION} is damaged: {error}") from None
        graph = Graph(folder / GRAPH)
        codec = WordCodec.load(folder)
        if len(graph.inputs) != 1 + (codec.ratios is not None):
            raise UserError(f"{folder}: the graph's inputs {graph.inputs} do not fit the codec")
        return cls(codec, decision, graph)

    def examples(self) -> list[Arrays]:
        """The reviews that ship, as arrays."""
        from seqzoo import files

        return [self.codec.encode(row["text"]) for row in files.read_rows(SAMPLE)]

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """(n, classes) float64 probabilities."""
        return self.scored([self.codec.encode(text) for text in texts])

    def scored(self, encoded: Sequence[Arrays]) -> np.ndarray:
        """(n, classes) float64 probabilities of encoded texts."""
        return probabilities(logits(self.graph, encoded), self.decision.temperature)

    def predict(self, texts: Iterable[str]) -> Iterator[Answer]:
        """Answer a stream of texts, in order, holding a bounded window of them in memory."""
        for window in windows(texts):
            encoded = [self.codec.encode(text) for text in window]
            for arrays, row in zip(encoded, self.scored(encoded), strict=True):
                yield self._answer(row, known=bool((arrays["ids"] >= SPECIAL).any()))

    def save(self, folder: Path) -> None:
        """Write decision.json."""
        (folder / DECISION).write_text(json.dumps(asdict(self.decision)), encoding="utf-8")

    def _answer(self, row: np.ndarray, known: bool) -> Answer:
        """Name the class, or abstain: from too little confidence, or for want of a single known word."""
        names = self.codec.classes
        top = int(row.argmax())
        label = names[top]
        if not known:
            label = self.decision.abstain or "unsure"
        elif row[top] < self.decision.confidence:
            label = self.decision.abstain
        return Answer(label, names[top], float(row[top]), dict(zip(names, map(float, row), strict=True)), known)

    def explain(self, text: str, limit: int = 400) -> list[tuple[str, float]]:
        """Each kept word, and by how much it raised the probability of the top class.

        Measured by occlusion: the word is replaced by the unknown word, and the graph asked again.
        Source: Zeiler and Fergus 2014; Li et al. 2016, Understanding neural networks through erasure.
        """
        tokens = splitting.words(text)
        words, ids = self.codec.kept(tokens)[:limit], self.codec.ids(tokens)
        variants = [ids]
        for position in range(1, len(words) + 1):
            hidden = ids.copy()
            hidden[position] = UNKNOWN
            variants.append(hidden)
        p = self.scored([self.codec.arrays(one) for one in variants])
        top = p[0].argmax()
        return [(word, float(p[0, top] - p[i + 1, top])) for i, word in enumerate(words)]


def speed(classifier: Classifier, texts: Sequence[str]) -> tuple[float, float]:
    """Median milliseconds for one text alone, and texts a second in batches of 64."""
    sample = list(texts[:64])
    single = []
    for text in sample[:30]:
        start = time.perf_counter()
        next(classifier.predict([text]))
        single.append(time.perf_counter() - start)
    start = time.perf_counter()
    answered = sum(1 for _ in classifier.predict(sample))
    return 1000 * float(np.median(single)), answered / (time.perf_counter() - start)
