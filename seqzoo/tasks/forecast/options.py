"""What a recipe of this room may say: pure data, no heavy imports."""

from __future__ import annotations

from dataclasses import dataclass

from seqzoo.errors import nearest
from seqzoo.options import Flag, parts_of

FEW = "few"
MENDS = ("sort", "duplicates", "gaps", FEW)
CALENDAR = ("hour", "weekday", "yearday", "month", "trend")
ANCHORS = ("level", "change", "season", "return")
NETWORK_OPTIONAL = True  # architecture = "none": simple forecasts alone
RENAMED: dict[str, tuple[str, dict[str, str]]] = {"target": ("anchor", {})}  # [codec] of 0.3.0 and before
FLAGS = {
    "time": Flag("Its column of times."),
    "target": Flag("Its column to forecast."),
    "ticker": Flag("A stock, by its symbol: AAPL.", "TICKER"),
    "source": Flag("Of its prices: yahoo, or sample.", "SOURCE"),
}


@dataclass(frozen=True)
class DataOptions:
    """Which series. Either a registered data set, or a file with its column names.

    Attributes:
        time: the column of times; empty: the only column that looks like one.
        target: the column to forecast; empty: the only numeric column.
        known: columns known in advance over the horizon (holidays, promotions, a weather forecast).
        past: columns known only up to now.
        series: the column that names the series, where a file holds many; one model learns all of them.
        ticker: for prices: which one; `start` and `end` are ISO dates, `end` exclusive.
        source: for prices: "yahoo", or "sample" (2000-2013, ships in `seqzoo[sample]`).
        every: resample to this step ("1h", "1D"): means for numbers; empty: as it is.
        mend: problems of the time axis to mend instead of refusing: "sort", "duplicates" (mean), "gaps" (linear), or
            "few": whatever concerns no more than one step in a hundred.
        validation: share of the time axis, just before test; test: its last share.
    """

    dataset: str = ""
    path: str = ""
    time: str = ""
    target: str = ""
    known: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    series: str = ""
    ticker: str = ""
    start: str = ""
    end: str = ""
    source: str = "yahoo"
    every: str = ""
    mend: tuple[str, ...] = ()
    validation: float = 0.15
    test: float = 0.2

    def problems(self) -> list[str]:
        """List what is out of range."""
        problems = parts_of("time axis", self, 0.6)
        if self.source not in ("yahoo", "sample"):
            problems.append(f"data.source = {self.source!r}: {nearest(self.source, ('yahoo', 'sample'))}")
        problems += [f"data.mend: {word!r}: {nearest(word, MENDS)}" for word in self.mend if word not in MENDS]
        both = {self.target, *self.past} & set(self.known)
        if both:
            problems.append(f"data.known: {', '.join(sorted(both))} is the target or a past column as well")
        return problems


@dataclass(frozen=True)
class CodecOptions:
    """How series become numbers.

    Attributes:
        window: steps that the network reads; horizon: steps that it forecasts, all in one pass.
        anchor: where a forecast starts from: "level": nowhere; "change": the last value; "season": one season ago;
            "return": the last value, as a logarithmic return over its recent volatility (prices).
        season: steps of one season, for "season" and for the seasonal baselines; 0: from the step.
        calendar: features of the time of each step, known in advance.
        indicators: RSI, MACD, Bollinger position and volatility of the target as past columns.
        future: hand the columns known in advance, over the horizon, to the network as a second input.
        lags: steps back, at least `horizon`: target and known columns of then beside each step ahead.
        quantiles: what the network estimates at each step; empty: one number, the mean or median.
        stride: steps from one training window to the next.
    """

    window: int = 60
    horizon: int = 1
    anchor: str = "level"
    season: int = 0
    calendar: tuple[str, ...] = ()
    indicators: bool = False
    future: bool = False
    lags: tuple[int, ...] = ()
    quantiles: tuple[float, ...] = ()
    stride: int = 1

    def problems(self) -> list[str]:
        """List what is out of range."""
        problems = [f"codec.{k} must be at least 1" for k in ("window", "horizon", "stride") if getattr(self, k) < 1]
        if self.season < 0:
            problems.append("codec.season must be 0 (from the step) or more")
        if self.anchor not in ANCHORS:
            problems.append(f"codec.anchor = {self.anchor!r}: {nearest(self.anchor, ANCHORS)}")
        problems += [f"codec.calendar: {w!r}: {nearest(w, CALENDAR)}" for w in self.calendar if w not in CALENDAR]
        if list(self.quantiles) != sorted(set(self.quantiles)) or not all(0 < q < 1 for q in self.quantiles):
            problems.append("codec.quantiles must rise, between 0 and 1")
        if self.lags and (min(self.lags) < self.horizon or not self.future):
            problems.append("codec.lags must be at least the horizon, and need future = true")
        if self.quantiles and 0.5 not in self.quantiles:
            problems.append("codec.quantiles must hold 0.5, the forecast itself")
        return problems


@dataclass(frozen=True)
class DecideOptions:
    """Who answers, and with which intervals.

    Attributes:
        levels: shares of the outcomes that intervals should hold.
        answer: "network"; "best", by weights over the network and all simple forecasts; or a simple forecast by name.
        periods: parts of the test part; with more than one, all is fitted anew on what lies before each.
        refit: fit what answers on everything, test part and all, once it has been judged, and before each period.
    """

    levels: tuple[float, ...] = (0.8, 0.95)
    answer: str = "network"
    periods: int = 1
    refit: bool = True

    def problems(self) -> list[str]:
        """List what is out of range."""
        rising = bool(self.levels) and list(self.levels) == sorted(set(self.levels))
        inside = all(0 < level < 1 for level in self.levels)
        problems = [] if rising and inside else ["decide.levels must rise, between 0 and 1"]
        return problems + ([] if 1 <= self.periods <= 50 else ["decide.periods must be 1 to 50"])
