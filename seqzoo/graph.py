"""Keras model -> ONNX: recurrent layers become the fused operators, masks become sequence lengths.

`convert` walks the functional graph once and lets `graph_layers` and `graph_recurrent` write each layer's nodes;
`check` runs both on the same batches. Keras' own export turns a masked recurrent layer into a loop and loses the speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.errors import UserError

if TYPE_CHECKING:
    import keras
    import onnx

OPSET = 17
IR_VERSION = 9


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value in the ONNX graph: its name, its Keras shape, and the names of its mask and lengths.

    `mask` is (batch, time) bool; `lengths` is (batch,) int32, the number of unmasked steps.
    """

    name: str
    shape: tuple[int | None, ...]
    mask: str = ""
    lengths: str = ""


@dataclass
class Writer:
    """Collects nodes, constants and extra inputs and outputs while the model is walked."""

    states: bool = False
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Add an array and return its name."""
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(np.asarray(value, dtype)), name))
        return name

    def ints(self, *values: int) -> str:
        """Add a vector of int64, as axes and shapes are given."""
        return self.constant(values, np.int64)

    def node(self, operator: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Add a node and return the name of its output, or the names when there are several."""
        from onnx import helper

        names = [f"{operator}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def state(self, name: str, units: int) -> str:
        """Add a (batch, units) float32 input that carries a recurrent state in."""
        self.inputs.append(_info(name, np.float32, ("batch", units)))
        return name

    def state_out(self, value: str, name: str, units: int) -> None:
        """Name a (batch, units) float32 value as an output that carries a state out."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(_info(name, np.float32, ("batch", units)))


def _info(name: str, dtype: Any, shape: Sequence[Any]) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(shape))


def _dims(shape: Sequence[int | None], time: str = "time") -> list[Any]:
    return [n if n is not None else ("batch", time, "rest")[min(i, 2)] for i, n in enumerate(shape)]


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
    from seqzoo import graph_layers, graph_recurrent  # noqa: F401

    return sorted(_WRITERS)


def write(writer: Writer, layer: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Write one layer's nodes and return its output."""
    from keras import Layer

    kind = type(layer).__name__
    inputs = list(args[0]) if args and isinstance(args[0], list | tuple) else [a for a in args if isinstance(a, Tensor)]
    if not isinstance(layer, Layer):  # Keras computes masks with plain operations; ours travel in `Tensor.mask`
        return Tensor(_MASK_ONLY + kind, ())
    if kind not in supported() or any(x.name.startswith(_MASK_ONLY) for x in inputs):
        raise UserError(f"layer {layer.name!r} ({kind}) cannot be written as ONNX; supported: {', '.join(supported())}")
    result = _WRITERS[kind](writer, layer, *inputs)
    if isinstance(result, Tensor):
        return result
    output = layer.output if len(layer._inbound_nodes) == 1 else layer._inbound_nodes[-1].outputs[0]
    keeps = len(output.shape) > 2 and len(inputs[0].shape) > 1
    source = inputs[0]
    return Tensor(result, tuple(output.shape), source.mask if keeps else "", source.lengths if keeps else "")


def convert(model: keras.Model, *, states: bool = False) -> onnx.ModelProto:
    """Convert a functional model of supported layers, with dynamic batch and time.

    Args:
        model: inputs are named after its input layers, outputs after its output layers.
        states: give each recurrent layer its initial state as inputs `<layer>_h_in` (and `_c_in`), and its
            final state as outputs `<layer>_h` (and `_c`), each (batch, units) float32.

    Raises:
        UserError: a layer that has no ONNX form here, by name.
    """
    from onnx import checker, helper

    writer = Writer(states=states)
    entries = [Tensor(t.name, tuple(t.shape)) for t in model.inputs]
    inputs = [_info(t.name, t.dtype, _dims(t.shape)) for t in model.inputs]
    walked = model._run_through_graph(entries, operation_fn=lambda layer: partial(write, writer, layer))
    results = walked if isinstance(walked, list | tuple) else [walked]
    outputs = []
    for name, tensor, result in zip(model.output_names, model.outputs, results, strict=True):
        writer.nodes.append(helper.make_node("Identity", [result.name], [name]))
        outputs.append(_info(name, tensor.dtype, _dims(tensor.shape, "steps")))
    graph = helper.make_graph(
        writer.nodes, model.name, inputs + writer.inputs, outputs + writer.outputs, writer.constants
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="seqzoo")
    proto.ir_version = IR_VERSION
    checker.check_model(proto)
    return proto


def half(proto: onnx.ModelProto, smallest: int = 1024) -> onnx.ModelProto:
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


def check(model: keras.Model, proto: onnx.ModelProto, batches: Sequence[Any], tolerance: float = 1e-5) -> float:
    """Return the largest difference between Keras and ONNX over the batches.

    Args:
        model: what was converted.
        proto: what it became; states, where it has them, begin with zeros.
        batches: each a list with one array for each model input.
        tolerance: absolute, on float32 outputs.

    Raises:
        UserError: they differ by more than `tolerance`.
    """
    from seqzoo.runtime import Graph

    graph = Graph(proto.SerializeToString())
    worst = 0.0
    for batch in batches:
        feeds = dict(zip((t.name for t in model.inputs), batch, strict=True))
        expected = model(batch if len(batch) > 1 else batch[0], training=False)
        expected = expected if isinstance(expected, list | tuple) else [expected]
        states = (name for name in graph.inputs if name not in feeds)
        feeds |= {name: np.zeros((len(batch[0]), graph.width(name)), np.float32) for name in states}
        for ours, theirs in zip(graph(feeds), expected, strict=False):
            worst = max(worst, float(np.abs(ours - np.asarray(theirs)).max()))
    if not worst <= tolerance:
        raise UserError(f"{model.name}: the ONNX graph differs from Keras by {worst:.2g} (allowed {tolerance:g})")
    return worst
