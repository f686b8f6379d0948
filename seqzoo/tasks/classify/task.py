"""The room's record: how texts are encoded, learnt, judged and answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import judge
from seqzoo.recipe import Recipe
from seqzoo.runtime import Graph
from seqzoo.tasks.classify import data, predict
from seqzoo.tasks.classify.codec import TextCodec
from seqzoo.tasks.classify.predict import Classifier, Decision

METRIC = "accuracy"


# --- training ----------------------------------------------------------------------------------------


def objective(codec: TextCodec) -> dict[str, Any]:
    """Loss and metrics, as `fit` takes them."""
    import keras

    if codec.sizes()["classes"] == 1:
        accuracy: Any = keras.metrics.BinaryAccuracy(threshold=0.0, name="accuracy")
        return {"loss": keras.losses.BinaryCrossentropy(from_logits=True), "metrics": [accuracy]}
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    return {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "metrics": [accuracy]}


def initialise(model: Any, train: Any, recipe: Recipe) -> None:
    """Start the embedding from word vectors of the training batches, where the recipe asks for it."""
    if recipe.codec.vectors:
        from seqzoo.tasks.classify.vectors import ppmi_svd

        table = model.get_layer("embedding").embeddings
        table.assign(ppmi_svd([arrays[0] for arrays in train.examples], *table.shape))


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
    logits = predict.two_columns(predict.logits(graph, codec, validation.texts))
    labels = codec.encode_labels(validation.labels)
    temperature = judge.temperature(logits, labels)
    if not recipe.decide.abstain:
        return Decision(temperature)
    p = predict.probabilities(logits, temperature)
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
    logits = predict.logits(graph, codec, test.texts)
    p = predict.probabilities(logits, decision.temperature)
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
        "scores": _bits(correct),
    }
    if baselines:
        scores = {name: guess == labels for name, guess in baselines.items()}
        result["baselines"] = {name: float(score.mean()) for name, score in scores.items()}
        result["baseline intervals"] = {n: list(judge.interval(score, test.groups)) for n, score in scores.items()}
        result["baseline scores"] = {name: _bits(score) for name, score in scores.items()}
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


def _bits(correct: np.ndarray) -> str:
    """One character for each example, "1" where it is right: what later paired tests need."""
    return "".join("01"[int(one)] for one in correct)


def paired_p(ours: str, theirs: str, report: dict[str, Any]) -> float:
    """The p-value of "no difference" between two models' scores, as `_bits` wrote them."""
    return judge.paired_p(np.array(list(ours)) == "1", np.array(list(theirs)) == "1")


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
    report["speed"] = predict.speed(Classifier(codec, decision, session), test.texts)
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
    paired_p: Any
    predictor: Any
    states: bool = False


TASK = Task(
    load=data.load,
    fit_codec=TextCodec.fit,
    batches=batches,
    initialise=initialise,
    objective=objective,
    judge=judge_model,
    evaluate_bundle=evaluate_bundle,
    paired_p=paired_p,
    predictor=Classifier.load,
)
