"""The search equals a sum over all alignments on tiny cases, however its steps arrive."""

from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.tasks.transcribe.align import align, total
from seqzoo.tasks.transcribe.decode import PrefixBeam, Search, greedy, prefix_beam

LETTERS = ("a", "b", " ")
WIDE = Search(beam=1000, threshold=-np.inf, alternatives=1000)


def log_probs(seed, steps, columns=4, sharpness=1.0):
    logits = sharpness * np.random.default_rng(seed).normal(size=(steps, columns))
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def every_text(table):
    """Each text and its log-probability, summed over all paths."""
    found = {}
    for path in product(range(table.shape[1]), repeat=len(table)):
        ids = tuple(k for k, _ in groupby(path) if k)
        p = sum(table[t, k] for t, k in enumerate(path))
        found[ids] = np.logaddexp(found.get(ids, -np.inf), p)
    return found


class Fixed:
    """A language model that likes "a" after "b"."""

    def begin(self):
        return ""

    def scores(self, state):
        return np.log([1.0, 0.8, 0.1, 0.1]) if state == "b" else np.log([1.0, 0.2, 0.4, 0.4])

    def advance(self, state, column):
        return LETTERS[column - 1]

    def end(self, state):
        return -0.5 if state == "a" else 0.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 5))
def test_a_wide_beam_equals_the_sum_over_all_paths(seed, steps):
    table = log_probs(seed, steps)
    expected = every_text(table)
    found = prefix_beam(table, WIDE, None, LETTERS)
    assert {one.ids for one in found} == set(expected)
    for one in found:
        assert one.score == pytest.approx(expected[one.ids]) and total(table, one.ids) == pytest.approx(one.score)
    assert found[0].ids == max(expected, key=expected.get)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 5), st.floats(0.1, 2), st.floats(-1, 1))
def test_language_and_bonus_are_added_to_the_sum(seed, steps, weight, bonus):
    table, model = log_probs(seed, steps), Fixed()

    def said(ids):
        state, score = model.begin(), 0.0
        for column in ids:
            score, state = score + weight * model.scores(state)[column] + bonus, model.advance(state, column)
        return score + weight * model.end(state)

    expected = {ids: p + said(ids) for ids, p in every_text(table).items()}
    search = Search(beam=1000, language=weight, bonus=bonus, threshold=-np.inf, alternatives=1000)
    found = prefix_beam(table, search, model, LETTERS)
    assert found[0].score == pytest.approx(max(expected.values()))
    assert all(one.score == pytest.approx(expected[one.ids]) for one in found)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9999), st.integers(2, 6), st.lists(st.integers(1, 2), max_size=3))
def test_an_alignment_is_the_likeliest_of_all(seed, steps, ids):
    table = log_probs(seed, steps)
    fitting = [p for p in product(range(4), repeat=steps) if [k for k, _ in groupby(p) if k] == ids]
    if not fitting:
        with pytest.raises(ValueError, match="too few"):
            align(table, ids)
        return
    best = max(fitting, key=lambda path: sum(table[t, k] for t, k in enumerate(path)))
    runs, place = [], 0
    for column, same in groupby(best):
        length = len(list(same))
        if column:
            runs.append((place, place + length - 1))
        place += length
    assert align(table, ids) == runs


def test_the_best_path_is_collapsed():
    table = np.log(np.array([[0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]))
    found = greedy(table)
    assert found.ids == (1, 1, 2) and found.score == pytest.approx(5 * np.log(0.8))


@pytest.mark.parametrize("model", [None, Fixed()])
def test_a_stream_equals_the_whole_and_stays_short(model):
    table = log_probs(7, 3000, sharpness=4.0)
    search = Search(beam=6, language=0.3 if model else 0.0)
    whole = prefix_beam(table, search, model, LETTERS)[0]
    beam, random, begin = PrefixBeam(search, model, LETTERS), np.random.default_rng(0), 0
    while begin < len(table):
        size = int(random.integers(1, 40))
        beam.feed(table[begin : begin + size])
        begin += size
        assert max(one.length for one, _, _ in beam._beam.values()) <= 400 and len(beam._children) < 3000
    assert beam.ranked()[0].ids == whole.ids and len(whole.ids) > 500 and len(beam.settled) > 400
    assert (*beam.settled, *beam.best().ids) == whole.ids and beam.best().score == pytest.approx(whole.score)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=2))
def test_hot_words_are_rewarded_where_they_are_whole(seed, hot):
    table = log_probs(seed, 4)

    def rewarded(ids):
        words = "".join(LETTERS[i - 1] for i in ids).split(" ")
        return 1.5 * sum(len(word) for word in words if word in hot)

    expected = {ids: p + rewarded(ids) for ids, p in every_text(table).items()}
    search = Search(beam=1000, hot=tuple(hot), threshold=-np.inf, alternatives=1000)
    for one in prefix_beam(table, search, None, LETTERS):
        assert one.score == pytest.approx(expected[one.ids])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.sets(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3))
def test_nothing_but_known_words_is_heard(seed, words):
    table = log_probs(seed, 5)

    def known(ids):
        *before, last = "".join(LETTERS[i - 1] for i in ids).split(" ")
        return set(before) <= words and last in {*words, ""}

    expected = {ids: p for ids, p in every_text(table).items() if known(ids)}
    found = prefix_beam(table, Search(beam=1000, words=tuple(words), alternatives=1000), None, LETTERS)
    assert {one.ids for one in found} == set(expected)
    assert all(one.score == pytest.approx(expected[one.ids]) for one in found)


def test_a_hot_word_joins_those_that_are_known():
    table = np.log(np.full((6, 4), 0.02) + 0.92 * np.eye(4)[[1, 0, 2, 0, 2, 0]])  # a b b
    assert prefix_beam(table, Search(words=("ab",)), None, LETTERS)[0].ids == (1, 2)
    assert prefix_beam(table, Search(words=("ab",), hot=("abb",)), None, LETTERS)[0].ids == (1, 2, 2)


def test_numbers_out_of_range_are_refused():
    for wrong in (Search(beam=0), Search(beam=5000), Search(language=-1), Search(language=11)):
        with pytest.raises(UserError, match=r"from"):
            wrong.check()
    Search().check()
