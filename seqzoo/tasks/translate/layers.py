"""Layers of our own: one-hot ids, what hides padding, two attentions, and a GRU that looks before it steps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.graph.recurrent import run
from seqzoo.graph.writer import Tensor, Writer, converts

_NEVER = -1e9  # added to a score, it leaves no attention


@keras.saving.register_keras_serializable("seqzoo")
class OneHot(keras.layers.Layer):  # type: ignore[misc]
    """Ids from 1 on as one-hot vectors; 0 is padding, and masked if `mask_zero`, as in an `Embedding`.

    Input: (batch, time) int32. Output: (batch, time, size) float32.
    """

    def __init__(self, size: int, mask_zero: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.mask_zero, self.supports_masking = size, mask_zero, mask_zero

    def call(self, ids: Any) -> Any:
        """Rows of the identity matrix; zeros where padded."""
        return ops.one_hot(ids - 1, self.size, dtype="float32")

    def compute_mask(self, ids: Any, previous: Any = None) -> Any:
        """True where there is a unit."""
        return ops.not_equal(ids, 0) if self.mask_zero else None

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "size": self.size, "mask_zero": self.mask_zero}


@converts("OneHot")
def _one_hot(writer: Writer, layer: Any, ids: Tensor) -> Tensor:
    table = writer.constant(np.eye(layer.size + 1, layer.size, -1))  # row 0 is zeros
    found, shape = writer.node("Gather", table, ids.name), (*ids.shape, layer.size)
    if not layer.mask_zero:
        return Tensor(found, shape)
    mask = writer.cast(ids.name, bool)
    return Tensor(found, shape, mask, writer.lengths(mask))


@keras.saving.register_keras_serializable("seqzoo")
class ReversibleEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Ids as vectors and, reversed, vectors as logits of the ids from 1 on, by the same weights (Press and Wolf 2017).

    Input: (batch, time) int32, 0 is padding; reversed: (batch, time, width) float32.
    Output: (batch, time, width) float32; reversed: (batch, time, size), column i is of id i + 1.
    There is no mask: what stands after the end of a target changes nothing before it.
    """

    def __init__(self, size: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.width = size, width

    def build(self, shape: Any) -> None:
        """A row for padding and each id, and a bias for the logits."""
        start = keras.initializers.RandomNormal(stddev=self.width**-0.5)
        self.embeddings = self.add_weight(shape=(self.size + 1, self.width), initializer=start, name="embeddings")
        self.bias = self.add_weight(shape=(self.size,), initializer="zeros", name="bias")

    def call(self, x: Any, reverse: bool = False) -> Any:
        """Look up, or score."""
        if reverse:
            return ops.matmul(x, ops.transpose(self.embeddings[1:])) + self.bias
        return ops.take(self.embeddings, x, axis=0)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "size": self.size, "width": self.width}


@converts("ReversibleEmbedding")
def _reversible(writer: Writer, layer: Any, x: Tensor, reverse: bool = False) -> Tensor:
    table = writer.constant(layer.embeddings)
    if not reverse:
        return Tensor(writer.node("Gather", table, x.name), (*x.shape, layer.width))
    rows = writer.node("Slice", table, writer.ints(1), writer.ints(layer.size + 1), writer.ints(0))
    scores = writer.node("MatMul", x.name, writer.node("Transpose", rows, perm=[1, 0]))
    return Tensor(writer.node("Add", scores, writer.constant(layer.bias)), (*x.shape[:2], layer.size))


@keras.saving.register_keras_serializable("seqzoo")
class Hidden(keras.layers.Layer):  # type: ignore[misc]
    """What is added to attention scores so that padding gets none: (batch, time) ids -> (batch, time) float32."""

    def call(self, ids: Any) -> Any:
        """0 where there is a unit, a large negative number where there is none."""
        return ops.cast(ops.equal(ids, 0), "float32") * _NEVER


@converts("Hidden")
def _hidden(writer: Writer, layer: Any, ids: Tensor) -> Tensor:
    padded = writer.node("Not", writer.cast(ids.name, bool))
    return Tensor(writer.node("Mul", writer.cast(padded, np.float32), writer.constant(_NEVER)), ids.shape)


@keras.saving.register_keras_serializable("seqzoo")
class LuongAttention(keras.layers.Layer):  # type: ignore[misc]
    """Each query's mixture of the memory, by dot products with keys (Luong et al. 2015, "general").

    Input: queries (batch, steps, units), keys (batch, time, units), memory (batch, time, width), hidden (batch, time).
    Output: contexts (batch, steps, width), weights (batch, steps, time) that sum to 1.
    """

    def call(self, queries: Any, keys: Any, memory: Any, hidden: Any) -> Any:
        """Score, hide, mix."""
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1))) + hidden[:, None]
        weights = ops.softmax(scores)
        return ops.matmul(weights, memory), weights


