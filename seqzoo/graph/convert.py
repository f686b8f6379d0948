"""Keras model -> ONNX: recurrent layers become the fused operators, masks become sequence lengths.

`convert` walks the functional graph once and lets the writer of each layer add its nodes; `check` runs both on the
same batches. Keras' own export turns a masked recurrent layer into a loop and loses the speed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.graph.writer import WRITERS, Tensor, Writer, described
from seqzoo.room import Batch, Graphs
from seqzoo.runtime import Graph

if TYPE_CHECKING:
    import keras
    import onnx

OPSET = 17
IR_VERSION = 9
FILE = "model.onnx"
_ROUNDING = 1e-3  # a trained plain recurrent layer blows rounding up (4e-5 over 200 steps); a wrong graph is far off
_OURS = ("mask", "training")  # what a layer may be called with besides its inputs: masks travel in `Tensor`


def supported() -> list[str]:
    """Class names of the layers that can be converted."""
    return sorted(WRITERS)


def convert_layer(writer: Writer, layer: Any, *args: Any, **kwargs: Any) -> Tensor | list[Tensor]:
    """Write one layer's nodes and return its output, or its outputs."""
    from keras import Layer

    kind = type(layer).__name__
    inputs = list(args[0]) if args and isinstance(args[0], list | tuple) else [a for a in args if isinstance(a, Tensor)]
    if not isinstance(layer, Layer):
        return Tensor("", (), only_mask=kind)
    refused = next((x.only_mask for x in inputs if x.only_mask), kind if kind not in WRITERS else "")
    if refused:
        raise UserError(f"layer {layer.name!r} ({refused}) cannot be written as ONNX; supported: {listed()}")
    given = {name: value for name, value in kwargs.items() if value is not None and name not in _OURS}
    try:
        result = WRITERS[kind](writer, layer, *inputs, **given)
    except TypeError:
        if not given:
            raise
        raise UserError(f"layer {layer.name!r} ({kind}): called with {', '.join(given)}=, not converted") from None
    return result if not isinstance(result, str) else _placed(layer, result, inputs[0])


def listed() -> str:
    """The supported layers in one line."""
    return ", ".join(supported())


def _placed(layer: Any, name: str, source: Tensor) -> Tensor:
    """The output with the shape that Keras knows, under its first input's mask while there is time."""
    output = layer.output if len(layer._inbound_nodes) == 1 else layer._inbound_nodes[-1].outputs[0]
    keeps = len(output.shape) > 2 and len(source.shape) > 1
    return Tensor(name, tuple(output.shape), source.mask if keeps else "", source.lengths if keeps else "")


def convert(model: keras.Model, *, carry: Collection[str] = ()) -> onnx.ModelProto:
    """Convert a functional model of supported layers, with dynamic batch and time.

    Args:
        model: inputs are named after its input layers, outputs after its output layers.
        carry: names of recurrent layers whose initial state becomes inputs `<layer>_h_in` (and `_c_in`), and whose
            final state outputs `<layer>_h` (and `_c`), each (batch, units) float32.

    Raises:
        UserError: a layer, or a way to call one, that has no ONNX form here, by name.
    """
    from onnx import checker, helper

    writer = Writer(carry)
    entries = [Tensor(t.name, tuple(t.shape)) for t in model.inputs]
    inputs = [described(t.name, t.dtype, _dims(t.shape)) for t in model.inputs]
    walked = model._run_through_graph(entries, operation_fn=lambda layer: partial(convert_layer, writer, layer))
    results = walked if isinstance(walked, list | tuple) else [walked]
    outputs = []
    for name, tensor, result in zip(model.output_names, model.outputs, results, strict=True):
        writer.name(result.name, name)
        outputs.append(described(name, tensor.dtype, _dims(tensor.shape, "steps")))
    graph = helper.make_graph(
        writer.written, model.name, inputs + writer.inputs, outputs + writer.outputs, writer.constants
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="seqzoo")
    proto.ir_version = IR_VERSION
    checker.check_model(proto)
    return proto


def _dims(shape: Sequence[int | None], time: str = "time") -> list[int | str]:
    return [n if n is not None else ("batch", time, "rest")[min(i, 2)] for i, n in enumerate(shape)]


def check(
    model: keras.Model, proto: onnx.ModelProto, batches: Sequence[Mapping[str, np.ndarray]], tolerance: float = 1e-5
) -> float:
    """Return the largest difference between Keras and ONNX over the batches; masked steps do not count.

    Args:
        model: what was converted.
        proto: what it became; carried states begin with zeros.
        batches: arrays by the names of the model's inputs.
        tolerance: absolute, on float32 outputs.

    Raises:
        UserError: they differ by more than `tolerance`.
    """
    graph = Graph(proto.SerializeToString())
    worst = 0.0
    for batch in batches:
        given = [batch[t.name] for t in model.inputs]
        expected = model(given if len(given) > 1 else given[0], training=False)
        expected = expected if isinstance(expected, list | tuple) else [expected]
        rows = len(given[0])
        states = {name: np.zeros((rows, graph.width(name)), np.float32) for name in graph.inputs if name not in batch}
        for ours, theirs in zip(graph({**batch, **states}), expected, strict=False):
            worst = max(worst, float(_apart(ours, theirs).max()))
    if not worst <= tolerance:
        raise UserError(f"{model.name}: the ONNX graph differs from Keras by {worst:.2g} (allowed {tolerance:g})")
    return worst


def _apart(ours: np.ndarray, theirs: Any) -> np.ndarray:
    """Absolute differences where there is something to tell: at a masked step Keras repeats what it said before."""
    apart: np.ndarray = np.abs(ours - np.asarray(theirs))
    mask = getattr(theirs, "_keras_mask", None)
    if mask is not None:
        apart[~np.asarray(mask)] = 0
    return apart


def checked(model: keras.Model, batches: Sequence[Batch], *, carry: Collection[str] = ()) -> Graphs:
    """Convert a model into the one graph of a bundle, and hold it against Keras on real batches.

    Raises:
        UserError: see `convert` and `check`.
    """
    proto = convert(model, carry=carry)
    difference = check(model, proto, [batch.inputs for batch in batches], _ROUNDING)
    return Graphs({FILE: proto.SerializeToString()}, difference)


def with_half_weights(proto: onnx.ModelProto, smallest: int = 1024) -> onnx.ModelProto:
    """Store float32 constants of at least `smallest` numbers as float16; the arithmetic stays float32."""
    from onnx import ModelProto, TensorProto, helper, numpy_helper

    small = ModelProto()
    small.CopyFrom(proto)
    casts = []
    for constant in small.graph.initializer:
        value = numpy_helper.to_array(constant)
        if value.dtype == np.float32 and value.size >= smallest:
            name = constant.name
            constant.CopyFrom(numpy_helper.from_array(value.astype(np.float16), name + "_f16"))
            casts.append(helper.make_node("Cast", [name + "_f16"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *small.graph.node]
    del small.graph.node[:]
    small.graph.node.extend(nodes)
    return small
