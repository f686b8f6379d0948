"""Training with states that are carried and exact resume. The only caller of `model.fit`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqzoo.fitting import callbacks, shared
from seqzoo.options import Fit
from seqzoo.room import Batch, Batches, Share, Training

_OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop", "sgd": "SGD"}


class Trainee(keras.Model):  # type: ignore[misc]
    """A functional model that learns by a room's own loss, which sees all targets at once."""

    def __init__(self, network: keras.Model, training: Training, share: Share | None = None) -> None:
        super().__init__()
        self.network, self.taught, self.share = network, training, share
        self.means = [keras.metrics.Mean(name=name) for name in training.metrics]
        self.built = True

    def call(self, inputs: Mapping[str, Any], training: bool = False) -> Any:
        """The network's outputs for inputs by name."""
        return shared.answered(self.network, inputs, training)

    def make_train_function(self, force: bool = False) -> None:
        """Set what Keras' loop calls for each step."""
        if self.share is None:
            super().make_train_function(force)
        else:
            self.train_function = shared.step(self, self.share, len(self.taught.train))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The mean loss, over what counts."""
        return sum(self.losses, shared.mean(*shared.summed(self.taught.loss(y, y_pred), sample_weight)))

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The means so far, over what counts."""
        for mean, metric in zip(self.means, self.taught.metrics.values(), strict=True):
            mean.update_state(metric(y, y_pred), sample_weight=sample_weight)
        return self.get_metrics_result()


def _dataset(batches: Batches, first_epoch: int) -> Any:
    """Batches as a tf.data.Dataset; each time it is walked it is one epoch further."""
    epochs = itertools.count(first_epoch)

    def walk() -> Any:
        return (tuple(part for part in batch if part is not None) for batch in batches.epoch(next(epochs)))

    signature = _signature(next(batches.epoch(first_epoch)))
    walked = tf.data.Dataset.from_generator(walk, output_signature=signature)
    return walked.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(2)


def _signature(batch: Batch) -> Any:
    """Shapes and dtypes of all batches, from one: rows and steps may differ."""

    def spec(array: np.ndarray) -> Any:
        return tf.TensorSpec(((None, None)[: array.ndim] + array.shape[2:]), array.dtype)

    parts = ({name: spec(array) for name, array in part.items()} for part in (batch.inputs, batch.targets))
    return (*parts, *([] if batch.weights is None else [spec(batch.weights)]))


def optimizer(options: Fit, steps: int) -> Any:
    """Build the optimizer a recipe names; the clip is over the global norm."""
    rate: Any = options.learning_rate
    if options.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            rate / 10, steps, alpha=0.2, warmup_target=rate, warmup_steps=options.warmup_steps
        )
    extra: dict[str, Any] = {"weight_decay": options.weight_decay} if options.weight_decay else {}
    if options.average:
        extra.update(use_ema=True, ema_momentum=options.average)
    kind = getattr(keras.optimizers, _OPTIMIZERS[options.optimizer])
    return kind(rate, global_clipnorm=options.clip_norm or None, **extra)


def fit(
    model: keras.Model,
    training: Training,
    options: Fit,
    folder: Path,
    *,
    resume: bool = False,
    quiet: bool = False,
    tensorboard: bool = False,
    last: bool = False,
    told: callbacks.Told = lambda row: None,
    share: Share | None = None,
) -> list[dict[str, float]]:
    """Train, leave the best weights in the model, or the `last`, and return the history, a row for each epoch.

    `told` is given each row; `share` computes the sums of each step's batch elsewhere.

    After each epoch everything that training depends on is written to `folder`, so that a killed run
    continues with the very weights an uninterrupted one would have had.

    Raises:
        UserError: the loss stopped being a number, or there is nothing to resume.
        KeyboardInterrupt: after Ctrl-C; the last whole epoch is kept.
    """
    batches = len(training.train)
    network = stateful_twin(model, training.train.rows) if training.train.carried else model
    trainee = Trainee(network, training, share)
    trainee.compile(optimizer=optimizer(options, options.epochs * batches))
    trainee.optimizer.build(trainee.trainable_variables)
    checkpoint = callbacks.Checkpoint(options, folder, last, told)
    checkpoint.set_model(trainee)
    if resume:
        checkpoint.restore()
    display = callbacks.Display(options.epochs, batches, quiet)
    around: list[Any] = [checkpoint, display]
    if options.average:
        around.append(keras.callbacks.SwapEMAWeights())
    if tensorboard:
        around.append(callbacks.tensorboard(folder))
    if training.train.carried:
        around.append(callbacks.ResetStates(network))
    first = len(checkpoint.history)
    if first < options.epochs and not checkpoint.finished:
        try:
            trainee.fit(
                _dataset(training.train, first),
                validation_data=_dataset(training.validation, first),
                initial_epoch=first,
                epochs=options.epochs,
                callbacks=around,
                shuffle=False,  # `Batches` has shuffled
                verbose=0,
            )
        finally:
            display.stop()
    model.set_weights(checkpoint.best)
    return list(checkpoint.history)


def stateful_twin(model: keras.Model, rows: int) -> keras.Model:
    """A twin of a functional model with the same weights, for batches of `rows` that continue the last batch's.

    The recurrent layers keep their state from batch to batch until it is reset.
    """

    def twin(layer: Any) -> Any:
        stateful = {"stateful": True} if isinstance(layer, keras.layers.RNN) else {}
        return type(layer).from_config(layer.get_config() | stateful)

    same = [keras.Input(batch_shape=(rows, *x.shape[1:]), dtype=x.dtype, name=x.name) for x in model.inputs]
    tensors = same if len(same) > 1 else same[0]
    copy = keras.models.clone_model(model, input_tensors=tensors, clone_function=twin)
    copy.set_weights(model.get_weights())
    return copy
