"""What a room must be. One page, and the only one that says so: pure Python and NumPy, no Keras.

A room is a folder in `seqzoo/tasks` whose `room.py` names one record, ROOM. `corridor.py` walks it from top to bottom:

    splits = room.load(options, quiet)               raw examples; the test part is sealed
    codec = room.fit_codec(splits, options)          raw <-> arrays, learnt from the training part only
    model = registry.build(architecture, codec.sizes())
    training = room.training(codec, splits, recipe, seed)
    graphs = room.graphs(model, codec, real batches) ONNX, checked against Keras
    predictor = room.decide(codec, graphs.files, splits, recipe)        calibrated on validation
    room.validate(predictor, splits)                 before and after its weights were rounded to 8 bits, if asked for
    test = room.open_test(splits)
    for part in room.refits(splits, test, recipe):   for most rooms none: what answers is fitted on more, anew
        predictor = room.refitted(predictor, graphs.files, part, recipe)
    judgement = room.judge(predictor, splits, test, recipe)

and a bundle is answered from by `room.predictor(folder)` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from seqzoo.judge import Metric, Scores
from seqzoo.report import JSON, Section

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from seqzoo.recipe import Recipe

Part = TypeVar("Part")


class Sealed(Generic[Part]):
    """The test part: read and opened once, for the report."""

    def __init__(self, read: Callable[[], Part]) -> None:
        self._read: Callable[[], Part] | None = read

    def open(self) -> Part:
        """Break the seal.

        Raises:
            RuntimeError: it is broken already, so that something else has seen the test part.
        """
        if self._read is None:
            raise RuntimeError("the test part was opened before")
        read, self._read = self._read, None
        return read()


class Options(Protocol):
    """A table of a recipe: a frozen dataclass of plain values that knows what is out of range."""

    def problems(self) -> list[str]:
        """One line for each thing that cannot be."""
        ...


class DataOptions(Options, Protocol):
    """The [data] table. Other fields are the room's own."""

    @property
    def dataset(self) -> str:
        """A registered data set, or nothing."""
        ...

    @property
    def path(self) -> str:
        """A file of one's own, or nothing."""
        ...


class Splits(Protocol):
    """Raw examples in parts; what `train`, `validation` and the like are is between the room's own stages."""

    @property
    def facts(self) -> Mapping[str, JSON]:
        """Where they come from: name, sha256, licence."""
        ...


class Codec(Protocol):
    """Raw <-> arrays. It travels with the weights, as JSON and arrays."""

    def sizes(self) -> dict[str, int]:
        """What the builder of a model must know."""
        ...

    def save(self, folder: Path) -> None:
        """Write it into a bundle's folder."""
        ...


class Predictor(Protocol):
    """A codec, graphs and what was decided on validation. Imports neither TensorFlow nor Keras."""

    @property
    def codec(self) -> Codec:
        """Raw <-> arrays."""
        ...

    def save(self, folder: Path) -> None:
        """Write what was decided; the codec and the graphs are written by the corridor."""
        ...


class Batch(NamedTuple):
    """One step of training.

    Attributes:
        inputs: (batch, ...) by the names of the model's inputs.
        targets: what the loss wants, by names of the room's own, lengths included.
        weights: (batch,) or (batch, time) float32, 0 where padded; None: all count alike.
    """

    inputs: dict[str, np.ndarray]
    targets: dict[str, np.ndarray]
    weights: np.ndarray | None = None


