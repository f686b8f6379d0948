"""Recurrent Keras layers as ONNX' fused operators, masks as `sequence_lens`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.graph.writer import Tensor, Writer, converts

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


def run(writer: Writer, directions: Sequence[Any], x: Tensor, way: str, initial: Sequence[Tensor] = ()) -> list[str]:
    """Write the fused operator; return names of Y (time, directions, batch, units), Y_h and, of an LSTM, Y_c.

    `initial` are (batch, units) states to begin with: h, and c of an LSTM.
    """
    layer = directions[0]
    kind, units = type(layer).__name__, layer.units
    if way == "forward" and layer.go_backwards:
        way = "reverse"
    w, r, b = (np.stack(arrays) for arrays in zip(*map(_weights, directions), strict=True))
    attributes: dict[str, Any] = {"hidden_size": units, "direction": way}
    attributes["activations"] = [name for one in directions for name in _activation_names(one)]
    if kind == "GRU":
        attributes["linear_before_reset"] = int(layer.reset_after)
    letters = ("h", "c") if kind == "LSTM" else ("h",)
    begin = [state.name for state in initial]
    carried = way == "forward" and layer.name in writer.carry
    if carried:
        begin = [writer.state(f"{layer.name}_{letter}_in", units) for letter in letters]
    steps = writer.node("Transpose", x.name, perm=[1, 0, 2])
    inputs = [steps, writer.constant(w), writer.constant(r), writer.constant(b), x.lengths]
    inputs += [writer.node("Unsqueeze", name, writer.ints(0)) for name in begin]
    operator = "RNN" if kind == "SimpleRNN" else kind
    y, *last = writer.nodes(operator, *inputs, outputs=1 + len(letters), **attributes)
    if carried:
        for value, letter in zip(last, letters, strict=True):
            writer.state_out(writer.node("Squeeze", value, writer.ints(0)), f"{layer.name}_{letter}", units)
    return [y, *last]


def _check_plain(layer: Any) -> None:
    if layer.stateful:
        raise UserError(f"layer {layer.name!r}: stateful is not converted; carry its states: convert(carry=...)")


@converts("LSTM", "GRU", "SimpleRNN")
def _recurrent(writer: Writer, layer: Any, x: Tensor, *states: Tensor, initial_state: Any = None) -> str | list[Tensor]:
    _check_plain(layer)
    given = initial_state if isinstance(initial_state, list | tuple) else [initial_state] if initial_state else states
    y, *last = run(writer, [layer], x, "forward", given)
    final = [writer.node("Squeeze", value, writer.ints(0)) for value in last]
    if layer.return_sequences and layer.go_backwards:
        raise UserError(f"layer {layer.name!r}: go_backwards with return_sequences is not converted")
    output = final[0]
    if layer.return_sequences:
        output = writer.node("Transpose", writer.node("Squeeze", y, writer.ints(1)), perm=[1, 0, 2])
    if not layer.return_state:
        return output
    shape = (x.shape[0], layer.units)
    under = (x.mask, x.lengths) if layer.return_sequences else ("", "")
    first = Tensor(output, (*x.shape[:2], layer.units) if layer.return_sequences else shape, *under)
    return [first, *(Tensor(name, shape) for name in final)]


@converts("Bidirectional")
def _bidirectional(writer: Writer, layer: Any, x: Tensor) -> str | list[Tensor]:
    pair = [layer.forward_layer, layer.backward_layer]
    for one in pair:
        _check_plain(one)
    y, *last = run(writer, pair, x, "bidirectional")
    if layer.return_sequences:
        halves = writer.nodes("Split", writer.node("Transpose", y, perm=[2, 0, 1, 3]), axis=2, outputs=2)
        halves = [writer.node("Squeeze", half, writer.ints(2)) for half in halves]
    else:
        halves = _halves(writer, last[0])
    output = _merged(writer, layer, halves)
    if not layer.return_state:
        return output
    width = pair[0].units * (2 if layer.merge_mode == "concat" else 1)
    shape = (*x.shape[:2], width) if layer.return_sequences else (x.shape[0], width)
    under = (x.mask, x.lengths) if layer.return_sequences else ("", "")
    ends = [half for way in zip(*(_halves(writer, value) for value in last), strict=True) for half in way]
    return [Tensor(output, shape, *under), *(Tensor(name, (x.shape[0], pair[0].units)) for name in ends)]


def _halves(writer: Writer, value: str) -> list[str]:
    """(2, batch, units) as two (batch, units)."""
    return [writer.node("Squeeze", half, writer.ints(0)) for half in writer.nodes("Split", value, axis=0, outputs=2)]


def _merged(writer: Writer, layer: Any, halves: list[str]) -> str:
    if layer.merge_mode == "concat":
        return writer.node("Concat", *halves, axis=-1)
    operators = {"sum": "Add", "mul": "Mul", "ave": "Mean"}
    if layer.merge_mode not in operators:
        raise UserError(f"layer {layer.name!r}: merge_mode {layer.merge_mode!r} is not converted")
    return writer.node(operators[layer.merge_mode], *halves)
