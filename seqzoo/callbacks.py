"""What happens around epochs: checkpoints with all that training depends on, the history, progress, states of zero."""

from __future__ import annotations

import csv
import json
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.recipe import Fit

CHECKPOINT = "checkpoint.npz"
HISTORY = "history.csv"
TENSORBOARD = "tensorboard"


def forgetting() -> Any:
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


def tensorboard(folder: Path) -> Any:
    """Logs for TensorBoard.

    Raises:
        UserError: it is not installed.
    """
    import keras

    try:
        import tensorboard  # noqa: F401
    except ImportError:
        raise UserError("TensorBoard is not installed", "pip install 'seqzoo[tensorboard]'") from None
    return keras.callbacks.TensorBoard(folder / TENSORBOARD)


def bookkeeper(options: Fit, folder: Path) -> Any:
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


def display(epochs: int, batches: int, quiet: bool) -> Any:
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
