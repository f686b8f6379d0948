"""What a language model has to beat: how often units occur, counted n-grams, and a compressor's yardstick."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.tasks.generate.ngrams import MOST, KneserNey, longest_order
from seqzoo.tasks.generate.text import Text

UNIGRAM, KNESER_NEY = "unigram", "Kneser-Ney"
_CHOOSING = 500_000  # validation ids by which the order is chosen, the last
_BEFORE = 50_000_000  # bytes of training text that the compressor is shown, the last


def nats(
    parts: Sequence[np.ndarray], size: int, places: np.ndarray | None = None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """(n - 1,) nats of each test id after the first, for each baseline; and the n-gram's order.

    With `places` only of the test ids there, and the n-grams read both of their sides.

    `parts` are the ids of training, validation and test, all below `size`. The order is chosen on validation; then
    validation is counted too.
    """
    train, validation, test = parts
    order = longest_order(size)
    best = KneserNey(train, size, order).best_order(validation[-_CHOOSING:])
    seen = np.concatenate([train[-MOST:], validation])[-MOST:]
    counts = np.bincount(seen, minlength=size) + 1.0
    model = KneserNey(seen, size, best)
    counted = model.nats(test, best) if places is None else model.nats_between(test, best, places)
    asked = np.asarray(test[1:] if places is None else test[places], np.int64)
    found = {UNIGRAM: -np.log(counts / counts.sum())[asked], KNESER_NEY: counted}
    return found, {"Kneser-Ney order": best}


def xz(train: Text, test: Text) -> dict[str, float]:
    """Bits for each byte of the test part by `xz -9`: alone, and after the training part."""
    before = train.tail(_BEFORE).encode()
    content = test.tail(_BEFORE).encode()

    def size(data: bytes) -> int:
        return len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))

    return {"alone": 8 * size(content) / len(content),
            "after training": 8 * (size(before + content) - size(before)) / len(content)}  # fmt: skip
