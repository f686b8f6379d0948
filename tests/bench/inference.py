"""One review and 64 reviews: ONNX Runtime, with exact and with 8-bit weights, against model.predict and PyTorch.

Side by side, medians.

Run: python tests/bench/inference.py [ARCHITECTURE ...]      (PyTorch is needed for its column)
"""

import os
import statistics
import sys
import time
from functools import partial

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import torch

from seqzoo import graph, registry
from seqzoo.graph.quantize import eight_bits
from seqzoo.runtime import Graph, pad

STEPS, WORDS = 200, 10_000
torch.set_num_threads(2)
torch.set_grad_enabled(False)


class TorchBiLSTM(torch.nn.Module):
    """imdb-bilstm in PyTorch, packed as its documentation advises."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(WORDS, 64, padding_idx=0)
        self.first = torch.nn.LSTM(64, 64, batch_first=True, bidirectional=True)
        self.second = torch.nn.LSTM(128, 32, batch_first=True, bidirectional=True)
        self.dense, self.logits = torch.nn.Linear(64, 64), torch.nn.Linear(64, 1)

    def forward(self, ids, lengths):
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            self.embedding(ids), lengths, batch_first=True, enforce_sorted=False
        )
        _, (h, _) = self.second(self.first(packed)[0])
        return self.logits(torch.relu(self.dense(torch.cat([h[0], h[1]], -1))))


def median_ms(functions: dict, repeats: int) -> dict[str, float]:
    """Interleave the functions, so that a busy moment hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for round_number in range(repeats + 2):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            if round_number >= 2:
                times[name].append(1000 * (time.perf_counter() - started))
    return {name: statistics.median(values) for name, values in times.items()}


def example(model: keras.Model, words: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """A review of so many words, and evidence beside each where the model takes some."""
    ids = {model.inputs[0].name: random.integers(1, WORDS, words).astype(np.int32)}
    return ids | {t.name: random.normal(size=(words, t.shape[-1])).astype(np.float32) for t in model.inputs[1:]}


def measure(name: str) -> None:
    found = registry.find_architecture(name)
    sizes = {**found.sizes, "vocabulary_size": WORDS}
    model = registry.build(name, {}, sizes)
    exact = graph.convert(model).SerializeToString()
    run, rounded = Graph(exact), Graph(eight_bits(exact))
    random = np.random.default_rng(0)
    for batch, repeats in ((1, 15), (64, 7)):
        lengths = random.integers(STEPS // 2, STEPS + 1, batch)
        lengths[0] = STEPS
        feeds = pad([example(model, n, random) for n in lengths])
        given = list(feeds.values()) if len(feeds) > 1 else feeds["ids"]
        functions = {
            "onnx": partial(run, feeds),
            "8-bit": partial(rounded, feeds),
            "predict": partial(model.predict, given, verbose=0, batch_size=64),
        }
        if name == "bilstm_classifier":
            torch_model, torch_ids = TorchBiLSTM().eval(), torch.from_numpy(feeds["ids"].astype(np.int64))
            functions["torch"] = partial(torch_model, torch_ids, torch.from_numpy(lengths))
        ms = median_ms(functions, repeats)
        for ours in ("onnx", "8-bit"):
            times = {other: ms[other] / ms[ours] for other in ms}
            line = f"{name:<28} batch {batch:>3}: {ours:<5} {ms[ours]:8.2f} ms, predict {times['predict']:6.1f} x"
            print(line + (f", torch {times['torch']:5.2f} x" if "torch" in times else ""), flush=True)


registry.open_all()
keras.utils.set_random_seed(0)
for chosen in sys.argv[1:] or sorted(registry.ARCHITECTURES):
    measure(chosen)
