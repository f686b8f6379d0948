"""Whether a series moves as a random walk does, of which the last value is all that one can know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_LENGTHS = (2, 4, 8, 16)  # of sums of moves
_SURE = 3.0  # standard errors: the largest of them strays so far in one walk of twenty-five
_FEWEST = 32  # moves that tell anything


def suspected(series: Sequence[np.ndarray], season: int) -> float:
    """How much some (steps,) series look like walks, 0 to 1; `season`: steps after which moves might come again."""
    return max(0.0, 1 - float(np.median([_strays(values, season) for values in series])) / _SURE)


def _strays(values: np.ndarray, season: int) -> float:
    """How far moves are from those of a walk, in standard errors; too few to tell are infinitely far.

    Source: Lo and MacKinlay 1988, Stock market prices do not follow random walks; the errors that moves of changing
    size have.
    """
    moves = np.diff(values)
    moves = moves - moves.mean() if len(moves) else moves
    squares = moves**2
    total = float(squares.sum())
    if len(moves) < _FEWEST or not total:
        return np.inf
    lags = np.array([*range(1, max(_LENGTHS)), season])
    lags = lags[lags <= len(moves) // 3]
    correlated = np.array([moves[lag:] @ moves[:-lag] for lag in lags]) / total
    variance = np.array([squares[lag:] @ squares[:-lag] for lag in lags]) / total**2
    shares = [*(np.clip(1 - lags / length, 0, None) for length in _LENGTHS), (lags == season) * 1.0]
    return max(abs(float(share @ correlated)) / float(np.sqrt(share**2 @ variance) + 1e-300) for share in shares)
