"""What a room offers over HTTP: one record SERVICE in its `service.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

JSON = dict[str, Any]


class Question(BaseModel):
    """The body of a request: what is out of range, unknown or of another type is refused before anything is asked."""

    model_config = ConfigDict(extra="forbid", strict=True)


P = TypeVar("P")
Q = TypeVar("Q", bound=Question)


@dataclass(frozen=True)
class Service(Generic[P, Q]):
    """How a room is asked.

    Attributes:
        asks: the body of a request.
        answers: what comes back, besides the name of the model.
        example: a question that any bundle of the room can be asked; what it answers stands in the OpenAPI as well.
        answer: (predictor, questions) -> an answer to each, in order; a UserError is the asker's fault.
        together: questions that are worth answering at once; 1: each alone.
        stream: an answer in pieces, as they come.
        about: what a page must know of a bundle before it asks.
    """

    asks: type[Q]
    answers: type[BaseModel]
    example: Mapping[str, Any]
    answer: Callable[[P, Sequence[Q]], Sequence[JSON]]
    together: int = 1
    stream: Callable[[P, Q], Iterator[JSON]] | None = None
    about: Callable[[P], JSON] = lambda predictor: {}
