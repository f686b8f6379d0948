"""The room's record: how texts are encoded, learnt, judged and answered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import judge
from seqzoo.errors import UserError
from seqzoo.recipe import Recipe
from seqzoo.runtime import Arrays, Graph, run_sorted, windows
from seqzoo.tasks.classify import data
from seqzoo.tasks.classify.codec import TextCodec

METRIC = "accuracy"


@dataclass(frozen=True)
class Decision:
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
    """What the classifier says of one text: `label` may be the abstention, `top` is always a class."""

    label: str
    top: str
    confidence: float
    probabilities: dict[str, float]


def two_columns(logits: np.ndarray) -> np.ndarray:
    """(n, 1) logits of the second class -> (n, 2); more columns stay as they are."""
    return np.concatenate([np.zeros_like(logits), logits], axis=1) if logits.shape[1] == 1 else logits


def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """(n, outputs) logits -> (n, classes) float64 probabilities."""
    scaled = two_columns(logits).astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


# --- training ----------------------------------------------------------------------------------------


def objective(codec: TextCodec) -> dict[str, Any]:
    """Loss and metrics, as `fit` takes them."""
    import keras

    if codec.sizes()["classes"] == 1:
        accuracy: Any = keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")
        return {"loss": keras.losses.BinaryCrossentropy(from_logits=True), "metrics": [accuracy]}
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    return {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "metrics": [accuracy]}


def initialise(model: Any, encoded: Sequence[Arrays], recipe: Recipe) -> None:
    """Start the embedding from word vectors, where the recipe asks for it; `encoded` is the training split."""
    if recipe.codec.vectors:
        from seqzoo.tasks.classify.vectors import ppmi_svd

        table = model.get_layer("embedding").embeddings
        table.assign(ppmi_svd([arrays[0] for arrays in encoded], *table.shape))


def batches(codec: TextCodec, splits: data.Splits, recipe: Recipe, seed: int) -> tuple[Any, Any]:
    """Training and validation batches."""
    from seqzoo.fit import Batches

    size = recipe.fit.batch_size
    train = codec.encode_training(splits.train, recipe.codec)
    held_out = [codec.encode(text) for text in splits.validation.texts]
    return (
        Batches(train, _labels(codec, splits.train), size, seed),
        Batches(held_out, _labels(codec, splits.validation), size, None),
    )


def _labels(codec: TextCodec, examples: data.Examples) -> np.ndarray:
    """(n, 1) float32 for two classes, (n,) int32 for more: what the losses want."""
    numbers = codec.encode_labels(examples.labels)
    return numbers[:, None].astype(np.float32) if len(codec.classes) == 2 else numbers


# --- judging -----------------------------------------------------------------------------------------


def decide(graph: Graph, codec: TextCodec, validation: data.Examples, recipe: Recipe) -> Decision:
    """Choose temperature and abstention on the validation split."""
    logits = two_columns(_logits(graph, codec, validation.texts))
    labels = codec.encode_labels(validation.labels)
    temperature = judge.temperature(logits, labels)
    if not recipe.decide.abstain:
        return Decision(temperature)
    p = probabilities(logits, temperature)
    confidence = judge.confidence_for_risk(p.max(1), p.argmax(1) == labels, recipe.decide.risk)
    return Decision(temperature, recipe.decide.abstain, confidence)


def evaluate(
    graph: Graph,
    codec: TextCodec,
    decision: Decision,
    test: data.Examples,
    baselines: dict[str, np.ndarray],
) -> dict[str, Any]:
    """Judge on examples never trained on: metrics, intervals, verdict, and what the pictures show.

    `baselines` holds each baseline's predicted class numbers for the same examples.
    """
    labels = codec.encode_labels(test.labels)
    logits = _logits(graph, codec, test.texts)
    p = probabilities(logits, decision.temperature)
    predicted, confidence = p.argmax(1), p.max(1)
    correct = predicted == labels
    low, high = judge.interval(correct, test.groups)
    calibration, bins = judge.calibration(confidence, correct)
    answered = confidence >= decision.confidence
    result = {
        "metric": METRIC,
        "value": float(correct.mean()),
        "interval": [low, high],
        "n": len(labels),
        "metrics": {
            "accuracy": float(correct.mean()),
            "macro F1": _macro_f1(labels, predicted, len(codec.classes)),
            "log loss": float(-np.log(np.maximum(p[np.arange(len(labels)), labels], 1e-12)).mean()),
            "calibration error": calibration,
        },
        "abstention": {
            "label": decision.abstain,
            "confidence": decision.confidence,
            "coverage": float(answered.mean()),
            "risk": float(1 - correct[answered].mean()) if answered.any() else 0.0,
        },
        "confusion": _confusion(labels, predicted, len(codec.classes)).tolist(),
        "classes": list(codec.classes),
        "calibration": bins,
        "by length": _by_length(codec, test.texts, correct),
        "mistakes": _mistakes(codec, test, predicted, confidence, correct),
        "correct": _bits(correct),
    }
    if baselines:
        scores = {name: guess == labels for name, guess in baselines.items()}
        result["baselines"] = {name: float(score.mean()) for name, score in scores.items()}
        result["baseline intervals"] = {n: list(judge.interval(score, test.groups)) for n, score in scores.items()}
        result["baseline correct"] = {name: _bits(score) for name, score in scores.items()}
        result["verdict"] = judge.verdict(correct, scores, test.groups).to_json()
    return result


def baseline_predictions(codec: TextCodec, splits: data.Splits, test: data.Examples) -> dict[str, np.ndarray]:
    """Each baseline's class numbers on the test texts, fitted on train and validation."""
    from seqzoo.tasks.classify import baselines

    return baselines.predictions(
        (splits.train.texts, codec.encode_labels(splits.train.labels)),
        (splits.validation.texts, codec.encode_labels(splits.validation.labels)),
        test.texts,
    )


