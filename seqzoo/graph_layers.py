"""One short function for each Keras layer: the ONNX nodes it becomes.

Each takes the writer, the layer and its input tensors, and returns the output's name; `write` adds shape and
mask. A new layer needs one function under `@writes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.graph import Tensor, Writer

_MASK_ONLY = "an operation on masks: "
_WRITERS: dict[str, Callable[..., Any]] = {}


def writes(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the writer of the layers with these class names."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _WRITERS.update(dict.fromkeys(names, function))
        return function

    return register


def supported() -> list[str]:
    """Class names of the layers that can be converted."""
    return sorted(_WRITERS)


def write(writer: Writer, layer: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Write one layer's nodes and return its output."""
    from keras import Layer

    kind = type(layer).__name__
    inputs = list(args[0]) if args and isinstance(args[0], list | tuple) else [a for a in args if isinstance(a, Tensor)]
    if not isinstance(layer, Layer):  # Keras computes masks with plain operations; ours travel in `Tensor.mask`
        return Tensor(_MASK_ONLY + kind, ())
    if kind not in _WRITERS or any(x.name.startswith(_MASK_ONLY) for x in inputs):
        raise UserError(f"layer {layer.name!r} ({kind}) cannot be written as ONNX; supported: {', '.join(supported())}")
    result = _WRITERS[kind](writer, layer, *inputs)
    if isinstance(result, Tensor):
        return result
    output = layer.output if len(layer._inbound_nodes) == 1 else layer._inbound_nodes[-1].outputs[0]
    keeps = len(output.shape) > 2 and len(inputs[0].shape) > 1
    source = inputs[0]
    return Tensor(result, tuple(output.shape), source.mask if keeps else "", source.lengths if keeps else "")


# --- ids, masks, things that vanish ------------------------------------------------------------------


@writes("Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "ActivityRegularization", "WordDropout")
def _vanish(writer: Writer, layer: Any, x: Tensor) -> Tensor:
    return x


@writes("Embedding")
def _embedding(writer: Writer, layer: Any, ids: Tensor) -> Tensor:
    table = writer.constant(layer.embeddings)
    output = writer.node("Gather", table, ids.name)
    shape = (*ids.shape, layer.output_dim)
    if not layer.mask_zero:
        return Tensor(output, shape, ids.mask, ids.lengths)
    mask = writer.node("Cast", ids.name, to=9)
    return Tensor(output, shape, mask, _lengths(writer, mask))


@writes("Masking")
def _masking(writer: Writer, layer: Any, x: Tensor) -> Tensor:
    same = writer.node("Equal", x.name, writer.constant(layer.mask_value))
    differs = writer.node("Cast", writer.node("Not", same), to=1)
    mask = writer.node("Cast", writer.node("ReduceMax", differs, axes=[-1], keepdims=0), to=9)
    return Tensor(writer.node("Mul", x.name, _as_float(writer, mask)), x.shape, mask, _lengths(writer, mask))


def _lengths(writer: Writer, mask: str) -> str:
    counted = writer.node("Cast", mask, to=6)
    return str(writer.node("ReduceSum", counted, writer.ints(1), keepdims=0))


def _as_float(writer: Writer, mask: str) -> str:
    """A (batch, time) bool mask as (batch, time, 1) float32."""
    return str(writer.node("Unsqueeze", writer.node("Cast", mask, to=1), writer.ints(2)))


# --- recurrent layers --------------------------------------------------------------------------------

_ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2), "SimpleRNN": (0,)}  # Keras' gates in ONNX' order
_ACTIVATIONS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "hard_sigmoid": "HardSigmoid"}


def _gates(kind: str, matrix: np.ndarray) -> np.ndarray:
    """(..., gates * units) in Keras' order -> (gates * units, ...) in ONNX' order."""
    parts = np.split(matrix, len(_ORDER[kind]), axis=-1)
    return np.asarray(np.concatenate([parts[i] for i in _ORDER[kind]], axis=-1).T)


