"""Error rates equal jiwer's."""

import jiwer
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo import judge
from seqzoo.tasks.transcribe.score import aligned, errors, further, letter_error_rate, metric, word_scores

WORDS = st.lists(st.sampled_from(["one", "two", "three", "ten"]), min_size=1, max_size=7).map(" ".join)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5))
def test_word_and_letter_error_rates_equal_jiwers(pairs):
    texts, said = (list(column) for column in zip(*pairs, strict=True))
    scores = word_scores(said, texts)
    assert judge.value(scores, metric()) == pytest.approx(jiwer.wer(texts, said))
    assert letter_error_rate(said, texts) == pytest.approx(jiwer.cer(texts, said))
    for text, other, row in zip(texts, said, scores.statistics, strict=True):
        reference = jiwer.process_words(text, other)
        found = errors(text.split(), other.split())
        assert found.total == reference.substitutions + reference.deletions + reference.insertions == row[0]
        assert found.deletions - found.insertions == reference.deletions - reference.insertions


@settings(max_examples=50, deadline=None)
@given(WORDS, WORDS)
def test_an_alignment_holds_both_texts(text, said):
    pairs = aligned(text.split(), said.split())
    assert [a for a, _ in pairs if a is not None] == text.split()
    assert [b for _, b in pairs if b is not None] == said.split()


def test_nothing_heard_is_all_deleted():
    assert errors(["a", "b"], []) == (0, 2, 0) and errors([], ["a"]) == (0, 0, 1)
    found = further(["", "one"], ["two", "one"])
    assert found == {"CER": 0.5, "recordings wholly right": 0.5}
    assert word_scores([], []).statistics.shape == (0, 2)
    assert np.array_equal(word_scores(["a"], ["a b"], np.array(["x"])).groups, ["x"])
