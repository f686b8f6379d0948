"""Layers of our own: what a word's letters look like, and what one tag says of the next."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.graph.writer import Tensor, Writer, converts


@keras.saving.register_keras_serializable("seqzoo")
class Spelled(keras.layers.Layer):  # type: ignore[misc]
    """Puts beside each word's vector what its letters look like: a convolution over them, ReLU, the largest of each.

    Inputs: (batch, time, features) float32 with a mask; (batch, time, width) int32 letters, 0 where padded.
    Output: (batch, time, features + filters) float32 under the first input's mask.
    Source: Ma and Hovy 2016, End-to-end sequence labeling via bi-directional LSTM-CNNs-CRF.
    """

    def __init__(self, alphabet: int, dim: int, filters: int, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alphabet, self.dim, self.filters, self.dropout = alphabet, dim, filters, dropout
        self.drop = keras.layers.Dropout(dropout)
        self.supports_masking = True

    def build(self, shapes: Any) -> None:
        """A table of letters, and a kernel over three of them."""
        self.table = self.add_weight((self.alphabet, self.dim), "uniform", name="letters")
        self.kernel = self.add_weight((3 * self.dim, self.filters), "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """Look letters up, look at each with its neighbours, keep the largest, concatenate."""
        x, letters = inputs
        there = ops.cast(ops.not_equal(letters, 0), x.dtype)[..., None]
        table = self.drop(ops.take(self.table, letters, 0), training=training) * there
        width = letters.shape[-1]
        wide = ops.pad(table, ((0, 0), (0, 0), (1, 1), (0, 0)))
        near = ops.concatenate([wide[:, :, i : i + width] for i in range(3)], -1)
        seen = ops.relu(ops.matmul(near, self.kernel) + self.bias)
        return ops.concatenate([x, ops.max(seen * there, 2)], -1)  # after ReLU nothing lies below 0

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The words'."""
        return mask[0] if mask is not None else None

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        names = ("alphabet", "dim", "filters", "dropout")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@converts("Spelled")
def _spelled(writer: Writer, layer: Any, x: Tensor, letters: Tensor) -> str:
    # A product with the kernel of a letter that is looked up is itself looked up: three tables, no product.
    table, kernel = np.asarray(layer.table), np.asarray(layer.kernel).reshape(3, layer.dim, layer.filters)
    tables = np.einsum("ad,kdf->kaf", table, kernel)
    tables[:, 0] = 0.0
    width = int(letters.shape[-1] or 0)
    pads = writer.ints(0, 0, 1, 0, 0, 1)
    wide = writer.node("Pad", letters.name, pads, writer.constant(0, np.int32))
    total = ""
    for i in range(3):
        part = writer.node("Slice", wide, writer.ints(i), writer.ints(i + width), writer.ints(2))
        found = writer.node("Gather", writer.constant(tables[i]), part)
        total = writer.node("Add", total, found) if total else found
    seen = writer.node("Relu", writer.node("Add", total, writer.constant(layer.bias)))
    there = writer.cast(writer.cast(letters.name, bool), np.float32)
    seen = writer.node("Mul", seen, writer.node("Unsqueeze", there, writer.ints(3)))
    return writer.node("Concat", x.name, writer.node("ReduceMax", seen, axes=[2], keepdims=0), axis=-1)


@keras.saving.register_keras_serializable("seqzoo")
class Transitions(keras.layers.Layer):  # type: ignore[misc]
    """How well one tag goes with the next, whatever the words are: a linear-chain conditional random field's table.

    Input: (batch, time, tags) float32 logits, of which only the width counts.
    Output: (tags + 1, tags + 1) float32; row i: what follows tag i, the last row: what stands first; last column: end.
    Source: Lafferty, McCallum and Pereira 2001, Conditional random fields.
    """

    def build(self, shape: Any) -> None:
        """The table."""
        count = shape[-1] + 1
        self.table = self.add_weight((count, count), "zeros", name="table")

    def call(self, logits: Any, mask: Any = None) -> Any:
        """The table."""
        return self.table * 1.0

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """There is no time."""


@converts("Transitions")
def _transitions(writer: Writer, layer: Any, logits: Tensor) -> Tensor:
    return Tensor(writer.node("Identity", writer.constant(layer.table)), tuple(layer.table.shape))
