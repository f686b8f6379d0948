"""A TensorFlow SavedModel: a serving signature of named inputs, any batch and any time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo.export.parts import Part, Run, states
from seqzoo.export.traced import saved, traced

if TYPE_CHECKING:
    import keras


def write(model: keras.Model, part: Part, path: Path) -> Run:
    """Write a Keras model with the inputs and outputs of a graph, and load what was written."""
    own = {tensor.name: tuple(tensor.shape) for tensor in model.inputs}
    shapes = {name: own[name] if name in own else (None, part.graph.width(name)) for name in part.graph.inputs}
    carried = [name for name in states(part.graph) if name not in own]
    saved(traced(model, shapes, carried, constant=False), model, str(path))
    return opened(path)


def opened(path: Path) -> Run:
    """A function that runs the signature of a SavedModel."""
    import tensorflow as tf

    kept = tf.saved_model.load(str(path))
    run = kept.signatures["serving_default"]

    def answer(feeds: object, _kept: object = kept) -> dict[str, object]:
        assert isinstance(feeds, dict)
        return {name: value.numpy() for name, value in run(**{n: tf.constant(a) for n, a in feeds.items()}).items()}

    return answer  # type: ignore[return-value]
