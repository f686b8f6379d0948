"""`POST /classify`: a text in, a class out, with the words that moved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import BaseModel, Field

from seqzoo.serve.service import JSON, Question, Service
from seqzoo.tasks.classify.predict import Classifier


class Text(Question):
    """A text to classify."""

    text: str = Field(min_length=1, max_length=20_000)
    explain: bool = Field(False, description="Also say by how much each word raised the probability of the class.")


class Class(BaseModel):
    """A class, or the abstention; `top` is always a class. `known` is false where no word was known."""

    label: str
    top: str
    confidence: float
    probabilities: dict[str, float]
    known: bool
    words: list[tuple[str, float]] | None = None


def _answer(classifier: Classifier, questions: Sequence[Text]) -> list[JSON]:
    answers = classifier.predict(question.text for question in questions)
    found = [asdict(answer) for answer in answers]
    for question, answer in zip(questions, found, strict=True):
        if question.explain and answer["known"]:
            answer["words"] = classifier.explain(question.text, _EXPLAINED)
    return found


_EXPLAINED = 200  # words, each of which is a question to the network
EXAMPLE = {"text": "A slow start, but the ending was superb", "explain": True}
SERVICE: Service[Classifier, Text] = Service(Text, Class, EXAMPLE, _answer, together=64)
