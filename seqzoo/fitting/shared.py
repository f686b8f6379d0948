"""A step of training whose batch is shared out by rows: each part gives sums, and these make the step of the whole.

Losses are means over what counts, and of that a part may hold much or little. So parts give sums, not means; the
division, the clip and the step are done once, where the weights are. A part knows nothing of the steps before: what is
lost on the way is asked again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from seqzoo.room import Batch, Share, Slices, Sums, Training

States = list[np.ndarray]


def answered(network: keras.Model, inputs: Mapping[str, Any], training: bool) -> Any:
    """The network's outputs for inputs by name."""
    given = [inputs[entry.name] for entry in network.inputs]
    return network(given if len(given) > 1 else given[0], training=training)


def summed(values: Any, weights: Any) -> tuple[Any, Any]:
    """The sum of what counts, and how much does: two numbers."""
    if weights is None:
        return ops.sum(values), ops.cast(ops.size(values), "float32")
    return ops.sum(values * weights), ops.sum(weights)


def mean(total: Any, counted: Any) -> Any:
    """A sum over how much counted."""
    return total / ops.maximum(counted, 1e-6)


def split(batch: Batch, parts: int) -> list[Batch]:
    """The rows of a batch in so many parts, or as many as there are rows; all keep the padding of the whole."""
    cuts = _cuts(_rows(batch), parts)

    def taken(place: slice) -> Batch:
        inputs, targets = ({name: array[place] for name, array in one.items()} for one in batch[:2])
        return Batch(inputs, targets, None if batch.weights is None else batch.weights[place])

    return [taken(slice(a, b)) for a, b in itertools.pairwise(cuts)]


def _cuts(rows: int, parts: int) -> list[int]:
    most = min(parts, rows)
    return [rows * number // most for number in range(most + 1)]


def rows_of(rows: int, parts: int, number: int) -> int:
    """How many of a batch's rows one part gets."""
    cuts = _cuts(rows, parts)
    return cuts[number + 1] - cuts[number] if number < len(cuts) - 1 else 0


def _rows(batch: Batch) -> int:
    return len(next(iter(batch.inputs.values())))


def merged(parts: Sequence[Sums]) -> Sums:
    """The sums of the whole."""
    return Sums(
        [_together(one) for one in zip(*(part.gradients for part in parts), strict=True)],
        sum(part.loss for part in parts),
        sum(part.counted for part in parts),
        np.sum([part.metrics for part in parts], axis=0),
        sum(part.rows for part in parts),
    )


def _together(parts: Sequence[Any]) -> np.ndarray | Slices:
    """Gradients of one variable. Slices stay apart: Keras' optimizers square each for itself, shared or not."""
    if isinstance(parts[0], Slices):
        return Slices(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return np.asarray(np.sum(parts, axis=0))


def _taken(gradient: Any) -> np.ndarray | Slices:
    if isinstance(gradient, tf.IndexedSlices):
        return Slices(gradient.values.numpy(), gradient.indices.numpy())
    return np.asarray(gradient)


def _divided(gradient: np.ndarray | Slices, by: float, variable: Any) -> Any:
    if isinstance(gradient, Slices):
        values, indices = map(tf.constant, gradient)
        return tf.IndexedSlices(values / by, indices, tf.constant(variable.shape, indices.dtype))
    return tf.constant(gradient) / by


class Part:
    """A copy of a network that computes the sums of a part of a batch, and remembers nothing.

    Args:
        network: a stateful twin where states are carried.
        training: whose loss and metrics count.
    """

    def __init__(self, network: keras.Model, training: Training) -> None:
        self.network, self.loss, self.metrics = network, training.loss, list(training.metrics.values())
        kept = {id(variable) for variable in network.weights}
        self.drawing = [v for v in network.non_trainable_variables if id(v) not in kept]  # dropout's seeds
        self.seeds = [np.asarray(variable) for variable in self.drawing]
        self.states = [state for layer in network.layers if isinstance(layer, keras.layers.RNN)
                       for state in layer.states or ()]  # fmt: skip
        self.compute = tf.function(self._compute, reduce_retracing=True)

    def sums(
        self, weights: Sequence[np.ndarray], batch: Batch, draw: Sequence[int], states: States
    ) -> tuple[Sums, States]:
        """The sums of these rows at these weights, and the states that they leave.

        Args:
            weights: of the network, in its order.
            batch: the rows.
            draw: what dropout depends on, beside the recipe's seed: step and part.
            states: that the rows before left; none where an epoch begins.
        """
        self.network.set_weights(weights)
        for variable, seed in zip(self.drawing, self.seeds, strict=True):
            variable.assign(np.random.SeedSequence([*seed.tolist(), *draw]).generate_state(len(seed)))
        for variable, state in zip(self.states, states or [np.zeros(v.shape, "f4") for v in self.states], strict=True):
            variable.assign(state)
        gradients, loss, counted, metrics = self.compute(batch.inputs, batch.targets, batch.weights)
        found = Sums([_taken(g) for g in gradients], float(loss), float(counted),
                     np.array(metrics, np.float64).reshape(-1, 2), _rows(batch))  # fmt: skip
        return found, [state.numpy() for state in self.states]

    def _compute(self, inputs: Any, targets: Any, weights: Any) -> tuple[Any, Any, Any, Any]:
        with tf.GradientTape() as tape:
            outputs = answered(self.network, inputs, True)
            loss, counted = summed(self.loss(targets, outputs), weights)
            loss += counted * sum(self.network.losses)  # penalties are of the whole, not of a row
        untouched = tf.UnconnectedGradients.ZERO
        gradients = tape.gradient(loss, self.network.trainable_variables, unconnected_gradients=untouched)
        metrics = [summed(metric(targets, outputs), weights) for metric in self.metrics]
        return gradients, loss, counted, metrics


def step(trainee: Any, share: Share, batches: int) -> Callable[[Any], dict[str, float]]:
    """One step of Keras' loop whose sums come from elsewhere: it clips, moves the weights, and tells the means.

    Args:
        trainee: whose optimizer and weights these are.
        share: computes a batch's sums.
        batches: of an epoch.
    """

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def move(gradients: Any) -> None:
        trainee.optimizer.apply(gradients, trainee.trainable_variables)

    def taken(iterator: Any) -> dict[str, float]:
        batch = Batch(*tf.nest.map_structure(lambda tensor: tensor.numpy(), next(iterator)))
        at = int(trainee.optimizer.iterations)
        sums = share([v.numpy() for v in trainee.network.weights], batch, at, at % batches == 0)
        counted = max(sums.counted, 1e-6)
        each = zip(sums.gradients, trainee.trainable_variables, strict=True)
        move([_divided(gradient, counted, variable) for gradient, variable in each])
        trainee.metrics[0].update_state(sums.loss / counted, sample_weight=sums.rows)  # what Keras calls "loss"
        for known, (total, much) in zip(trainee.means, sums.metrics, strict=True):
            many = sums.rows if batch.weights is None else much / math.prod(batch.weights.shape[1:])  # as Keras counts
            known.update_state(total / max(much, 1e-6), sample_weight=many)
        return dict(trainee.get_metrics_result())

    return taken