def _logits(graph: Graph, codec: TextCodec, texts: Sequence[str]) -> np.ndarray:
    parts = [run_sorted(graph, [codec.encode(text) for text in window]) for window in windows(texts)]
    return np.concatenate(parts)


def _bits(correct: np.ndarray) -> str:
    """One character for each example, "1" where it is right: what later paired tests need."""
    return "".join("01"[int(one)] for one in correct)


def _confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(true, predicted) counts."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def _macro_f1(labels: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    counts = _confusion(labels, predicted, classes)
    both = counts.sum(0) + counts.sum(1)
    f1 = 2 * np.diag(counts) / np.maximum(both, 1)
    return float(f1[both > 0].mean())


def _by_length(codec: TextCodec, texts: Sequence[str], correct: np.ndarray) -> list[dict[str, float]]:
    """Accuracy in five equal parts of the examples, from the shortest texts to the longest."""
    from seqzoo import vocabulary

    lengths = np.array([len(vocabulary.words(text)) for text in texts])
    parts = [part for part in np.array_split(np.argsort(lengths, kind="stable"), 5) if len(part)]
    return [
        {
            "from": int(lengths[part[0]]),
            "to": int(lengths[part[-1]]),
            "accuracy": float(correct[part].mean()),
            "count": len(part),
        }
        for part in parts
    ]


def _mistakes(
    codec: TextCodec, test: data.Examples, predicted: np.ndarray, confidence: np.ndarray, correct: np.ndarray
) -> list[dict[str, Any]]:
    """The ten most confident errors."""
    wrong = np.flatnonzero(~correct)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:10]
    return [
        {
            "text": test.texts[i][:400],
            "truth": test.labels[i],
            "said": codec.classes[predicted[i]],
            "confidence": float(confidence[i]),
        }
        for i in worst
    ]


@dataclass(frozen=True)
class Judged:
    """The decision made on validation, and the report made on test, ready to be saved."""

    decision: Decision
    report: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write decision.json."""
        (folder / "decision.json").write_text(json.dumps(asdict(self.decision)), encoding="utf-8")


def judge_model(graph: bytes, codec: TextCodec, splits: data.Splits, recipe: Recipe) -> Judged:
    """Calibrate on validation, then unseal the test split and judge on it, beside the baselines."""
    session = Graph(graph)
    decision = decide(session, codec, splits.validation, recipe)
    test = splits.open_test()
    report = evaluate(session, codec, decision, test, baseline_predictions(codec, splits, test))
    report["speed"] = speed(Classifier(codec, decision, session), test.texts)
    report["split"] = {
        "train": len(splits.train),
        "validation": len(splits.validation),
        "test": len(test),
        "groups": len(set(test.groups or ())),
        "validation in train": data.overlap(splits.train, splits.validation),
        "test in train": data.overlap(splits.train, test),
    }
    return Judged(decision, report)


def evaluate_bundle(classifier: Classifier, recipe: Recipe, other_data: bool) -> dict[str, Any]:
    """Judge a loaded bundle on its recipe's sealed test split, or on all rows of another file."""
    if other_data:
        test = data.read_file(Path(recipe.data.path), recipe.data)
        return evaluate(classifier.graph, classifier.codec, classifier.decision, test, {})
    splits = data.load(recipe.data)
    test = splits.open_test()
    guesses = baseline_predictions(classifier.codec, splits, test)
    return evaluate(classifier.graph, classifier.codec, classifier.decision, test, guesses)


