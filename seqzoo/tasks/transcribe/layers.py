"""Layers of our own: convolutions that do not see padding, sounds of one length, stripes that hide; see `spectrum`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.graph.layers import as_float
from seqzoo.graph.writer import Tensor, Writer, converts
from seqzoo.tasks.transcribe.spectrum import Cosines, LogMel, Rise, Standard, before, size

__all__ = ["Cosines", "FrameConv", "LogMel", "Rise", "Segments", "Standard", "Stripes"]


@keras.saving.register_keras_serializable("seqzoo")
class FrameConv(keras.layers.Layer):  # type: ignore[misc]
    """A convolution over frames that sees nothing where a sound has ended, then ReLU.

    Input: (batch, frames, features) float32. Output: (batch, ceil(frames / stride), filters) float32: step i looks at
    frames from i * stride - (width - 1 - ahead) to i * stride + ahead; beyond both ends there is nothing. Its mask is
    that of frame i * stride.
    """

    def __init__(self, filters: int, width: int, stride: int = 1, ahead: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.width, self.stride, self.ahead = filters, width, stride, ahead
        self.supports_masking = True

    def build(self, shape: Any) -> None:
        """A kernel and a bias."""
        self.kernel = self.add_weight((self.width, shape[-1], self.filters), "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def call(self, x: Any, mask: Any = None) -> Any:
        """Hide what is masked, pad, convolve."""
        if mask is not None:
            x = x * ops.cast(mask, x.dtype)[..., None]
        x = ops.pad(x, ((0, 0), (self.width - 1 - self.ahead, self.ahead), (0, 0)))
        return ops.relu(ops.conv(x, self.kernel, self.stride, "valid") + self.bias)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of each step's own frame."""
        return None if mask is None else mask[:, :: self.stride]

    def compute_output_spec(self, x: Any, mask: Any = None) -> Any:
        """Shapes."""
        return keras.KerasTensor((x.shape[0], None, self.filters), "float32")

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        names = ("filters", "width", "stride", "ahead")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@converts("FrameConv")
def _frame_conv(writer: Writer, layer: Any, x: Tensor) -> Tensor:
    value = writer.node("Mul", x.name, as_float(writer, x.mask)) if x.mask else x.name
    kernel = writer.constant(np.asarray(layer.kernel).transpose(2, 1, 0))
    value = writer.node(
        "Conv",
        writer.node("Transpose", value, perm=[0, 2, 1]),
        kernel,
        writer.constant(layer.bias),
        pads=[layer.width - 1 - layer.ahead, layer.ahead],
        strides=[layer.stride],
    )
    value = writer.node("Transpose", writer.node("Relu", value), perm=[0, 2, 1])
    shape = (x.shape[0], None, layer.filters)
    if not x.mask:
        return Tensor(value, shape)
    of = writer.constant(layer.stride - 1, np.int32)
    lengths = writer.node("Div", writer.node("Add", x.lengths, of), writer.constant(layer.stride, np.int32))
    return Tensor(value, shape, before(writer, value, lengths), lengths)


@keras.saving.register_keras_serializable("seqzoo")
class Segments(keras.layers.Layer):  # type: ignore[misc]
    """A sound of any length as so many steps: means over equal parts of it.

    Input: (batch, frames, features) float32 under a mask. Output: (batch, steps, features) float32, no mask.
    """

    def __init__(self, steps: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.steps, self.supports_masking = steps, True

    def call(self, x: Any, mask: Any = None) -> Any:
        """Frame t counts in a part by how much of it lies there."""
        part = ops.sum(ops.cast(mask, "float32"), 1)[:, None, None] / self.steps
        low = ops.arange(self.steps, dtype="float32")[None, :, None] * part
        frame = ops.arange(ops.shape(x)[1], dtype="float32")[None, None]
        inside = ops.minimum(frame + 1, low + part) - ops.maximum(frame, low)
        return ops.matmul(ops.maximum(inside, 0.0), x) / part

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Every step is there."""
        return None

    def compute_output_spec(self, x: Any, mask: Any = None) -> Any:
        """Shapes."""
        return keras.KerasTensor((x.shape[0], self.steps, x.shape[-1]), "float32")

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "steps": self.steps}


@converts("Segments")
def _segments(writer: Writer, layer: Any, x: Tensor) -> Tensor:
    lengths = writer.node("Unsqueeze", writer.cast(x.lengths, np.float32), writer.ints(1, 2))
    part = writer.node("Div", lengths, writer.constant(layer.steps))
    low = writer.node("Mul", writer.constant(np.arange(layer.steps)[None, :, None]), part)
    time = writer.cast(size(writer, x.name, 1), np.float32)
    frame = writer.node("Range", writer.constant(0.0), time, writer.constant(1.0))
    end = writer.node("Min", writer.node("Add", frame, writer.constant(1.0)), writer.node("Add", low, part))
    inside = writer.node("Sub", end, writer.node("Max", frame, low))
    weights = writer.node("Max", inside, writer.constant(0.0))
    value = writer.node("Div", writer.node("MatMul", weights, x.name), part)
    return Tensor(value, (x.shape[0], layer.steps, x.shape[-1]))


@keras.saving.register_keras_serializable("seqzoo")
class Stripes(keras.layers.Layer):  # type: ignore[misc]
    """In training, hides some stretches of time and some runs of features of each sound.

    Input, output: (batch, frames, features) float32. `times` stretches of at most `longest` frames, `bands` runs of at
    most a fifth of the features; hidden is 0, the mean of what was standardised.
    Source: Park et al. 2019, SpecAugment.
    """

    def __init__(self, times: int = 0, bands: int = 0, longest: int = 10, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.times, self.bands, self.longest, self.supports_masking = times, bands, longest, True
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, x: Any, training: bool = False) -> Any:
        """Multiply by 0 under each stripe."""
        if not training:
            return x
        batch, frames, features = ops.shape(x)[0], ops.shape(x)[1], x.shape[-1]
        for _ in range(self.times):
            x = x * self._kept(batch, frames, self.longest)[:, :, None]
        for _ in range(self.bands):
            x = x * self._kept(batch, features, max(1, features // 5))[:, None]
        return x

    def _kept(self, batch: Any, size: Any, most: int) -> Any:
        """(batch, size) float32: 0 within one random stretch of at most `most`."""
        drawn = keras.random.uniform((2, batch, 1), seed=self.seed_generator)
        begin, place = drawn[0] * ops.cast(size, "float32"), ops.arange(size, dtype="float32")[None]
        hidden = ops.logical_and(place >= begin, place < begin + drawn[1] * most)
        return ops.cast(ops.logical_not(hidden), "float32")

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "times": self.times, "bands": self.bands, "longest": self.longest}


@converts("Stripes")
def _stripes(writer: Writer, layer: Any, x: Tensor) -> Tensor:
    return x