@converts("LuongAttention")
def _luong(writer: Writer, layer: Any, queries: Tensor, keys: Tensor, memory: Tensor, hidden: Tensor) -> list[Tensor]:
    scores = writer.node("MatMul", queries.name, writer.node("Transpose", keys.name, perm=[0, 2, 1]))
    return _mixture(writer, scores, queries, memory, hidden)


def _mixture(writer: Writer, scores: str, queries: Tensor, memory: Tensor, hidden: Tensor) -> list[Tensor]:
    """(batch, steps, time) scores -> contexts and weights."""
    scores = writer.node("Add", scores, writer.node("Unsqueeze", hidden.name, writer.ints(1)))
    weights = writer.node("Softmax", scores, axis=-1)
    steps = queries.shape[1]
    contexts = Tensor(writer.node("MatMul", weights, memory.name), (None, steps, memory.shape[-1]))
    return [contexts, Tensor(weights, (None, steps, None))]


@keras.saving.register_keras_serializable("seqzoo")
class BahdanauGRU(keras.layers.Layer):  # type: ignore[misc]
    """A GRU that looks at the memory before each step and reads what it saw beside its input (Bahdanau et al. 2015).

    Input: x (batch, steps, features), h (batch, units), keys (batch, time, units), memory (batch, time, width),
    hidden (batch, time), what padding adds to the scores.
    Output: states (batch, steps, units), contexts (batch, steps, width), weights (batch, steps, time), and the last
    state (batch, units).
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.gru = keras.layers.GRU(units, name="gru")
        self.query = keras.layers.Dense(units, use_bias=False, name="query")
        self.score = keras.layers.Dense(1, use_bias=False, name="score")

    def build(self, x_shape: Any, h_shape: Any, keys_shape: Any, memory_shape: Any, hidden_shape: Any) -> None:
        """Weights of the GRU, which reads input and context, of the query and of the score."""
        self.gru.build((*x_shape[:2], x_shape[-1] + memory_shape[-1]))
        self.query.build(h_shape)
        self.score.build((None, None, self.units))

    def call(self, x: Any, h: Any, keys: Any, memory: Any, hidden: Any) -> Any:
        """Look, then step, for each input in turn."""

        def step(before: Any, entry: Any) -> Any:
            state = before[0]
            scores = self.score(ops.tanh(keys + self.query(state)[:, None]))[..., 0] + hidden
            weights = ops.softmax(scores)
            context = ops.matmul(weights[:, None], memory)[:, 0]
            after = (self.gru.cell(ops.concatenate([entry, context], -1), [state])[0], context, weights)
            return after, after

        nothing = (h, ops.zeros_like(memory[:, 0]), ops.zeros_like(hidden))
        last, each = ops.scan(step, nothing, ops.transpose(x, (1, 0, 2)))
        return *(ops.transpose(one, (1, 0, 2)) for one in each), last[0]

    def compute_output_spec(self, x: Any, h: Any, keys: Any, memory: Any, hidden: Any) -> Any:
        """Shapes, without a scan of symbols."""
        steps = x.shape[:2]
        shapes = (*steps, self.units), (*steps, memory.shape[-1]), (*steps, hidden.shape[1]), h.shape
        return tuple(keras.KerasTensor(shape, "float32") for shape in shapes)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "units": self.units}


@converts("BahdanauGRU")
def _bahdanau(
    writer: Writer, layer: Any, x: Tensor, h: Tensor, keys: Tensor, memory: Tensor, hidden: Tensor
) -> list[Tensor]:
    """One step: what it looks at depends on the state, so that only a loop could take several."""
    query = writer.node("Unsqueeze", writer.node("MatMul", h.name, writer.constant(layer.query.kernel)), writer.ints(1))
    near = writer.node("Tanh", writer.node("Add", keys.name, query))
    scores = writer.node("Transpose", writer.node("MatMul", near, writer.constant(layer.score.kernel)), perm=[0, 2, 1])
    contexts, weights = _mixture(writer, scores, x, memory, hidden)
    entry = Tensor(writer.node("Concat", x.name, contexts.name, axis=-1), x.shape)
    states, last = run(writer, [layer.gru], entry, "forward", [h])
    states = writer.node("Transpose", writer.node("Squeeze", states, writer.ints(1)), perm=[1, 0, 2])
    last = writer.node("Squeeze", last, writer.ints(0))
    return [Tensor(states, (None, x.shape[1], layer.units)), contexts, weights, Tensor(last, h.shape)]
