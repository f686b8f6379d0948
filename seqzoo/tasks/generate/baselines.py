"""What a language model has to beat: how often units occur, counted n-grams, and a compressor's yardstick."""

from __future__ import annotations

import lzma

import numpy as np

from seqzoo.tasks.generate.ngrams import MOST_COUNTED, KneserNey, longest_order
from seqzoo.tasks.generate.text import Text

UNIGRAM, KNESER_NEY = "unigram", "Kneser-Ney"
ORDER = "Kneser-Ney order"
_CHOOSING = 500_000  # validation ids by which the order is chosen, the last
_BEFORE = 50_000_000  # bytes of training text that the compressor is shown, the last


def nats(
    train: np.ndarray, validation: np.ndarray, test: np.ndarray, size: int, places: np.ndarray | None = None
) -> tuple[dict[str, np.ndarray], int]:
    """(n - 1,) nats of each test id after the first, for each baseline; and the n-gram's order.

    The order is chosen on validation; then validation is counted too.

    Args:
        train: ids below `size`, as `validation` and `test` are.
        validation: what comes after them.
        test: (n,) what is foretold.
        size: of the vocabulary.
        places: score only the test ids there, and let the n-grams read both of their sides.
    """
    best = KneserNey(train, size, longest_order(size)).best_order(validation[-_CHOOSING:])
    seen = np.concatenate([train[-MOST_COUNTED:], validation])[-MOST_COUNTED:]
    counts = np.bincount(seen, minlength=size) + 1.0
    model = KneserNey(seen, size, best)
    counted = model.nats(test, best) if places is None else model.nats_between(test, best, places)
    asked = np.asarray(test[1:] if places is None else test[places], np.int64)
    return {UNIGRAM: -np.log(counts / counts.sum())[asked], KNESER_NEY: counted}, best


def xz(train: Text | None, test: Text) -> dict[str, float]:
    """Bits for each byte of the test part by `xz -9`: alone, and after the training part if there is one."""
    content = test.tail(_BEFORE).encode()

    def size(data: bytes) -> int:
        return len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))

    bits = {"alone": 8 * size(content) / len(content)}
    if train is not None:
        before = train.tail(_BEFORE).encode()
        bits["after training"] = 8 * (size(before + content) - size(before)) / len(content)
    return bits
