"""Training: seeds, batches, states that are carried, exact resume. The only caller of `model.fit`."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import callbacks
from seqzoo.recipe import Fit
from seqzoo.runtime import Arrays, pad

_BUCKET = 8  # batches are padded to a multiple of this many steps
_POOL = 40  # batches whose examples are sorted by length together


def prepare(seed: int, one_way: bool = False) -> None:
    """Seed everything and make operations deterministic; call it before the model is built.

    Two operators at a time suit the two directions of a recurrent layer: on two cores that is a third
    faster than two threads in every small matrix product. Models that read `one_way` do one thing at a time,
    with all threads.
    """
    with _native_stderr_closed():  # TensorFlow reports missing GPUs at import, whatever its log level
        import keras
        import tensorflow as tf

    _keep_freed_memory()
    cores = os.cpu_count() or 2
    with contextlib.suppress(RuntimeError):  # TensorFlow is running already, with the threads it has
        tf.config.threading.set_inter_op_parallelism_threads(2)
        tf.config.threading.set_intra_op_parallelism_threads(cores if one_way else max(1, cores // 2))
    tf.config.experimental.enable_op_determinism()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)


def _keep_freed_memory() -> None:
    """Have glibc keep the pages that TensorFlow frees: fetching them anew took half the time of a training step."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:  # M_ARENA_MAX, M_TOP_PAD, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
        for option, value in ((-8, 1), (-2, 1 << 28), (-1, (1 << 31) - 1), (-3, 1 << 25)):
            mallopt(option, value)


@contextlib.contextmanager
def _native_stderr_closed() -> Iterator[None]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class Batches:
    """Right-padded batches of similar length, in an order that depends on seed and epoch only.

    Each is (arrays of (batch, time, ...), labels). Without `seed` the order is by length and fixed.
    """

    def __init__(self, examples: Sequence[Arrays], labels: np.ndarray, size: int, seed: int | None) -> None:
        self.examples, self.labels, self.size, self.seed = examples, labels, size, seed
        self.lengths = np.array([len(example[0]) for example in examples])

    def __len__(self) -> int:
        return math.ceil(len(self.examples) / self.size)

    def epoch(self, number: int) -> Iterator[tuple[Arrays, np.ndarray]]:
        """The batches of one epoch: shuffled, sorted by length inside pools, the batches shuffled again."""
        if self.seed is None:
            order = np.argsort(self.lengths, kind="stable")
            chunks = [order[i : i + self.size] for i in range(0, len(order), self.size)]
        else:
            random = np.random.default_rng([self.seed, number])
            order = random.permutation(len(self.examples))
            chunks = []
            for start in range(0, len(order), self.size * _POOL):
                pool = order[start : start + self.size * _POOL]
                pool = pool[np.argsort(self.lengths[pool], kind="stable")]
                chunks += [pool[i : i + self.size] for i in range(0, len(pool), self.size)]
            chunks = [chunks[i] for i in random.permutation(len(chunks))]
        for chunk in chunks:
            yield pad([self.examples[i] for i in chunk], _BUCKET), self.labels[chunk]


def _dataset(batches: Batches, first_epoch: int) -> Any:
    """Batches as a tf.data.Dataset; each time it is walked it is one epoch further."""
    import itertools

    import tensorflow as tf

    epochs = itertools.count(first_epoch)
    arrays, labels = next(batches.epoch(first_epoch))
    inputs = tuple(tf.TensorSpec((None, None, *array.shape[2:]), array.dtype) for array in arrays)
    signature = (inputs, tf.TensorSpec((None, *labels.shape[1:]), labels.dtype))
    walked = tf.data.Dataset.from_generator(lambda: batches.epoch(next(epochs)), output_signature=signature)
    if len(inputs) == 1:
        walked = walked.map(lambda arrays, labels: (arrays[0], labels))
    return walked.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(2)


def optimizer(options: Fit, steps: int) -> Any:
    """Build the optimizer a recipe names; the clip is over the global norm."""
    import keras

    rate: Any = options.learning_rate
    if options.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            rate / 10, steps, alpha=0.2, warmup_target=rate, warmup_steps=options.warmup_steps
        )
    names = {"adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop", "sgd": "SGD"}
    extra: dict[str, Any] = {"weight_decay": options.weight_decay} if options.weight_decay else {}
    if options.average:
        extra.update(use_ema=True, ema_momentum=options.average)
    kind = getattr(keras.optimizers, names[options.optimizer])
    return kind(rate, global_clipnorm=options.clip_norm, **extra)


def fit(
    model: Any,
    train: Batches,
    validation: Batches,
    options: Fit,
    folder: Path,
    *,
    loss: Any,
    metrics: Sequence[Any] = (),
    resume: bool = False,
    quiet: bool = False,
    tensorboard: bool = False,
) -> list[dict[str, float]]:
    """Train, leave the best weights in the model, and return the history, a row for each epoch.

    After each epoch everything that training depends on is written to `folder`, so that a killed run
    continues with the very weights an uninterrupted one would have had.

    Raises:
        UserError: the loss stopped being a number, or there is nothing to resume.
        KeyboardInterrupt: after Ctrl-C; the last whole epoch is kept.
    """
    import keras

    whole = model
    if getattr(train, "carried", False):
        model = carrying(model, train.size)
    model.compile(optimizer=optimizer(options, options.epochs * len(train)), loss=loss, metrics=list(metrics))
    model.optimizer.build(model.trainable_variables)
    books = callbacks.bookkeeper(options, folder)
    books.set_model(model)
    if resume:
        books.restore()
    display = callbacks.display(options.epochs, len(train), quiet)
    around = [books, display]
    if options.average:
        around.append(keras.callbacks.SwapEMAWeights())
    if tensorboard:
        around.append(callbacks.tensorboard(folder))
    if whole is not model:
        around.append(callbacks.forgetting())
    first = len(books.history)
    if first < options.epochs and not books.finished:
        try:
            model.fit(
                _dataset(train, first),
                validation_data=_dataset(validation, first),
                initial_epoch=first,
                epochs=options.epochs,
                callbacks=around,
                shuffle=False,  # `Batches` has shuffled
                verbose=0,
            )
        finally:
            display.stop()
    whole.set_weights(books.best)
    return list(books.history)


def carrying(model: Any, lanes: int) -> Any:
    """A twin of a functional model with the same weights, for batches of `lanes` rows that continue the last batch's.

    The recurrent layers keep their state from batch to batch until it is reset.
    """
    import keras

    def twin(layer: Any) -> Any:
        stateful = {"stateful": True} if isinstance(layer, keras.layers.RNN) else {}
        return type(layer).from_config(layer.get_config() | stateful)

    (entry,) = model.inputs
    same = keras.Input(batch_shape=(lanes, *entry.shape[1:]), dtype=entry.dtype, name=entry.name)
    copy = keras.models.clone_model(model, input_tensors=same, clone_function=twin)
    copy.set_weights(model.get_weights())
    return copy
