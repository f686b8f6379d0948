"""Training: seeds, callbacks, exact resume. The only caller of `model.fit`."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.recipe import Fit
from seqzoo.runtime import Arrays, pad

CHECKPOINT = "checkpoint.npz"
HISTORY = "history.csv"
TENSORBOARD = "tensorboard"
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
    books = _bookkeeper(options, folder)
    books.set_model(model)
    if resume:
        books.restore()
    display = _display(options.epochs, len(train), quiet)
    callbacks = [books, display]
    if options.average:
        callbacks.append(keras.callbacks.SwapEMAWeights())
    if tensorboard:
        callbacks.append(_tensorboard(folder))
    if whole is not model:
        callbacks.append(_forgetting())
    first = len(books.history)
    if first < options.epochs and not books.finished:
        try:
            model.fit(
                _dataset(train, first),
                validation_data=_dataset(validation, first),
                initial_epoch=first,
                epochs=options.epochs,
                callbacks=callbacks,
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


def _forgetting() -> Any:
    """Begin every walk over a text, for training or validation, with states of zero."""
    import keras

    class Forgetting(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            for layer in self.model.layers:
                if isinstance(layer, keras.layers.RNN):
                    layer.reset_state()

        def on_test_begin(self, logs: Any = None) -> None:
            self.on_epoch_begin(0)

    return Forgetting()


def _tensorboard(folder: Path) -> Any:
    import keras

    try:
        import tensorboard  # noqa: F401
    except ImportError:
        raise UserError("TensorBoard is not installed", "pip install 'seqzoo[tensorboard]'") from None
    return keras.callbacks.TensorBoard(folder / TENSORBOARD)


def _bookkeeper(options: Fit, folder: Path) -> Any:
    """Best weights, early stopping, plateaus, the history, and the checkpoint of it all."""
    import keras

    class Bookkeeper(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.history: list[dict[str, float]] = []
            self.best: list[np.ndarray] = []
            self.best_loss = math.inf
            self.since_best = self.since_reduced = 0
            self.finished = False

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.started = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if not math.isfinite(float((logs or {})["loss"])):
                raise UserError(_explain_nan(options, len(self.history) + 1, batch + 1))

        def on_test_end(self, logs: Any = None) -> None:
            self.candidate = self.model.get_weights()  # averaged ones, when weights are averaged

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            row = {name: float(value) for name, value in (logs or {}).items()}
            row["learning_rate"] = float(self.model.optimizer.learning_rate)
            row["seconds"] = round(time.perf_counter() - self.started, 2)
            self.history.append({"epoch": epoch + 1, **row})
            self.since_best += 1
            self.since_reduced += 1
            if row["val_loss"] < self.best_loss:
                self.best_loss, self.best = row["val_loss"], self.candidate
                self.since_best = self.since_reduced = 0
            if options.reduce_patience is not None and self.since_reduced >= options.reduce_patience:
                self.model.optimizer.learning_rate = row["learning_rate"] * options.reduce_factor
                self.since_reduced = 0
            self.finished = options.patience is not None and self.since_best >= options.patience
            self.model.stop_training = self.finished
            self.save()

        def variables(self) -> list[Any]:
            return [*self.model.variables, *self.model.optimizer.variables]

        def save(self) -> None:
            names = ("history", "best_loss", "since_best", "since_reduced", "finished")
            state = json.dumps({name: getattr(self, name) for name in names})
            arrays: Any = {f"v{i}": np.asarray(v) for i, v in enumerate(self.variables())}
            arrays |= {f"b{i}": w for i, w in enumerate(self.best)}
            part = folder / (CHECKPOINT + ".part")
            with part.open("wb") as file:
                np.savez(file, state=np.frombuffer(state.encode(), np.uint8), **arrays)
                file.flush()
                os.fsync(file.fileno())
            part.replace(folder / CHECKPOINT)
            write_history(folder / HISTORY, self.history)

        def restore(self) -> None:
            if not (folder / CHECKPOINT).is_file():
                return  # stopped in its first epoch: start again
            with np.load(folder / CHECKPOINT, allow_pickle=False) as saved:
                for i, variable in enumerate(self.variables()):
                    variable.assign(saved[f"v{i}"])
                self.best = [saved[f"b{i}"] for i in range(len(self.model.weights))]
                self.__dict__.update(json.loads(saved["state"].tobytes()))

    return Bookkeeper()


def _explain_nan(options: Fit, epoch: int, batch: int) -> str:
    causes = []
    if options.clip_norm is None:
        causes.append("the gradient is not clipped (try --set fit.clip_norm=1.0)")
    if options.learning_rate > 0.003:
        causes.append(f"the learning rate {options.learning_rate:g} is high (try --set fit.learning_rate=0.001)")
    likely = "; ".join(causes) or "try a lower rate: --set fit.learning_rate=" + format(options.learning_rate / 10, "g")
    return f"the loss is no longer a number, in epoch {epoch}, batch {batch}. Likely: {likely}"


def write_history(path: Path, history: Sequence[dict[str, float]]) -> None:
    """Write the history as CSV, a row for each epoch."""
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(history[0]) if history else ["epoch"])
        writer.writeheader()
        writer.writerows(history)
    part.replace(path)


def _display(epochs: int, batches: int, quiet: bool) -> Any:
    """A progress bar on a terminal, a line for each epoch elsewhere, nothing when quiet."""
    import keras
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    live = console.is_terminal and not quiet

    class Display(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            columns = (
                TextColumn("epoch {task.fields[epoch]}/" + str(epochs)),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[speed]}"),
                TextColumn("loss {task.fields[loss]:.4f}"),
                TimeRemainingColumn(),
            )
            self.bar = Progress(*columns, console=console, transient=True, disable=not live)
            self.task = self.bar.add_task("fit", total=batches, epoch=0, loss=math.nan, speed="")

        def on_train_begin(self, logs: Any = None) -> None:
            self.bar.start()

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.bar.reset(self.task, total=batches, epoch=epoch + 1, loss=math.nan, speed="")
            self.started = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if live:
                rate = (batch + 1) / (time.perf_counter() - self.started)
                self.bar.update(self.task, advance=1, loss=float(logs["loss"]), speed=f"{rate:.1f} batches/s")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if not quiet:
                shown = "  ".join(f"{k} {float(v):.4f}" for k, v in logs.items())
                console.print(f"epoch {epoch + 1}/{epochs}  {time.perf_counter() - self.started:.0f} s  {shown}")

        def stop(self) -> None:
            self.bar.stop()

    return Display()
