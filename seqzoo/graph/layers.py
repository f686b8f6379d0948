"""One short function for each Keras layer: the ONNX nodes it becomes. Recurrent ones: `recurrent`.

Each takes the writer, the layer and its input tensors, and returns the output's name; `convert` adds shape
and mask. A new layer needs one function under `@converts`; a room's own layers stand with theirs in its `layers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.graph.writer import Tensor, Writer, converts

# --- ids, masks, things that vanish ------------------------------------------------------------------


@converts("Dropout", "Identity", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "ActivityRegularization")
def _identity(writer: Writer, layer: Any, x: Tensor) -> Tensor:
    return x


@converts("Embedding")
def _embedding(writer: Writer, layer: Any, ids: Tensor) -> Tensor:
    table = writer.constant(layer.embeddings)
    output = writer.node("Gather", table, ids.name)
    shape = (*ids.shape, layer.output_dim)
    if not layer.mask_zero:
        return Tensor(output, shape, ids.mask, ids.lengths)
    mask = writer.cast(ids.name, bool)
    return Tensor(output, shape, mask, writer.lengths(mask))


@converts("Masking")
def _masking(writer: Writer, layer: Any, x: Tensor) -> Tensor:
    same = writer.node("Equal", x.name, writer.constant(layer.mask_value))
    differs = writer.cast(writer.node("Not", same), np.float32)
    mask = writer.cast(writer.node("ReduceMax", differs, axes=[-1], keepdims=0), bool)
    return Tensor(writer.node("Mul", x.name, as_float(writer, mask)), x.shape, mask, writer.lengths(mask))


def as_float(writer: Writer, mask: str) -> str:
    """A (batch, time) bool mask as (batch, time, 1) float32."""
    return writer.node("Unsqueeze", writer.cast(mask, np.float32), writer.ints(2))


# --- dense, convolution, normalization ---------------------------------------------------------------


def _activate(writer: Writer, layer: Any, value: str) -> str:
    name = layer.activation.__name__
    if name == "linear":
        return value
    if name == "softmax":
        return writer.node("Softmax", value, axis=-1)
    if name == "gelu":
        raise UserError(f"layer {layer.name!r}: activation 'gelu' is not converted")
    plain = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "elu": "Elu", "softplus": "Softplus"}
    if name not in plain:
        raise UserError(f"layer {layer.name!r}: activation {name!r} is not converted")
    return writer.node(plain[name], value)


@converts("Dense")
def dense(writer: Writer, layer: Any, x: Tensor) -> str:
    """Multiply the last axis: (..., features) -> (..., units)."""
    value = writer.node("MatMul", x.name, writer.constant(layer.kernel))
    if layer.use_bias:
        value = writer.node("Add", value, writer.constant(layer.bias))
    return _activate(writer, layer, value)


@converts("TimeDistributed")
def _time_distributed(writer: Writer, layer: Any, x: Tensor) -> str:
    if type(layer.layer).__name__ != "Dense":
        raise UserError(f"layer {layer.name!r}: TimeDistributed is converted around Dense only")
    return dense(writer, layer.layer, x)


@converts("Activation", "ReLU", "Softmax")
def _activation(writer: Writer, layer: Any, x: Tensor) -> str:
    kind = type(layer).__name__
    return _activate(writer, layer, x.name) if kind == "Activation" else writer.node(kind.capitalize(), x.name)


@converts("Conv1D")
def conv(writer: Writer, layer: Any, x: Tensor) -> str:
    """Convolve over time: (batch, time, features) -> (batch, steps, filters)."""
    (width,), (stride,), (dilation,) = layer.kernel_size, layer.strides, layer.dilation_rate
    if layer.padding == "same" and stride > 1:
        raise UserError(f"layer {layer.name!r}: padding='same' with strides is not converted")
    reach = (width - 1) * dilation
    pads = {"valid": [0, 0], "same": [reach // 2, reach - reach // 2], "causal": [reach, 0]}[layer.padding]
    kernel = writer.constant(np.asarray(layer.kernel).transpose(2, 1, 0))
    bias = [writer.constant(layer.bias)] if layer.use_bias else []
    channels_first = writer.node("Transpose", x.name, perm=[0, 2, 1])
    value = writer.node(
        "Conv",
        channels_first,
        kernel,
        *bias,
        pads=pads,
        strides=[stride],
        dilations=[dilation],
        group=layer.groups,
    )
    return _activate(writer, layer, writer.node("Transpose", value, perm=[0, 2, 1]))


@converts("MaxPooling1D", "AveragePooling1D")
def _pooling(writer: Writer, layer: Any, x: Tensor) -> Tensor:
    if layer.padding != "valid":
        raise UserError(f"layer {layer.name!r}: pooling is converted with padding='valid' only")
    operator = "MaxPool" if type(layer).__name__ == "MaxPooling1D" else "AveragePool"
    channels_first = writer.node("Transpose", x.name, perm=[0, 2, 1])
    value = writer.node(operator, channels_first, kernel_shape=list(layer.pool_size), strides=list(layer.strides))
    return Tensor(writer.node("Transpose", value, perm=[0, 2, 1]), tuple(layer.output.shape))


@converts("LayerNormalization")
def _layer_normalization(writer: Writer, layer: Any, x: Tensor) -> str:
    features = x.shape[-1]
    scale = writer.constant(layer.gamma if layer.scale else np.ones(features))
    shift = [writer.constant(layer.beta)] if layer.center else []
    return writer.node("LayerNormalization", x.name, scale, *shift, axis=-1, epsilon=layer.epsilon)


# --- pooling over time, merging, attention -----------------------------------------------------------


def mean(writer: Writer, x: Tensor) -> str:
    """The mean over the unmasked steps: (batch, time, features) -> (batch, features)."""
    if not x.mask:
        return writer.node("ReduceMean", x.name, axes=[1], keepdims=0)
    keep = as_float(writer, x.mask)
    total = writer.node("ReduceSum", writer.node("Mul", x.name, keep), writer.ints(1), keepdims=0)
    count = writer.node("ReduceSum", keep, writer.ints(1), keepdims=0)
    return writer.node("Div", total, writer.node("Max", count, writer.constant(1.0)))


def maximum(writer: Writer, x: Tensor) -> str:
    """The maximum over the unmasked steps: (batch, time, features) -> (batch, features)."""
    value = x.name
    if x.mask:
        keep = writer.node("Unsqueeze", x.mask, writer.ints(2))
        value = writer.node("Where", keep, value, writer.constant(-1e9))
    return writer.node("ReduceMax", value, axes=[1], keepdims=0)


@converts("GlobalMaxPooling1D")
def _global_max(writer: Writer, layer: Any, x: Tensor) -> str:
    return maximum(writer, replace(x, mask=""))  # Keras ignores the mask here


@converts("GlobalAveragePooling1D")
def _globalmean(writer: Writer, layer: Any, x: Tensor) -> str:
    return mean(writer, x)


def _check_masks(layer: Any, xs: Sequence[Tensor]) -> None:
    if len({x.mask for x in xs if len(x.shape) > 2}) > 1:
        raise UserError(f"layer {layer.name!r}: inputs with different masks are not converted")


@converts("Concatenate")
def _concatenate(writer: Writer, layer: Any, *xs: Tensor) -> str:
    _check_masks(layer, xs)
    return writer.node("Concat", *(x.name for x in xs), axis=layer.axis)


@converts("Add", "Multiply", "Average", "Maximum")
def _merge(writer: Writer, layer: Any, *xs: Tensor) -> str:
    _check_masks(layer, xs)
    operator = {"Add": "Add", "Multiply": "Mul", "Average": "Mean", "Maximum": "Max"}[type(layer).__name__]
    value = xs[0].name
    if operator in ("Mean", "Max"):
        return writer.node(operator, *(x.name for x in xs))
    for x in xs[1:]:
        value = writer.node(operator, value, x.name)
    return value


@converts("Attention", "AdditiveAttention")
def _attention(writer: Writer, layer: Any, query: Tensor, value: Tensor, key: Tensor | None = None) -> Tensor:
    key = key or value
    if type(layer).__name__ == "Attention":
        scores = writer.node("MatMul", query.name, writer.node("Transpose", key.name, perm=[0, 2, 1]))
        if layer.score_mode != "dot":
            raise UserError(f"layer {layer.name!r}: score_mode {layer.score_mode!r} is not converted")
        if layer.use_scale:
            scores = writer.node("Mul", scores, writer.constant(layer.scale))
    else:
        left = writer.node("Unsqueeze", query.name, writer.ints(2))
        right = writer.node("Unsqueeze", key.name, writer.ints(1))
        added = writer.node("Tanh", writer.node("Add", left, right))
        if layer.use_scale:
            added = writer.node("Mul", added, writer.constant(layer.scale))
        scores = writer.node("ReduceSum", added, writer.ints(-1), keepdims=0)
    if value.mask:
        keep = writer.node("Unsqueeze", value.mask, writer.ints(1))
        scores = writer.node("Where", keep, scores, writer.constant(-1e9))
    output = writer.node("MatMul", writer.node("Softmax", scores, axis=-1), value.name)
    return Tensor(output, (*query.shape[:-1], value.shape[-1]), query.mask, query.lengths)


@converts("RepeatVector")
def _repeat(writer: Writer, layer: Any, x: Tensor) -> str:
    return writer.node("Tile", writer.node("Unsqueeze", x.name, writer.ints(1)), writer.ints(1, layer.n, 1))


@converts("Reshape")
def _reshape(writer: Writer, layer: Any, x: Tensor) -> str:
    return writer.node("Reshape", x.name, writer.ints(0, *layer.target_shape))