class Batches(Protocol):
    """What an epoch is made of, in an order that depends on seed and epoch only."""

    rows: int  # of a batch; at most, unless carried
    carried: bool  # whether each batch goes on where the last one ended, state and all

    def __len__(self) -> int:
        """Batches of an epoch."""
        ...

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch."""
        ...


class Slices(NamedTuple):
    """The gradient of a table of which few rows were read: (n, ...) `values` for (n,) `indices`, which may repeat."""

    values: np.ndarray
    indices: np.ndarray


class Sums(NamedTuple):
    """What a batch, or a part of one, gives to a step; sums of parts are those of the whole.

    Attributes:
        gradients: of the summed losses, by each variable that is trained.
        loss: summed over what counts, and how much `counted`.
        metrics: sums of the metrics, in order, and how much of each counted: (n, 2).
        rows: of the batch.
    """

    gradients: Sequence[np.ndarray | Slices]
    loss: float
    counted: float
    metrics: np.ndarray
    rows: int


# (weights, batch, step, whether an epoch begins) -> the sums of the whole batch
Share = Callable[[Sequence[np.ndarray], Batch, int, bool], Sums]
Loss = Callable[[Mapping[str, "tf.Tensor"], "tf.Tensor"], "tf.Tensor"]


def _as_made(model: keras.Model) -> None:
    """The weights start as Keras makes them."""


@dataclass(frozen=True)
class Training:
    """What `fit` needs of a room.

    Attributes:
        train, validation: batches to learn from and to choose the epoch by.
        loss: (targets, outputs) -> (batch,) or (batch, time) losses, in Keras operations; outputs are a list where the
            model has several.
        metrics: shown beside the loss while training, of the same form.
        initialise: sets weights that the data suggest.
    """

    train: Batches
    validation: Batches
    loss: Loss
    metrics: Mapping[str, Loss] = field(default_factory=dict)
    initialise: Callable[[keras.Model], None] = _as_made


class Graphs(NamedTuple):
    """ONNX files by name, and their largest difference from Keras on real batches."""

    files: dict[str, bytes]
    difference: float


@dataclass(frozen=True)
class Judgement:
    """What was measured on the test part, and what this room shows of it.

    Attributes:
        scores: of the model, in the room's metric; baselines: of each on the same examples.
        learnt: ends the sentence "... has learnt", for example "to tell ham from spam from 3,200 texts".
        subject: begins it, where that is not the recipe's network.
        metrics: further numbers; counts: how many examples of each part, and the like.
        ms_for_one: milliseconds for one answer; None: not measured.
        facts: short lines for terminal and page; sections: figures, tables and texts for the page.
        more: numbers for programs (tables of results, comparisons).
    """

    scores: Scores
    learnt: str
    baselines: Mapping[str, Scores] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    ms_for_one: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    more: Mapping[str, JSON] = field(default_factory=dict)
    subject: str = ""


D = TypeVar("D", bound=DataOptions)
C = TypeVar("C", bound=Options)
X = TypeVar("X", bound=Options)
S = TypeVar("S", bound=Splits)
T = TypeVar("T")
K = TypeVar("K", bound=Codec)
P = TypeVar("P", bound=Predictor)


@dataclass(frozen=True)
class Room(Generic[D, C, X, S, T, K, P]):
    """One task: a function for each stage of the corridor.

    The types are the room's own: its options of data (D), codec (C) and decision (X), its splits (S) and test part
    (T), its codec (K) and predictor (P).

    Attributes:
        name: of the folder, and of the verb.
        metric: what the verdict is about.
        default: the bundle that answers when none is named; empty: none ships.
        try_next: the command to type after a training; {folder} is the run's.
        items: what it counts, in the plural: "texts".
        load: reads and splits what the options name; the second argument silences progress.
        open_test: takes the sealed part of the splits.
        read_other: all of another file as a test part, for `evaluate --data`.
        validate: the metric of the predictor's network on the validation part, or on some hundreds of it.
        judge: the splits are None on other data: then only what needs no training stands beside the model.
        predictor: loads a bundle's folder whose files have been checked.
        examples: inputs of the network, as `runtime.pad` takes them, made of what ships: what an export is held
            against where the data are not here.
        parts: the Keras models that a trained one consists of, by the names of the graphs they become.
        refits: what the network is trained on anew once the test part is open, and `refitted`, the predictor after it;
            the predictor judges each example by what it was before.
        answers: whether the network has a say in what the predictor answers; else it is not trained anew.
        comparable: for one budget a comparison needs recipes that agree on these fields of [codec].
    """

    name: str
    metric: Metric
    default: str
    try_next: str
    items: str
    load: Callable[[D, bool], S]
    open_test: Callable[[S], T]
    read_other: Callable[[D, P], T]
    fit_codec: Callable[[S, C], K]
    training: Callable[[K, S, Recipe[D, C, X], int], Training]
    graphs: Callable[[keras.Model, K, Sequence[Batch]], Graphs]
    decide: Callable[[K, Mapping[str, bytes], S, Recipe[D, C, X]], P]
    validate: Callable[[P, S], float]
    judge: Callable[[P, S | None, T, Recipe[D, C, X]], Judgement]
    predictor: Callable[[Path], P]
    examples: Callable[[P], Sequence[Mapping[str, np.ndarray]]]
    parts: Callable[[keras.Model], Mapping[str, keras.Model]] = lambda model: {"model.onnx": model}
    refits: Callable[[S, T, Recipe[D, C, X]], Sequence[S]] = lambda splits, test, recipe: ()
    refitted: Callable[[P, Mapping[str, bytes], S, Recipe[D, C, X]], P] = lambda predictor, files, splits, recipe: (
        predictor
    )
    answers: Callable[[P], bool] = lambda predictor: True
    comparable: tuple[str, ...] = ()
