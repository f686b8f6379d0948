"""Questions answered together, and how often one may ask."""

import asyncio
import threading
import time

import hypothesis.strategies as some
import pytest
from hypothesis import given

from seqzoo.serve.batching import Batcher, Busy
from seqzoo.serve.guard import Rates


def run(work):
    return asyncio.run(asyncio.wait_for(work, 20))


async def asked(batcher, questions):
    batcher.start()
    found = await asyncio.gather(*(batcher.ask(one) for one in questions), return_exceptions=True)
    await batcher.stop()
    return found


@given(some.lists(some.integers(-5, 50), max_size=40), some.integers(1, 9))
def test_each_gets_its_own_answer_and_errors_stay_with_their_question(questions, together):
    def answer(batch):
        assert len(batch) <= together
        if any(one < 0 for one in batch):
            raise ValueError("negative")
        return [2 * one for one in batch]

    found = run(asked(Batcher(answer, together, 0, 100), questions))
    for one, said in zip(questions, found, strict=True):
        assert isinstance(said, ValueError) if one < 0 else said == 2 * one


def test_those_that_come_within_the_window_are_answered_together():
    sizes: list[int] = []
    found = run(asked(Batcher(lambda batch: batch, 64, 0.05, 100, sizes.append), list(range(20))))
    assert found == list(range(20)) and sizes == [20]


def test_no_more_may_wait_than_may():
    gate = threading.Event()

    async def work():
        batcher = Batcher(lambda batch: (gate.wait(10), batch)[1], 1, 0, 2)
        batcher.start()
        waiting = []
        for i in range(3):  # the first is being answered while two wait
            waiting.append(asyncio.create_task(batcher.ask(i)))
            await asyncio.sleep(0.05)
        try:
            with pytest.raises(Busy):
                await batcher.ask(4)
        finally:
            gate.set()
        assert await asyncio.gather(*waiting) == [0, 1, 2]
        await batcher.stop()

    run(work())


def test_who_has_left_is_not_answered():
    seen: list[int] = []
    gate = threading.Event()

    def answer(batch):
        gate.wait(10)
        seen.extend(batch)
        return batch

    async def work():
        batcher = Batcher(answer, 1, 0, 10)
        batcher.start()
        waiting = [asyncio.create_task(batcher.ask(i)) for i in range(3)]
        await asyncio.sleep(0.05)
        waiting[1].cancel()
        await asyncio.sleep(0.01)
        gate.set()
        assert await waiting[0] == 0 and await waiting[2] == 2
        await batcher.stop()

    run(work())
    assert seen == [0, 2]


def test_a_client_may_ask_as_often_as_it_may_and_others_do_not_pay_for_it():
    now = 0.0
    rates = Rates(60, lambda: now)
    assert [rates.wait("a") for _ in range(60)] == [0] * 60
    assert rates.wait("a") == 1 and rates.wait("b") == 0
    now = 1.0
    assert rates.wait("a") == 0 and rates.wait("a") == 1
    now = 1000.0
    assert [rates.wait("a") for _ in range(61)] == [0] * 60 + [1]


def test_any_rate_and_many_clients_are_remembered_in_bounded_memory():
    assert all(Rates(0).wait("a") == 0 for _ in range(1000))
    rates = Rates(1)
    for i in range(12_000):
        rates.wait(str(i))
    assert len(rates._left) == 10_000


def test_the_window_does_not_wait_for_a_full_batch():
    async def work():
        batcher = Batcher(lambda batch: batch, 4, 5.0, 100)
        started = time.perf_counter()
        await asked(batcher, list(range(8)))
        return time.perf_counter() - started

    assert run(work()) < 4
