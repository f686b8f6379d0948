"""Nats: how well a model foretells a text that is there. Neither TensorFlow nor Keras is imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.mixture import Mixture
from seqzoo.tasks.generate.predict import CHUNK, Generator

_ENDS = 256  # windows scored at a time


def nats(generator: Generator, ids: np.ndarray) -> np.ndarray:
    """(n - 1,) float64: -log p of each of (n,) ids after the first, given what the model reads (`codec.reads`)."""
    pieces = network_logits(generator, ids)
    if generator.mixture is not None:
        pieces = mixed(generator.mixture, pieces, ids)
    return of_pieces(pieces, ids)


def of_pieces(pieces: Iterable[np.ndarray], ids: np.ndarray) -> np.ndarray:
    """(n - 1,) float64 nats of (n,) ids after the first, from their logits, piece by piece."""
    place, parts = 1, [np.empty(0)]
    for logits in pieces:
        parts.append(of_logits(logits, ids[place : place + len(logits)]))
        place += len(logits)
    return np.concatenate(parts)


def mixed(mixture: Mixture, pieces: Iterable[np.ndarray], ids: np.ndarray) -> Iterator[np.ndarray]:
    """What the network's logits of (n,) ids after the first become, piece by piece; each id is read in its turn."""
    reading, place = mixture.begin(), 0
    for logits in pieces:
        found = np.empty(logits.shape)
        for row, network in zip(found, logits, strict=True):
            reading.read([int(ids[place])])
            row[:] = mixture.logits(network, reading)
            place += 1
        yield found


def network_logits(generator: Generator, ids: np.ndarray) -> Iterator[np.ndarray]:
    """(m, size) logits of the network alone, piece by piece, of each of (n,) ids after the first."""
    ways = {"before": _given_all_before, "window": _given_a_window, "both": _given_both_sides}
    return ways[generator.codec.reads](generator, ids)


def _given_all_before(generator: Generator, ids: np.ndarray) -> Iterator[np.ndarray]:
    states = generator.graph.states(1)
    for begin in range(0, len(ids) - 1, CHUNK):
        piece = np.asarray(ids[begin : min(begin + CHUNK, len(ids) - 1)], np.int32)
        logits, states = generator.step(piece[None], states)
        yield logits[0]


def _given_a_window(generator: Generator, ids: np.ndarray) -> Iterator[np.ndarray]:
    """Each id from the window before it, as the model was taught; shorter windows at the beginning."""
    window = generator.codec.window
    for i in range(1, min(window, len(ids))):
        yield generator.step(np.asarray(ids[None, :i], np.int32), generator.graph.states(1))[0]
    for begin in range(window, len(ids), _ENDS):
        ends = np.arange(begin, min(begin + _ENDS, len(ids)))
        read = np.asarray(ids[ends[:, None] + np.arange(-window, 0)], np.int32)
        yield generator.step(read, generator.graph.states(len(read)))[0]


def _given_both_sides(generator: Generator, ids: np.ndarray) -> Iterator[np.ndarray]:
    """Each id from both sides, a window at a time, as the model was taught; a line end stands after the last."""
    ids = np.append(ids, generator.prime("", replace_unknown=True)).astype(np.int32)
    for begin in range(0, len(ids) - 2, generator.codec.window):
        piece = ids[begin : begin + generator.codec.window + 2]
        yield generator.step(piece[None], generator.graph.states(1))[0][0]


def of_logits(logits: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """(n,) float64 -log p of the ids, from (n, size) logits."""
    z = logits.astype(np.float64)
    top = z.max(1)
    every = top + np.log(np.exp(z - top[:, None]).sum(1))
    return np.asarray(every - z[np.arange(len(z)), np.asarray(ids, np.int64)])


def by_line(codec: UnitCodec, ids: Sequence[int] | np.ndarray, each: np.ndarray) -> list[tuple[str, float]]:
    """(line, its mean nats): `each[i]` belongs to `ids[i + 1]`."""
    ends = [i for i, unit in enumerate(ids) if codec.vocabulary[int(unit)] == "\n"]
    lines = []
    for first, last in zip([0, *(end + 1 for end in ends)], [*ends, len(ids)], strict=True):
        if last - first > 1:
            mean = float(each[max(first - 1, 0) : last - 1].mean())
            lines.append((codec.decode(ids[first:last]), mean))
    return lines


def longest_shared(made: str, read: str) -> str:
    """The longest stretch of `made` that `read` holds as well: what was learnt by heart."""
    best = ""
    for start in range(len(made)):
        while start + len(best) < len(made) and made[start : start + len(best) + 1] in read:
            best = made[start : start + len(best) + 1]
    return best
