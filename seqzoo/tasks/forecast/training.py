"""Batches of windows, and the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from seqzoo.recipe import Recipe
from seqzoo.room import Training
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.data import Splits
from seqzoo.tasks.forecast.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.forecast.windows import OUTCOMES, EncodedPanel, WindowBatches, origins_between

ForecastRecipe = Recipe[DataOptions, CodecOptions, DecideOptions]
_VALIDATED = 4000  # validation windows looked at after each epoch
_VALIDATION_ROWS = 256
_FEW = 512  # examples to hold the graph against Keras on, where nothing is left to validate on


def training(codec: SeriesCodec, splits: Splits, recipe: ForecastRecipe, seed: int) -> Training:
    """Training and validation batches; squared error for one number a step, the quantile loss for quantiles."""
    encoded = EncodedPanel(codec, splits.seen.series)
    train = origins_between(codec, splits.seen, None, splits.ends[0])
    if recipe.codec.stride > 1:
        train = train.take(train.steps % recipe.codec.stride == 0)
    start, end = splits.ends
    held = origins_between(codec, splits.seen, start, end).thinned(_VALIDATED) if start < end else train.thinned(_FEW)
    return Training(
        WindowBatches(encoded, train, recipe.fit.batch_size, seed),
        WindowBatches(encoded, held, _VALIDATION_ROWS, None),
        loss=partial(pinball, codec.quantiles) if codec.quantiles else squared,
    )


def squared(targets: Mapping[str, Any], outputs: Any) -> Any:
    """(batch,) mean squared errors of (batch, horizon) forecasts."""
    from keras import losses

    return losses.mean_squared_error(targets[OUTCOMES], outputs)


def pinball(quantiles: Sequence[float], targets: Mapping[str, Any], outputs: Any) -> Any:
    """(batch,) mean quantile losses: each output is pulled to its quantile of the outcomes.

    Args:
        quantiles: which ones the outputs are, between 0 and 1.
        targets: (batch, horizon) outcomes.
        outputs: (batch, horizon, quantiles), or flat.

    Source: Koenker and Bassett 1978, Regression quantiles.
    """
    from keras import ops

    outcomes = targets[OUTCOMES]
    shape = ops.shape(outcomes)
    estimates = ops.reshape(outputs, (shape[0], shape[1], len(quantiles)))
    shares = ops.convert_to_tensor(quantiles, dtype=estimates.dtype)
    error = ops.expand_dims(ops.cast(outcomes, estimates.dtype), -1) - estimates
    return ops.mean(ops.maximum(shares * error, (shares - 1) * error), axis=(1, 2))
