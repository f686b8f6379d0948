"""Graphs with 8-bit weights: a quarter of the size, and faster where ONNX Runtime multiplies whole numbers.

Of graphs that read ids, LSTMs, dense layers and embeddings become ONNX Runtime's own 8-bit operators
(`quantize_dynamic`): weights are rounded once, each output column to a scale of its own; what is multiplied with them
is rounded as it comes, by the largest number in the batch. So an answer depends a little on what else is in the batch.
For ids that is harmless; of a graph that reads numbers, series or sounds, one outlier would move its neighbours, and
the future the past: the weights of such graphs are only stored in 8 bits, and read back as float32 when the graph is
loaded: a smaller file, at the same speed. GRUs, plain recurrent layers and convolutions have no 8-bit operator that
is worth it: theirs are stored so in every graph. Constants of fewer than 1,024 numbers stay as they are, and so does
all that lies before a logarithm: there a sound becomes a spectrum, and what is quiet counts as much as what is loud.

Source: Jacob et al. 2018, Quantization and training of neural networks for efficient integer-arithmetic-only inference.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

_OPERATORS = ["LSTM", "MatMul", "Gemm", "Gather"]
_STORED = {"GRU": (1, 2), "RNN": (1, 2), "LSTM": (1, 2), "Conv": (1,), "MatMul": (1,), "Gather": (0,)}  # their weights
_SMALLEST = 1024  # numbers of a constant that is worth it


def eight_bits(graph: bytes) -> bytes:
    """An ONNX graph with 8-bit weights: the same inputs, outputs and masks, and nearly the same answers.

    Args:
        graph: float32, or float16 as `with_half_weights` stores it.
    """
    import onnx

    proto = onnx.load_from_string(graph)
    _widen(proto)
    kept = _before_logarithms(proto)
    proto = _multiplied(proto, kept) if _reads_ids(proto) else proto
    return bytes(_stored(proto, kept).SerializeToString())


def _reads_ids(proto: onnx.ModelProto) -> bool:
    from onnx import TensorProto

    return bool(proto.graph.input[0].type.tensor_type.elem_type == TensorProto.INT32)


def each(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """A bundle's files by name, its graphs in 8 bits."""
    return {name: eight_bits(content) if name.endswith(".onnx") else content for name, content in files.items()}


def _multiplied(proto: onnx.ModelProto, kept: set[str]) -> onnx.ModelProto:
    """With ONNX Runtime's 8-bit operators. Weights without a sign: on older processors others may overflow."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    large = {one.name for one in proto.graph.initializer if np.prod(one.dims) >= _SMALLEST}
    exact = [node.name for node in proto.graph.node if node.name in kept or not large & set(node.input)]
    with tempfile.TemporaryDirectory() as folder, _silence():
        out = Path(folder) / "graph.onnx"
        quantize_dynamic(
            proto, out, op_types_to_quantize=_OPERATORS, per_channel=True, weight_type=QuantType.QUInt8,
            nodes_to_exclude=exact,
        )  # fmt: skip
        return onnx.load(out)


def _before_logarithms(proto: onnx.ModelProto) -> set[str]:
    """Names of the nodes whose outputs end in a logarithm; each node gets a name."""
    wanted: set[str] = set()
    found = set()
    for number, node in reversed(list(enumerate(proto.graph.node))):
        node.name = node.name or f"{node.op_type}_{number}"
        if wanted & set(node.output):
            found.add(node.name)
        if node.op_type == "Log" or node.name in found:
            wanted |= set(node.input)
    return found


@contextmanager
def _silence() -> Iterator[None]:
    """Without the advice to optimize first, which the graph's own writer has no need of."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _widen(proto: onnx.ModelProto) -> None:
    """Float16 constants that are read as float32, as float32: only constants are quantized."""
    from onnx import TensorProto, numpy_helper

    constants = _constants(proto)
    kept = []
    for node in proto.graph.node:
        half = constants.get(node.input[0]) if node.op_type == "Cast" else None
        if half is None or half.data_type != TensorProto.FLOAT16:
            kept.append(node)
        else:
            array = numpy_helper.to_array(half).astype(np.float32)
            half.CopyFrom(numpy_helper.from_array(array, node.output[0]))
    del proto.graph.node[:]
    proto.graph.node.extend(kept)


def _stored(proto: onnx.ModelProto, kept: set[str]) -> onnx.ModelProto:
    """The weights that are still float32 as int8 constants and what makes them float32 again."""
    from onnx import TensorProto, helper, numpy_helper

    constants, before = _constants(proto), []
    nodes = [node for node in proto.graph.node if node.name not in kept]
    wanted = {node.input[i] for node in nodes for i in _STORED.get(node.op_type, ())}
    for name in sorted(wanted & set(constants)):
        constant = constants[name]
        array = numpy_helper.to_array(constant)
        if array.dtype == np.float32 and array.size >= _SMALLEST:
            whole, scale = rounded(array)
            constant.CopyFrom(numpy_helper.from_array(whole, f"{name}_i8"))
            proto.graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
            before.append(helper.make_node("Cast", [f"{name}_i8"], [f"{name}_f32"], to=TensorProto.FLOAT))
            before.append(helper.make_node("Mul", [f"{name}_f32", f"{name}_scale"], [name]))
    nodes = [*before, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    return proto


def rounded(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(..., n) weights as int8 and the float32 scales of their rows: the last axis is what is summed over."""
    scale = np.abs(array).max(-1, keepdims=True).astype(np.float32) / 127
    scale = np.where(scale > 0, scale, np.float32(1))
    return np.rint(array / scale).astype(np.int8), scale


def _constants(proto: onnx.ModelProto) -> Mapping[str, onnx.TensorProto]:
    return {one.name: one for one in proto.graph.initializer}
