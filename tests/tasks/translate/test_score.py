"""BLEU from sums against sacrebleu's own numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from seqzoo import judge
from seqzoo.judge import Metric
from seqzoo.tasks.translate.data import Pairs
from seqzoo.tasks.translate.score import bleu, further, of_sentences, scores

WORDS = st.lists(st.sampled_from(["le", "la", "chat", "voit", "l'eau", ",", "."]), max_size=9).map(" ".join)
ROWS = st.lists(st.tuples(WORDS, st.lists(WORDS.filter(bool), min_size=1, max_size=3)), min_size=1, max_size=8)


def pairs(rows):
    return Pairs([str(i) for i in range(len(rows))], [refs for _, refs in rows], [str(i) for i in range(len(rows))])


def streams(rows):
    most = max(len(refs) for _, refs in rows)
    return [[refs[i] if i < len(refs) else None for _, refs in rows] for i in range(most)]


@given(ROWS)
def test_bleu_of_summed_statistics_is_that_of_the_corpus(rows):
    said = [text for text, _ in rows]
    ours = bleu(scores(said, pairs(rows)).statistics.sum(0))
    assert float(ours) == pytest.approx(BLEU().corpus_score(said, streams(rows)).score, abs=1e-9)


@given(ROWS)
def test_bleu_of_each_sentence_is_that_of_the_library(rows):
    said = [text for text, _ in rows]
    ours = of_sentences(scores(said, pairs(rows)).statistics)
    theirs = [BLEU(effective_order=True).sentence_score(text, refs).score for text, refs in rows]
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


@given(ROWS)
def test_chrf_is_the_library_s_and_an_exact_match_is_one(rows):
    said = [text for text, _ in rows]
    numbers, signature = further(said, pairs(rows))
    assert numbers["chrF"] == pytest.approx(CHRF().corpus_score(said, streams(rows)).score)
    assert numbers["exact match"] == np.mean([text in refs for text, refs in rows])
    assert "version:" in signature and "chrF" in signature


def test_a_paired_test_of_bleu_agrees_with_sacrebleu_s():
    """Approximate randomization over the same sentences: p-values within the noise of random trials."""
    from sacrebleu.significance import PairedTest

    random = np.random.default_rng(0)
    rows, other = [], []
    for _ in range(120):
        words = list(random.choice(["a", "b", "c", "d", "e"], 8))
        noisy = [w if random.random() < 0.85 else "x" for w in words]
        worse = [w if random.random() < 0.80 else "x" for w in words]
        rows.append((" ".join(noisy), [" ".join(words)]))
        other.append(" ".join(worse))
    said = [text for text, _ in rows]
    metric = Metric("BLEU", higher_is_better=True, of=bleu)
    ours = judge.paired_p(scores(said, pairs(rows)), scores(other, pairs(rows)), metric)
    theirs = PairedTest([("a", other), ("b", said)], {"BLEU": BLEU()}, streams(rows), "ar", 10_000)()[1]["BLEU"][1]
    assert ours == pytest.approx(theirs.p_value, abs=0.02)
