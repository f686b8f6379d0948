"""Layers of our own that texts with padding need, each with its ONNX form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
from keras import ops

from seqzoo.graph.layers import as_float, conv, maximum, mean
from seqzoo.graph.writer import Tensor, Writer, converts
from seqzoo.tasks.classify.words import PADDING, START, UNKNOWN


@keras.saving.register_keras_serializable("seqzoo")
class WordDropout(keras.layers.Layer):  # type: ignore[misc]
    """Replaces a share of the words by the unknown word while training; nothing happens afterwards.

    Input and output: (batch, time) int32 ids; padding and the start token are left alone.
    Reference: Iyyer et al. 2015, Deep unordered composition rivals syntactic methods.
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, ids: Any, training: bool = False) -> Any:
        """Drop words when `training`."""
        if not training or not self.rate:
            return ids
        drop = keras.random.uniform(ops.shape(ids), seed=self.seed_generator) < self.rate
        special = ops.logical_or(ops.equal(ids, PADDING), ops.equal(ids, START))
        return ops.where(ops.logical_and(drop, ops.logical_not(special)), UNKNOWN, ids)

    def get_config(self) -> dict[str, Any]:
        """The arguments to rebuild the layer with."""
        return {**super().get_config(), "rate": self.rate}


@converts("WordDropout")
def _word_dropout(writer: Writer, layer: Any, ids: Tensor) -> Tensor:
    return ids


@keras.saving.register_keras_serializable("seqzoo")
class MaskedPooling(keras.layers.Layer):  # type: ignore[misc]
    """Pools over the unmasked steps: their maximum, their mean, or both side by side.

    Input: (batch, time, features) float32, with or without a mask.
    Output: (batch, features) float32; (batch, 2 * features) for "max+mean".
    """

    def __init__(self, kind: str = "max+mean", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if kind not in ("max", "mean", "max+mean"):
            raise ValueError(f"kind = {kind!r}: allowed are 'max', 'mean', 'max+mean'")
        self.kind = kind
        self.supports_masking = True

    def call(self, x: Any, mask: Any = None) -> Any:
        """Pool over axis 1."""
        if mask is None:
            found = {"max": ops.max(x, 1), "mean": ops.mean(x, 1)}
        else:
            keep = ops.expand_dims(ops.cast(mask, x.dtype), -1)
            mean = ops.sum(x * keep, 1) / ops.maximum(ops.sum(keep, 1), 1)
            found = {"max": ops.max(ops.where(keep > 0, x, -1e9), 1), "mean": mean}
        return ops.concatenate([found[name] for name in self.kind.split("+")], -1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Time is gone, and the mask with it."""

    def get_config(self) -> dict[str, Any]:
        """The arguments to rebuild the layer with."""
        return {**super().get_config(), "kind": self.kind}


@converts("MaskedPooling")
def _masked_pooling(writer: Writer, layer: Any, x: Tensor) -> str:
    found = [{"max": maximum, "mean": mean}[name](writer, x) for name in layer.kind.split("+")]
    return found[0] if len(found) == 1 else writer.node("Concat", *found, axis=-1)


@keras.saving.register_keras_serializable("seqzoo")
class ConcatenateUnderMask(keras.layers.Layer):  # type: ignore[misc]
    """Puts features beside a masked sequence, under that sequence's mask.

    Keras' Concatenate counts a step as real if any of its inputs does, so an unmasked one would undo the mask.
    Inputs: (batch, time, a) with a mask, (batch, time, b) float32. Output: (batch, time, a + b), masked.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Concatenate the features."""
        return ops.concatenate(inputs, -1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The first input's."""
        return mask[0] if mask is not None else None


@converts("ConcatenateUnderMask")
def _beside(writer: Writer, layer: Any, *xs: Tensor) -> str:
    return writer.node("Concat", *(x.name for x in xs), axis=-1)


@keras.saving.register_keras_serializable("seqzoo")
class MaskedConv1D(keras.layers.Conv1D):  # type: ignore[misc]
    """A Conv1D that reads padding as zeros and hands the mask on, so that padding changes no answer.

    Input: (batch, time, features) float32 with a mask. Output: (batch, time, filters) float32.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.supports_masking = True

    def call(self, x: Any, mask: Any = None) -> Any:
        """Convolve."""
        return super().call(x if mask is None else x * ops.expand_dims(ops.cast(mask, x.dtype), -1))


@converts("MaskedConv1D")
def _masked_conv(writer: Writer, layer: Any, x: Tensor) -> str:
    if not x.mask:
        return conv(writer, layer, x)
    return conv(writer, layer, replace(x, name=writer.node("Mul", x.name, as_float(writer, x.mask))))
