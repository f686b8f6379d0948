"""What looks like a walk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from seqzoo.tasks.forecast import walks


def draws(make, n=200):
    random = np.random.default_rng(0)
    return np.array([walks.suspected([make(random)], 7) for _ in range(n)])


@pytest.mark.parametrize("moves", [lambda r: r.normal(size=300), lambda r: 0.2 + r.standard_t(3, 300)])
def test_walks_are_suspected(moves):
    found = draws(lambda random: np.cumsum(moves(random)))
    assert np.median(found) > 0.4 and (found == 0).mean() < 0.08


def test_what_returns_to_its_mean_or_has_a_season_is_not():
    assert (draws(lambda random: random.normal(size=100)) == 0).all()
    assert (draws(lambda random: lfilter([1], [1, -0.5], random.normal(size=200))) == 0).mean() > 0.9
    week = np.tile([0, 0, 0, 0, 0, 3, 4.0], 30)
    assert (draws(lambda random: week + np.cumsum(random.normal(0, 0.3, 210))) == 0).all()


def test_standard_errors_are_those_of_statsmodels():
    """The first lag's share of the variance ratio of two steps is its autocorrelation, robust to changing variance."""
    from statsmodels.tsa.stattools import acf

    values = np.cumsum(np.random.default_rng(1).normal(size=400))
    moves = np.diff(values) - np.diff(values).mean()
    error = np.sqrt(moves[1:] ** 2 @ moves[:-1] ** 2) / (moves @ moves)
    assert walks._strays(values, 1) >= abs(acf(moves, nlags=1)[1]) / error - 1e-9


@given(st.lists(st.floats(-1e6, 1e6), max_size=80), st.integers(1, 40))
def test_any_series_gives_a_share(values, season):
    assert 0 <= walks.suspected([np.array(values)], season) <= 1
