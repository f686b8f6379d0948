"""The likeliest next words of a text, and the likeliest word for a blank. Neither TensorFlow nor Keras is imported."""

from __future__ import annotations

import heapq

import numpy as np

from seqzoo.errors import UserError
from seqzoo.sampling import Sampling, probabilities
from seqzoo.tasks.generate import score
from seqzoo.tasks.generate.predict import BLANK, Generator, Memory

_BEAM, _WORDS = 30, 200
_LEAST = 1e-4  # probability of a beginning that is spelled on


def suggest(generator: Generator, text: str, count: int = 3, replace_unknown: bool = False) -> list[tuple[str, float]]:
    """The likeliest next words with their probabilities, the best first.

    A model of characters spells words out, the likeliest beginnings first.

    Raises:
        UserError: units that the model does not know, unless they may be replaced.
    """
    ids = generator.prime(text, replace_unknown)
    if generator.codec.unit != "character":
        logits, _ = generator.read(ids[None], generator.begin(1))
        return _likeliest(generator, logits, count)
    if text and text[-1].isalnum():
        ids = np.append(ids, generator.prime(" "))
    return _spell_words(generator, ids, count)


def _likeliest(generator: Generator, logits: np.ndarray, count: int) -> list[tuple[str, float]]:
    """The words, not the symbols, with the highest of (1, size) logits."""
    p = probabilities(logits, Sampling(1.0))[0]
    words = [(generator.codec.vocabulary[i], float(p[i])) for i in np.argsort(-p)]
    return [pair for pair in words if pair[0][0].isalnum()][:count]


def _spell_words(generator: Generator, ids: np.ndarray, count: int) -> list[tuple[str, float]]:
    """Whole words after `ids` by best-first search; a word ends where another kind of character follows."""
    vocabulary = generator.codec.vocabulary
    letters = np.array([unit.isalnum() or unit in "'’" for unit in vocabulary])
    logits, memory = generator.read(ids[None], generator.begin(1))
    waiting: list[tuple[float, str, np.ndarray, Memory]] = [(-1.0, "", logits, memory)]
    spelled: list[tuple[str, float]] = []
    for _ in range(_BEAM * count):
        best = sorted((p for _, p in spelled), reverse=True)[:count]
        if not waiting or (len(best) == count and -waiting[0][0] < best[-1]):
            break
        negative, word, logits, memory = heapq.heappop(waiting)
        p = probabilities(logits, Sampling(1.0))[0] * -negative
        if word:
            spelled.append((word, float(p[~letters].sum())))
        for i in np.argsort(-np.where(letters, p, 0))[:_BEAM]:
            if letters[i] and p[i] > _LEAST:
                ahead, after = generator.ahead(int(i), memory)
                heapq.heappush(waiting, (-float(p[i]), word + vocabulary[i], ahead, after))
    return sorted(spelled, key=lambda pair: -pair[1])[:count]


def fill(generator: Generator, text: str, count: int = 3, replace_unknown: bool = False) -> list[tuple[str, float]]:
    """The likeliest words for the one ___ in a text, weighed by what stands on both of its sides.

    A model of both sides reads them once. Others read forward: words that are likely after the left side are
    weighed by how likely they make the right one; the shares are among the words that were weighed.

    Raises:
        UserError: not exactly one ___, or units that the model does not know, unless they may be replaced.
    """
    if text.count(BLANK) != 1:
        raise UserError(f"--fill needs exactly one {BLANK}", f'--fill "To be or not to {BLANK} that is"')
    left, right = text.split(BLANK)
    if generator.codec.reads == "both":
        before, after = generator.prime(left, replace_unknown), generator.prime(right, replace_unknown)
        read = np.concatenate([before, [0], after])[None].astype(np.int32)
        logits, _ = generator.step(read, generator.graph.states(1))
        return _likeliest(generator, logits[:, len(before) - 1], count)
    among = _WORDS if generator.codec.unit != "character" else _BEAM
    words = [word for word, _ in suggest(generator, left.rstrip(), among, replace_unknown)]
    first = generator.prime("") if not left else np.empty(0, np.int32)  # so that the word's beginning counts as well
    filled = [np.append(first, generator.prime(f"{left}{word}{right}", replace_unknown)) for word in words]
    totals = np.array([-score.nats(generator, ids).sum() for ids in filled])
    shares = np.exp(totals - totals.max(initial=-np.inf))
    ranked = sorted(zip(words, shares / shares.sum(), strict=True), key=lambda pair: -pair[1])
    return [(word, float(share)) for word, share in ranked[:count]]
