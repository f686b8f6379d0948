"""The public series: where each comes from, under which licence, and which of its columns are what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.registry import dataset
from seqzoo.report import JSON
from seqzoo.tasks.forecast import prices, table
from seqzoo.tasks.forecast.axis import check_axis
from seqzoo.tasks.forecast.options import DataOptions
from seqzoo.tasks.forecast.panel import Panel, Series

Facts = dict[str, JSON]
Columns = tuple[table.Columns, DataOptions]


def _defaults(options: DataOptions, **values: Any) -> DataOptions:
    """The recipe's options over the data set's own."""
    return replace(options, **{key: getattr(options, key) or value for key, value in values.items()})


@dataset("sine", task="forecast", url="", file="", hash="", size_mb=0, licence="none needed")
def sine(options: DataOptions) -> tuple[Panel, Facts]:
    """sin(linspace(0, 100, 1000)), a point a second."""
    times = np.datetime64("2000-01-01", "s") + np.arange(1000)
    empty = np.empty((1000, 0))
    return Panel((Series("", times, np.sin(np.linspace(0, 100, 1000)), empty, empty),), "sine", (), (), "1s"), {}


@dataset(
    "prices", task="forecast", url="https://finance.yahoo.com", file="", hash="", size_mb=0.3,
    licence="Yahoo's terms; the sample is public domain",
)  # fmt: skip
def stock_prices(options: DataOptions) -> tuple[Panel, Facts]:
    """Daily prices of one ticker, by yfinance or from the sample."""
    columns, facts = prices.load(options.ticker, options.start, options.end, options.source)
    nothing = np.empty((len(columns["time"]), 0))
    past = prices.relative(columns) if options.past else nothing
    rows = Series(options.ticker.upper(), columns["time"], columns["close"], nothing, past)
    series, step, mended = check_axis(rows, options.mend, "day")
    names = prices.PAST if options.past else ()
    return Panel((series,), "close", (), names, step), facts | {"mended": mended}


@dataset(
    "pjme", task="forecast", file="energy/PJME_hourly.csv", hash="", size_mb=4,
    url="https://www.kaggle.com/datasets/robikscube/hourly-energy-consumption", licence="not stated",
    by_hand="download PJME_hourly.csv, which needs an account",
)  # fmt: skip
def pjme(path: Path, options: DataOptions) -> Columns:
    """Hourly load of PJM East in MW, 2002-2018, in local time."""
    columns = table.read(path)
    names = {"Datetime": "ds", "PJME_MW": "y"}  # as published -> as here
    columns = {names.get(name, name): values for name, values in columns.items()}
    return columns, _defaults(options, time="ds", target="y", mend=("sort", "duplicates", "gaps"))


@dataset(
    "victoria", task="forecast", file="energy/vic_elec.csv", hash="", size_mb=2.3,
    url="https://github.com/tidyverts/tsibbledata/tree/master/data-raw/vic_elec", licence="GPL-3, as tsibbledata",
    by_hand="export it from R: write.csv(tsibbledata::vic_elec, 'vic_elec.csv')",
)  # fmt: skip
def victoria(path: Path, options: DataOptions) -> Columns:
    """Half-hourly electricity demand of Victoria in MW with temperature and holidays, 2012-2014; hourly means."""
    columns = table.read(path)
    return columns, _defaults(options, time="Time", target="Demand", known=("Temperature", "Holiday"), every="1h")


@dataset(
    "beijing", task="forecast", file="weather/beijing_pm25.csv", hash="", size_mb=1.9,
    url="https://archive.ics.uci.edu/static/public/381/beijing+pm2+5+data.zip", licence="CC BY 4.0",
)  # fmt: skip
def beijing(path: Path, options: DataOptions) -> Columns:
    """Hourly weather of Beijing, 2010-2014: temperature with dew point, pressure, wind, rain and snow."""
    columns = table.read(path)
    parts = zip(*(columns[k] for k in ("year", "month", "day", "hour")), strict=True)
    columns["time"] = [f"{y}-{int(m):02}-{int(d):02} {int(h):02}:00:00" for y, m, d, h in parts]
    wind = columns["cbwd"]
    columns |= {f"wind {way}": [str(int(value == way)) for value in wind] for way in ("NE", "NW", "SE")}
    past = ("DEWP", "PRES", "Iws", "Is", "Ir", "wind NE", "wind NW", "wind SE")
    return columns, _defaults(options, time="time", target="TEMP", past=past)


@dataset(
    "jena", task="forecast", file="weather/jena_climate_2009_2016.csv", hash="", size_mb=43,
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/jena_climate_2009_2016.csv.zip",
    licence="not stated",
)  # fmt: skip
def jena(path: Path, options: DataOptions) -> Columns:
    """Weather of Jena, 2009-2016, 14 columns; temperature is the target; every sixth of the ten-minute rows."""
    columns = table.read(path)
    hourly = [i for i, time in enumerate(columns["Date Time"]) if time.endswith(":00:00")]
    columns = {name: _without_sentinel([values[i] for i in hourly]) for name, values in columns.items()}
    past = tuple(name for name in columns if name not in ("Date Time", "T (degC)"))
    mend = ("sort", "duplicates", "gaps")
    return columns, _defaults(options, time="Date Time", target="T (degC)", past=past, mend=mend)


def _without_sentinel(values: list[str]) -> list[str]:
    """The wind's -9999 (no measurement) becomes the value before it."""
    for i in range(1, len(values)):
        if values[i].startswith("-9999"):
            values[i] = values[i - 1]
    return values


@dataset(
    "rossmann", task="forecast", file="retail/rossmann_top100.csv", hash="", size_mb=4,
    url="https://www.kaggle.com/competitions/rossmann-store-sales", licence="Kaggle's competition terms",
    by_hand="download train.csv, which needs an account",
)  # fmt: skip
def rossmann(path: Path, options: DataOptions) -> Columns:
    """Daily sales of 100 Rossmann stores with opening days, promotions and school holidays, 2013-2015."""
    columns = table.read(path)
    known = ("Open", "Promo", "SchoolHoliday")
    mend = ("sort", "gaps")
    return columns, _defaults(options, time="Date", target="Sales", known=known, series="Store", mend=mend)


@dataset(
    "etth1", task="forecast", file="ett/ETTh1.csv", hash="", size_mb=2.5,
    url="https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv", licence="CC BY-ND 4.0",
)  # fmt: skip
def etth1(path: Path, options: DataOptions) -> Columns:
    """Hourly oil temperature of a transformer with six loads, 2016-2018."""
    past = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL")
    return table.read(path), _defaults(options, time="date", target="OT", past=past)


@dataset(
    "passengers", task="forecast", file="classic/AirPassengers.csv", hash="", size_mb=0.01,
    url="https://raw.githubusercontent.com/unit8co/darts/master/datasets/AirPassengers.csv", licence="public domain",
)  # fmt: skip
def passengers(path: Path, options: DataOptions) -> Columns:
    """Monthly airline passengers, 1949-1960."""
    return table.read(path), _defaults(options, time="Month", target="#Passengers")
