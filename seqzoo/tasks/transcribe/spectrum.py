"""From samples to features inside the graph, with fixed kernels: mel bands, cepstra, and what standardises them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.graph.writer import Tensor, Writer, converts

FLOOR = 1e-7  # added to a band's energy: -70 dB of a full-scale tone in a window, below any recording's noise


def mel_filters(rate: int, window: int, bands: int) -> np.ndarray:
    """(1 + window // 2, bands) float64 triangles, evenly spaced on Slaney's mel scale and of equal area.

    Source: Slaney 1998, Auditory toolbox: linear below 1 kHz, logarithmic above.
    """

    def mel(hertz: Any) -> Any:
        return np.where(hertz < 1000, 3 * hertz / 200, 15 + 27 * np.log(np.maximum(hertz, 1000) / 1000) / np.log(6.4))

    steps = np.linspace(0, float(mel(rate / 2)), bands + 2)
    edges = np.where(steps < 15, 200 * steps / 3, 1000 * np.exp(np.log(6.4) * (steps - 15) / 27))
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    hertz = np.arange(1 + window // 2)[:, None] * rate / window
    up, down = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
    return np.asarray(np.maximum(0, np.minimum(up, down)) * 2 / (high - low))


def fourier(window: int, emphasis: float) -> np.ndarray:
    """(window, 2 * bins) float64: cosines and sines under a Hann window, pre-emphasis folded in."""
    time = np.arange(window)
    angles = 2 * np.pi * np.outer(time, np.arange(1 + window // 2)) / window
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * time / window)
    kernel = np.concatenate([np.cos(angles), np.sin(angles)], 1) * hann[:, None]
    kernel[:-1] -= emphasis * kernel[1:]  # x[t] - emphasis * x[t - 1]; the window's first weight is 0
    return kernel


@keras.saving.register_keras_serializable("seqzoo")
class LogMel(keras.layers.Layer):  # type: ignore[misc]
    """The logarithm of the energy in mel bands, for each frame of a sound; nothing is learnt.

    Input: [samples (batch, samples) float32, lengths (batch,) int32, the true number of samples of each sound].
    Output: (batch, frames, bands) float32; frames that reach beyond a sound's end are masked. As
    `log(librosa.feature.melspectrogram(center=False) + 1e-7)` has it, windows of `window` seconds each `hop` seconds.
    With a `depth`, what lies so many decibels under the loudest band of its frame is drowned: noise there differs from
    microphone to microphone, and says nothing.
    """

    def __init__(
        self,
        rate: int,
        bands: int,
        window: float = 0.025,
        hop: float = 0.010,
        emphasis: float = 0.97,
        depth: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate, self.bands, self.window, self.hop = rate, bands, window, hop
        self.emphasis, self.depth = emphasis, depth
        self.drown = 10 ** (-depth / 10) if depth else 0.0
        self.width, self.stride = round(window * rate), round(hop * rate)
        self.supports_masking = True
        filters = mel_filters(rate, self.width, bands)
        self.kernel = fourier(self.width, emphasis).astype(np.float32)[:, None]
        self.filters = np.concatenate([filters, filters]).astype(np.float32)

    def call(self, inputs: Any) -> Any:
        """Window, transform, square, sum into bands."""
        samples, _ = inputs
        parts = ops.conv(samples[..., None], ops.convert_to_tensor(self.kernel), self.stride, "valid")
        energy = ops.matmul(ops.square(parts), ops.convert_to_tensor(self.filters))
        return ops.log(energy + self.drown * ops.max(energy, -1, keepdims=True) + FLOOR)

    def compute_mask(self, inputs: Any, previous: Any = None) -> Any:
        """True where a frame lies within its sound."""
        samples, lengths = inputs
        ends = ops.ones_like(samples[:, self.width - 1 :: self.stride], dtype="int32")
        whole = (lengths - self.width) // self.stride + 1
        return ops.cumsum(ends, 1) <= whole[:, None]

    def compute_output_spec(self, inputs: Any) -> Any:
        """Shapes: the number of frames depends on the number of samples."""
        return keras.KerasTensor((inputs[0].shape[0], None, self.bands), "float32")

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        names = ("rate", "bands", "window", "hop", "emphasis", "depth")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@converts("LogMel")
def _log_mel(writer: Writer, layer: Any, samples: Tensor, lengths: Tensor) -> Tensor:
    channel = writer.node("Unsqueeze", samples.name, writer.ints(1))
    kernel = writer.constant(layer.kernel.transpose(2, 1, 0))
    parts = writer.node("Conv", channel, kernel, strides=[layer.stride])
    parts = writer.node("Transpose", writer.node("Mul", parts, parts), perm=[0, 2, 1])
    energy = writer.node("MatMul", parts, writer.constant(layer.filters))
    if layer.drown:
        loudest = writer.node("ReduceMax", energy, axes=[-1], keepdims=1)
        energy = writer.node("Add", energy, writer.node("Mul", loudest, writer.constant(layer.drown)))
    value = writer.node("Log", writer.node("Add", energy, writer.constant(FLOOR)))
    reach = writer.node("Sub", lengths.name, writer.constant(layer.width - layer.stride, np.int32))
    whole = writer.node("Div", reach, writer.constant(layer.stride, np.int32))
    mask = before(writer, value, whole)
    return Tensor(value, (samples.shape[0], None, layer.bands), mask, writer.lengths(mask))


def before(writer: Writer, value: str, lengths: str) -> str:
    """(batch, time) bool: which steps of a (batch, time, features) value come before the (batch,) int32 lengths."""
    time = writer.cast(size(writer, value, 1), np.int32)
    steps = writer.node("Range", writer.constant(0, np.int32), time, writer.constant(1, np.int32))
    return writer.node("Less", steps, writer.node("Unsqueeze", lengths, writer.ints(1)))


def size(writer: Writer, value: str, axis: int) -> str:
    """An axis' length, as a number without an axis."""
    shape = writer.node("Shape", value, start=axis, end=axis + 1)
    return writer.node("Squeeze", shape, writer.ints(0))


@keras.saving.register_keras_serializable("seqzoo")
class Cosines(keras.layers.Layer):  # type: ignore[misc]
    """Cepstral coefficients: the first of a discrete cosine transform (II, orthonormal) over bands.

    Input: (batch, frames, bands) float32. Output: (batch, frames, coefficients) float32.
    """

    def __init__(self, coefficients: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.coefficients, self.supports_masking = coefficients, True

    def build(self, shape: Any) -> None:
        """Fixed cosines."""
        bands = shape[-1]
        angles = np.pi * np.outer(np.arange(bands) + 0.5, np.arange(self.coefficients)) / bands
        scale = np.where(np.arange(self.coefficients) == 0, np.sqrt(1 / bands), np.sqrt(2 / bands))
        self.kernel = (np.cos(angles) * scale).astype(np.float32)

    def call(self, x: Any) -> Any:
        """Multiply."""
        return ops.matmul(x, ops.convert_to_tensor(self.kernel))

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        return {**super().get_config(), "coefficients": self.coefficients}


@converts("Cosines")
def _cosines(writer: Writer, layer: Any, x: Tensor) -> str:
    return writer.node("MatMul", x.name, writer.constant(layer.kernel))


@keras.saving.register_keras_serializable("seqzoo")
class Rise(keras.layers.Layer):  # type: ignore[misc]
    """The first coefficient, how loud a frame is, as how much louder than the frame before: no distance changes it.

    Input, output: (batch, frames, coefficients) float32.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, x: Any) -> Any:
        """Subtract the frame before; the first frame does not rise."""
        loud = x[..., :1]
        return ops.concatenate([loud - ops.concatenate([loud[:, :1], loud[:, :-1]], 1), x[..., 1:]], -1)


@converts("Rise")
def _rise(writer: Writer, layer: Any, x: Tensor) -> str:
    def cut(value: str, axis: int, begin: int, end: int) -> str:
        return writer.node("Slice", value, writer.ints(begin), writer.ints(end), writer.ints(axis))

    loud, rest = cut(x.name, 2, 0, 1), cut(x.name, 2, 1, 2**31)
    before_it = writer.node("Concat", cut(loud, 1, 0, 1), cut(loud, 1, 0, -1), axis=1)
    return writer.node("Concat", writer.node("Sub", loud, before_it), rest, axis=2)


@keras.saving.register_keras_serializable("seqzoo")
class Standard(keras.layers.Layer):  # type: ignore[misc]
    """Features minus their mean, over their deviation: numbers of the training part, set once, never learnt.

    Input, output: (batch, frames, features) float32.
    """

    def __init__(self, mean: Sequence[float] = (0.0,), deviation: Sequence[float] = (1.0,), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.set(np.array(mean), np.array(deviation))

    def set(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        """Take (features,) numbers; it must happen before the first training step is traced."""
        self.mean, self.scale = mean.astype(np.float32), (1 / deviation).astype(np.float32)

    def call(self, x: Any) -> Any:
        """Shift and scale."""
        return (x - ops.convert_to_tensor(self.mean)) * ops.convert_to_tensor(self.scale)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the layer."""
        numbers = {"mean": self.mean.tolist(), "deviation": (1 / self.scale).tolist()}
        return {**super().get_config(), **numbers}


@converts("Standard")
def _standard(writer: Writer, layer: Any, x: Tensor) -> str:
    return writer.node("Mul", writer.node("Sub", x.name, writer.constant(layer.mean)), writer.constant(layer.scale))
