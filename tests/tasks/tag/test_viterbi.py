"""The likeliest sequence and the confidence of spans, against all sequences there are."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.tasks.tag import schemes, viterbi

TAGS = schemes.names(["B-X"], "BIOES")


def scored(logits, table, sequence):
    count = len(table) - 1
    places = [count, *sequence, count]
    steps = sum(table[a, b] for a, b in pairwise(places))
    return steps + sum(logits[i, tag] for i, tag in enumerate(sequence))


def cases(seed, longest=4):
    random = np.random.default_rng(seed)
    lengths = random.integers(1, longest + 1, 3)
    logits = random.normal(size=(3, lengths.max(), len(TAGS))).astype(np.float32) * 3
    table = random.normal(size=(len(TAGS) + 1,) * 2).astype(np.float32) + viterbi.allowed(TAGS, "BIOES")
    return logits, lengths, table


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999))
def test_the_path_is_the_best_of_all_and_legal(seed):
    logits, lengths, table = cases(seed)
    for row, length, found in zip(logits, lengths, viterbi.decode(logits, lengths, table), strict=True):
        every = list(product(range(len(TAGS)), repeat=int(length)))
        assert tuple(found) == max(every, key=lambda one: scored(row, table, one))
        assert not schemes.illegal([TAGS[i] for i in found], "BIOES")


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 9999))
def test_confidence_is_the_share_of_sequences_that_agree(seed):
    logits, lengths, table = cases(seed)
    row, length = logits[0, : lengths[0]], int(lengths[0])
    (numbers,) = viterbi.decode(row[None], lengths[:1], table)
    spans = schemes.each([TAGS[i] for i in numbers], "BIOES")
    every = list(product(range(len(TAGS)), repeat=length))
    weights = np.exp([scored(row, table, one) for one in every])
    for span, sure in zip(spans, viterbi.confidence(row, table, numbers, spans), strict=True):
        part = slice(span.start, span.end)
        agree = [one[part] == tuple(numbers[part]) for one in every]
        assert sure == pytest.approx(weights[agree].sum() / weights.sum(), rel=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999))
def test_no_illegal_sequence_ever_comes_out(seed):
    random = np.random.default_rng(seed)
    logits = random.normal(size=(2, 30, len(TAGS))).astype(np.float32) * 50
    table = viterbi.allowed(TAGS, "BIOES")
    for found in viterbi.decode(logits, np.array([30, 7]), table):
        assert not schemes.illegal([TAGS[i] for i in found], "BIOES")


def test_what_lies_beside_a_sentence_changes_nothing():
    logits, lengths, table = cases(3)
    together = viterbi.decode(logits, lengths, table)
    for row, length, found in zip(logits, lengths, together, strict=True):
        (alone,) = viterbi.decode(row[None, :length], np.array([length]), table)
        assert alone.tolist() == found.tolist()
