"""What is decided on validation, and how the test part is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from seqzoo import calibration
from seqzoo.files import read_rows
from seqzoo.judge import Scores
from seqzoo.report import JSON, Figure, Section, Table
from seqzoo.room import Judgement
from seqzoo.runtime import Arrays, Graph
from seqzoo.tasks.classify import data, predict
from seqzoo.tasks.classify.codec import WordCodec
from seqzoo.tasks.classify.data import Examples, Splits
from seqzoo.tasks.classify.options import DataOptions
from seqzoo.tasks.classify.predict import GRAPH, Calibration, Classifier
from seqzoo.tasks.classify.training import ClassifyRecipe
from seqzoo.tasks.classify.words import is_emoji

_SHOWN = 400  # characters of a mistake
_PICTURES = 30  # so many texts with emoji are worth a number of their own


def decide(codec: WordCodec, files: Mapping[str, bytes], splits: Splits, recipe: ClassifyRecipe) -> Classifier:
    """Choose temperature and abstention on the validation split."""
    graph = Graph(files[GRAPH])
    logits = predict.two_columns(predict.logits(graph, _encoded(codec, splits.validation)))
    labels = codec.encode_labels(splits.validation.labels)
    temperature = calibration.temperature(logits, labels)
    if not recipe.decide.abstain:
        return Classifier(codec, Calibration(temperature), graph)
    p = predict.probabilities(logits, temperature)
    confidence = calibration.confidence_for_risk(p.max(1), p.argmax(1) == labels, recipe.decide.risk)
    return Classifier(codec, Calibration(temperature, recipe.decide.abstain, confidence), graph)


def validate(classifier: Classifier, splits: Splits) -> float:
    """Accuracy on the validation split."""
    labels = classifier.codec.encode_labels(splits.validation.labels)
    return float((classifier.scored(_encoded(classifier.codec, splits.validation)).argmax(1) == labels).mean())


def read_other(options: DataOptions, classifier: Classifier) -> Examples:
    """All rows of another file; where it does not say which belong together, each stands for itself."""
    path = Path(options.path)
    if options.group and options.group not in next(read_rows(path), {}):
        options = replace(options, group="")
    return data.read_file(path, options)


def judge(classifier: Classifier, splits: Splits | None, test: Examples, recipe: ClassifyRecipe) -> Judgement:
    """Judge on examples never trained on, beside baselines where there is something to fit them on."""
    codec, decision = classifier.codec, classifier.decision
    labels = codec.encode_labels(test.labels)
    p = classifier.scored(_encoded(codec, test))
    predicted, confidence = p.argmax(1), p.max(1)
    right = predicted == labels
    groups = None if test.groups is None else np.array(test.groups)
    error, bins = calibration.calibration(confidence, right)
    answered = confidence >= decision.confidence
    ms, rate = predict.speed(classifier, test.texts)
    facts = {"speed": f"{ms:.1f} ms for one text, {rate:,.0f} texts a second"}
    if decision.abstain:
        wrong = 1 - right[answered].mean() if answered.any() else 0.0
        facts[decision.abstain] = (
            f"below confidence {decision.confidence:.2f}: answers {answered.mean():.1%} of texts, "
            f"wrong in {wrong:.1%} of those"
        )
    guesses = _baselines(codec, splits, test) if splits else {}
    figures: list[Section] = [
        _confusion_figure(codec.classes, confusion(labels, predicted, len(codec.classes))),
        Figure(
            "Calibration: does 80 % mean 80 %?",
            "lines",
            {"lines": {"this model": [[b["confidence"], b["accuracy"]] for b in bins]}, "x": "confidence",
             "y": "accuracy", "percent": True, "diagonal": True},
            f"Expected calibration error {error:.3f}.",
        ),
        _by_length(test.tokens, right),
        _mistakes(codec, test, predicted, confidence, right),
    ]  # fmt: skip
    return Judgement(
        Scores.mean(right, groups),
        learnt=_learnt(codec, splits),
        baselines={name: Scores.mean(guess == labels, groups) for name, guess in guesses.items()},
        metrics={
            "accuracy": float(right.mean()),
            "macro F1": macro_f1(labels, predicted, len(codec.classes)),
            **_without_pictures(classifier, test, labels, predicted),
            "log loss": float(-np.log(np.maximum(p[np.arange(len(labels)), labels], 1e-12)).mean()),
            "calibration error": error,
        },
        counts=_counts(splits, test),
        ms_for_one=ms,
        facts=facts | (_overlaps(splits, test) if splits else {}),
        sections=figures,
    )


def _encoded(codec: WordCodec, examples: Examples) -> list[Arrays]:
    return [codec.arrays(codec.ids(tokens)) for tokens in examples.tokens]


def _baselines(codec: WordCodec, splits: Splits, test: Examples) -> dict[str, np.ndarray]:
    """Each baseline's class numbers on the test texts, fitted on train and validation."""
    from seqzoo.tasks.classify import baselines

    return baselines.predictions(
        (splits.train.tokens, codec.encode_labels(splits.train.labels)),
        (splits.validation.tokens, codec.encode_labels(splits.validation.labels)),
        test.tokens,
    )


