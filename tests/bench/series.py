"""What `seqzoo forecast` answers on many series, beside the best simple forecast, and beside statsforecast.

    python tests/bench/series.py [--network] [--beside] [NAME ...]

Without --network the simple forecasts answer alone. --beside needs `pip install statsforecast`. Sources and licences:

    made here: walks, noises, trend, shift, seasons         none needed
    classic/ of SEQZOO_DATA: passengers, milk, sunspots,    public domain (passengers, milk, sunspots, temperatures,
        temperatures, taylor, gasoline, exchange rates      gasoline, rates); taylor: GPL-3, R package forecast
    energy/: PJM East, Victoria                             not stated; GPL-3, tsibbledata
    ett/, weather/, retail/: ETTh1, Beijing, Rossmann       CC BY-ND 4.0; CC BY 4.0; Kaggle's competition terms
    statsmodels: co2, elnino, nile, sunspots, macrodata,    public domain, as statsmodels states; equipment: Eurostat
        electrical equipment                                reuse notice
    bokeh_sampledata: AAPL, IBM, MSFT, GOOG                 public domain, as Bokeh states
"""

import argparse
import csv
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from seqzoo import corridor, recipe
from seqzoo.corridor import Work
from seqzoo.tasks.forecast import data
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.room import ROOM
from seqzoo.tasks.forecast.steps import following, season_of
from seqzoo.tasks.forecast.suit import suited

LONG = 8000  # steps of a long series that are looked at, the newest
ORIGINS = 6  # that statsforecast is asked from: it fits anew at each


class Case(NamedTuple):
    """A series, its step, and how far to look ahead."""

    values: np.ndarray
    step: str
    horizon: int

    @property
    def panel(self) -> Panel:
        first = np.array(["2000-01-03"], "M8[s]")
        times = np.concatenate([first, following(first, self.step, len(self.values) - 1)])
        nothing = np.empty((len(times), 0))
        return Panel((Series("", times, self.values.astype(float), nothing, nothing),), "y", (), (), self.step)


