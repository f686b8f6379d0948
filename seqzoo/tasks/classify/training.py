"""Batches of texts, the loss, and where the weights start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from seqzoo.recipe import Recipe
from seqzoo.room import Training
from seqzoo.tasks.classify.codec import WordCodec
from seqzoo.tasks.classify.data import Examples, Splits
from seqzoo.tasks.classify.options import CodecOptions, DataOptions, DecideOptions

ClassifyRecipe = Recipe[DataOptions, CodecOptions, DecideOptions]
TARGET = "class"


def training(codec: WordCodec, splits: Splits, recipe: ClassifyRecipe, seed: int) -> Training:
    """Training and validation batches of similar length, and cross-entropy."""
    from seqzoo.fitting.batches import SortedBatches

    rows = recipe.fit.batch_size
    train = codec.encode_training(splits.train, recipe.codec)
    held = [codec.arrays(codec.ids(tokens)) for tokens in splits.validation.tokens]

    def initialise(model: Any) -> None:
        if recipe.codec.vectors:
            from seqzoo.vectors import ppmi_svd

            table = model.get_layer("embedding").embeddings
            table.assign(ppmi_svd([arrays["ids"] for arrays in train], *table.shape))

    binary = codec.sizes()["classes"] == 1
    return Training(
        SortedBatches(train, _targets(codec, splits.train), rows, seed),
        SortedBatches(held, _targets(codec, splits.validation), rows, None),
        loss=_binary if binary else _categorical,
        metrics={"accuracy": _binary_accuracy if binary else _accuracy},
        initialise=initialise,
    )


def _targets(codec: WordCodec, examples: Examples) -> list[dict[str, np.ndarray]]:
    """For each example (1,) float32 for two classes, an int32 for more: what the losses want."""
    numbers = codec.encode_labels(examples.labels)
    values = numbers[:, None].astype(np.float32) if len(codec.classes) == 2 else numbers
    return [{TARGET: np.asarray(value)} for value in values]


def _binary(targets: Mapping[str, Any], logits: Any) -> Any:
    from keras import losses

    return losses.binary_crossentropy(targets[TARGET], logits, from_logits=True)


def _categorical(targets: Mapping[str, Any], logits: Any) -> Any:
    from keras import losses

    return losses.sparse_categorical_crossentropy(targets[TARGET], logits, from_logits=True)


def _binary_accuracy(targets: Mapping[str, Any], logits: Any) -> Any:
    from keras import metrics

    return metrics.binary_accuracy(targets[TARGET], logits, threshold=0.0)


def _accuracy(targets: Mapping[str, Any], logits: Any) -> Any:
    from keras import metrics

    return metrics.sparse_categorical_accuracy(targets[TARGET], logits)
