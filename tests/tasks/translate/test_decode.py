"""Searches against all that could be written, on tables of probabilities in place of a network."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.sampling import Sampling
from seqzoo.tasks.translate.decode import Search, beam_search, sample

START, STOP, UNITS = 0, 1, 4  # units 2 and 3 are written


class Table:
    """Logits that depend on the sentence and on all that a row has read, as a recurrent network's do."""

    def __init__(self, sentences, sharpness=2.0):
        self.sharpness = sharpness
        self.rows = [(sentence,) for sentence in sentences]
        self.calls = 0

    def __call__(self, ids):
        assert len(ids) == len(self.rows)
        self.calls += 1
        self.rows = [(*row, int(unit)) for row, unit in zip(self.rows, ids, strict=True)]
        return np.stack([self.logits(row) for row in self.rows])

    def logits(self, row):
        random = np.random.default_rng([abs(hash(row)) % 2**32])
        return (self.sharpness * random.normal(size=UNITS)).astype(np.float32)

    def keep(self, rows, *, constants=True):
        same = [row[0] for row in self.rows] == [self.rows[i][0] for i in rows]
        assert constants or same, "constants of another sentence"
        self.rows = [self.rows[i] for i in rows]


def log_softmax(logits):
    """Without the start, which is never written."""
    shifted = logits.astype(np.float64) - logits.max()
    shifted[START] = -np.inf
    return shifted - np.log(np.exp(shifted).sum())


def logps(table, sentence, units):
    """Log-probabilities of units and the stop after them."""
    row, found = (sentence, START), []
    for unit in (*units, STOP):
        logp = log_softmax(table.logits(row))
        found.append(float(logp[unit]))
        row = (*row, unit)
    return found


def everything(table, sentence, longest, penalty):
    """All targets with scores, the best first; those that were cut come last."""
    found = []
    for n in range(longest + 1):
        for units in product((2, 3), repeat=n):
            each = logps(table, sentence, units)
            ended = n < longest
            logp = sum(each) if ended else sum(each[:-1])
            found.append((ended, logp / ((5 + n + ended) / 6) ** penalty, units))
    return sorted(found, key=lambda one: (not one[0], -one[1]))


@given(st.integers(0, 10_000), st.integers(1, 4), st.sampled_from([0.0, 0.6, 1.0, 2.0]), st.integers(1, 3))
def test_a_wide_beam_finds_what_exhaustive_search_finds(sentence, longest, penalty, alternatives):
    search = Search(beam=40, alternatives=alternatives, length_penalty=penalty)
    (found,) = beam_search(Table([sentence]), np.array([longest]), search, START, STOP)
    expected = everything(Table([]), sentence, longest, penalty)[:alternatives]
    assert [(one.ended, one.units) for one in found] == [(ended, units) for ended, _, units in expected]
    np.testing.assert_allclose([one.score for one in found], [score for _, score, _ in expected], atol=1e-5)


@given(st.integers(0, 10_000), st.integers(1, 8))
def test_a_beam_of_one_is_greedy(sentence, longest):
    (found,) = beam_search(Table([sentence]), np.array([longest]), Search(beam=1), START, STOP)
    table, row, units = Table([]), (sentence, START), []
    while len(units) < longest:
        logits = table.logits(row)
        logits[START] = -np.inf
        unit = int(logits.argmax())
        if unit == STOP:
            break
        units.append(unit)
        row = (*row, unit)
    assert list(found[0].units) == units
    each = logps(table, sentence, units)
    expected = sum(each) if found[0].ended else sum(each[:-1])
    assert found[0].logp == pytest.approx(expected, abs=1e-4)


@given(st.lists(st.integers(0, 500), min_size=2, max_size=6), st.integers(1, 5), st.integers(1, 2), st.data())
def test_what_stands_beside_a_sentence_changes_nothing(sentences, beam, alternatives, data):
    search = Search(beam=max(beam, alternatives), alternatives=alternatives)
    longest = np.array(data.draw(st.lists(st.integers(1, 6), min_size=len(sentences), max_size=len(sentences))))
    together = beam_search(Table(sentences), longest, search, START, STOP)
    alone = [
        beam_search(Table([sentence]), longest[i : i + 1], search, START, STOP)[0]
        for i, sentence in enumerate(sentences)
    ]
    assert together == alone


@given(st.integers(0, 1000), st.integers(2, 6))
def test_alternatives_differ_and_come_in_order(sentence, beam):
    search = Search(beam=beam, alternatives=beam)
    (found,) = beam_search(Table([sentence], 0.3), np.array([6]), search, START, STOP)
    assert len({one.units for one in found}) == len(found)
    ranks = [(not one.ended, -one.score) for one in found]
    assert ranks == sorted(ranks)


def test_a_search_stops_when_nothing_can_get_better():
    """A first stop that nothing can beat ends it at once, long before the longest."""

    class Certain(Table):
        def logits(self, row):
            return np.array([0.0, 20.0, 0.0, 0.0], np.float32)

    step = Certain([0])
    (found,) = beam_search(step, np.array([50]), Search(beam=4, length_penalty=0.0), START, STOP)
    assert found[0].units == () and step.calls == 1


@given(st.integers(0, 1000))
def test_no_run_is_written_twice_when_it_must_not_be(sentence):
    search = Search(beam=3, no_repeat=2)
    (found,) = beam_search(Table([sentence], 0.1), np.array([12]), search, START, STOP)
    units = found[0].units
    runs = list(pairwise(units))
    assert len(set(runs)) == len(runs)


def test_sampling_draws_by_probability_and_by_itself_alone():
    n = 4000
    drawn = sample(Table([7] * n, 1.0), np.full(n, 1), Sampling(1.0), [[0, i] for i in range(n)], START, STOP)
    expected = np.exp(log_softmax(Table([], 1.0).logits((7, START))))
    counts = np.bincount([one.units[0] if one.units else STOP for one in drawn], minlength=UNITS) / n
    np.testing.assert_allclose(counts, expected, atol=0.03)
    seeds = [[3, 5], [3, 6], [3, 7]]
    together = sample(Table([1, 2, 3]), np.array([5, 2, 6]), Sampling(0.8), seeds, START, STOP)
    alone = [
        sample(Table([sentence]), np.array([longest]), Sampling(0.8), [seed], START, STOP)[0]
        for sentence, longest, seed in zip([1, 2, 3], [5, 2, 6], seeds, strict=True)
    ]
    assert together == alone


@pytest.mark.parametrize(
    ("search", "said"),
    [
        (Search(beam=0), "--beam 0"),
        (Search(beam=2, alternatives=3), "at most the beam"),
        (Search(alternatives=0), "--alternatives 0"),
        (Search(length_penalty=-1.0), "--length-penalty"),
        (Search(length_penalty=float("nan")), "--length-penalty"),
        (Search(no_repeat=-1), "--no-repeat"),
    ],
)
def test_what_cannot_be_is_refused(search, said):
    with pytest.raises(UserError, match=said):
        search.check()