# --- answering ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Classifier:
    """A loaded bundle: texts in, answers out. Imports neither TensorFlow nor Keras."""

    codec: TextCodec
    decision: Decision
    graph: Graph

    @classmethod
    def load(cls, folder: Path) -> Classifier:
        """Load a bundle whose files have been checked (`bundle.load_meta`).

        Raises:
            UserError: damaged files.
        """
        from seqzoo import bundle

        try:
            decision = Decision(**bundle.read_json(folder, "decision.json"))
        except (TypeError, ValueError) as error:
            raise UserError(f"{folder}: decision.json is damaged: {error}") from None
        graph = Graph(folder / "model.onnx")
        codec = TextCodec.load(folder)
        if len(graph.inputs) != 1 + (codec.ratios is not None):
            raise UserError(f"{folder}: the graph's inputs {graph.inputs} do not fit the codec")
        return cls(codec, decision, graph)

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """(n, classes) float64 probabilities."""
        return probabilities(_logits(self.graph, self.codec, texts), self.decision.temperature)

    def predict(self, texts: Iterable[str]) -> Iterator[Answer]:
        """Answer a stream of texts, in order, holding a bounded window of them in memory."""
        for window in windows(texts):
            for text, row in zip(window, self.probabilities(window), strict=True):
                yield self._answer(row, empty=not self.codec.kept_words(text))

    def _answer(self, row: np.ndarray, empty: bool) -> Answer:
        names = self.codec.classes
        top = int(row.argmax())
        unsure = empty or row[top] < self.decision.confidence
        label = (self.decision.abstain or "unsure" if empty else self.decision.abstain) if unsure else names[top]
        return Answer(label, names[top], float(row[top]), dict(zip(names, map(float, row), strict=True)))

    def explain(self, text: str, limit: int = 400) -> list[tuple[str, float]]:
        """Each kept word, and by how much it raised the probability of the top class.

        Measured by occlusion: the word is replaced by the unknown word, and the graph asked again.
        Source: Zeiler and Fergus 2014; Li et al. 2016, Understanding neural networks through erasure.
        """
        from seqzoo.vocabulary import UNKNOWN

        words = self.codec.kept_words(text)[:limit]
        ids = self.codec.ids(text)
        variants = [ids]
        for position in range(1, len(words) + 1):
            hidden = ids.copy()
            hidden[position] = UNKNOWN
            variants.append(hidden)
        logits = run_sorted(self.graph, [self.codec.arrays(one) for one in variants])
        p = probabilities(logits, self.decision.temperature)
        top = p[0].argmax()
        return [(word, float(p[0, top] - p[i + 1, top])) for i, word in enumerate(words)]


def speed(classifier: Classifier, texts: Sequence[str]) -> dict[str, float]:
    """Median milliseconds for one text alone, and texts a second in batches of 64."""
    sample = list(texts[:64])
    single = []
    for text in sample[:30]:
        start = time.perf_counter()
        classifier.probabilities([text])
        single.append(time.perf_counter() - start)
    start = time.perf_counter()
    classifier.probabilities(sample)
    return {
        "ms for one text": 1000 * float(np.median(single)),
        "texts a second": len(sample) / (time.perf_counter() - start),
    }


@dataclass(frozen=True)
class Task:
    """What the corridor asks of a room: one function for each stage."""

    load: Any
    fit_codec: Any
    batches: Any
    initialise: Any
    objective: Any
    judge: Any
    evaluate_bundle: Any
    predictor: Any


TASK = Task(
    load=data.load,
    fit_codec=TextCodec.fit,
    batches=batches,
    initialise=initialise,
    objective=objective,
    judge=judge_model,
    evaluate_bundle=evaluate_bundle,
    predictor=Classifier.load,
)
