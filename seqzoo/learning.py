"""How a recipe's network learns: built, fitted, turned into checked graphs, and into lighter ones.

The test part stays sealed here. `corridor.walk` calls `learn`, `again` and `lighten`; a sweep and workers call
`rehearse` and `prepared`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo import lighter, registry
from seqzoo.lighter import Weighed
from seqzoo.recipe import NONE, Recipe
from seqzoo.room import C, D, Graphs, K, P, Room, S, Share, T, Training, X
from seqzoo.tasks import open_room

if TYPE_CHECKING:
    import keras

_CHECKED = 4  # validation batches on which the graph is held against Keras


@dataclass(frozen=True)
class Work:
    """How a run is done, apart from what it does.

    Attributes:
        seed: of weights, dropout and order.
        resume: go on where an interrupted run stopped.
        quiet: no progress.
        tensorboard: write TensorBoard's logs as well.
        say: told what is going on.
        quantize: 8-bit weights, where validation allows it.
        told: given the row of each epoch that is over.
        share: computes the sums of a step's batch elsewhere; None: each step is done here.
    """

    seed: int = 0
    resume: bool = False
    quiet: bool = False
    tensorboard: bool = False
    say: Callable[[str], None] = lambda line: None
    quantize: bool = False
    told: Callable[[Mapping[str, float]], None] = lambda row: None
    share: Share | None = None


@dataclass(frozen=True)
class Learnt:
    """A trained network, the history of its training, and its graphs; no model where the recipe has none."""

    model: keras.Model | None
    history: list[dict[str, float]]
    graphs: Graphs

    @property
    def parameters(self) -> int:
        """How many numbers were learnt."""
        return int(self.model.count_params()) if self.model else 0

    @property
    def epochs(self) -> int:
        """After how many the network was best on validation."""
        return 1 + min(range(len(self.history)), key=lambda i: self.history[i]["val_loss"])


def learn(
    room: Room[D, C, X, S, T, K, P],
    recipe: Recipe[D, C, X],
    splits: S,
    codec: K,
    folder: Path,
    work: Work,
    epochs: int | None = None,
) -> Learnt:
    """Train the recipe's network; for so many `epochs` where that has been chosen."""
    if recipe.architecture == NONE:
        return Learnt(None, [], Graphs({}, 0.0))
    model, training = _prepared(room, recipe, splits, codec, work.seed)
    history = _taught(model, training, recipe, folder, work, epochs)
    work.say("checking the ONNX graph against Keras")
    stride = max(1, len(training.validation) // _CHECKED)
    real = list(islice(training.validation.epoch(0), 0, None, stride))
    return Learnt(model, history, room.graphs(model, codec, real))


def _prepared(
    room: Room[D, C, X, S, T, K, P], recipe: Recipe[D, C, X], splits: S, codec: K, seed: int
) -> tuple[keras.Model, Training]:
    """The network before its first step, and what it learns from."""
    from seqzoo import fitting

    fitting.prepare(seed, parallel=registry.find_architecture(recipe.architecture).parallel)
    model = registry.build(recipe.architecture, recipe.model, codec.sizes())
    return model, room.training(codec, splits, recipe, seed)


def _taught(
    model: keras.Model,
    training: Training,
    recipe: Recipe[D, C, X],
    folder: Path,
    work: Work,
    epochs: int | None = None,
) -> list[dict[str, float]]:
    """Train a network that was prepared; the history."""
    from seqzoo.fitting.fit import fit

    parameters, batches = model.count_params(), len(training.train)
    work.say(f"{recipe.architecture}: {parameters:,} parameters, {batches:,} batches an epoch")
    training.initialise(model)
    chosen = recipe.fit if epochs is None else replace(recipe.fit, epochs=epochs, patience=None, reduce_patience=None)
    return fit(
        model, training, chosen, folder, resume=work.resume, quiet=work.quiet, tensorboard=work.tensorboard,
        last=epochs is not None, told=work.told, share=work.share,
    )  # fmt: skip


def again(
    room: Room[D, C, X, S, T, K, P], recipe: Recipe[D, C, X], part: S, codec: K, folder: Path, work: Work, once: Learnt
) -> Learnt:
    """Train anew on more, as long as validation had found best."""
    work.say(f"once more on more data, {once.epochs} epochs as validation chose")
    folder.mkdir(exist_ok=True)
    return learn(room, recipe, part, codec, folder, work, once.epochs)


def prepared(recipe: Recipe[D, C, X], seed: int) -> tuple[keras.Model, Training]:
    """A recipe's network before its first step, and what it learns from. The test part stays sealed.

    Raises:
        UserError: data or options that cannot be used.
    """
    room = open_room(recipe.task)
    splits = room.load(recipe.data, True)
    return _prepared(room, recipe, splits, room.fit_codec(splits, recipe.codec), seed)


def rehearse(recipe: Recipe[D, C, X], folder: Path, work: Work) -> list[dict[str, float]]:
    """Train a recipe's network just as `train` does, and no more: the history. The test part stays sealed.

    Raises:
        UserError: data or options that cannot be used, or a loss that is no number.
    """
    return _taught(*prepared(recipe, work.seed), recipe, folder, work)


def lighten(
    room: Room[D, C, X, S, T, K, P], recipe: Recipe[D, C, X], splits: S, codec: K, exact: Learnt, predictor: P
) -> tuple[Learnt, P, Weighed]:
    """The network and its predictor with 8-bit weights; as they were, where that would cost too much on validation."""
    rounded = in_eight_bits(exact)
    other = room.decide(codec, rounded.graphs.files, splits, recipe)
    values = room.validate(predictor, splits), room.validate(other, splits)
    weighed = Weighed(room.metric, *values, *(lighter.weight(one.graphs.files) for one in (exact, rounded)))
    return (rounded, other, weighed) if weighed.kept else (exact, predictor, weighed)


def in_eight_bits(learnt: Learnt) -> Learnt:
    """With its graphs in 8 bits."""
    from seqzoo.graph import quantize

    return replace(learnt, graphs=learnt.graphs._replace(files=quantize.each(learnt.graphs.files)))
