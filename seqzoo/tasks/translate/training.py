"""Batches of pairs, the loss, and the two graphs that a trained model becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo import graph
from seqzoo.errors import UserError
from seqzoo.recipe import Recipe
from seqzoo.room import Batch, Graphs, Training
from seqzoo.runtime import Graph
from seqzoo.tasks.translate.codec import PairCodec
from seqzoo.tasks.translate.data import Pairs, Splits
from seqzoo.tasks.translate.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.translate.predict import ENCODER, STEP

if TYPE_CHECKING:
    import keras

    from seqzoo.fitting.batches import SortedBatches

TranslateRecipe = Recipe[DataOptions, CodecOptions, DecideOptions]
TARGET = "unit"
_ROUNDING = 1e-4  # of a unit's probability at any step


def training(codec: PairCodec, splits: Splits, recipe: TranslateRecipe, seed: int) -> Training:
    """Batches of pairs of about the same length, and cross-entropy of each next unit.

    Raises:
        UserError: no pair is short enough.
    """
    rows = recipe.fit.batch_size
    train, validation = (batches(codec, part, rows, s) for part, s in ((splits.train, seed), (splits.validation, None)))
    return Training(train, validation, loss=smoothed_nats(recipe.decide.smoothing))


def batches(codec: PairCodec, pairs: Pairs, rows: int, seed: int | None) -> SortedBatches:
    """Pairs as inputs (a source, a target shifted by its start) and targets (columns of the logits)."""
    from seqzoo.fitting.batches import SortedBatches

    coded = [(codec.encode(source), codec.encode_target(target)) for source, target in pairs.each()]
    coded = [(s, t) for s, t in coded if 0 < len(s) <= codec.longest and len(t) <= codec.longest + 2]
    if not coded:
        raise UserError(f"no pair has sides of at most {codec.longest} units", "--set codec.longest=...")
    inputs = [{"target": target[:-1], "source": source} for source, target in coded]
    targets = [{TARGET: target[1:] - 1} for _, target in coded]
    weights = [np.ones(len(target) - 1, np.float32) for _, target in coded]
    return SortedBatches(inputs, targets, rows, seed, weights, multiple=1)


def smoothed_nats(smoothing: float) -> Callable[[Mapping[str, Any], Any], Any]:
    """Cross-entropy of (batch, steps, size) logits: (batch, steps), a share of the truth spread over all units.

    Its gradient is written down: by the chain rule it would take twice as long, for the same numbers.
    """
    from keras import ops

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def nats(logits: Any, units: Any) -> Any:
        p, size = ops.softmax(logits), logits.shape[-1]

        def of_truth(values: Any) -> Any:
            return ops.take_along_axis(values, units[..., None], -1)[..., 0]

        def gradient(upstream: Any) -> Any:
            truth = (1 - smoothing) * ops.one_hot(units, size) + smoothing / size
            return (p - truth) * upstream[..., None], None

        surprise = -ops.log(ops.maximum(of_truth(p), 1e-30))
        return surprise + smoothing * (of_truth(logits) - ops.mean(logits, -1)), gradient

    return lambda targets, logits: nats(logits, targets[TARGET])


def graphs(model: keras.Model, codec: PairCodec, real: Sequence[Batch]) -> Graphs:
    """The encoder and the decoder's step as ONNX, held against Keras at each step of real pairs.

    Raises:
        UserError: they differ.
    """
    files = {name: graph.convert(part).SerializeToString() for name, part in parts(model).items()}
    encoder, step = Graph(files[ENCODER]), Graph(files[STEP])
    worst = max((_apart(model, encoder, step, batch) for batch in real), default=0.0)
    if not worst <= _ROUNDING:
        raise UserError(f"{model.name}: a step in ONNX differs from Keras by {worst:.2g} (allowed {_ROUNDING:g})")
    return Graphs(files, worst)


def parts(model: keras.Model) -> dict[str, keras.Model]:
    """What reads a source, and what writes a unit."""
    return {ENCODER: model.get_layer("encoder"), STEP: model.get_layer("decoder")}


def _apart(model: keras.Model, encoder: Graph, step: Graph, batch: Batch) -> float:
    """The largest difference of a probability between a taught pass in Keras and steps in ONNX, over real targets."""
    source, target = batch.inputs["source"], batch.inputs["target"]
    expected = _shares(np.asarray(model([source, target], training=False)))
    known = dict(zip(encoder.outputs, encoder({"source": source}), strict=True))
    states = {name: known.pop(name) for name in encoder.outputs if name.removesuffix("_in") in step.outputs}
    loop, worst = step.loop(states, known), 0.0
    for place, units in enumerate(target.T):
        there = units > 0
        worst = max(worst, float(np.abs(_shares(loop(units)[there]) - expected[there, place]).max(initial=0.0)))
    return worst


def _shares(logits: np.ndarray) -> np.ndarray:
    """(..., size) logits -> (..., size) probabilities."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))
