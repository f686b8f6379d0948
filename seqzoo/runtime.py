"""ONNX Runtime: run a bundle's graphs, sort by length, pad. Neither TensorFlow nor Keras is imported."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from seqzoo.errors import UserError

Item = TypeVar("Item")
Arrays = Mapping[str, np.ndarray]  # by the names of a model's inputs
WINDOW = 2048
BATCH = 64
_DTYPES = {"tensor(float)": "float32", "tensor(int32)": "int32", "tensor(int64)": "int64", "tensor(bool)": "bool"}


class Graph:
    """An ONNX graph that is ready to run, with dynamic batch and time."""

    def __init__(self, source: Path | bytes, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or _threads()
        options.log_severity_level = 3
        try:
            data = source if isinstance(source, bytes) else source.read_bytes()
        except OSError as error:
            raise UserError(f"there is no graph: {error}") from None
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
    def output_width(self) -> int:
        """The last dimension of the first output."""
        return int(self._session.get_outputs()[0].shape[-1])

    @property
    def timed(self) -> bool:
        """Whether the first output has a time axis as long as the input's."""
        shape = self._session.get_outputs()[0].shape
        return len(shape) > 1 and not isinstance(shape[1], int)

    @property
    def signature(self) -> tuple[dict[str, str], dict[str, str]]:
        """The dtype and shape of each input and each output, as people read them."""
        both = (self._session.get_inputs(), self._session.get_outputs())
        inputs, outputs = ({one.name: f"{_DTYPES[one.type]} {_shown(one.shape)}" for one in some} for some in both)
        return inputs, outputs

    def __call__(self, feeds: Arrays) -> list[np.ndarray]:
        """Run the graph; inputs by name, outputs in the order of `outputs`."""
        return list(self._session.run(None, dict(feeds)))

    def states(self, batch: int) -> dict[str, np.ndarray]:
        """The states before anything was read: zeros, (batch, units) float32 by input name."""
        carried = (name for name in self.inputs if name.removesuffix("_in") in self.outputs)
        return {name: np.zeros((batch, self.width(name)), np.float32) for name in carried}

    def loop(self, states: Arrays, constants: Arrays | None = None) -> Loop:
        """Steps from `states`, by input name, on: what a step leaves behind is what the next one finds."""
        return Loop(self, self._session, states, constants or {})


def _threads() -> int:
    """What OMP_NUM_THREADS allows, as where several processes share a machine; 0: as many as there are cores."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdigit() else 0


class Loop:
    """A graph that is fed one id at a time and keeps its states to itself.

    The input that is neither a state nor a constant takes the ids; the state `x_in` comes back as the output `x`;
    constants (what an encoder made of a source, its mask) are the same at each step. The states lie in two sets of
    arrays that change places, so that no step copies or allocates: half the time of a step of a small network.
    """

    def __init__(self, graph: Graph, session: Any, states: Arrays, constants: Arrays) -> None:
        self._session, self._graph = session, graph
        self._names = list(states)
        (self._entry,) = (name for name in graph.inputs if name not in states and name not in constants)
        self._place({name: np.array(array) for name, array in states.items()}, dict(constants))

    def _place(self, here: dict[str, np.ndarray], constants: dict[str, np.ndarray]) -> None:
        batch = len(next(iter(here.values())))
        self._ids = np.zeros((batch, 1), np.int32)
        self._logits = np.zeros((batch, 1, self._graph.output_width), np.float32)
        self._constants = {name: np.ascontiguousarray(array) for name, array in constants.items()}
        there = {name: np.empty_like(state) for name, state in here.items()}
        self._states = [here, there]  # the bindings hold addresses only
        self._bindings = [self._bind(here, there), self._bind(there, here)]

    def _bind(self, before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> Any:
        binding = self._session.io_binding()
        for name, array in ({self._entry: self._ids} | before | self._constants).items():
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, _address(array))
        outputs = {self._graph.outputs[0]: self._logits} | {n.removesuffix("_in"): a for n, a in after.items()}
        for name, array in outputs.items():
            binding.bind_output(name, "cpu", 0, array.dtype, array.shape, _address(array))
        return binding

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """Read (batch,) ids: (batch, size) logits, which the next call overwrites."""
        self._ids[:, 0] = ids
        self._session.run_with_iobinding(self._bindings[0])
        self._swap()
        return np.asarray(self._logits[:, 0])

    def _swap(self) -> None:
        self._bindings.reverse()
        self._states.reverse()

    def keep(self, rows: np.ndarray, *, constants: bool = True) -> None:
        """Go on with these rows, in this order: beams that were chosen, or what has not ended yet.

        `constants`: of other rows they may be others; hypotheses of one sentence share them.
        """
        here, there = self._states
        if len(rows) != len(self._ids):
            kept = {name: array[rows] for name, array in here.items()}
            self._place(kept, {name: array[rows] for name, array in self._constants.items()})
            return
        for name in self._names:
            np.take(here[name], rows, axis=0, out=there[name], mode="clip")
        for array in self._constants.values() if constants else ():
            array[:] = array[rows]
        self._swap()


def _shown(shape: Sequence[int | str]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _address(array: np.ndarray) -> int:
    """Where its numbers lie; `array.ctypes.data` takes five times as long."""
    return int(array.__array_interface__["data"][0])


def pad(examples: Sequence[Arrays], multiple: int = 1) -> dict[str, np.ndarray]:
    """Stack examples into arrays with a batch axis, padded on the right with 0.

    The first axis of an example's array is time; each name gets the longest time of its own, rounded up to a
    `multiple`. Arrays of no axis are stacked. Nothing may be empty: a fully masked row has no answer.
    """
    out = {}
    for name, first in examples[0].items():
        arrays = [example[name] for example in examples]
        if not first.ndim:
            out[name] = np.stack(arrays)
            continue
        time = -(-max(map(len, arrays)) // multiple) * multiple
        out[name] = np.zeros((len(arrays), time, *first.shape[1:]), first.dtype)
        for row, array in zip(out[name], arrays, strict=True):
            row[: len(array)] = array
    return out


def length(example: Arrays) -> int:
    """Steps of an example: of its first array."""
    return len(next(iter(example.values())))


def run_sorted(graph: Graph, examples: Sequence[Arrays], batch: int = BATCH) -> list[np.ndarray]:
    """Run batches of similar length; return the first output of each example, in their order.

    An output with a time axis as long as its batch is cut to the example's length.
    """
    lengths = [length(example) for example in examples]
    order = sorted(range(len(examples)), key=lengths.__getitem__)
    found: list[np.ndarray] = [np.empty(0)] * len(examples)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        output = graph(pad([examples[i] for i in rows]))[0]
        timed = graph.timed and output.shape[1] == lengths[rows[-1]]
        for i, row in zip(rows, output, strict=True):
            found[i] = row[: lengths[i]] if timed else row
    return found


def windows(items: Iterable[Item], size: int = WINDOW) -> Iterator[list[Item]]:
    """Cut a stream into lists of at most `size`: what is held in memory at a time."""
    stream: Any = iter(items)
    while window := list(islice(stream, size)):
        yield window