def made() -> Iterator[tuple[str, Case]]:
    """Series of which the truth is known."""
    for k, n in enumerate([400, 700, 1000, 2000] * 2 + [400, 700]):
        random = np.random.default_rng(100 + k)
        moves = random.normal(0, 1, n) if k < 7 else random.standard_t(4, n)
        yield f"walk {k}", Case(100 + np.cumsum(moves + 0.02 * (k == 5)), "1D", 24 if k == 9 else 5)
    for k, n in enumerate((300, 600, 1000)):
        yield f"noise {k}", Case(np.random.default_rng(200 + k).normal(10, 2, n), "1D", 7)
    random = np.random.default_rng(300)
    yield "trend", Case(50 + 0.1 * np.arange(600) + random.normal(0, 5, 600), "1D", 7)
    yield "shift in test", Case(20 + random.normal(0, 1.5, 600) + 8 * (np.arange(600) >= 520), "1D", 7)
    months = np.arange(240)
    grows = (50 + 0.5 * months) * (1 + 0.3 * np.sin(2 * np.pi * months / 12)) * np.exp(random.normal(0, 0.05, 240))
    yield "growing season", Case(grows, "month", 12)
    yield "intermittent", Case(np.where(random.random(700) < 0.25, random.poisson(4, 700) + 1, 0), "1D", 7)
    lasting = np.zeros(800)
    for i in range(1, 800):
        lasting[i] = 0.8 * lasting[i - 1] + random.normal()
    yield "lasting noise", Case(lasting + 10, "1D", 7)
    halves = np.arange(48 * 120)
    noise = np.convolve(random.normal(0, 20, len(halves) + 20), np.ones(21) / 4, "valid")
    day = np.cos(2 * np.pi * halves / 48)
    yield "two seasons", Case(1000 + 200 * day + 120 * ((halves // 48) % 7 >= 5) * day + noise, "30min", 48)
    days = np.arange(900)
    week = 25 * np.isin(days % 7, [4, 5]) + 10 * np.sin(2 * np.pi * days / 365)
    yield "week and year", Case(100 + week + random.normal(0, 6, 900), "1D", 7)


def column(name: str, wanted: str | int) -> np.ndarray:
    """A column of a file of SEQZOO_DATA as numbers; what is none is left out."""
    with (Path(os.environ["SEQZOO_DATA"]) / name).open(encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    place = wanted if isinstance(wanted, int) else header.index(wanted)
    out = []
    for row in rows:
        try:
            out.append(float(row[place]))
        except (ValueError, IndexError):
            continue
    return np.array(out)


def found() -> Iterator[tuple[str, Case]]:
    """Series of SEQZOO_DATA."""
    passengers, milk = column("classic/AirPassengers.csv", 1), column("classic/monthly-milk.csv", 1)
    yield "passengers", Case(passengers, "month", 12)
    yield "passengers, five years", Case(passengers[:60], "month", 12)
    yield "milk", Case(milk, "month", 12)
    yield "milk, five years", Case(milk[:60], "month", 3)
    yield "sunspots by month", Case(column("classic/monthly-sunspots.csv", 1), "month", 12)
    yield "taylor", Case(column("classic/taylor.csv", 0), "30min", 48)
    yield "temperatures", Case(column("classic/temps.csv", 1), "1D", 7)
    yield "gasoline", Case(column("classic/us_gasoline.csv", 1)[::-1], "7D", 8)
    for i in (0, 3, 7):
        yield f"exchange rate {i}", Case(column("classic/exchange_rate.csv", i)[-3000:], "business day", 5)
    load, demand = column("energy/PJME_hourly.csv", "y"), column("energy/vic_elec.csv", "Demand")
    yield "PJM East by hour", Case(load[-LONG:], "1h", 24)
    yield "PJM East by day", Case(load[-36_000:].reshape(-1, 24).sum(1), "1D", 7)
    yield "Victoria by half-hour", Case(demand[-LONG:], "30min", 48)
    yield "Victoria by day", Case(demand[: len(demand) // 48 * 48].reshape(-1, 48).sum(1), "1D", 7)
    yield "Victoria's temperature", Case(column("energy/vic_elec.csv", "Temperature")[-LONG:], "30min", 48)
    yield "ETTh1 OT", Case(column("ett/ETTh1.csv", "OT")[-LONG:], "1h", 24)
    yield "ETTh1 HUFL", Case(column("ett/ETTh1.csv", "HUFL")[-LONG:], "1h", 24)
    yield "Beijing's temperature", Case(column("weather/beijing_pm25.csv", "TEMP")[-LONG:], "1h", 24)
    dust = column("weather/beijing_pm25.csv", "pm2.5")
    yield "Beijing's dust by day", Case(dust[: len(dust) // 24 * 24].reshape(-1, 24).mean(1), "1D", 7)
    shops, sales = column("retail/rossmann_top100.csv", "Store"), column("retail/rossmann_top100.csv", "Sales")
    every = [sales[shops == shop] for shop in np.unique(shops)]
    whole = [one for one in every if len(one) == max(map(len, every))]
    for i in (0, 30, 60):
        yield f"shop {i}", Case(whole[i], "1D", 7)
    yield "all shops", Case(np.sum(whole, 0), "1D", 7)


def packaged() -> Iterator[tuple[str, Case]]:
    """Series that ride in other packages."""
    import statsmodels.api as sm
    from bokeh_sampledata import stocks
    from statsmodels.datasets import elec_equip

    weeks = sm.datasets.co2.load_pandas().data["co2"].interpolate().to_numpy()
    yield "co2 by week", Case(weeks, "7D", 8)
    yield "equipment", Case(elec_equip.load().data.iloc[:, 0].to_numpy(), "month", 12)
    yield "El Nino", Case(sm.datasets.elnino.load_pandas().data.iloc[:, 1:].to_numpy().ravel(), "month", 12)
    yield "Nile", Case(sm.datasets.nile.load_pandas().data["volume"].to_numpy(), "year", 1)
    yield "sunspots by year", Case(sm.datasets.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy(), "year", 4)
    macro = sm.datasets.macrodata.load_pandas().data
    for name in ("realgdp", "cpi", "unemp", "realinv"):
        yield name, Case(macro[name].to_numpy(), "quarter", 4)
    for ticker in ("AAPL", "IBM", "MSFT", "GOOG"):
        yield ticker, Case(np.array(getattr(stocks, ticker)["adj_close"])[-1500:], "business day", 5)


class Outcome(NamedTuple):
    """How one series went.

    Attributes:
        ours: mean absolute error; hindsight: over that of the best simple forecast, known afterwards; chosen: over that
            of the one that validation chose; last: over that of the last value.
        held: shares of what came that the 80 and 95 % intervals held.
        others: for each of statsforecast's, ours over its error from the same origins, and its seconds for one fit.
    """

    n: int
    ours: float
    hindsight: float
    chosen: float
    last: float
    held: tuple[float, float]
    seconds: float
    others: dict[str, tuple[float, float]]


def run(case: Case, network: bool, beside: bool) -> Outcome:
    """Walk the corridor with one series."""
    plain = ['data.dataset=""', "data.path=x", "decide.answer=best", "decide.refit=false"]
    asked = suited(recipe.load("series-gru", plain), case.panel, case.horizon, network=None if network else False)
    chosen = recipe.load("series-gru", [*plain, *asked])
    splits = data.split(case.panel, chosen.data, {"name": "a series", "licence": "see above"})
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        report = corridor.walk(replace(ROOM, load=lambda options, quiet: splits), chosen, out, Work(quiet=True))
        seconds = time.perf_counter() - started
        forecaster = ROOM.predictor(out)
    candidates = {one["name"]: one for one in report.more["candidates"] if one["name"] != "network"}
    best = min(candidates.values(), key=lambda one: one["validation"])
    errors = {name: one.value for name, one in report.baselines.items()}
    held = tuple(report.more["coverage"].values())
    ratios = [report.value / one for one in (min(errors.values()), errors[best["name"]], errors["last value"])]
    others = statsforecast(case, forecaster, splits) if beside else {}
    return Outcome(report.n, report.value, *ratios, held, seconds, others)


def statsforecast(case: Case, forecaster, splits) -> dict[str, tuple[float, float]]:
    """AutoETS, AutoTheta and AutoARIMA, fitted anew at each of a few origins of the test part."""
    from statsforecast.models import AutoARIMA, AutoETS, AutoTheta

    from seqzoo.tasks.forecast.windows import EncodedPanel, origins_between

    encoded = EncodedPanel(forecaster.codec, case.panel.series)
    at = origins_between(forecaster.codec, case.panel, splits.ends[1])
    at = at.take(np.unique(np.linspace(0, len(at) - 1, ORIGINS).astype(int)))
    ours = np.abs(forecaster.backtest(encoded, at)[..., 0] - encoded.actual(at)).mean()
    out = {}
    for kind in (AutoETS, AutoTheta, AutoARIMA):
        errors, started = [], time.perf_counter()
        for origin, actual in zip(at.steps, encoded.actual(at), strict=True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = kind(season_length=max(1, season_of(case.step)))
                said = model.forecast(y=case.values[: origin + 1].astype(float), h=case.horizon)["mean"]
            errors.append(np.abs(said - actual).mean())
        out[kind.__name__] = (ours / float(np.mean(errors)), (time.perf_counter() - started) / len(at))
    return out


def geometric(values: list[float]) -> float:
    return float(np.exp(np.mean(np.log(values))))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args()
    sources: tuple[Callable[[], Iterator[tuple[str, Case]]], ...] = (made, found, packaged)
    cases = {name: case for source in sources for name, case in source() if not asked.names or name in asked.names}
    console, outcomes = Console(width=150), {}
    table = Table(
        "series", "steps", "ahead", "forecasts", "MAE", "/ best", "/ chosen", "/ last", "80 %", "95 %", "s", box=None
    )
    for name, case in cases.items():
        one = outcomes[name] = run(case, asked.network, asked.beside and len(case.values) <= 1000)
        ratios = (f"{ratio:.3f}" for ratio in (one.hindsight, one.chosen, one.last))
        held = (f"{share:.1%}" for share in one.held)
        sizes = (str(len(case.values)), str(case.horizon), str(one.n))
        table.add_row(name, *sizes, f"{one.ours:.4g}", *ratios, *held, f"{one.seconds:.1f}")
        console.print(name, round(one.hindsight, 3), one.others or "")
    console.print(table)
    summary(console, outcomes)


def summary(console: Console, outcomes: dict[str, Outcome]) -> None:
    all_of = list(outcomes.values())
    held = [float(np.mean([one.held[i] for one in all_of])) for i in (0, 1)]
    console.print(
        f"{len(all_of)} series: {geometric([one.hindsight for one in all_of]):.3f} of the best simple forecast, "
        f"{geometric([one.chosen for one in all_of]):.3f} of the one chosen on validation, worst "
        f"{max(one.hindsight for one in all_of):.3f}; "
        f"intervals hold {held[0]:.1%} and {held[1]:.1%}"
    )
    low = [name for name, one in outcomes.items() if one.n >= 100 and (one.held[0] < 0.7 or one.held[1] < 0.88)]
    console.print(f"of 100 or more forecasts, below 70 or 88 %: {', '.join(low) or 'none'}")
    for kind in ("AutoETS", "AutoTheta", "AutoARIMA"):
        both = [one.others[kind] for one in all_of if one.others]
        if both:
            ratio, seconds = geometric([one for one, _ in both]), np.median([one for _, one in both])
            console.print(f"{ratio:.3f} of {kind} on {len(both)} series, {seconds:.2f} s for one of its fits")


if __name__ == "__main__":
    main()
