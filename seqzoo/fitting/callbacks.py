"""What happens around epochs: checkpoints with all that training depends on, the history, progress, states of zero."""

from __future__ import annotations

import csv
import json
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from seqzoo.errors import UserError, needs
from seqzoo.options import Fit

CHECKPOINT = "checkpoint.npz"
HISTORY = "history.csv"
TENSORBOARD = "tensorboard"
Told = Callable[[Mapping[str, float]], None]


class ResetStates(keras.callbacks.Callback):  # type: ignore[misc]
    """Begin every walk over a text, for training or validation, with states of zero."""

    def __init__(self, network: keras.Model) -> None:
        super().__init__()
        self.network = network

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Before training."""
        for layer in self.network.layers:
            if isinstance(layer, keras.layers.RNN):
                layer.reset_state()

    def on_test_begin(self, logs: Any = None) -> None:
        """Before validation."""
        self.on_epoch_begin(0)


def tensorboard(folder: Path) -> Any:
    """Logs for TensorBoard.

    Raises:
        UserError: it is not installed.
    """
    with needs("--tensorboard", "tensorboard"):
        import tensorboard  # noqa: F401
    return keras.callbacks.TensorBoard(folder / TENSORBOARD)


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
    """Best weights, or the last; early stopping, plateaus, the history, and the checkpoint of it all."""

    def __init__(self, options: Fit, folder: Path, last: bool = False, told: Told = lambda row: None) -> None:
        super().__init__()
        self.options, self.folder, self.last, self.told = options, folder, last, told
        self.history: list[dict[str, float]] = []
        self.best: list[np.ndarray] = []
        self.best_loss = math.inf
        self.since_best = self.since_reduced = 0
        self.finished = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stop at a loss that is no number."""
        if not math.isfinite(float((logs or {})["loss"])):
            raise UserError(_explain_nan(self.options, len(self.history) + 1, batch + 1))

    def on_test_end(self, logs: Any = None) -> None:
        """Remember the weights that were validated: averaged ones, when weights are averaged.

        SwapEMAWeights puts the others back after it.
        """
        self.candidate = self.model.get_weights()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the best, lower the rate, stop early, and write it all down."""
        row = {name: float(value) for name, value in (logs or {}).items()}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = round(time.perf_counter() - self.started, 2)
        self.history.append({"epoch": epoch + 1, **row})
        self.since_best += 1
        self.since_reduced += 1
        if self.last or row["val_loss"] < self.best_loss:
            self.best_loss, self.best = row["val_loss"], self.candidate
            self.since_best = self.since_reduced = 0
        if self.options.reduce_patience is not None and self.since_reduced >= self.options.reduce_patience:
            self.model.optimizer.learning_rate = row["learning_rate"] * self.options.reduce_factor
            self.since_reduced = 0
        self.finished = self.options.patience is not None and self.since_best >= self.options.patience
        self.model.stop_training = self.finished
        self.save()
        self.told(self.history[-1])

    def variables(self) -> list[Any]:
        """All that a step changes."""
        return [*self.model.variables, *self.model.optimizer.variables]

    def save(self) -> None:
        """Write the checkpoint and the history."""
        names = ("history", "best_loss", "since_best", "since_reduced", "finished")
        state = json.dumps({name: getattr(self, name) for name in names})
        arrays: Any = {f"v{i}": np.asarray(v) for i, v in enumerate(self.variables())}
        arrays |= {f"b{i}": w for i, w in enumerate(self.best)}
        part = self.folder / (CHECKPOINT + ".part")
        with part.open("wb") as file:
            np.savez(file, state=np.frombuffer(state.encode(), np.uint8), **arrays)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / CHECKPOINT)
        write_history(self.folder / HISTORY, self.history)

    def restore(self) -> None:
        """Go on from the checkpoint."""
        if not (self.folder / CHECKPOINT).is_file():
            return  # stopped in its first epoch: start again
        with np.load(self.folder / CHECKPOINT, allow_pickle=False) as saved:
            for i, variable in enumerate(self.variables()):
                variable.assign(saved[f"v{i}"])
            self.best = [saved[f"b{i}"] for i in range(len(self.model.weights))]
            self.__dict__.update(json.loads(saved["state"].tobytes()))


def _explain_nan(options: Fit, epoch: int, batch: int) -> str:
    causes = []
    if not options.clip_norm:
        causes.append("the gradient is not clipped (try --set fit.clip_norm=1.0)")
    if options.learning_rate > 0.003:
        causes.append(f"the learning rate {options.learning_rate:g} is high (try --set fit.learning_rate=0.001)")
    likely = "; ".join(causes) or "try a lower rate: --set fit.learning_rate=" + format(options.learning_rate / 10, "g")
    return f"the loss is no longer a number, in epoch {epoch}, batch {batch}. Likely: {likely}"


def write_history(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Write the history as CSV, a row for each epoch."""
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(history[0]) if history else ["epoch"])
        writer.writeheader()
        writer.writerows(history)
    part.replace(path)


class Display(keras.callbacks.Callback):  # type: ignore[misc]
    """A progress bar on a terminal, a line for each epoch elsewhere, nothing when quiet."""

    def __init__(self, epochs: int, batches: int, quiet: bool) -> None:
        super().__init__()
        self.epochs, self.batches, self.quiet = epochs, batches, quiet
        self.console = Console(stderr=True)
        self.live = self.console.is_terminal and not quiet
        columns = (
            TextColumn("epoch {task.fields[epoch]}/" + str(epochs)),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TextColumn("loss {task.fields[loss]:.4f}"),
            TimeRemainingColumn(),
        )
        self.bar = Progress(*columns, console=self.console, transient=True, disable=not self.live)
        self.task = self.bar.add_task("fit", total=batches, epoch=0, loss=math.nan, speed="")

    def on_train_begin(self, logs: Any = None) -> None:
        """Show the bar."""
        self.bar.start()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begin the bar anew."""
        self.bar.reset(self.task, total=self.batches, epoch=epoch + 1, loss=math.nan, speed="")
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Move the bar."""
        if self.live:
            rate = (batch + 1) / (time.perf_counter() - self.started)
            self.bar.update(self.task, advance=1, loss=float(logs["loss"]), speed=f"{rate:.1f} batches/s")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Print the epoch's line."""
        if not self.quiet:
            shown = "  ".join(f"{k} {float(v):.4f}" for k, v in logs.items())
            self.console.print(
                f"epoch {epoch + 1}/{self.epochs}  {time.perf_counter() - self.started:.0f} s  {shown}", soft_wrap=True
            )

    def stop(self) -> None:
        """Take the bar away."""
        self.bar.stop()
