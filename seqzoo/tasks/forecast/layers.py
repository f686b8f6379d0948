"""Layers of our own that series need, each with its ONNX form."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

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


@keras.saving.register_keras_serializable("seqzoo")
class Pinball(keras.losses.Loss):  # type: ignore[misc]
    """The mean quantile loss: each output is pulled to its quantile of the outcomes.

    Truth: (batch, horizon); estimates: (batch, horizon, quantiles), or flat.
    Reference: Koenker and Bassett 1978, Regression quantiles.
    """

    def __init__(self, quantiles: list[float], name: str = "pinball", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.quantiles = quantiles

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """(batch,) losses."""
        shape = ops.shape(y_true)
        estimates = ops.reshape(y_pred, (shape[0], shape[1], len(self.quantiles)))
        shares = ops.convert_to_tensor(self.quantiles, dtype=estimates.dtype)
        error = ops.expand_dims(ops.cast(y_true, estimates.dtype), -1) - estimates
        return ops.mean(ops.maximum(shares * error, (shares - 1) * error), axis=(1, 2))

    def get_config(self) -> dict[str, Any]:
        """What saving needs."""
        return {**super().get_config(), "quantiles": self.quantiles}
