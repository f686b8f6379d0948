"""Simple forecasts worth losing to: rules, smoothing, theta, ridge and boosting, of each kind the best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from seqzoo.runtime import Graph
from seqzoo.tasks.forecast import boosting, ridge, smoothing
from seqzoo.tasks.forecast.boosting import Boosting
from seqzoo.tasks.forecast.panel import Series
from seqzoo.tasks.forecast.ridge import Ridge
from seqzoo.tasks.forecast.smoothing import Smoothing
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

LAST, DRIFT, MEAN, MEDIAN, SEASONAL = "last value", "drift", "mean", "median", "seasonal naive"
SMOOTHING, THETA, RIDGE, BOOSTING = "exponential smoothing", "theta", "ridge regression", "gradient boosting"
_JUDGED = 600  # validation origins that choose among variants
_FEWEST = {RIDGE: 100, BOOSTING: 400}  # examples to fit on
_PER_COLUMN = 4  # examples, for a regression on all inputs
_MEDIAN_OF = 500
_CYCLES = 2  # of a season that smoothing must have seen


class Simple(Protocol):
    """A fitted forecast; nothing after an origin is read."""

    @property
    def told(self) -> str:
        """What is special about it."""
        ...

    def __call__(self, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon) float64 in the target's unit."""
        ...

    def refitted(self, encoded: EncodedPanel, examples: Origins, ends: np.ndarray) -> Simple:
        """The same on other examples, or on the first `ends` steps of each series."""
        ...


@dataclass(frozen=True)
class Rule:
    """What needs no fitting; `season` is its length in steps, for the seasonal one."""

    name: str
    season: int = 0
    told: str = ""

    def __call__(self, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon) float64 in the target's unit."""
        horizon = encoded.codec.horizon
        if self.season:
            return encoded.by_series(at, lambda one, mine: _seasonal(one, at.steps[mine], horizon, self.season))
        rule = _RULES[self.name]
        return encoded.by_series(at, lambda one, mine: rule(one, at.steps[mine], horizon))

    def refitted(self, encoded: EncodedPanel, examples: Origins, ends: np.ndarray) -> Rule:
        """Itself: nothing was fitted."""
        return self


def rules(encoded: EncodedPanel, first: int) -> dict[str, Simple]:
    """All of them; `first` is the earliest origin that they must answer from."""
    out: dict[str, Simple] = {name: Rule(name) for name in _RULES}
    for season in encoded.codec.seasons:
        if season <= first + 1:
            out[f"{SEASONAL}, {season} steps ago"] = Rule(SEASONAL, season)
    return out


def _last(series: Series, at: np.ndarray, horizon: int) -> np.ndarray:
    return np.repeat(series.target[at][:, None], horizon, 1)


def _drift(series: Series, at: np.ndarray, horizon: int) -> np.ndarray:
    """The line through the first and the last value."""
    slope = (series.target[at] - series.target[0]) / np.maximum(at, 1)
    return np.asarray(series.target[at][:, None] + slope[:, None] * np.arange(1, horizon + 1))


def _mean(series: Series, at: np.ndarray, horizon: int) -> np.ndarray:
    return np.repeat((np.cumsum(series.target)[at] / (at + 1))[:, None], horizon, 1)


def _median(series: Series, at: np.ndarray, horizon: int) -> np.ndarray:
    """Of the newest values: where most are zero, the nearest that one number comes."""
    middles = [np.median(series.target[max(0, step + 1 - _MEDIAN_OF) : step + 1]) for step in at]
    return np.repeat(np.array(middles)[:, None], horizon, 1)


