"""`seqzoo.classify`: texts in, answers out, from a notebook as from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from seqzoo.tasks.classify.predict import Answer, Classifier

if TYPE_CHECKING:
    import pandas as pd


@overload
def classify(texts: str, run: str | None = None, *, text: str = "text") -> Answer: ...
@overload
def classify(texts: pd.DataFrame, run: str | None = None, *, text: str = "text") -> pd.DataFrame: ...
@overload
def classify(texts: list[str], run: str | None = None, *, text: str = "text") -> list[Answer]: ...
def classify(
    texts: str | pd.DataFrame | list[str], run: str | None = None, *, text: str = "text"
) -> Answer | pd.DataFrame | list[Answer]:
    """Say which class texts belong to.

    Args:
        texts: one text; several; or a frame with a column of them.
        run: a run's folder or a recipe's name; None: the newest run, else the bundle that ships.
        text: the frame's column of texts.

    Returns:
        An answer for a text, a list for several, and for a frame the frame with two more columns, under free names:
        `predicted` and `predicted_confidence`.

    Raises:
        UserError: no such run or column.
    """
    from seqzoo import runs

    classifier: Classifier = runs.load(run, "classify")
    if isinstance(texts, str):
        return next(classifier.predict([texts]))
    if isinstance(texts, list):
        return list(classifier.predict(texts))
    return _with_answers(texts, classifier, text)


def _with_answers(frame: pd.DataFrame, classifier: Classifier, text: str) -> pd.DataFrame:
    from seqzoo.errors import UserError, nearest
    from seqzoo.files import free_names

    if text not in frame.columns:
        raise UserError(f"the frame has no column {text!r}: {nearest(text, map(str, frame.columns))}")
    answers = list(classifier.predict(frame[text].astype(str)))
    label, confidence = free_names([str(name) for name in frame.columns], ("predicted", "predicted_confidence"))
    found = frame.copy()
    found[label] = [answer.label for answer in answers]
    found[confidence] = [answer.confidence for answer in answers]
    return found
