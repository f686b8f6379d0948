"""Series <-> arrays. Whatever an origin sees lies at or before it, or was known in advance.

An origin is the last observed step: its window ends there, its targets are the `horizon` steps after it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.tasks.forecast import features, scales
from seqzoo.tasks.forecast.options import CodecOptions
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.scales import LEAST
from seqzoo.tasks.forecast.steps import CALENDAR_STEPS, DAY, following, season_of, seconds_of

FILE = "codec.json"
_VOLATILITY = 60  # steps behind an origin that say how far prices move
_OF_FORMAT_1 = {"target": "anchor", "name": "target_name", "columns": "column_scales"}


@dataclass(frozen=True)
class SeriesCodec:
    """Scales and columns, learnt from the training part only.

    Attributes:
        window, horizon, anchor, calendar, indicators, future, lags, quantiles: as in the recipe.
        season: steps of one season.
        step: the length of a step, as `panel.step_of` names it.
        target_name: the target column's; known, past: the names of the others.
        scales: for each series the mean and standard deviation of its target.
        column_scales: the mean and standard deviation of each past and known column, over all series.
        spread: (horizon,) how far the target moves from its anchor, in standard deviations of the series.
    """

    window: int
    horizon: int
    anchor: str
    calendar: tuple[str, ...]
    indicators: bool
    future: bool
    lags: tuple[int, ...]
    quantiles: tuple[float, ...]
    season: int
    step: str
    target_name: str
    known: tuple[str, ...]
    past: tuple[str, ...]
    scales: dict[str, tuple[float, float]]
    column_scales: dict[str, tuple[float, float]]
    spread: tuple[float, ...]

    @classmethod
    def fit(cls, train: Panel, options: CodecOptions) -> SeriesCodec:
        """Learn the scales from the training part.

        Raises:
            UserError: a constant or too short series, or prices that are not positive.
        """
        season = options.season or season_of(train.step)
        if season > min(len(one) for one in train.series) // 2:
            season = 1
        names = ("window", "horizon", "anchor", "calendar", "indicators", "future", "lags", "quantiles")
        codec = cls(
            **{name: getattr(options, name) for name in names},
            season=season, step=train.step, target_name=train.target, known=train.known, past=train.past,
            scales=scales.of_targets(train, options.anchor), column_scales=scales.of_columns(train),
            spread=(1.0,) * options.horizon,
        )  # fmt: skip
        if options.anchor not in ("change", "season"):
            return codec
        return dataclasses.replace(codec, spread=codec._spread(train))

    def _spread(self, train: Panel) -> tuple[float, ...]:
        moved = [self._outcomes(one, origins) for one in train.series if len(origins := self.origins(one))]
        if not moved:
            raise UserError(f"the training part is shorter than a window and a horizon ({self.reach} steps)")
        spread = np.sqrt(np.nanmean(np.concatenate(moved) ** 2, axis=0))
        return tuple(float(max(step, LEAST)) for step in spread)

    # --- sizes and origins ---------------------------------------------------------------------------

    @property
    def seasons(self) -> tuple[int, ...]:
        """Lengths of the seasons in steps, rising: of hours and half-hours the day and the week."""
        days = self.step not in CALENDAR_STEPS and self.season * seconds_of(self.step) == DAY
        return () if self.season < 2 else (self.season, 7 * self.season) if days else (self.season,)

    @property
    def reach(self) -> int:
        """Steps from the first of a window to the last of its horizon."""
        return self.window + self.horizon

    def sizes(self) -> dict[str, int]:
        """What the builder of a model must know."""
        past = 1 + len(self.past) + len(features.INDICATORS) * self.indicators
        ahead = len(self.known) + features.width(self.calendar)
        outputs = max(1, len(self.quantiles))
        if not self.future:
            return {"features": past + ahead, "outputs": self.horizon * outputs}
        known = ahead + len(self.lags) * (1 + len(self.known))
        sizes = {"features": past + ahead, "known": known, "horizon": self.horizon, "quantiles": outputs}
        return {"window": self.window, **sizes}

    def origins(self, series: Series) -> np.ndarray:
        """(n,) the steps that have a whole window behind and a whole horizon of observed targets ahead."""
        first = max([self.window, *self.lags]) - 1
        if self.anchor == "season":
            first = max(first, self.season - 1)
        if self.anchor == "return":
            first = max(first, 2)
        return np.arange(first, series.observed - self.horizon)

    # --- arrays --------------------------------------------------------------------------------------

    def encode(self, series: Series) -> tuple[np.ndarray, np.ndarray]:
        """Every step as float32: (steps, features) of what is seen, and (steps, known) of what is known ahead."""
        calendar = features.calendar(series.times, self.calendar).astype(np.float32)
        planned = self._scaled(series.known, self.known)
        parts = [self._scaled_target(series).astype(np.float32)[:, None], self._scaled(series.past, self.past)]
        then = np.concatenate([parts[0], planned], 1)
        if self.indicators:
            parts.append(features.indicators(series.target).astype(np.float32))
        back = [_later(then, lag) for lag in self.lags]
        return np.concatenate([*parts, planned, calendar], 1), np.concatenate([planned, calendar, *back], 1)

    def _scaled_target(self, series: Series) -> np.ndarray:
        if self.anchor == "return":
            returns = np.diff(np.log(series.target), prepend=np.nan)
            return np.asarray(np.nan_to_num(returns / features.volatility(series.target, _VOLATILITY)))
        mean, spread = self._scale(series.name)
        return np.asarray((series.target - mean) / spread)

    def _scaled(self, values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        moments = np.array([self.column_scales[name] for name in names]).reshape(-1, 2)
        out = np.empty(values.shape, np.float32)
        for i, (mean, spread) in enumerate(moments):  # a column at a time: no second copy in float64
            out[:, i] = (values[:, i] - mean) / spread
        return out

    def _scale(self, name: str) -> tuple[float, float]:
        if name not in self.scales:
            raise UserError(f"series {name!r} is unseen in training (known: {', '.join(list(self.scales)[:10])})")
        return self.scales[name]

    def start(self, series: Series, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, horizon) float64: where each forecast starts from, and the unit it is counted in."""
        mean, spread = self._scale(series.name)
        shape = (len(origins), self.horizon)
        ahead = np.arange(1, self.horizon + 1)
        if self.anchor == "return":
            moves = features.volatility(series.target, _VOLATILITY)[origins]
            return np.broadcast_to(np.log(series.target[origins])[:, None], shape), moves[:, None] * np.sqrt(ahead)
        unit = np.broadcast_to(spread * np.array(self.spread), shape)
        if self.anchor == "change":
            return np.broadcast_to(series.target[origins][:, None], shape), unit
        if self.anchor == "season":
            back = ahead - self.season * -(-ahead // self.season)
            return series.target[origins[:, None] + back], unit
        return np.full(shape, mean), unit

    def _outcomes(self, series: Series, origins: np.ndarray) -> np.ndarray:
        """(n, horizon) what the network is taught: the targets, from their anchor, in their unit."""
        actual = series.target[origins[:, None] + np.arange(1, self.horizon + 1)]
        start, unit = self.start(series, origins)
        return np.asarray(((np.log(actual) if self.anchor == "return" else actual) - start) / unit)

    def outcomes(self, series: Series, origins: np.ndarray) -> np.ndarray:
        """(n, horizon) float32, see `_outcomes`."""
        return self._outcomes(series, origins).astype(np.float32)

    def decode(self, values: np.ndarray, series: Series, origins: np.ndarray) -> np.ndarray:
        """(n, horizon, any) in the codec's unit -> float64 in the target's."""
        start, unit = self.start(series, origins)
        out = start[..., None] + unit[..., None] * values.astype(np.float64)
        return np.asarray(np.exp(out) if self.anchor == "return" else out)

    def code(self, values: np.ndarray, series: Series, origins: np.ndarray) -> np.ndarray:
        """(n, horizon) in the target's unit -> float64 in the codec's: what `decode` undoes."""
        start, unit = self.start(series, origins)
        out = np.log(np.maximum(values, LEAST)) if self.anchor == "return" else values
        return np.asarray((out - start) / unit)

    def extended(self, series: Series) -> Series:
        """The series with times for one whole horizon after the last observed step.

        Raises:
            UserError: columns known in advance that do not reach that far.
        """
        missing = self.horizon - (len(series) - series.observed)
        if missing <= 0:
            return series.take(slice(0, series.observed + self.horizon))
        if self.known and self.future:
            raise UserError(
                f"the forecast needs {', '.join(self.known)} for {missing} more step(s)",
                f"append rows with the known columns and an empty {self.target_name}",
            )

        def longer(values: np.ndarray) -> np.ndarray:
            return np.concatenate([values, np.full((missing, *values.shape[1:]), np.nan)])

        times = np.concatenate([series.times, following(series.times, self.step, missing)])
        return Series(series.name, times, longer(series.target), longer(series.known), longer(series.past))

    # --- files ---------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write codec.json."""
        (folder / FILE).write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SeriesCodec:
        """Read what `save` wrote.

        Raises:
            UserError: missing or damaged.
        """
        try:
            return cls.from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(f"{folder}: the codec is missing or damaged: {error}") from None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SeriesCodec:
        """Rebuild a codec; the fields must be exactly ours, or those of bundle format 1.

        Raises:
            ValueError: a missing or foreign field, or a number that is not finite.
        """
        names = {f.name for f in dataclasses.fields(cls)}
        if isinstance(values, dict) and "anchor" not in values:
            values = {_OF_FORMAT_1.get(str(key), str(key)): value for key, value in values.items()}
        if not isinstance(values, dict) or set(values) != names:
            raise ValueError(f"a series codec has the fields {', '.join(sorted(names))}")
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        for key in ("scales", "column_scales"):
            plain[key] = {str(k): (float(v[0]), float(v[1])) for k, v in values[key].items()}
        numbers = [x for key in ("scales", "column_scales") for pair in plain[key].values() for x in pair]
        if not np.isfinite([*numbers, *plain["spread"]]).all():
            raise ValueError("the scales are not finite")
        return cls(**plain)


def _later(values: np.ndarray, lag: int) -> np.ndarray:
    """Each row `lag` rows later; zeros before the first."""
    out = np.zeros_like(values)
    out[lag:] = values[:-lag]
    return out