def _seasonal(series: Series, at: np.ndarray, horizon: int, season: int) -> np.ndarray:
    ahead = np.arange(1, horizon + 1)
    back = at[:, None] + ahead - season * -(-ahead // season)
    return np.asarray(series.target[back])


_RULES: dict[str, Callable[[Series, np.ndarray, int], np.ndarray]] = {
    LAST: _last, DRIFT: _drift, MEAN: _mean, MEDIAN: _median,
}  # fmt: skip


# --- fitting -----------------------------------------------------------------------------------------


def fitted(encoded: EncodedPanel, train: Origins, validation: Origins, ends: np.ndarray) -> dict[str, Simple]:
    """Each kind, fitted on the training part; of several variants the one whose errors on validation are least.

    Args:
        encoded: the panel; what follows validation is not read.
        train: examples to fit on.
        validation: more of them, which choose.
        ends: for each series the number of steps of the training part.
    """
    judged = validation.thinned(_JUDGED)
    actual = encoded.actual(judged)
    found = rules(encoded, min(int(train.steps.min()), int(validation.steps.min())))
    for name, variants in (
        (SMOOTHING, _smoothings(encoded, ends, theta=False)),
        (THETA, _smoothings(encoded, ends, theta=True)),
        (RIDGE, _ridges(encoded, train)),
    ):
        best = min(
            ((float(np.abs(one(encoded, judged) - actual).mean()), i, one) for i, one in enumerate(variants)),
            default=None,
        )
        if best is not None:
            found[name] = best[2]
    if len(train) >= _FEWEST[BOOSTING]:
        found[BOOSTING] = boosting.boosting(encoded, train, validation)
    return found


def _smoothings(encoded: EncodedPanel, ends: np.ndarray, *, theta: bool) -> Iterable[Simple]:
    """With no season, with the shortest, with all that were seen often enough; of values and of logarithms."""
    targets = [one.target[:end] for one, end in zip(encoded.series, ends, strict=True)]
    seasons = tuple(s for s in encoded.codec.seasons if _CYCLES * s <= min(ends))
    positive = all((one[~np.isnan(one)] > 0).all() for one in targets)
    for lengths in [seasons[:count] for count in range(len(seasons) + 1)][: 2 if theta else None]:
        for logs in (False, True)[: 1 + positive]:
            yield smoothing.search(targets, encoded.codec.horizon, lengths, logs=logs, theta=theta)


def _ridges(encoded: EncodedPanel, train: Origins) -> Iterable[Simple]:
    if len(train) < _FEWEST[RIDGE]:
        return
    if len(train) >= _PER_COLUMN * ridge.width(encoded):
        yield from ridge.ridges(encoded, train, 0, "codec")
    season = encoded.codec.seasons[0] if encoded.codec.seasons else 0
    for window in sorted({3, 8, season + 1 if season else 14, 2 * season + 1 if season else 28}):
        if window < int(train.steps.max()) // 2:
            for start in ("last", "mean", "level", "season")[: 3 + bool(season)]:
                yield from ridge.ridges(encoded, train, window, start)


def refitted(
    simple: Mapping[str, Simple], encoded: EncodedPanel, examples: Origins, ends: np.ndarray
) -> dict[str, Simple]:
    """The same variants, fitted on more: `examples`, and the first `ends` steps of each series."""
    return {name: one.refitted(encoded, examples, ends) for name, one in simple.items()}


# --- files -------------------------------------------------------------------------------------------


def to_files(simple: Mapping[str, Simple], folder: Path, stem: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Write trees into `<stem>-trees.onnx`; return what JSON holds of each forecast, and the arrays."""
    kept: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    for name, one in simple.items():
        if isinstance(one, Ridge):
            arrays["ridge"] = one.coefficients
            kept[name] = {"window": one.window, "start": one.start, "strength": one.strength, "unit": one.unit}
        elif isinstance(one, Boosting):
            (folder / f"{stem}-trees.onnx").write_bytes(one.content)
            kept[name] = {"iterations": one.iterations}
        else:
            kept[name] = asdict(one)  # type: ignore[call-overload]
    return kept, arrays


def from_files(kept: Mapping[str, Any], arrays: Mapping[str, np.ndarray], folder: Path, stem: str) -> dict[str, Simple]:
    """Read what `to_files` wrote.

    Raises:
        KeyError, OSError, TypeError, ValueError: damaged.
    """
    out: dict[str, Simple] = {}
    for name, table in kept.items():
        if name == RIDGE:
            out[name] = Ridge(**table, coefficients=arrays["ridge"])
        elif name == BOOSTING:
            content = (folder / f"{stem}-trees.onnx").read_bytes()
            out[name] = Boosting(int(table["iterations"]), Graph(content), content)
        elif name in (SMOOTHING, THETA):
            made = Smoothing(**table)
            out[name] = replace(made, lengths=tuple(made.lengths), constants=tuple(made.constants))
        else:
            out[name] = Rule(**table)
            if table["name"] not in (*_RULES, SEASONAL) or not 0 <= table["season"] < 1 << 20:
                raise ValueError(f"no rule {table['name']!r}")
    return out
