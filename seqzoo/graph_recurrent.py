"""Recurrent Keras layers as ONNX' fused operators, masks as `sequence_lens`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.graph import Tensor, Writer, writes

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
