"""Questions that come at about the same time are answered together, in one thread of a bundle's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Busy(Exception):
    """More are waiting than may."""


class Batcher(Generic[Q, A]):
    """Answers questions in batches; one that is refused spoils none of the others.

    Args:
        answer: questions -> an answer to each, in order; called in a thread.
        together: of a batch, at most.
        window_s: how long the first of a batch waits for others.
        waiting: questions that may wait, beside those that are being answered.
        told: the size of each batch.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Q]], Sequence[A]],
        together: int,
        window_s: float,
        waiting: int,
        told: Callable[[int], None] = lambda size: None,
    ) -> None:
        self._answer, self._together, self._window_s, self._told = answer, together, window_s, told
        self._waiting: asyncio.Queue[tuple[Q, asyncio.Future[A]]] = asyncio.Queue(waiting)
        self._thread = ThreadPoolExecutor(1, "answers")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to answer; called inside a running loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Answer what is waiting still, then no more."""
        await self._waiting.join()
        if self._task:
            self._task.cancel()
        self._thread.shutdown(wait=False)

    async def ask(self, question: Q) -> A:
        """The answer.

        Raises:
            Busy: too many are waiting.
            UserError: it cannot be answered.
        """
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((question, future))
        except asyncio.QueueFull:
            raise Busy from None
        return await future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = await self._batch()
            asked = [(question, future) for question, future in batch if not future.done()]  # who left is not answered
            if asked:
                self._told(len(asked))
                found = await loop.run_in_executor(self._thread, self._answered, [question for question, _ in asked])
                for (_, future), answer in zip(asked, found, strict=True):
                    _settle(future, answer)
            for _ in batch:
                self._waiting.task_done()

    async def _batch(self) -> list[tuple[Q, asyncio.Future[A]]]:
        batch = [await self._waiting.get()]
        if self._together > 1 and self._window_s and self._waiting.qsize() + 1 < self._together:
            await asyncio.sleep(self._window_s)
        while len(batch) < self._together and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        return batch

    def _answered(self, questions: Sequence[Q]) -> Sequence[A | Exception]:
        """An answer or an error for each: where all at once fail, each is asked alone."""
        try:
            return self._answer(questions)
        except Exception as error:
            if len(questions) == 1:
                return [error]
        return [answer for question in questions for answer in self._answered([question])]


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
