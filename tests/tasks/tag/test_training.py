"""The loss of a conditional random field: the sum over all sequences, of true lengths, with finite gradients."""

from itertools import product

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.tasks.tag import viterbi
from seqzoo.tasks.tag.training import crf_loss, words_loss
from tests.tasks.tag.test_viterbi import TAGS, scored

COUNT = 3


def batch(seed, count=COUNT, longest=4, rows=3):
    random = np.random.default_rng(seed)
    lengths = random.integers(1, longest + 1, rows)
    lengths[0] = longest
    logits = random.normal(size=(rows, longest, count)).astype(np.float32) * 2
    tags = np.where(np.arange(longest) < lengths[:, None], random.integers(1, count + 1, (rows, longest)), 0)
    table = random.normal(size=(count + 1, count + 1)).astype(np.float32)
    return logits, tags.astype(np.int32), table


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 9999))
def test_the_loss_is_that_of_all_sequences_counted_one_by_one(seed):
    logits, tags, table = batch(seed)
    for row, wanted, loss in zip(logits, tags, crf_loss(logits, tags, table).numpy(), strict=True):
        length = int((wanted > 0).sum())
        every = [scored(row, table, one) for one in product(range(COUNT), repeat=length)]
        expected = np.logaddexp.reduce(every) - scored(row, table, tuple(wanted[:length] - 1))
        assert loss == pytest.approx(expected, abs=1e-4)


def test_padding_changes_nothing():
    logits, tags, table = batch(1)
    wide = np.pad(logits, ((0, 0), (0, 5), (0, 0)), constant_values=7.0)
    longer = np.pad(tags, ((0, 0), (0, 5)))
    np.testing.assert_allclose(crf_loss(logits, tags, table), crf_loss(wide, longer, table), atol=1e-5)
    np.testing.assert_allclose(words_loss(logits, tags), words_loss(wide, longer), atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
def test_gradients_are_finite_where_most_is_forbidden(scale):
    random = np.random.default_rng(0)
    logits = tf.Variable(scale * random.normal(size=(2, 6, len(TAGS))).astype(np.float32))
    table = tf.Variable(np.zeros((len(TAGS) + 1,) * 2, np.float32))
    tags = np.array([[TAGS.index(t) + 1 for t in ("O", "B-X", "E-X", "S-X", "O", "O")], [1, 1, 0, 0, 0, 0]], np.int32)
    with tf.GradientTape() as tape:
        loss = crf_loss(logits, tags, table + viterbi.allowed(TAGS, "BIOES"))
    assert np.isfinite(loss.numpy()).all() and (loss.numpy() > -1e-2 * scale).all()
    assert all(np.isfinite(one.numpy()).all() for one in tape.gradient(loss, [logits, table]))


def test_without_transitions_it_is_the_loss_of_each_word():
    logits, tags, table = batch(2)
    np.testing.assert_allclose(crf_loss(logits, tags, 0 * table), words_loss(logits, tags), atol=1e-4)
