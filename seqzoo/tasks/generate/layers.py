"""Layers of our own that models of both sides need, each with its ONNX form."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqzoo.graph.writer import Tensor, Writer, converts


@keras.saving.register_keras_serializable("seqzoo")
class BothSides(keras.layers.Layer):  # type: ignore[misc]
    """What two directions know of each step without having read it.

    Input: (batch, time, 2 * units) float32, forward states beside backward ones, as Bidirectional gives them.
    Output: (batch, time - 2, 2 * units): the forward state before a step beside the backward state after it.
    """

    def call(self, x: Any) -> Any:
        """Shift the halves apart."""
        units = x.shape[-1] // 2
        return ops.concatenate([x[:, :-2, :units], x[:, 2:, units:]], -1)


@converts("BothSides")
def _around(writer: Writer, layer: Any, x: Tensor) -> str:
    units = int(layer.output.shape[-1]) // 2
    before = writer.node("Slice", x.name, writer.ints(0, 0), writer.ints(-2, units), writer.ints(1, 2))
    after = writer.node("Slice", x.name, writer.ints(2, units), writer.ints(2**31, 2 * units), writer.ints(1, 2))
    return writer.node("Concat", before, after, axis=-1)
