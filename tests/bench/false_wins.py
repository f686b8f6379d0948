"""How often a model without skill is called a winner: 500 draws of each kind, against one baseline and three.

    python tests/bench/false_wins.py [DRAWS]

The first table is about the rule, the second about what `seqzoo forecast` answers on series that nobody can forecast.

All four forecasters of a draw are the truth's mean and noise of one law, so that none is better than another. Series
share shocks, forecasts from neighbouring moments overlap, and errors of a forecaster last. "each forecast alone" is the
rule that counts ninety shops on one day as ninety observations.
"""

import sys

import numpy as np
from rich.console import Console
from rich.table import Table

from seqzoo import recipe
from seqzoo.judge import Metric, Scores, value, verdict
from seqzoo.tasks.forecast import data, deciding, judging
from seqzoo.tasks.forecast.codec import SeriesCodec
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.room import ROOM
from seqzoo.tasks.forecast.suit import suited

MAE = Metric("MAE")
KINDS = {
    "one series, 60 origins, 1 step": (1, 60, 1, 0.5),
    "one series, 200 origins, 5 steps": (1, 200, 5, 0.5),
    "one series, 200 origins, 24 steps": (1, 200, 24, 0.5),
    "one series, 1,000 origins, 24 steps": (1, 1000, 24, 0.5),
    "one series, 1,000 origins, 24 steps, lasting errors": (1, 1000, 24, 0.9),
    "one series, 12 origins, 12 steps": (1, 12, 12, 0.5),
    "90 series, 40 days, 7 steps": (90, 40, 7, 0.5),
    "90 series, 150 days, 7 steps": (90, 150, 7, 0.5),
    "90 series, 150 days, 7 steps, lasting errors": (90, 150, 7, 0.9),
    "90 series, 150 days, 1 step": (90, 150, 1, 0.5),
    "10 series, 400 days, 5 steps": (10, 400, 5, 0.5),
}


def lasting(random: np.random.Generator, shape: tuple[int, ...], phi: float) -> np.ndarray:
    """(..., time) autoregressive noise of order one, of variance one."""
    out = random.normal(size=shape)
    for t in range(1, shape[-1]):
        out[..., t] = phi * out[..., t - 1] + np.sqrt(1 - phi**2) * out[..., t]
    return out


def errors(random: np.random.Generator, series: int, origins: int, steps: int, phi: float) -> np.ndarray:
    """(4 forecasters, series, origins) mean absolute errors over the steps ahead."""
    time = origins + steps
    shocks = 0.7 * random.normal(size=time) + 0.7 * random.normal(size=(series, time))  # that day did it to all shops
    said = 0.7 * (lasting(random, (4, 1, origins), phi) + lasting(random, (4, series, origins), phi))
    ahead = np.lib.stride_tricks.sliding_window_view(shocks, steps, axis=1)[:, 1 : origins + 1]
    return np.abs(said[..., None] - ahead[None]).mean(-1)


def wins(draw: np.ndarray, steps: int, baselines: int, together: bool) -> bool:
    """Whether the first of equal forecasters is called the winner over the best of the next ones."""
    _, series, origins = draw.shape
    moments = np.tile(np.arange(origins), series) if together else np.arange(series * origins)
    ours, *others = (Scores.mean(one.ravel(), moments, steps if together else 1) for one in draw[: baselines + 1])
    return verdict(ours, dict(zip("abc", others, strict=False)), MAE).wins


def walks(random: np.random.Generator, series: int, steps: int) -> np.ndarray:
    """(series, steps) random walks that share half of their shocks."""
    shocks = random.normal(size=steps) + random.normal(size=(series, steps))
    return 200 + np.cumsum(shocks if series > 1 else shocks - random.normal(size=steps), 1)


def noise(random: np.random.Generator, series: int, steps: int) -> np.ndarray:
    """(series, steps) white noise that shares half of its shocks."""
    return 50 + random.normal(size=steps) + random.normal(size=(series, steps))


FORECAST = {
    "random walk, 300 days, 5 ahead": (walks, 1, 300, 5),
    "white noise, 300 days, 5 ahead": (noise, 1, 300, 5),
    "five walks of common shocks, 200 days, 5 ahead": (walks, 5, 200, 5),
    "five noises of common shocks, 200 days, 5 ahead": (noise, 5, 200, 5),
}


def answer(values: np.ndarray, horizon: int) -> tuple[bool, float]:
    """Whether the answer is said to beat the best simple forecast, and its error over that of the last value."""
    times = np.datetime64("2020-01-01", "s") + np.arange(values.shape[1]) * np.timedelta64(1, "D")
    nothing = np.empty((len(times), 0))
    series = tuple(Series(str(i), times, row, nothing, nothing) for i, row in enumerate(values))
    panel = Panel(series, "y", (), (), "1D")
    plain = ['data.dataset=""', "data.path=x", "decide.answer=best", "decide.refit=false"]
    fitting = suited(recipe.load("series-gru", plain), panel, horizon, network=False)
    chosen = recipe.load("series-gru", [*plain, *fitting])
    splits = data.split(panel, chosen.data, {})
    codec = SeriesCodec.fit(splits.train, chosen.codec)
    found = judging.judge(deciding.decide(codec, {}, splits, chosen), splits, ROOM.open_test(splits), chosen)
    ours, last = (value(scores, MAE) for scores in (found.scores, found.baselines["last value"]))
    return verdict(found.scores, found.baselines, MAE).wins, ours / last


def forecasts(draws: int) -> Table:
    """The second table."""
    table = Table("nothing to forecast", "wins", "of the last value's error, median", "worst", box=None)
    for name, (make, series, steps, horizon) in FORECAST.items():
        random = np.random.default_rng(11)
        found = [answer(make(random, series, steps), horizon) for _ in range(draws)]
        ratios = np.array([ratio for _, ratio in found])
        rate = np.mean([won for won, _ in found])
        table.add_row(name, f"{rate:.1%}", f"{np.median(ratios):.3f}", f"{ratios.max():.3f}")
        print(name, rate, np.median(ratios), ratios.max(), flush=True)
    return table


def main(draws: int) -> None:
    rules = {"against one": (1, True), "best of three": (3, True), "each forecast alone, against one": (1, False)}
    table = Table("no skill", *rules, box=None)
    for name, (series, origins, steps, phi) in KINDS.items():
        random = np.random.default_rng(7)
        found = [errors(random, series, origins, steps, phi) for _ in range(draws)]
        rates = [np.mean([wins(draw, steps, *rule) for draw in found]) for rule in rules.values()]
        table.add_row(name, *(f"{rate:.1%}" for rate in rates))
    Console(width=140).print(table)
    Console(width=140).print(forecasts(draws))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
