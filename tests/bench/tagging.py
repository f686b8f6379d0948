"""Sentences a second: a bundle's graph and its Viterbi search beside the same network in PyTorch, medians.

Run: python tests/bench/tagging.py [RUN]      (PyTorch is needed for its column)
"""

import statistics
import sys
import time

import numpy as np
import torch

from seqzoo import graph, registry
from seqzoo.runtime import Graph, pad
from seqzoo.tasks.tag import viterbi

WORDS, ALPHABET, WIDTH, TAGS = 20_000, 100, 20, 25
torch.set_num_threads(2)
torch.set_grad_enabled(False)


class TorchTagger(torch.nn.Module):
    """char_bilstm_tagger in PyTorch, packed as its documentation advises."""

    def __init__(self, dim=100, letters=32, filters=64, units=100) -> None:
        super().__init__()
        self.words, self.letters = torch.nn.Embedding(WORDS, dim), torch.nn.Embedding(ALPHABET, letters)
        self.conv = torch.nn.Conv1d(letters, filters, 3, padding=1)
        self.lstm = torch.nn.LSTM(dim + filters, units, batch_first=True, bidirectional=True)
        self.logits = torch.nn.Linear(2 * units, TAGS)

    def forward(self, words, letters, lengths):
        batch, time_, width = letters.shape
        spelled = self.letters(letters.reshape(-1, width)).transpose(1, 2)
        seen = torch.relu(self.conv(spelled)).amax(2).reshape(batch, time_, -1)
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            torch.cat([self.words(words), seen], -1), lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = torch.nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.logits(states)


def sentences(count: int, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """As long as sentences of tweets are."""
    random = np.random.default_rng(seed)
    lengths = np.clip(random.lognormal(2.8, 0.5, count), 2, 60).astype(int)
    return [
        {
            "words": random.integers(1, WORDS, n).astype(np.int32),
            "letters": random.integers(1, ALPHABET, (n, WIDTH)).astype(np.int32),
        }
        for n in lengths
    ]


def rates(functions: dict, groups: list, repeats: int) -> dict[str, float]:
    """Sentences a second, functions interleaved so that a busy moment hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeats):
        for group in groups:
            for name, function in functions.items():
                started = time.perf_counter()
                function(group)
                times[name].append(time.perf_counter() - started)
    return {name: len(groups[0]) / statistics.median(values) for name, values in times.items()}


sizes = {"vocabulary_size": WORDS, "classes": TAGS, "alphabet": ALPHABET, "width": WIDTH}
run = Graph(graph.convert(registry.build("char_bilstm_tagger", {}, sizes)).SerializeToString())
theirs = TorchTagger().eval()
table = np.zeros((TAGS + 1, TAGS + 1), np.float32)


def ours(group: list) -> None:
    """The graph, and the search."""
    logits = run(pad(group))[0]
    viterbi.decode(logits, np.array([len(one["words"]) for one in group]), table)


def torchs(group: list) -> None:
    """The network, and the same search."""
    arrays = pad(group)
    lengths = np.array([len(one["words"]) for one in group])
    words, letters = (torch.from_numpy(arrays[name].astype(np.int64)) for name in ("words", "letters"))
    viterbi.decode(theirs(words, letters, torch.from_numpy(lengths)).numpy(), lengths, table)


for batch, repeats in ((1, 5), (64, 5)):
    every = sorted(sentences(640), key=lambda one: len(one["words"]))
    groups = [every[i : i + batch] for i in range(0, 640, max(batch, 16))]
    found = rates({"onnx": ours, "torch": torchs}, [group for group in groups if len(group) == batch], repeats)
    ratio = found["onnx"] / found["torch"]
    print(f"batch {batch:>2}: {found['onnx']:8,.0f} sentences a second, PyTorch {found['torch']:8,.0f}: {ratio:.1f} x")

if len(sys.argv) > 1:
    from seqzoo import runs

    tagger = runs.load(sys.argv[1], "tag")
    texts = ["Angela Merkel met Tim Cook in Berlin last week, and they spoke of the new phone."] * 640
    started = time.perf_counter()
    list(tagger.predict(texts))
    print(f"{sys.argv[1]}: {640 / (time.perf_counter() - started):,.0f} raw texts a second, words split and sure")
