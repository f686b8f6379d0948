"""Translations held against references: statistics of BLEU that can be summed, and further numbers of a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.judge import Scores
from seqzoo.tasks.translate.data import Pairs

_ORDER = 4


def bleu(sums: np.ndarray) -> np.ndarray:
    """(..., 10) sums -> (...) BLEU from 0 to 100, as sacrebleu has it.

    The sums are of n-grams that are right (1 to 4), of all n-grams (1 to 4), of our length, and of the nearest
    reference's. An order of which none is right counts half of one, a quarter ... (smoothing "exp").
    Source: Papineni et al. 2002, Bleu; Post 2018, A call for clarity in reporting BLEU scores.
    """
    right, total = sums[..., :_ORDER], sums[..., _ORDER : 2 * _ORDER]
    ours, theirs = sums[..., -2], sums[..., -1]
    missed = np.cumsum((right == 0) & (total > 0), -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(right > 0, right, 0.5**missed) / total
        brevity = np.where(ours < theirs, np.exp(1 - theirs / ours), 1.0)
        value = 100 * brevity * np.exp(np.log(precision).mean(-1))
    nothing = (right.sum(-1) == 0) | (total == 0).any(-1)
    return np.where(nothing, 0.0, value)


def scores(said: Sequence[str], pairs: Pairs) -> Scores:
    """Statistics of BLEU for each source, against all of its references."""
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(effective_order=True)
    rows = [metric.sentence_score(text, refs) for text, refs in zip(said, pairs.references, strict=True)]
    statistics = [[*row.counts, *row.totals, row.sys_len, row.ref_len] for row in rows]
    return Scores(np.array(statistics, np.float64), np.array(pairs.groups))


def of_sentences(statistics: np.ndarray) -> np.ndarray:
    """(n, 10) -> (n,) BLEU of single sentences, over the orders that each has n-grams of."""
    right, total = statistics[:, :_ORDER], statistics[:, _ORDER : 2 * _ORDER]
    missed = np.cumsum((right == 0) & (total > 0), -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(total > 0, np.log(np.where(right > 0, right, 0.5**missed) / total), 0.0)
        brevity = np.minimum(1.0, np.exp(1 - statistics[:, -1] / np.maximum(statistics[:, -2], 1)))
    value = 100 * brevity * np.exp(logs.sum(-1) / np.maximum((total > 0).sum(-1), 1))
    return np.where(right.sum(-1) == 0, 0.0, value)


def further(said: Sequence[str], pairs: Pairs) -> tuple[dict[str, float], str]:
    """Compute chrF and the share of answers that are a reference to the letter; and the signatures of both metrics."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    most = max(map(len, pairs.references))
    streams: Any = [[refs[i] if i < len(refs) else None for refs in pairs.references] for i in range(most)]
    chrf, signed = CHRF(), BLEU()
    value = chrf.corpus_score(list(said), streams).score
    signed.corpus_score(list(said), streams)
    exact = np.mean([text in refs for text, refs in zip(said, pairs.references, strict=True)])
    signatures = f"BLEU {signed.get_signature()}, chrF {chrf.get_signature()}"
    return {"chrF": float(value), "exact match": float(exact)}, signatures
