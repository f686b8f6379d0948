"""Layers of our own that series need, each with its ONNX form."""

from __future__ import annotations

from typing import Any

import keras

from seqzoo.graph.writer import Tensor, Writer, converts


@keras.saving.register_keras_serializable("seqzoo")
class FirstFeature(keras.layers.Layer):  # type: ignore[misc]
    """Keeps the first feature of each step: (batch, time, features) float32 -> (batch, time)."""

    def call(self, x: Any) -> Any:
        """Take it."""
        return x[:, :, 0]


@converts("FirstFeature")
def _first_feature(writer: Writer, layer: Any, x: Tensor) -> str:
    return writer.node("Squeeze", writer.node("Gather", x.name, writer.ints(0), axis=2), writer.ints(2))
