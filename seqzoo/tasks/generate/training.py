"""Batches of a text, the loss in nats, and where the weights start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from seqzoo.recipe import Recipe
from seqzoo.room import Batches, Training
from seqzoo.tasks.generate import choosing
from seqzoo.tasks.generate.batches import TARGET, LaneBatches, WindowBatches
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.data import Splits
from seqzoo.tasks.generate.options import CodecOptions, DataOptions, DecideOptions

GenerateRecipe = Recipe[DataOptions, CodecOptions, DecideOptions]
_COUNTED = 5_000_000  # training words whose frequencies a model starts from, the first
_WINDOWS_HELD = 256  # validation windows of a batch: there is nothing to learn from them


def training(codec: UnitCodec, splits: Splits, recipe: GenerateRecipe, seed: int) -> Training:
    """Lanes of the text, or windows, and cross-entropy; see `DataOptions.refit` and `CodecOptions.reads`."""
    choosing.check(codec, splits, recipe)
    ids, held = splits.ids(codec)
    if splits.refit:
        ids = np.concatenate([ids, held])
    train, validation = _batches(codec, ids, held, recipe.fit.batch_size, seed)

    def initialise(model: Any) -> None:
        if recipe.codec.unit != "character":
            start_at_frequencies(model, ids)

    return Training(train, validation, loss=_nats, initialise=initialise)


def _batches(codec: UnitCodec, ids: np.ndarray, held: np.ndarray, rows: int, seed: int) -> tuple[Batches, Batches]:
    window = codec.window
    if codec.reads == "before":
        lanes = max(1, min(rows, min(len(ids), len(held)) // (2 * window)))  # each at least two windows long
        return LaneBatches(ids, window, lanes, seed), LaneBatches(held, window, lanes, None)
    both = codec.reads == "both"
    stride = window if both else codec.stride
    train = WindowBatches(ids, window, stride, rows, seed, both)
    return train, WindowBatches(held, window, stride, _WINDOWS_HELD, None, both)


def start_at_frequencies(model: Any, ids: np.ndarray) -> None:
    """Start a model of words at how often each occurs: else it learns little else in its first million words."""
    bias = model.get_layer("logits").bias
    counts = np.bincount(ids[:_COUNTED], minlength=bias.shape[0]) + 1.0
    bias.assign(np.log(counts / counts.sum()))


def _nats(targets: Mapping[str, Any], logits: Any) -> Any:
    from keras import losses

    return losses.sparse_categorical_crossentropy(targets[TARGET], logits, from_logits=True)


def carried_layers(model: Any, codec: UnitCodec) -> list[str]:
    """Names of the layers whose state goes from one step of writing to the next: none, unless all before is read."""
    import keras

    forward = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)
    return [layer.name for layer in model.layers if isinstance(layer, forward)] if codec.reads == "before" else []
