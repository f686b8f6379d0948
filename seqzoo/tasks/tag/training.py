"""Batches of sentences, and the losses: of a conditional random field, or of each word alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.recipe import Recipe
from seqzoo.room import Training
from seqzoo.tasks.tag import vectors
from seqzoo.tasks.tag.codec import TagCodec
from seqzoo.tasks.tag.data import Sentences, Splits
from seqzoo.tasks.tag.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.tag.words import SPECIAL

TagRecipe = Recipe[DataOptions, CodecOptions, DecideOptions]
TARGET = "tags"


def training(codec: TagCodec, splits: Splits, recipe: TagRecipe, seed: int) -> Training:
    """Training and validation batches of similar length; a sentence's loss is that of all its words together."""
    from seqzoo.fitting.batches import SortedBatches

    rows = recipe.fit.batch_size

    def batches(part: Sentences, order: int | None) -> SortedBatches:
        examples = [codec.encode(words) for words in part.words]
        targets = [{TARGET: codec.encode_tags(tags) + 1} for tags in part.tags]  # 0 is padding
        return SortedBatches(examples, targets, rows, order, multiple=1)

    def initialise(model: Any) -> None:
        if recipe.codec.vectors or splits.vectors:
            table = model.get_layer("embedding").embeddings
            table.assign(_vectors(codec, splits, *table.shape))

    def loss(targets: Mapping[str, Any], outputs: Any) -> Any:
        if isinstance(outputs, list | tuple):
            return crf_loss(outputs[0], targets[TARGET], outputs[1] + codec.allowed)
        return words_loss(outputs, targets[TARGET])

    return Training(
        batches(splits.train, seed),
        batches(splits.validation, None),
        loss=loss,
        metrics={"accuracy": _accuracy},
        initialise=initialise,
    )


def _vectors(codec: TagCodec, splits: Splits, size: int, dim: int) -> np.ndarray:
    if splits.vectors:
        places = {word: i + SPECIAL for i, word in enumerate(codec.words)}
        return vectors.table(Path(splits.vectors), places, size, dim)
    from itertools import chain

    from seqzoo.vectors import ppmi_svd

    paragraphs = chain(splits.train.words, splits.paragraphs())
    return ppmi_svd([codec.ids(words) for words in paragraphs], size, dim, special=SPECIAL)


# --- losses ------------------------------------------------------------------------------------------


def crf_loss(logits: Any, tags: Any, transitions: Any) -> Any:
    """Minus the log-probability of each sentence's tags among all sequences: (batch,) float32.

    Args:
        logits: (batch, time, tags) float32.
        tags: (batch, time) int32, from 1; 0 where padded.
        transitions: (tags + 1, tags + 1) float32, see `layers.Transitions`.

    Source: Lafferty, McCallum and Pereira 2001; the forward algorithm in the space of logarithms.
    """
    return _all_sequences(logits, tags, transitions) - _this_one(logits, tags, transitions)


def _all_sequences(logits: Any, tags: Any, transitions: Any) -> Any:
    """The logarithm of the sum over all sequences, of true lengths: (batch,)."""
    import tensorflow as tf
    from keras import ops

    count = logits.shape[-1]
    inner = transitions[None, :count, :count]
    there = ops.not_equal(tags, 0)

    def step(reached: Any, here: Any) -> Any:
        scores, real = here
        onward = ops.logsumexp(reached[:, :, None] + inner, 1) + scores
        return ops.where(real[:, None], onward, reached)

    first = transitions[count, :count] + logits[:, 0]
    rest = (ops.transpose(logits, (1, 0, 2))[1:], ops.transpose(there)[1:])
    reached = tf.foldl(step, rest, first)
    return ops.logsumexp(reached + transitions[:count, count], 1)


def _this_one(logits: Any, tags: Any, transitions: Any) -> Any:
    """The score of the tags themselves: (batch,)."""
    from keras import ops

    count = logits.shape[-1]
    there = ops.not_equal(tags, 0)
    here = ops.one_hot(tags - 1, count)  # nothing where padded
    emitted = ops.sum(logits * here, (1, 2))
    outside = ops.full_like(tags[:, :1], count)
    places = ops.where(there, tags - 1, count)
    pairs = ops.concatenate([outside, places], 1) * (count + 1) + ops.concatenate([places, outside], 1)
    steps = ops.take(ops.reshape(transitions, (-1,)), pairs)
    last = ops.concatenate([ops.ones_like(there[:, :1]), there], 1)  # from padding to padding nothing is scored
    return emitted + ops.sum(ops.where(last, steps, 0.0), 1)


def words_loss(logits: Any, tags: Any) -> Any:
    """Minus the log-probability of each sentence's tags, each word by itself: (batch,) float32."""
    from keras import losses, ops

    each = losses.sparse_categorical_crossentropy(ops.maximum(tags - 1, 0), logits, from_logits=True)
    return ops.sum(ops.where(ops.not_equal(tags, 0), each, 0.0), 1)


def _accuracy(targets: Mapping[str, Any], outputs: Any) -> Any:
    """The share of words whose own likeliest tag is right, by sentence: (batch,)."""
    from keras import ops

    logits = outputs[0] if isinstance(outputs, list | tuple) else outputs
    tags = targets[TARGET]
    right = ops.equal(ops.cast(ops.argmax(logits, -1), tags.dtype) + 1, tags)
    there = ops.cast(ops.not_equal(tags, 0), "float32")
    return ops.sum(ops.cast(right, "float32") * there, 1) / ops.sum(there, 1)
