"""How much network, counted n-grams and cache are each heard: chosen on the validation part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from seqzoo.counts import NGrams
from seqzoo.errors import UserError
from seqzoo.ngrams import longest_order
from seqzoo.tasks.generate import score
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.data import Splits
from seqzoo.tasks.generate.mixture import STRENGTHS, Mixture, Weights
from seqzoo.tasks.generate.predict import Generator

if TYPE_CHECKING:
    from seqzoo.tasks.generate.training import GenerateRecipe

_NUMBERS = 4_000_000  # probabilities held in memory to choose by
_NETWORK = np.arange(0.3, 1.11, 0.05)
_COUNTS = np.arange(0.0, 0.81, 0.05)


def mixture(generator: Generator, splits: Splits, recipe: GenerateRecipe) -> Mixture | None:
    """The mixture a recipe asks for, if it asks for one.

    The weights are chosen by what the training part alone, counted, and a network that has not seen the validation part
    say of it. A network that has learnt it as well takes the recipe's weights, and validation is counted too.
    """
    if not recipe.decide.mix:
        return None
    codec, order = generator.codec, recipe.codec.counts
    train, validation = splits.ids(codec)
    seen = np.concatenate([train, validation]) if splits.refit else train
    ngrams = NGrams.fit(seen, len(codec.vocabulary), order) if order else None
    if splits.refit:
        return Mixture(ngrams, Weights(*recipe.decide.weights), codec.unit)
    weights, steps = _chosen(generator, ngrams, validation)
    return Mixture(ngrams, weights, codec.unit, steps)


def check(codec: UnitCodec, splits: Splits, recipe: GenerateRecipe) -> None:
    """Refuse, before anything is trained, a mixture that could not be made or honestly chosen.

    Raises:
        UserError: a model of both sides, n-grams that are too long, or a network that will have seen what it is to be
            judged by.
    """
    order, longest = recipe.codec.counts, longest_order(len(codec.vocabulary))
    if recipe.decide.mix and codec.reads == "both":
        raise UserError(
            "decide.mix is for models that go on, not for one that reads both sides", "--set decide.mix=false"
        )
    if order > longest:
        raise UserError(f"codec.counts must be at most {longest} for {len(codec.vocabulary):,} {codec.unit}s")
    if recipe.decide.mix and splits.refit and not recipe.decide.weights:
        raise UserError(
            "data.refit shows the network the validation part, by which decide.weights would be chosen: "
            "train without it first, and write the weights that it reports into the recipe",
            f"seqzoo train {recipe.name} --set data.refit=false",
        )


def _chosen(generator: Generator, ngrams: NGrams | None, validation: np.ndarray) -> tuple[Weights, dict[str, float]]:
    """The weights with the fewest nats on validation, and those nats step by step."""
    size = len(generator.codec.vocabulary)
    ids = np.asarray(validation[-max(2_000, _NUMBERS // size) :])
    network = np.concatenate([*score.network_logits(generator, ids)])
    weights, steps = Weights(), {"network": _nats(network, ids)}
    if ngrams is not None:
        counted = _counted(ngrams, ids)
        tried = {(a, b): _nats(a * network + b * counted, ids) for a in _NETWORK for b in _COUNTS}
        a, b = min(tried, key=lambda pair: tried[pair])
        weights = Weights(round(float(a), 2), round(float(b), 2))
        steps |= {"n-grams": _nats(counted, ids), "both": tried[a, b]}
    by_cache = {}
    for strength in STRENGTHS:
        mixed = Mixture(ngrams, replace(weights, cache=strength), generator.codec.unit)
        by_cache[strength] = float(score.of_pieces(score.mixed(mixed, [network], ids), ids).mean())
    best = min(by_cache, key=lambda strength: by_cache[strength])
    return replace(weights, cache=best), steps | {"with the cache": by_cache[best]}


def _nats(logits: np.ndarray, ids: np.ndarray) -> float:
    return float(score.of_logits(logits, ids[1:]).mean())


def _counted(ngrams: NGrams, ids: np.ndarray) -> np.ndarray:
    """(n - 1, size) log probabilities of what follows each id but the last."""
    read, rows = tuple(ids.tolist()), np.empty((len(ids) - 1, ngrams.size))
    for i, row in enumerate(rows, start=1):
        row[:] = ngrams.probabilities(read[max(0, i - ngrams.order) : i])
    return np.log(rows)
