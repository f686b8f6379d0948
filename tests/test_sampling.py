"""Sampling against the softmax it promises, and Kneser-Ney against the laws of probability."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import chisquare

from seqzoo import sampling as decode
from seqzoo.errors import UserError
from seqzoo.ngrams import KneserNey, longest_order
from seqzoo.sampling import Sampling
from seqzoo.tasks.generate.score import by_line, longest_shared

LOGITS = np.random.default_rng(0).normal(0, 2, (1, 40)).astype(np.float32)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_frequencies_are_the_softmax(temperature):
    expected = softmax(LOGITS[0].astype(np.float64) / temperature)
    (stream,) = decode.chances(3, 1)
    p = decode.probabilities(LOGITS, Sampling(temperature))
    np.testing.assert_allclose(p[0], expected, rtol=1e-12)
    drawn = decode.choose(np.repeat(p, 200_000, 0), stream.random(200_000))
    often = expected * 200_000 >= 5
    counts = np.bincount(drawn, minlength=40)
    observed, wanted = [*counts[often], counts[~often].sum()], [*expected[often], expected[~often].sum()]
    if not observed[-1] and not wanted[-1]:
        observed, wanted = observed[:-1], wanted[:-1]
    assert chisquare(observed, np.array(wanted) * 200_000).pvalue > 1e-3


@pytest.mark.parametrize(
    "sampling", [Sampling(0), Sampling(0.005), Sampling(1, top_k=1), Sampling(1, top_p=1e-9), Sampling(1e-300)]
)
def test_extremes_take_the_likeliest(sampling):
    p = decode.probabilities(LOGITS, sampling)
    assert p.sum() == pytest.approx(1) and p.argmax() == LOGITS.argmax() and p.max() > 0.99


def test_great_heat_is_almost_uniform():
    p = decode.probabilities(LOGITS, Sampling(1e6))
    assert p.max() - p.min() < 1e-4


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=30), st.integers(0, 40), st.floats(1e-6, 1))
def test_every_choice_is_allowed(values, top_k, top_p):
    logits = np.array([values], np.float32)
    p = decode.probabilities(logits, Sampling(1.0, top_k, top_p))
    assert p.sum() == pytest.approx(1) and (p >= 0).all()
    for chance in (0.0, 0.5, np.nextafter(1.0, 0)):
        assert p[0, decode.choose(p, np.array([chance]))[0]] > 0


def test_the_nucleus_is_the_fewest_that_hold_the_share():
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], np.float32))
    np.testing.assert_allclose(
        decode.probabilities(logits, Sampling(1.0, top_p=0.7)), [[0.625, 0.375, 0, 0]], rtol=1e-6
    )
    np.testing.assert_allclose(decode.probabilities(logits, Sampling(1.0, top_k=2)), [[0.625, 0.375, 0, 0]], rtol=1e-6)


@pytest.mark.parametrize(
    ("sampling", "message"),
    [(Sampling(-1), "temperature"), (Sampling(float("nan")), "temperature"), (Sampling(1, top_p=0), "top-p"),
     (Sampling(1, seed=-5), "seed"), (Sampling(1, top_k=-1), "top-k")],
)  # fmt: skip
def test_what_cannot_be_sampled(sampling, message):
    with pytest.raises(UserError, match=message):
        sampling.check()


def test_damaged_weights_are_told():
    with pytest.raises(UserError, match="NaN"):
        decode.probabilities(np.array([[1.0, np.nan]], np.float32), Sampling())


def test_the_first_of_five_texts_is_the_text_of_one():
    one, *_ = decode.chances(5, 5)
    (alone,) = decode.chances(5, 1)
    assert one.random(10).tolist() == alone.random(10).tolist()


def test_a_run_is_never_repeated():
    logits = np.zeros((1, 5), np.float32)
    out = decode.forbid(logits, [[1, 2, 3, 1, 2]], 3)
    assert out[0, 3] < -1e8 and (out[0, [0, 1, 2, 4]] == 0).all()


# --- counting ----------------------------------------------------------------------------------------


def test_probabilities_of_every_next_unit_sum_to_one():
    ids = np.random.default_rng(0).integers(0, 6, 800)
    model = KneserNey(ids, 6, 4)
    for order in (1, 2, 3, 4):
        for before in ([0, 1, 2, 3], [5, 5, 5, 5]):
            p = [np.exp(-model.nats(np.array([*before, unit]), order)[-1]) for unit in range(6)]
            assert sum(p) == pytest.approx(1)


def test_kneser_ney_by_hand():
    """Chen and Goodman's formula for bigrams on "a b a b a c": counts ab 2, ba 2, ac 1."""
    ids = np.array([0, 1, 0, 1, 0, 2])
    model = KneserNey(ids, 3, 2)
    # one bigram is seen once, two twice: y = 1/5; discounts of counts 1 and 2 are 1 - 2y*2/1 = .2 and 2 - 3y*1/2 = 1.7
    d1, d2 = 1 - 2 * 0.2 * 2, 2 - 3 * 0.2 * 1 / 2
    unigram = model.nats(np.array([2, 1]), 1)
    continued = model.continued[0]
    assert continued.counts.tolist() == [1, 1, 1]  # each unit stands after one other
    y = 3 / 3
    u1 = min(max(1 - 2 * y * 1 / 3, 0.05), 0.95)
    lower = ((1 - u1) + 3 * u1 / 3) / 3
    expected = ((2 - d2) + (d2 + d1) * lower) / 3
    assert np.exp(-model.nats(np.array([0, 1]), 2)[0]) == pytest.approx(expected)
    assert unigram.shape == (1,)


def test_a_blank_is_weighed_by_both_of_its_sides():
    random = np.random.default_rng(0)
    model, text = KneserNey(random.integers(0, 6, 800), 6, 3), random.integers(0, 6, 9)
    for place in (3, 5):
        tried = np.tile(text, (6, 1))
        tried[:, place] = range(6)
        p = np.exp([-model.nats(one, 3).sum() for one in tried])  # of the whole text with each unit in the blank
        expected = -np.log(p[text[place]] / p.sum())
        assert model.nats_between(text, 3, np.array([place]))[0] == pytest.approx(expected)


def test_longer_orders_learn_more_of_a_regular_text():
    ids = np.tile([0, 1, 2, 0, 2, 1], 200)
    model = KneserNey(ids, 3, 4)
    losses = [model.nats(ids, order).mean() for order in (1, 2, 3)]
    assert losses[0] > losses[1] > losses[2] and model.best_order(ids) >= 3


def test_codes_fit_64_bits():
    assert longest_order(65) == 10 and longest_order(10_000) == 4 and 10_000 ** longest_order(10_000) < 2**62


def test_what_was_learnt_by_heart():
    assert longest_shared("the cat sang", "a cat sat on the mat") == " cat sa"
    assert longest_shared("xyz", "abc") == ""


def test_surprise_by_line():
    from seqzoo.tasks.generate.codec import UnitCodec

    codec = UnitCodec("character", 5, "before", 1, ("a", "b", "\n"))
    ids = [0, 1, 2, 1, 1, 2, 0]
    nats = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert by_line(codec, ids, nats) == [("ab", 1.0), ("bb", 3.5)]
