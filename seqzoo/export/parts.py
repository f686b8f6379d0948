"""The graphs of a bundle with what each is fed, and how far another form of them is from what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqzoo.runtime import Arrays, Graph, pad

NAMES = ("model.onnx", "encoder.onnx", "front.onnx", "step.onnx")  # each may be fed by those before it
Run = Callable[[Arrays], Mapping[str, np.ndarray]]
_STEPPED = 20  # steps of a sequence on which a cell is compared


def graphs(folder: Path) -> dict[str, Graph]:
    """The graphs that answer, by name; the earlier networks of a forecaster are left out."""
    return {name: Graph(folder / name, threads=1) for name in NAMES if (folder / name).is_file()}


def states(graph: Graph) -> list[str]:
    """The inputs that come back as outputs: `x_in` as `x`."""
    return [name for name in graph.inputs if name.endswith("_in") and name.removesuffix("_in") in graph.outputs]


def named(graph: Graph, feeds: Arrays) -> dict[str, np.ndarray]:
    """The outputs of a graph by name."""
    return dict(zip(graph.outputs, graph(feeds), strict=True))


@dataclass(frozen=True)
class Part:
    """A graph of a bundle, and what it is fed for some examples: for all in one batch, and for each by itself."""

    name: str
    graph: Graph
    batch: Arrays
    singles: Sequence[Arrays]

    @property
    def steps(self) -> bool:
        """Whether states go in and come out: nothing is padded, and one step may follow another."""
        return bool(states(self.graph))

    @property
    def entry(self) -> str:
        """The input that a cell takes a step of."""
        return str(self.graph.inputs[0])


def parts(found: Mapping[str, Graph], examples: Sequence[Arrays]) -> list[Part]:
    """Each graph with what it is fed for examples as `pad` takes them."""
    batch, alone = _chained(found, pad(examples)), [_chained(found, pad([one])) for one in examples]
    return [Part(name, graph, batch[name], [one[name] for one in alone]) for name, graph in found.items()]


def _chained(found: Mapping[str, Graph], inputs: Arrays) -> dict[str, dict[str, np.ndarray]]:
    """What each graph is fed for a batch: by the batch, by graphs before it, by states that are zero."""
    rows = len(next(iter(inputs.values())))
    known, before = dict(inputs), np.empty(0, np.float32)
    fed: dict[str, dict[str, np.ndarray]] = {}
    for name, graph in found.items():
        zeros = {one: np.zeros((rows, graph.width(one)), np.float32) for one in states(graph) if one not in known}
        fed[name] = {one: (known | zeros).get(one, before) for one in graph.inputs}
        if not states(graph):  # nobody is fed by what steps, and some take one step at a time
            outputs = named(graph, fed[name])
            known, before = outputs | known, outputs[graph.outputs[0]]
    return fed


def unpadded(batch: Arrays, *, padded: bool) -> list[Arrays]:
    """The examples of a batch, without a batch axis and, where they were `padded`, without what pads them.

    A vector of whole numbers says how long the first input is; otherwise ids end at the last that is not 0, and what
    lies beside them ends with them.
    """
    return [_example(batch, i, padded) for i in range(len(next(iter(batch.values()))))]


def _example(batch: Arrays, i: int, padded: bool) -> Arrays:
    told = [array[i] for array in batch.values() if array.ndim == 1 and array.dtype.kind == "i"]
    first = next(iter(batch))
    ends: dict[str, int] = {first: int(told[0])} if told else {}
    if padded and not told:
        of_ids = {name: array[i] for name, array in batch.items() if array.dtype.kind == "i" and array.ndim == 2}
        ends = {name: int(np.flatnonzero(row)[-1]) + 1 for name, row in of_ids.items()}
        time = batch[first].shape[1]
        beside = [name for name, array in batch.items() if name not in ends and array.shape[1] == time]
        whole = ends[first] if first in ends else int(time)
        ends |= {name: whole for name in beside}
    return {name: array[i][: ends[name]] if name in ends else array[i] for name, array in batch.items()}


def cut(examples: Sequence[Arrays], steps: Mapping[str, int]) -> list[Arrays]:
    """Examples of at most so many steps of each input; numbers of them are cut too."""
    most = next(iter(steps.values()))
    return [
        {
            name: array[: steps[name]] if array.ndim else np.minimum(array, most).astype(array.dtype)
            for name, array in one.items()
        }
        for one in examples
    ]


def fixed(examples: Sequence[Arrays], steps: Mapping[str, int]) -> list[Arrays]:
    """Examples that were cut, padded on the right to just so many steps."""
    return [
        {
            name: np.pad(array, [(0, steps[name] - len(array)), *[(0, 0)] * (array.ndim - 1)]) if array.ndim else array
            for name, array in one.items()
        }
        for one in examples
    ]


# --- how far -----------------------------------------------------------------------------------------


def apart_alike(part: Part, run: Run) -> float:
    """The largest difference, relative to max(1, |x|), of a copy: fed the same, since 8 bits depend on the batch."""
    if part.steps:
        return _apart_in_steps(part, run, part.batch)
    return max(_worst(run(feeds), named(part.graph, feeds)) for feeds in (part.batch, *part.singles))


def apart(part: Part, run: Run) -> float:
    """The largest difference, relative to max(1, |x|), of a batch from what is said of each example by itself.

    What has states has no mask: it is held against the same batch, step by step, its own states coming back to it.
    """
    if part.steps:
        return _apart_in_steps(part, run, part.batch)
    found = run(part.batch)
    return max(_worst(found, named(part.graph, one), i) for i, one in enumerate(part.singles))


def apart_fixed(part: Part, padded: Part, run: Run) -> float:
    """The same of what takes one example of a fixed length: `padded` holds the examples of `part` in that form."""
    if part.steps:
        return max(_apart_in_steps(padded, run, one) for one in padded.singles)
    pairs = zip(padded.singles, part.singles, strict=True)
    return max(_worst(run(long), named(part.graph, short)) for long, short in pairs)


def _apart_in_steps(part: Part, run: Run, feeds: Arrays) -> float:
    ours, theirs, worst = dict(feeds), dict(feeds), 0.0
    for place in range(min(_STEPPED, feeds[part.entry].shape[1])):
        here = {part.entry: feeds[part.entry][:, place : place + 1]}
        found, expected = run(ours | here), named(part.graph, theirs | here)
        worst = max(worst, _worst(found, expected))
        ours |= {name: np.asarray(found[name.removesuffix("_in")]) for name in states(part.graph)}
        theirs |= {name: expected[name.removesuffix("_in")] for name in states(part.graph)}
    return worst


def _worst(found: Arrays, expected: Arrays, row: int | None = None) -> float:
    """Of all outputs, as far as the expected ones reach: what follows is padding's. `row`: of a batch found."""
    worst = 0.0
    for name, one in expected.items():
        there = found[name] if row is None or len(one) != 1 else found[name][row : row + 1]
        same = there[tuple(slice(n) for n in one.shape)]
        worst = max(worst, float(np.max(np.abs(same - one) / np.maximum(1, np.abs(one)), initial=0.0)))
    return worst