def _weights(layer: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    kind, cell = type(layer).__name__, layer.cell
    kernel, recurrent = np.asarray(cell.kernel), np.asarray(cell.recurrent_kernel)
    bias = np.asarray(cell.bias) if layer.use_bias else np.zeros(kernel.shape[-1], np.float32)
    pair = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    both = np.concatenate([_gates(kind, np.asarray(row)[None])[:, 0] for row in pair])
    return _gates(kind, kernel), _gates(kind, recurrent), both


def _activation_names(layer: Any) -> list[str]:
    used = [layer.activation] if type(layer).__name__ == "SimpleRNN" else [layer.recurrent_activation, layer.activation]
    for function in used:
        if function.__name__ not in _ACTIVATIONS:
            raise UserError(f"layer {layer.name!r}: activation {function.__name__!r} has no fused ONNX form")
    names = [_ACTIVATIONS[f.__name__] for f in used]
    return [*names, names[-1]] if type(layer).__name__ == "LSTM" else names


def _run(writer: Writer, directions: Sequence[Any], x: Tensor, way: str) -> tuple[str, str]:
    """Write the fused operator; return names of Y (time, directions, batch, units) and Y_h."""
    layer = directions[0]
    kind, units = type(layer).__name__, layer.units
    if way == "forward" and layer.go_backwards:
        way = "reverse"
    w, r, b = (np.stack(arrays) for arrays in zip(*map(_weights, directions), strict=True))
    attributes: dict[str, Any] = {"hidden_size": units, "direction": way}
    attributes["activations"] = [name for one in directions for name in _activation_names(one)]
    if kind == "GRU":
        attributes["linear_before_reset"] = int(layer.reset_after)
    steps = writer.node("Transpose", x.name, perm=[1, 0, 2])
    inputs = [steps, writer.constant(w), writer.constant(r), writer.constant(b), x.lengths]
    letters = ("h", "c") if kind == "LSTM" else ("h",)
    carry = writer.states and way == "forward"
    if carry:
        entries = [writer.state(f"{layer.name}_{letter}_in", units) for letter in letters]
        inputs += [writer.node("Unsqueeze", entry, writer.ints(0)) for entry in entries]
    operator = "RNN" if kind == "SimpleRNN" else kind
    y, *last = writer.node(operator, *inputs, outputs=1 + len(letters), **attributes)
    if carry:
        for value, letter in zip(last, letters, strict=True):
            writer.state_out(writer.node("Squeeze", value, writer.ints(0)), f"{layer.name}_{letter}", units)
    return y, last[0]


def _check_plain(layer: Any) -> None:
    if layer.return_state or layer.stateful:
        raise UserError(f"layer {layer.name!r}: return_state and stateful are not converted; use convert(states=True)")


@writes("LSTM", "GRU", "SimpleRNN")
def _recurrent(writer: Writer, layer: Any, x: Tensor) -> str:
    _check_plain(layer)
    y, last = _run(writer, [layer], x, "forward")
    if not layer.return_sequences:
        return str(writer.node("Squeeze", last, writer.ints(0)))
    if layer.go_backwards:
        raise UserError(f"layer {layer.name!r}: go_backwards with return_sequences is not converted")
    return str(writer.node("Transpose", writer.node("Squeeze", y, writer.ints(1)), perm=[1, 0, 2]))


@writes("Bidirectional")
def _bidirectional(writer: Writer, layer: Any, x: Tensor) -> str:
    pair = [layer.forward_layer, layer.backward_layer]
    for one in pair:
        _check_plain(one)
    y, last = _run(writer, pair, x, "bidirectional")
    if layer.return_sequences:
        halves = writer.node("Split", writer.node("Transpose", y, perm=[2, 0, 1, 3]), axis=2, outputs=2)
        halves = [writer.node("Squeeze", half, writer.ints(2)) for half in halves]
    else:
        halves = writer.node("Split", last, axis=0, outputs=2)
        halves = [writer.node("Squeeze", half, writer.ints(0)) for half in halves]
    if layer.merge_mode == "concat":
        return str(writer.node("Concat", *halves, axis=-1))
    operators = {"sum": "Add", "mul": "Mul", "ave": "Mean"}
    if layer.merge_mode not in operators:
        raise UserError(f"layer {layer.name!r}: merge_mode {layer.merge_mode!r} is not converted")
    return str(writer.node(operators[layer.merge_mode], *halves))


# --- dense, convolution, normalization ---------------------------------------------------------------


def _activate(writer: Writer, layer: Any, value: str) -> str:
    name = layer.activation.__name__
    if name == "linear":
        return value
    if name == "softmax":
        return str(writer.node("Softmax", value, axis=-1))
    if name == "gelu":
        raise UserError(f"layer {layer.name!r}: activation 'gelu' is not converted")
    plain = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "elu": "Elu", "softplus": "Softplus"}
    if name not in plain:
        raise UserError(f"layer {layer.name!r}: activation {name!r} is not converted")
    return str(writer.node(plain[name], value))


@writes("Dense")
def _dense(writer: Writer, layer: Any, x: Tensor) -> str:
    value = writer.node("MatMul", x.name, writer.constant(layer.kernel))
    if layer.use_bias:
        value = writer.node("Add", value, writer.constant(layer.bias))
    return _activate(writer, layer, value)


@writes("TimeDistributed")
def _time_distributed(writer: Writer, layer: Any, x: Tensor) -> str:
    if type(layer.layer).__name__ != "Dense":
        raise UserError(f"layer {layer.name!r}: TimeDistributed is converted around Dense only")
    return str(_dense(writer, layer.layer, x))