def _learnt(codec: WordCodec, splits: Splits | None) -> str:
    names = [*codec.classes[:4], *(["others"] if len(codec.classes) > 4 else [])]
    told = f"to tell {', '.join(names[:-1])} and {names[-1]} apart"
    return told + (f" from {len(splits.train):,} texts" if splits else "")


def _counts(splits: Splits | None, test: Examples) -> dict[str, int]:
    seen = {"train": len(splits.train), "validation": len(splits.validation)} if splits else {}
    return seen | {"test": len(test)} | ({"groups in test": len(set(test.groups))} if test.groups else {})


def _overlaps(splits: Splits, test: Examples) -> dict[str, str]:
    pairs = {"validation in train": splits.validation, "test in train": test}
    return {
        name: ", ".join(f"{count} {what}" for what, count in data.overlap(splits.train, right).items())
        for name, right in pairs.items()
    }


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(true, predicted) counts."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def macro_f1(labels: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    """The mean over the classes that occur of each one's F1."""
    counts = confusion(labels, predicted, classes)
    both = counts.sum(0) + counts.sum(1)
    f1 = 2 * np.diag(counts) / np.maximum(both, 1)
    return float(f1[both > 0].mean())


def _without_pictures(
    classifier: Classifier, test: Examples, labels: np.ndarray, predicted: np.ndarray
) -> dict[str, float]:
    """Macro F1 where there are emoji, and of the same texts when these are taken out."""
    codec = classifier.codec
    some = [i for i, tokens in enumerate(test.tokens) if any(map(is_emoji, tokens)) and not all(map(is_emoji, tokens))]
    if len(some) < _PICTURES:
        return {}
    bare = [[word for word in test.tokens[i] if not is_emoji(word)] for i in some]
    said = classifier.scored([codec.arrays(codec.ids(tokens)) for tokens in bare]).argmax(1)
    return {
        "macro F1, texts with emoji": macro_f1(labels[some], predicted[some], len(codec.classes)),
        "macro F1, their emoji left out": macro_f1(labels[some], said, len(codec.classes)),
    }


# --- what the page shows -----------------------------------------------------------------------------


def _confusion_figure(classes: Sequence[str], counts: np.ndarray) -> Figure:
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    shown = [
        [f"{n:,} · {s:.1%}" for n, s in zip(row, part, strict=True)] for row, part in zip(counts, shares, strict=True)
    ]
    values: dict[str, JSON] = {
        "rows": list(classes), "columns": list(classes), "values": shares.tolist(), "shown": shown,
    }  # fmt: skip
    return Figure("Confusion matrix: the truth by rows, the answer by columns", "heatmap", values)


def _by_length(tokens: Sequence[Sequence[str]], right: np.ndarray) -> Figure:
    """Accuracy in five equal parts of the examples, from the shortest texts to the longest."""
    lengths = np.array([len(words) for words in tokens])
    parts = [part for part in np.array_split(np.argsort(lengths, kind="stable"), 5) if len(part)]
    rows: list[JSON] = [
        {"name": f"{lengths[part[0]]}–{lengths[part[-1]]} words", "value": float(right[part].mean()), "ours": True}
        for part in parts
    ]
    return Figure("Accuracy by length", "bars", {"rows": rows, "kind": "share"})


def _mistakes(
    codec: WordCodec, test: Examples, predicted: np.ndarray, confidence: np.ndarray, right: np.ndarray
) -> Table:
    """The ten most confident errors."""
    wrong = np.flatnonzero(~right)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:10]
    rows = [(test.labels[i], codec.classes[predicted[i]], f"{confidence[i]:.1%}", _plain(test.texts[i])) for i in worst]
    return Table("The most confident mistakes", ("truth", "said", "confidence", "text"), rows, wide=True)


def _plain(text: str) -> str:
    return text[:_SHOWN].replace("<br />", " ")
