"""`POST /generate`: how a text goes on, whole, or in pieces with the surprise of each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, Field

from seqzoo.sampling import Sampling
from seqzoo.serve.service import JSON, Question, Service
from seqzoo.tasks.generate.predict import Generator

_PIECE_S = 0.04  # a piece goes out that often, at most


class Beginning(Question):
    """What a text begins with, and how it is to go on."""

    prime: str | None = Field(None, max_length=2000, description="What it begins with; none: as the bundle says.")
    length: int | None = Field(None, ge=1, le=2000, description="Units to make; none: as the bundle says.")
    temperature: float | None = Field(None, ge=0, le=5, description="0: the likeliest; 1: as the model believes.")
    top_k: int = Field(0, ge=0, le=100_000)
    top_p: float = Field(1.0, gt=0, le=1)
    no_repeat: int = Field(0, ge=0, le=100)
    seed: int = Field(0, ge=0, le=2**63 - 1)


class Text(BaseModel):
    """A text, its beginning included."""

    text: str


def _sampling(generator: Generator, question: Beginning) -> Sampling:
    heat = generator.defaults.temperature if question.temperature is None else question.temperature
    return Sampling(heat, question.top_k, question.top_p, question.no_repeat, question.seed)


def _length(generator: Generator, question: Beginning) -> int:
    return min(2000, generator.defaults.length) if question.length is None else question.length


def _answer(generator: Generator, questions: Sequence[Beginning]) -> list[JSON]:
    return [
        {"text": generator.predict(one.prime, _length(generator, one), _sampling(generator, one))[0]}
        for one in questions
    ]


def _stream(generator: Generator, question: Beginning) -> Iterator[JSON]:
    """The beginning, then pieces as they are made: their text, and the surprise of each step in bits."""
    told = generator.told(question.prime, _length(generator, question), _sampling(generator, question))
    yield {"begun": next(told)[0]}
    made: list[tuple[str, float]] = []
    due = time.monotonic()
    for piece, surprise in told:
        made.append((piece, round(surprise, 3)))
        if time.monotonic() >= due:
            yield {"made": made}
            made, due = [], time.monotonic() + _PIECE_S
    yield {"made": made, "end": True}


def _about(generator: Generator) -> JSON:
    usual = generator.defaults
    return {"unit": generator.codec.unit, "reads": generator.codec.reads, "temperature": usual.temperature,
            "prime": usual.prime, "length": usual.length}  # fmt: skip


EXAMPLE = {"prime": None, "length": 60, "temperature": 0.8, "seed": 1}
SERVICE: Service[Generator, Beginning] = Service(Beginning, Text, EXAMPLE, _answer, stream=_stream, about=_about)
