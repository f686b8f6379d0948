"""What a recurrent classifier has to beat, fitted on everything it saw: train and validation."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from seqzoo import vocabulary

_STRENGTHS = (1.0, 3.0, 10.0, 30.0)
LINEAR = "TF-IDF + logistic regression"


def predictions(
    train: tuple[list[str], np.ndarray], validation: tuple[list[str], np.ndarray], test: list[str]
) -> dict[str, np.ndarray]:
    """Predicted class numbers of each baseline on the test texts.

    Args:
        train: texts, and (n,) class numbers.
        validation: the same; the strength of the regularization is chosen here, then all is refitted.
        test: texts.
    """
    labels = np.concatenate([train[1], validation[1]])
    majority = np.full(len(test), np.bincount(labels).argmax())
    return {"majority class": majority, LINEAR: _linear(train, validation, test)}


def _linear(
    train: tuple[list[str], np.ndarray], validation: tuple[list[str], np.ndarray], test: list[str]
) -> np.ndarray:
    """Words and word bigrams, sublinear TF-IDF, logistic regression."""
    vectors = _vectorizer(len(train[0]))
    seen, held_out = vectors.fit_transform(train[0]), vectors.transform(validation[0])
    scores = {c: float(_regression(c).fit(seen, train[1]).score(held_out, validation[1])) for c in _STRENGTHS}
    best = max(scores, key=lambda c: scores[c])
    both = vectors.fit_transform(train[0] + validation[0])
    model = _regression(best).fit(both, np.concatenate([train[1], validation[1]]))
    return np.asarray(model.predict(vectors.transform(test)))


def _vectorizer(texts: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer=_words_and_bigrams, min_df=2 if texts > 500 else 1, sublinear_tf=True, dtype=np.float32
    )


def _words_and_bigrams(text: str) -> list[str]:
    words = vocabulary.words(text)
    return words + [f"{a} {b}" for a, b in pairwise(words)]


def _regression(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    return OneVsRestClassifier(LogisticRegression(C=strength, solver="liblinear"))
