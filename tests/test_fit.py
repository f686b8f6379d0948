"""Training: batches, exact resume, early stopping, plateaus, losses that are no numbers."""

import csv
import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from seqzoo import corridor, fitting
from seqzoo.errors import UserError
from seqzoo.fitting import callbacks, fit
from seqzoo.fitting.batches import SortedBatches
from seqzoo.options import Fit
from seqzoo.room import Training


def examples(n=60, seed=0):
    random = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.float32)[:, None]
    ids = [(random.integers(1, 9, random.integers(1, 12)) + 9 * int(y)).astype(np.int32) for y in labels[:, 0]]
    return [{"ids": one} for one in ids], [{"class": one} for one in labels]


def cross_entropy(targets, logits):
    return keras.losses.binary_crossentropy(targets["class"], logits, from_logits=True)


def train(folder, options, *, resume=False, stop_after=None, labels=None, quiet=True, recurrent=False):
    """Train a small net with dropout; `stop_after` interrupts in the middle of that epoch."""
    fitting.prepare(3, parallel=False)
    entry = keras.Input((None,), dtype="int32", name="ids")
    x = keras.layers.Embedding(20, 4, mask_zero=True)(entry)
    x = keras.layers.SimpleRNN(3, dropout=0.2)(x) if recurrent else keras.layers.GlobalAveragePooling1D()(x)
    model = keras.Model(entry, keras.layers.Dense(1)(keras.layers.Dropout(0.5)(x)))
    arrays, truth = examples()
    batches = SortedBatches(arrays, truth if labels is None else [{"class": one} for one in labels], 8, seed=3)
    if stop_after is not None:
        whole = batches.epoch

        def cut(number):
            for i, batch in enumerate(whole(number)):
                if number == stop_after and i == 4:
                    raise InterruptedError
                yield batch

        batches.epoch = cut
    held_out = SortedBatches(*examples(seed=1), 8, seed=None)
    history = fit.fit(
        model, Training(batches, held_out, cross_entropy), options, Path(folder), resume=resume, quiet=quiet
    )
    return model, history


@pytest.mark.parametrize(("stop_after", "average", "recurrent"), [(0, 0.0, False), (1, 0.9, True)])
def test_resume_is_exact(tmp_path, stop_after, average, recurrent):
    options = Fit(epochs=4, learning_rate=0.05, reduce_patience=1, clip_norm=1.0, average=average)
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    straight, history = train(tmp_path / "whole", options, recurrent=recurrent)
    with pytest.raises(Exception, match=r"InterruptedError|UNKNOWN|stopped"):
        train(tmp_path / "cut", options, stop_after=stop_after, recurrent=recurrent)
    resumed, again = train(tmp_path / "cut", options, resume=True, recurrent=recurrent)
    assert corridor.weights_hash(resumed.get_weights()) == corridor.weights_hash(straight.get_weights())
    assert [row["val_loss"] for row in again] == [row["val_loss"] for row in history]


def test_resuming_a_finished_run_trains_no_more_and_history_is_a_csv(tmp_path):
    options = Fit(epochs=2)
    first, _ = train(tmp_path, options)
    before = (tmp_path / callbacks.CHECKPOINT).stat().st_mtime_ns
    second, history = train(tmp_path, options, resume=True)
    with (tmp_path / callbacks.HISTORY).open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[1]["val_loss"]) == history[1]["val_loss"]
    assert (tmp_path / callbacks.CHECKPOINT).stat().st_mtime_ns == before
    assert len(history) == 2
    assert corridor.weights_hash(first.get_weights()) == corridor.weights_hash(second.get_weights())


def test_early_stopping_keeps_the_best_weights(tmp_path):
    noise = np.random.default_rng(5).integers(0, 2, (60, 1)).astype(np.float32)
    _, history = train(tmp_path, Fit(epochs=40, patience=2, learning_rate=0.1), labels=noise)
    losses = [row["val_loss"] for row in history]
    assert len(losses) < 40
    assert losses.index(min(losses)) == len(losses) - 3


def test_a_plateau_lowers_the_learning_rate(tmp_path):
    noise = np.random.default_rng(5).integers(0, 2, (60, 1)).astype(np.float32)
    _, history = train(tmp_path, Fit(epochs=10, reduce_patience=1, learning_rate=0.1), labels=noise)
    assert history[-1]["learning_rate"] < 0.1


def test_a_loss_that_is_no_number_is_explained(tmp_path):
    labels = np.full((60, 1), np.nan, np.float32)
    with pytest.raises(UserError, match=r"epoch 1, batch 1.*not clipped"):
        train(tmp_path, Fit(epochs=2), labels=labels)


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(tmp_path, monkeypatch, capsys, terminal):
    monkeypatch.setenv("FORCE_COLOR", "1") if terminal else monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    train(tmp_path, Fit(epochs=2), quiet=False)
    shown = capsys.readouterr().err
    assert ("batches/s" in shown) == terminal
    assert shown.count("val_loss") == 2


def test_batches_hold_every_example_once_and_differ_by_epoch():
    arrays, labels = examples(50)
    batches = SortedBatches(arrays, labels, 8, seed=1)

    def contents(epoch):
        return [tuple(row[row > 0]) for batch in batches.epoch(epoch) for row in batch.inputs["ids"]]

    expected = sorted(tuple(ids) for ids in (one["ids"] for one in arrays))
    assert sorted(contents(0)) == expected
    assert contents(0) == contents(0)
    assert contents(0) != contents(1)
    assert len(list(batches.epoch(0))) == len(batches) == 7


def test_batches_keep_labels_with_their_examples():
    arrays, labels = examples(50)
    for batch in SortedBatches(arrays, labels, 8, seed=1).epoch(2):
        assert ((batch.inputs["ids"][:, 0] > 9) == batch.targets["class"][:, 0].astype(bool)).all()


def test_weights_are_padded_with_zeros_and_take_steps_out_of_the_loss(tmp_path):
    arrays, _ = examples(20)
    targets = [{"tags": one["ids"] % 3} for one in arrays]
    weights = [np.ones(len(one["ids"]), np.float32) for one in arrays]
    batches = SortedBatches(arrays, targets, 8, None, weights)
    for batch in batches.epoch(0):
        assert batch.inputs["ids"].shape == batch.targets["tags"].shape == batch.weights.shape
        np.testing.assert_array_equal(batch.weights > 0, batch.inputs["ids"] > 0)
    counted = [batch._replace(targets={"tags": batch.weights}) for batch in batches.epoch(0)]
    entry = keras.Input((None,), dtype="int32", name="ids")
    model = keras.Model(entry, keras.layers.Embedding(20, 3)(entry))

    def loss(targets, outputs):  # 1 at a real step, 5 at padding
        return 5 - 4 * targets["tags"] + 0 * outputs[..., 0]

    trainee = fit.Trainee(model, Training(batches, batches, loss))
    losses = [float(trainee.compute_loss(None, b.targets, model(b.inputs["ids"]), b.weights)) for b in counted]
    assert losses == [1.0] * len(losses)


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_optimizers_clip_the_global_norm(name):
    built = fit.optimizer(dataclasses.replace(Fit(), optimizer=name, clip_norm=2.0), 10)
    assert built.global_clipnorm == 2.0
    assert built.clipnorm is None
