"""A bundle in memory, ready to be asked by many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from seqzoo import bundle, runs, tasks
from seqzoo.errors import UserError
from seqzoo.report import Report
from seqzoo.serve.batching import Batcher
from seqzoo.serve.limits import Limits
from seqzoo.serve.metrics import Metrics
from seqzoo.serve.service import JSON, Question, Service


class Loaded:
    """A bundle, its predictor, and the line of those who ask it.

    Attributes:
        name: by which it is asked for; task: its room.
        service: how it is asked; answered: what it says to the room's example, with its name; None: it refuses.
    """

    def __init__(self, folder: Path, name: str) -> None:
        meta = bundle.load_meta(folder)
        self.name, self.task, self._folder = name, str(meta["task"]), folder
        self.service: Service[Any, Any] = tasks.part(self.task, "service").SERVICE
        self._predictor = tasks.open_room(self.task).predictor(folder)
        self.answered = self._example()
        self._batcher: Batcher[Question, JSON] | None = None

    def _example(self) -> JSON | None:
        """What it says to the room's example, which also warms it up."""
        try:
            (answer,) = self.service.answer(self._predictor, [self.service.asks(**self.service.example)])
        except UserError:
            return None
        return {"model": self.name, **answer}

    def about(self) -> JSON:
        """What a page must know of it: its task, and what it was found to be worth."""
        report = Report.load(self._folder) if (self._folder / "report.json").is_file() else None
        verdict = report.verdict if report else None
        return {
            "name": self.name, "task": self.task, "example": dict(self.service.example),
            "parameters": report.parameters if report else None,
            "verdict": verdict.words if verdict else "", "wins": bool(verdict and verdict.wins),
            **self.service.about(self._predictor),
        }  # fmt: skip

    def start(self, limits: Limits, metrics: Metrics) -> None:
        """Begin to answer; called inside a running loop."""
        self._batcher = Batcher(
            lambda questions: self.service.answer(self._predictor, questions),
            self.service.together, limits.window_ms / 1000, limits.waiting,
            lambda size: metrics.together(self.name, size),
        )  # fmt: skip
        self._batcher.start()

    async def stop(self) -> None:
        """Answer what is waiting, then no more."""
        if self._batcher:
            await self._batcher.stop()

    async def ask(self, question: Question) -> JSON:
        """The answer to one question.

        Raises:
            Busy: too many are waiting.
            UserError: it cannot be answered.
        """
        if self._batcher is None:
            raise RuntimeError("not started")
        return await self._batcher.ask(question)

    def stream(self, question: Question) -> Iterator[JSON]:
        """The answer in pieces, as they come."""
        if self.service.stream is None:
            raise RuntimeError(f"{self.task} does not stream")
        return self.service.stream(self._predictor, question)


def load(names: Sequence[str]) -> list[Loaded]:
    """The bundles that were named; where none was, the one that each room would answer from.

    Raises:
        UserError: no such run, one that cannot be trusted, or nothing to serve.
    """
    if names:
        folders = [runs.find(name, None) for name in names]
    else:
        folders = [folder for room in tasks.ROOMS if (folder := _usual(room)) is not None]
    if not folders:
        raise UserError("there is no model here to serve", "seqzoo train spam-bilstm")
    return [Loaded(folder, name) for folder, name in zip(folders, _called(folders), strict=True)]


def _usual(room: str) -> Path | None:
    try:
        return runs.find(None, room)
    except UserError:
        return None


def _called(folders: Sequence[Path]) -> list[str]:
    """A name for each: its folder's, with a number where two would be called the same."""
    names: list[str] = []
    for folder in folders:
        same = sum(name == folder.name or name.startswith(f"{folder.name}:") for name in names)
        names.append(f"{folder.name}:{same + 1}" if same else folder.resolve().name)
    return names
