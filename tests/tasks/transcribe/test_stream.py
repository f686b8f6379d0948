"""A stream hears what the whole recording says, at any size of chunks, and keeps no more as it goes on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo import registry
from seqzoo.runtime import Graph
from seqzoo.tasks.transcribe.graphs import parts, streams, written
from seqzoo.tasks.transcribe.stream import Steps, follow
from seqzoo.tasks.transcribe.timing import Timing

SIZES = {"classes": 7, "rate": 8000}


@pytest.fixture(scope="module", params=[{}, {"stride": 2, "ahead": 1, "depth": 2}, {"stride": 1, "ahead": 0}])
def network(request):
    model = registry.build("conv_gru_ctc", {"units": 16, "filters": 12, **request.param}, SIZES)
    model.get_layer("standard").set(np.full(24, -3.0), np.full(24, 2.0))
    files = {name: written(part) for name, part in parts(model).items() if name != "model.onnx"}
    return model, Timing.of(model), Graph(files["front.onnx"]), Graph(files["step.onnx"])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9000), st.lists(st.integers(1, 4000), min_size=1, max_size=5), st.integers(0, 99))
def test_a_stream_in_any_chunks_equals_the_whole(network, length, chunks, seed):
    model, timing, front, step = network
    samples = 0.1 * np.random.default_rng(seed).standard_normal(length).astype(np.float32)
    steps, found, begin = Steps(front, step, timing), [], 0
    while begin < length:
        size = chunks[len(found) % len(chunks)]
        found.append(steps.feed(samples[begin : begin + size]))
        begin += size
    together = np.concatenate([*found, steps.end()])
    assert len(together) == timing.steps(length)
    if length >= timing.window:
        whole = np.asarray(model([samples[None], np.array([length], np.int32)]))[0]
        np.testing.assert_allclose(together, whole, atol=1e-4)


def test_steps_come_as_soon_as_they_can_and_memory_stays_flat(network):
    _, timing, front, step = network
    steps, kept = Steps(front, step, timing), []
    second = 0.1 * np.random.default_rng(0).standard_normal(timing.rate).astype(np.float32)
    for number in range(1, 61):
        steps.feed(second)
        kept.append(len(steps._buffer))
        late = number - timing.step_s * steps.done
        assert late <= timing.delay_s + timing.step_s
    assert max(kept[5:]) <= max(kept[:5]) <= 0.5 * timing.rate


def test_only_a_network_that_reads_one_way_streams():
    assert streams(registry.build("conv_gru_ctc", {"units": 8, "filters": 8}, SIZES))
    assert not streams(registry.build("conv_bigru_ctc", {"units": 8, "filters": 8}, SIZES))
    assert not streams(registry.build("simple_rnn_word", {}, SIZES))


def test_small_chunks_cost_what_they_must(network):
    _, timing, front, step = network
    samples = 0.1 * np.random.default_rng(1).standard_normal(3 * timing.rate).astype(np.float32)
    found = list(follow(front, step, timing, samples, 80))
    assert sum(map(len, found)) == timing.steps(len(samples))
