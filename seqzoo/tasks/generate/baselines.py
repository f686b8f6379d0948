"""What a language model has to beat: how often units occur, counted n-grams, and a compressor's yardstick."""

from __future__ import annotations

import lzma

import numpy as np

from seqzoo.counts import NGrams
from seqzoo.ngrams import MOST_COUNTED, KneserNey, longest_order
from seqzoo.tasks.generate import score
from seqzoo.tasks.generate.mixture import STRENGTHS, Mixture, Weights
from seqzoo.tasks.generate.text import Text

UNIGRAM, KNESER_NEY, CACHED = "unigram", "Kneser-Ney", "Kneser-Ney with a cache"
ORDER = "Kneser-Ney order"
_CHOOSING = 500_000  # validation ids by which the order is chosen, the last
_CACHED = 20_000  # validation ids by which the strength of a cache is chosen, the last
_PIECE = 1024  # ids
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


def with_cache(
    train: np.ndarray, validation: np.ndarray, test: np.ndarray, size: int, order: int, unit: str
) -> np.ndarray:
    """(n - 1,) nats of each test id after the first, by n-grams that learn from what was read of the test part.

    What a mixture with a cache has to beat. The strength of the cache is chosen on validation.
    """
    held, alone = validation[-_CACHED:], NGrams.fit(train, size, order)
    nats_of = {strength: _cached(alone, held, strength, unit).mean() for strength in STRENGTHS[1:]}
    best = min(nats_of, key=lambda strength: float(nats_of[strength]))
    return _cached(NGrams.fit(np.concatenate([train, validation]), size, order), test, best, unit)


def _cached(ngrams: NGrams, ids: np.ndarray, strength: float, unit: str) -> np.ndarray:
    mixture = Mixture(ngrams, Weights(network=1.0, counts=1.0, cache=strength), unit)
    rows = (min(_PIECE, len(ids) - 1 - begin) for begin in range(0, len(ids) - 1, _PIECE))
    nothing = (np.zeros((count, ngrams.size), np.float32) for count in rows)  # a network that knows nothing
    return score.of_pieces(score.mixed(mixture, nothing, ids), ids)


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
