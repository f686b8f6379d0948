"""What a recurrent classifier has to beat, fitted on everything it saw: train and validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

TFIDF = "TF-IDF + logistic regression"
RATIOS = "n-gram ratios + logistic regression"
Tokens = Sequence[str]
Labelled = tuple[Sequence[Tokens], np.ndarray]


def predictions(train: Labelled, validation: Labelled, test: Sequence[Tokens]) -> dict[str, np.ndarray]:
    """Predicted class numbers of each baseline on the test texts.

    Args:
        train: the words of each text, and (n,) class numbers.
        validation: the same; the strength of the regularization is chosen here, then all is refitted.
        test: the words of each text.
    """
    labels = np.concatenate([train[1], validation[1]])
    majority = np.full(len(test), np.bincount(labels).argmax())
    linear = {TFIDF: (_tfidf, (1.0, 3.0, 10.0, 30.0)), RATIOS: (_ratios, (0.01, 0.03, 0.1))}
    fitted = {name: _chosen(fit, strengths, train, validation, test) for name, (fit, strengths) in linear.items()}
    return {"majority class": majority, **fitted}


Fitter = Callable[[Sequence[Tokens], np.ndarray, Sequence[float], Sequence[Tokens]], list[np.ndarray]]


def _chosen(
    fit: Fitter, strengths: Sequence[float], train: Labelled, validation: Labelled, test: Sequence[Tokens]
) -> np.ndarray:
    """Predict with the strength that does best on validation, refitted on both splits."""
    held_out = fit(train[0], train[1], strengths, validation[0])
    best = int(np.argmax([np.mean(guess == validation[1]) for guess in held_out]))
    both = [*train[0], *validation[0]], np.concatenate([train[1], validation[1]])
    return fit(*both, [strengths[best]], test)[0]


def _tfidf(
    texts: Sequence[Tokens], labels: np.ndarray, strengths: Sequence[float], others: Sequence[Tokens]
) -> list[np.ndarray]:
    """Words and word bigrams, sublinear TF-IDF, logistic regression at each strength."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(analyzer=_Grams(2), min_df=_rarest(texts, 2), sublinear_tf=True, dtype=np.float32)
    seen, asked = vectors.fit_transform(texts), vectors.transform(others)
    classes = range(int(labels.max()) + 1)
    return [_one_against_all(labels, [(seen, asked) for _ in classes], c) for c in strengths]


def _ratios(
    texts: Sequence[Tokens], labels: np.ndarray, strengths: Sequence[float], others: Sequence[Tokens]
) -> list[np.ndarray]:
    """Presence of words, bigrams and trigrams, weighted by log-count ratios (Wang and Manning 2012)."""
    from sklearn.feature_extraction.text import CountVectorizer

    vectors = CountVectorizer(analyzer=_Grams(3), min_df=_rarest(texts, 3), binary=True, dtype=np.float32)
    seen, asked = vectors.fit_transform(texts), vectors.transform(others)
    weighted = []
    for number in range(int(labels.max()) + 1):
        inside, outside = (np.asarray(seen[rows].sum(0)).ravel() + 1 for rows in (labels == number, labels != number))
        ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
        weighted.append((seen.multiply(ratio).tocsr(), asked.multiply(ratio).tocsr()))
    return [_one_against_all(labels, weighted, c) for c in strengths]


def _one_against_all(labels: np.ndarray, features: Sequence[tuple[Any, Any]], strength: float) -> np.ndarray:
    """The class with the highest score; for two classes, one regression decides."""
    from sklearn.linear_model import LogisticRegression

    def scores(number: int) -> np.ndarray:
        seen, asked = features[number]
        model = LogisticRegression(C=strength, solver="liblinear").fit(seen, labels == number)
        return np.asarray(model.decision_function(asked))

    if len(features) == 2:
        return np.asarray(scores(1) > 0, np.int64)
    return np.asarray(np.stack([scores(number) for number in range(len(features))], 1).argmax(1))


def _rarest(texts: Sequence[Tokens], count: int) -> int:
    return count if len(texts) > 500 else 1


class _Grams:
    """The n-grams of a text's words, of up to `longest` words."""

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def __call__(self, words: Sequence[str]) -> list[str]:
        grams = [" ".join(words[i : i + n]) for n in range(2, self.longest + 1) for i in range(len(words) - n + 1)]
        return [*words, *grams]
