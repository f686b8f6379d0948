"""`POST /tag`: a text in, its words, tags and spans out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import BaseModel, Field

from seqzoo.serve.service import JSON, Question, Service
from seqzoo.tasks.tag.predict import Tagger


class Text(Question):
    """A text to tag."""

    text: str = Field(min_length=1, max_length=20_000)


class Span(BaseModel):
    """A span: text[start:end] is a `kind`, as surely as `confidence` says."""

    text: str
    start: int
    end: int
    kind: str
    confidence: float


class Tags(BaseModel):
    """Words, the tag of each, and the spans that they mark."""

    text: str
    words: list[str]
    tags: list[str]
    spans: list[Span]


def _answer(tagger: Tagger, questions: Sequence[Text]) -> list[JSON]:
    return [asdict(tagged) for tagged in tagger.predict(question.text for question in questions)]


EXAMPLE = {"text": "Angela Merkel met Tim Cook in Berlin"}
SERVICE: Service[Tagger, Text] = Service(Text, Tags, EXAMPLE, _answer, together=64)