@writes("Activation", "ReLU", "Softmax")
def _activation(writer: Writer, layer: Any, x: Tensor) -> str:
    kind = type(layer).__name__
    return _activate(writer, layer, x.name) if kind == "Activation" else str(writer.node(kind.capitalize(), x.name))


@writes("Conv1D")
def _conv(writer: Writer, layer: Any, x: Tensor) -> str:
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


@writes("MaskedConv1D")
def _masked_conv(writer: Writer, layer: Any, x: Tensor) -> str:
    if not x.mask:
        return str(_conv(writer, layer, x))
    return str(_conv(writer, layer, replace(x, name=writer.node("Mul", x.name, _as_float(writer, x.mask)))))


@writes("MaxPooling1D", "AveragePooling1D")
def _pooling(writer: Writer, layer: Any, x: Tensor) -> Tensor:
    if layer.padding != "valid":
        raise UserError(f"layer {layer.name!r}: pooling is converted with padding='valid' only")
    operator = "MaxPool" if type(layer).__name__ == "MaxPooling1D" else "AveragePool"
    channels_first = writer.node("Transpose", x.name, perm=[0, 2, 1])
    value = writer.node(operator, channels_first, kernel_shape=list(layer.pool_size), strides=list(layer.strides))
    return Tensor(writer.node("Transpose", value, perm=[0, 2, 1]), tuple(layer.output.shape))


@writes("LayerNormalization")
def _layer_normalization(writer: Writer, layer: Any, x: Tensor) -> str:
    features = x.shape[-1]
    scale = writer.constant(layer.gamma if layer.scale else np.ones(features))
    shift = [writer.constant(layer.beta)] if layer.center else []
    return str(writer.node("LayerNormalization", x.name, scale, *shift, axis=-1, epsilon=layer.epsilon))


# --- pooling over time, merging, attention -----------------------------------------------------------


def _mean(writer: Writer, x: Tensor) -> str:
    if not x.mask:
        return str(writer.node("ReduceMean", x.name, axes=[1], keepdims=0))
    keep = _as_float(writer, x.mask)
    total = writer.node("ReduceSum", writer.node("Mul", x.name, keep), writer.ints(1), keepdims=0)
    count = writer.node("ReduceSum", keep, writer.ints(1), keepdims=0)
    return str(writer.node("Div", total, writer.node("Max", count, writer.constant(1.0))))


def _maximum(writer: Writer, x: Tensor) -> str:
    value = x.name
    if x.mask:
        keep = writer.node("Unsqueeze", x.mask, writer.ints(2))
        value = writer.node("Where", keep, value, writer.constant(-1e9))
    return str(writer.node("ReduceMax", value, axes=[1], keepdims=0))


@writes("MaskedPooling")
def _masked_pooling(writer: Writer, layer: Any, x: Tensor) -> str:
    found = [{"max": _maximum, "mean": _mean}[name](writer, x) for name in layer.kind.split("+")]
    return found[0] if len(found) == 1 else str(writer.node("Concat", *found, axis=-1))


@writes("GlobalMaxPooling1D")
def _global_max(writer: Writer, layer: Any, x: Tensor) -> str:
    return _maximum(writer, replace(x, mask=""))  # Keras ignores the mask here


@writes("GlobalAveragePooling1D")
def _global_mean(writer: Writer, layer: Any, x: Tensor) -> str:
    return _mean(writer, x)


def _check_masks(layer: Any, xs: Sequence[Tensor]) -> None:
    if len({x.mask for x in xs if len(x.shape) > 2}) > 1:
        raise UserError(
            f"layer {layer.name!r}: inputs with different masks are not converted; see seqzoo.layers.Beside"
        )


@writes("Beside")
def _beside(writer: Writer, layer: Any, *xs: Tensor) -> str:
    return str(writer.node("Concat", *(x.name for x in xs), axis=-1))


@writes("Concatenate")
def _concatenate(writer: Writer, layer: Any, *xs: Tensor) -> str:
    _check_masks(layer, xs)
    return str(writer.node("Concat", *(x.name for x in xs), axis=layer.axis))


@writes("Add", "Multiply", "Average", "Maximum")
def _merge(writer: Writer, layer: Any, *xs: Tensor) -> str:
    _check_masks(layer, xs)
    operator = {"Add": "Add", "Multiply": "Mul", "Average": "Mean", "Maximum": "Max"}[type(layer).__name__]
    value = xs[0].name
    if operator in ("Mean", "Max"):
        return str(writer.node(operator, *(x.name for x in xs)))
    for x in xs[1:]:
        value = writer.node(operator, value, x.name)
    return value


@writes("Attention", "AdditiveAttention")
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
