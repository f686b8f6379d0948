"""ONNX Runtime: run a bundle's graph, sort by length, pad. Neither TensorFlow nor Keras is imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from seqzoo.errors import UserError

Item = TypeVar("Item")
Arrays = tuple[np.ndarray, ...]
WINDOW = 2048
BATCH = 64


class Graph:
    """An ONNX graph that is ready to run, with dynamic batch and time."""

    def __init__(self, source: Path | bytes, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        data = source if isinstance(source, bytes) else source.read_bytes()
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no common base class for its errors
            raise UserError(f"ONNX Runtime cannot load the graph: {str(error).splitlines()[0]}") from None
        self.inputs = [value.name for value in self._session.get_inputs()]
        self.outputs = [value.name for value in self._session.get_outputs()]

    def width(self, name: str) -> int:
        """The last dimension of an input: how many numbers a state has."""
        return int(next(value.shape[-1] for value in self._session.get_inputs() if value.name == name))

    @property
    def size(self) -> int:
        """The last dimension of the first output."""
        return int(self._session.get_outputs()[0].shape[-1])

    def __call__(self, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Run the graph; inputs by name, outputs in the order of `outputs`."""
        return list(self._session.run(None, feeds))

    def loop(self, states: dict[str, np.ndarray]) -> Loop:
        """Steps from `states`, by input name, on: what a step leaves behind is what the next one finds."""
        return Loop(self, self._session, states)


class Loop:
    """A graph that is fed one id at a time and keeps its states to itself.

    The states lie in two sets of arrays that change places, so that no step copies or allocates: half the time of
    a step of a small network.
    """

    def __init__(self, graph: Graph, session: Any, states: dict[str, np.ndarray]) -> None:
        self._session = session
        batch = len(next(iter(states.values())))
        self._ids = np.zeros((batch, 1), np.int32)
        self._logits = np.zeros((batch, 1, graph.size), np.float32)
        here = [np.array(states[name]) for name in graph.inputs[1:]]
        there = [np.empty_like(state) for state in here]
        self._arrays = (here, there)  # the bindings hold addresses only
        self._bindings = [self._bind(graph, here, there), self._bind(graph, there, here)]

    def _bind(self, graph: Graph, before: list[np.ndarray], after: list[np.ndarray]) -> Any:
        binding = self._session.io_binding()
        for name, array in zip(graph.inputs, [self._ids, *before], strict=True):
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        for name, array in zip(graph.outputs, [self._logits, *after], strict=True):
            binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        return binding

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """Read (batch,) ids: (batch, size) logits, which the next call overwrites."""
        self._ids[:, 0] = ids
        self._session.run_with_iobinding(self._bindings[0])
        self._bindings.reverse()
        return np.asarray(self._logits[:, 0])


def pad(examples: Sequence[Arrays], multiple: int = 1) -> Arrays:
    """Stack examples into (batch, time, ...) arrays, padded on the right with 0; `multiple` rounds time up.

    An example is a tuple of arrays that share their first axis, time, which must not be empty: a fully masked
    row has no answer.
    """
    longest = max(len(example[0]) for example in examples)
    time = -(-longest // multiple) * multiple
    out = tuple(np.zeros((len(examples), time, *first.shape[1:]), first.dtype) for first in examples[0])
    for row, example in enumerate(examples):
        for stacked, array in zip(out, example, strict=True):
            stacked[row, : len(array)] = array
    return out


def run_sorted(graph: Graph, examples: Sequence[Arrays], batch: int = BATCH) -> np.ndarray:
    """Run batches of similar length; return the first output, (n, ...), in the order of the examples."""
    order = sorted(range(len(examples)), key=lambda i: len(examples[i][0]))
    parts = []
    for start in range(0, len(order), batch):
        arrays = pad([examples[i] for i in order[start : start + batch]])
        parts.append(graph(dict(zip(graph.inputs, arrays, strict=True)))[0])
    results = np.concatenate(parts)
    out = np.empty_like(results)
    out[order] = results
    return out


def windows(items: Iterable[Item], size: int = WINDOW) -> Iterator[list[Item]]:
    """Cut a stream into lists of at most `size`: what is held in memory at a time."""
    stream: Any = iter(items)
    while window := list(islice(stream, size)):
        yield window
