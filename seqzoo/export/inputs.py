"""Real inputs of a bundle's network: what an export is held against the bundle on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import fetch, registry, runs
from seqzoo.errors import UserError
from seqzoo.export import parts
from seqzoo.room import Room
from seqzoo.runtime import Arrays

_BATCHES, _EXAMPLES = 4, 12
_LENGTHS = ("tokens", "longest", "window")  # of a codec: how much of an example it keeps


def real(
    room: Room[Any, Any, Any, Any, Any, Any, Any], folder: Path, predictor: Any, *, held: bool
) -> tuple[list[Arrays], str]:
    """Real inputs of mixed lengths, and whence: the validation part if the data are here, else what ships.

    `held`: look for the validation part, which imports Keras.
    """
    if held and _here(folder):
        with suppress(UserError):
            return _validation(room, folder, predictor), "the validation part"
    return list(room.examples(predictor))[:_EXAMPLES], "examples that seqzoo brings"


def _here(folder: Path) -> bool:
    data = runs.recipe_of(folder).data
    if data.path:
        return Path(data.path).exists()
    return bool(data.dataset) and fetch.here(registry.find_dataset(data.dataset)) is not None


def _validation(room: Room[Any, Any, Any, Any, Any, Any, Any], folder: Path, predictor: Any) -> list[Arrays]:
    from seqzoo.fitting.batches import SortedBatches

    recipe = runs.recipe_of(folder)
    held = room.training(predictor.codec, room.load(recipe.data, True), recipe, 0).validation
    stride = max(1, len(held) // _BATCHES)
    padded = isinstance(held, SortedBatches)
    batches = islice(held.epoch(0), 0, None, stride)
    every = [one for batch in batches for one in parts.unpadded(batch.inputs, padded=padded)]
    places = np.unique(np.linspace(0, len(every) - 1, _EXAMPLES).astype(int))
    return [every[i] for i in places]


def sizes(examples: Sequence[Arrays], codec: Any, steps: int) -> dict[str, int]:
    """Steps of each input in a fixed shape: those asked for, or that the codec keeps, where examples differ."""
    found = {}
    for name, first in examples[0].items():
        if first.ndim:
            lengths = {len(one[name]) for one in examples}
            kept = next((int(getattr(codec, one)) for one in _LENGTHS if hasattr(codec, one)), max(lengths))
            found[name] = lengths.pop() if len(lengths) == 1 else steps or max(kept, *lengths)
    return found
