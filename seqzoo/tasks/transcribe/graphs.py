"""The graphs of a trained model: one for whole recordings and, if it reads one way, two for a stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqzoo import graph
from seqzoo.errors import UserError
from seqzoo.room import Batch, Graphs
from seqzoo.runtime import Graph
from seqzoo.tasks.transcribe import timing
from seqzoo.tasks.transcribe.codec import SpeechCodec
from seqzoo.tasks.transcribe.predict import FRONT, GRAPH, STEP
from seqzoo.tasks.transcribe.stream import follow
from seqzoo.tasks.transcribe.timing import Timing

if TYPE_CHECKING:
    import keras

_ROUNDING = 1e-4
_CHUNK = 2999  # samples of the stream that is compared


def graphs(model: keras.Model, codec: SpeechCodec, real: Sequence[Batch]) -> Graphs:
    """Everything as ONNX, held against Keras on real sounds, whole and in chunks.

    Raises:
        UserError: they differ.
    """
    when = Timing.of(model)
    files, difference = graph.checked(model, real)
    files |= {timing.FILE: when.to_json()}
    if not streams(model):
        return Graphs(files, difference)
    files |= {name: written(part) for name, part in parts(model).items() if name != GRAPH}
    apart = max((_streamed_apart(files, when, batch) for batch in real), default=0.0)
    if not apart <= _ROUNDING:
        raise UserError(f"{model.name}: a stream differs from the whole by {apart:.2g} (allowed {_ROUNDING:g})")
    return Graphs(files, max(difference, apart))


def streams(model: keras.Model) -> bool:
    """Whether it reads one way, and writes letters."""
    kinds = {type(layer).__name__ for layer in model.layers}
    return "Bidirectional" not in kinds and any(layer.name == "steps" for layer in model.layers)


def written(part: keras.Model) -> bytes:
    """A model that reads one way as ONNX, its states carried."""
    carried = [layer.name for layer in part.layers if hasattr(layer, "cell")]
    return bytes(graph.convert(part, carry=carried).SerializeToString())


def parts(model: keras.Model) -> dict[str, keras.Model]:
    """The whole and, if it reads one way, what sees only a few frames, and what steps on from there."""
    from keras import Input, Model

    if not streams(model):
        return {GRAPH: model}
    between = model.get_layer("steps").output
    front = Model(model.inputs, between, name="front")
    entry = Input(between.shape[1:], name="features")
    x, after = entry, False
    for layer in model.layers:  # after "steps" one layer follows another
        x = layer(x) if after else x
        after = after or layer.name == "steps"
    return {GRAPH: model, FRONT: front, STEP: Model(entry, x, name="step")}


def _streamed_apart(files: dict[str, bytes], when: Timing, batch: Batch) -> float:
    """The largest difference of a logit between a recording as a whole and in chunks."""
    samples = batch.inputs["samples"][0, : batch.inputs["lengths"][0]]
    whole = Graph(files[GRAPH])
    expected = whole({"samples": samples[None], "lengths": np.array([len(samples)], np.int32)})[0][0]
    found = np.concatenate(list(follow(Graph(files[FRONT]), Graph(files[STEP]), when, samples, _CHUNK)))
    return float(np.abs(found - expected).max(initial=0.0))
