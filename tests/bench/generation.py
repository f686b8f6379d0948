"""Characters a second from char_lstm's weights: ours, the sources' predict loop, and a stateful PyTorch loop.

Run: python tests/bench/generation.py [BUNDLE]   (of char-lstm, as it ships or a run; without one: random weights)
"""

import os
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import torch

from seqzoo import graph
from seqzoo.graph.quantize import eight_bits
from seqzoo.runtime import Graph
from seqzoo.sampling import Sampling
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.models import char_lstm
from seqzoo.tasks.generate.predict import Defaults, Generator
from seqzoo.tasks.generate.training import carried_layers

WINDOW, ROUNDS = 40, 5

if len(sys.argv) > 1:
    folder = Path(sys.argv[1])
    shipped = Generator.load(folder)
    codec, ours = shipped.codec, replace(shipped, mixture=None)
    kept = folder / "model.keras"  # what ships holds none: others' loops then run on random weights, as fast
    model = keras.models.load_model(kept) if kept.is_file() else char_lstm(vocabulary_size=len(codec.vocabulary))
    whole = (folder / "model.onnx").read_bytes()
else:
    model = char_lstm(vocabulary_size=65)
    codec = UnitCodec("character", 100, "before", 3, tuple(map(chr, range(32, 97))))
    whole = graph.convert(model, carry=carried_layers(model, codec)).SerializeToString()
    shipped = ours = Generator(codec, Defaults(), Graph(whole, threads=1))
rounded = Graph(eight_bits(whole), threads=1)


class Twin(torch.nn.Module):
    """The same network with the same weights."""

    def __init__(self) -> None:
        super().__init__()
        weights = model.get_weights()
        size, width = weights[0].shape
        units = weights[2].shape[0]
        self.embedding = torch.nn.Embedding(size, width)
        self.lstm = torch.nn.LSTM(width, units, 2, batch_first=True)
        self.dense = torch.nn.Linear(units, size)
        with torch.no_grad():
            self.embedding.weight[:] = torch.tensor(weights[0])
            for layer, (kernel, recurrent, bias) in enumerate((weights[1:4], weights[4:7])):
                getattr(self.lstm, f"weight_ih_l{layer}")[:] = torch.tensor(kernel.T)
                getattr(self.lstm, f"weight_hh_l{layer}")[:] = torch.tensor(recurrent.T)
                getattr(self.lstm, f"bias_ih_l{layer}")[:] = torch.tensor(bias)
                getattr(self.lstm, f"bias_hh_l{layer}")[:] = 0.0
            self.dense.weight[:] = torch.tensor(weights[7].T)
            self.dense.bias[:] = torch.tensor(weights[8])

    def forward(self, ids: torch.Tensor, states: object = None) -> tuple[torch.Tensor, object]:
        """Logits and states."""
        found, states = self.lstm(self.embedding(ids), states)
        return self.dense(found), states


def softmax(logits: np.ndarray) -> np.ndarray:
    """At temperature 0.8, as the sources write it."""
    z = np.exp((logits.astype(np.float64) - logits.max()) / 0.8)
    return z / z.sum()


def predict_loop(length: int) -> None:
    """The sources' way: the last 40 characters through `model.predict`, for each character."""
    random, read = np.random.default_rng(0), [1] * WINDOW
    for _ in range(length):
        logits = model.predict(np.array([read[-WINDOW:]]), verbose=0)[0, -1]
        read.append(int(random.choice(len(logits), p=softmax(logits))))


def torch_loop(length: int) -> None:
    """A careful PyTorch loop: one character at a time, the state carried, no gradients."""
    random, unit, states = np.random.default_rng(0), 1, None
    with torch.no_grad():
        for _ in range(length):
            logits, states = twin(torch.tensor([[unit]]), states)
            p = softmax(logits[0, 0].numpy())
            unit = int(random.choice(len(p), p=p))


def our_loop(length: int, samples: int = 1, by: Generator = ours) -> None:
    """`seqzoo generate`, by the network alone or as it ships."""
    for _ in by.stream(np.ones(1, np.int32), length, Sampling(0.8), samples):
        pass


def rate(loop: object, characters: int, *args: object) -> float:
    """Characters a second."""
    started = time.perf_counter()
    loop(*args)  # type: ignore[operator]
    return characters / (time.perf_counter() - started)


torch.set_num_threads(1)
twin = Twin().eval()
ids = np.random.default_rng(0).integers(0, len(codec.vocabulary), (1, 30)).astype(np.int32)
with torch.no_grad():
    same = np.abs(twin(torch.tensor(ids))[0].numpy() - np.asarray(model(ids))).max()
print(f"PyTorch's network differs from Keras' by {same:.1e}")
predict_loop(3), torch_loop(50), our_loop(50), our_loop(20, 32)
rows = [
    (
        rate(predict_loop, 20, 20),
        rate(torch_loop, 500, 500),
        rate(our_loop, 2000, 2000),
        rate(our_loop, 32 * 300, 300, 32),
        rate(our_loop, 1000, 1000, 1, shipped),
        rate(our_loop, 32 * 100, 100, 32, shipped),
        rate(our_loop, 2000, 2000, 1, replace(ours, graph=rounded)),
        rate(our_loop, 1000, 1000, 1, replace(shipped, graph=rounded)),
    )
    for _ in range(ROUNDS)
]
predicted, torched, one, many, mixed, mixed_many, one_8, mixed_8 = (
    statistics.median(column) for column in zip(*rows, strict=True)
)
print(f"model.predict loop   {predicted:10,.1f} characters a second ({1000 / predicted:.0f} ms each)")
print(f"stateful PyTorch     {torched:10,.1f} ({1000 / torched:.2f} ms each)")
print(f"network, one text    {one:10,.1f}: {one / predicted:,.0f} x and {one / torched:.1f} x")
print(f"network, 32 texts    {many:10,.1f}: {many / one:.1f} x one text")
print(f"as it ships          {mixed:10,.1f}: {mixed / predicted:,.0f} x and {mixed / torched:.1f} x")
print(f"as it ships, 32      {mixed_many:10,.1f}: {mixed_many / mixed:.1f} x one text")
print(f"network, 8 bits      {one_8:10,.1f}: {one_8 / one:.2f} x exact weights")
print(f"as it ships, 8 bits  {mixed_8:10,.1f}: {mixed_8 / mixed:.2f} x exact weights")
