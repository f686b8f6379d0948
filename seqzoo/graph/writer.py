"""What a layer's ONNX form is written with: tensors with masks, a collector of nodes, and the register of layers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value in the ONNX graph: its name, its Keras shape, and the names of its mask and lengths.

    `mask` is (batch, time) bool; `lengths` is (batch,) int32, the number of unmasked steps. `only_mask` names an
    operation on masks alone: Keras computes them so, ours travel beside the values.
    """

    name: str
    shape: tuple[int | None, ...]
    mask: str = ""
    lengths: str = ""
    only_mask: str = ""


@dataclass
class Writer:
    """Collects nodes, constants and extra inputs and outputs while the model is walked.

    `carry` names the recurrent layers whose states come in and go out.
    """

    carry: Collection[str] = ()
    written: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    known: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Add an array, once, and return its name."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(np.asarray(value, dtype))
        key = (array.dtype.str, array.shape, hashlib.sha256(array.tobytes()).digest())
        if key not in self.known:
            self.known[key] = f"c{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(array, self.known[key]))
        return self.known[key]

    def ints(self, *values: int) -> str:
        """Add a vector of int64, as axes and shapes are given."""
        return self.constant(values, np.int64)

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        return self.nodes(operator, *inputs, outputs=1, **attributes)[0]

    def nodes(self, operator: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """Add a node of several outputs and return their names."""
        from onnx import helper

        names = [f"{operator}_{len(self.written)}_{i}" for i in range(outputs)]
        self.written.append(helper.make_node(operator, list(inputs), names, **attributes))
        return names

    def cast(self, value: str, dtype: type) -> str:
        """The value as another NumPy dtype."""
        from onnx import helper

        return self.node("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def lengths(self, mask: str) -> str:
        """(batch,) int32, how many steps of a (batch, time) mask are there."""
        return self.node("ReduceSum", self.cast(mask, np.int32), self.ints(1), keepdims=0)

    def state(self, name: str, units: int) -> str:
        """Add a (batch, units) float32 input that carries a recurrent state in."""
        self.inputs.append(described(name, np.float32, ("batch", units)))
        return name

    def state_out(self, value: str, name: str, units: int) -> None:
        """Name a (batch, units) float32 value as an output that carries a state out."""
        self.name(value, name)
        self.outputs.append(described(name, np.float32, ("batch", units)))

    def name(self, value: str, name: str) -> None:
        """Give a value the name that an output has."""
        from onnx import helper

        self.written.append(helper.make_node("Identity", [value], [name]))


def described(name: str, dtype: Any, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    """The name, dtype and shape of an input or output; names stand for what differs from call to call."""
    from onnx import helper

    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), list(shape))


Form = TypeVar("Form", bound=Callable[..., "str | Tensor | list[Tensor]"])
WRITERS: dict[str, Callable[..., str | Tensor | list[Tensor]]] = {}


def converts(*names: str) -> Callable[[Form], Form]:
    """Register the function that writes the layers with these class names.

    It takes the writer, the layer and its input tensors, and returns the output's name (shape and mask are then
    the layer's and the first input's) or whole tensors.
    """

    def register(function: Form) -> Form:
        WRITERS.update(dict.fromkeys(names, function))
        return function

    return register
