"""Daily prices: Yahoo Finance through yfinance with a dated cache, or the sample that ships as an extra."""

from __future__ import annotations

import csv
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import fetch
from seqzoo.errors import UserError, nearest, needs
from seqzoo.files import writing
from seqzoo.report import JSON

COLUMNS = ("open", "high", "low", "close", "volume")
SAMPLE = ("AAPL", "GOOG", "IBM", "MSFT")
PAST = ("open", "high", "low", "volume")
_WAITS_S = (2, 5, 15)
_LOGGERS = ("yfinance", "peewee")
Prices = dict[str, np.ndarray]


def load(ticker: str, start: str, end: str, source: str) -> tuple[Prices, dict[str, JSON]]:
    """Prices by column, `time` as datetime64[s], adjusted for splits and dividends; and where they come from.

    Raises:
        UserError: an unknown ticker, no prices, or no network and no cache.
    """
    if not ticker:
        raise UserError("which stock?", "seqzoo forecast --ticker AAPL")
    everything, facts = _sample(ticker) if source == "sample" else _yahoo(ticker.upper(), start, end)
    kept = np.ones(len(everything["time"]), bool)
    for text, compare in ((start, np.greater_equal), (end, np.less)):
        if text:
            kept &= compare(everything["time"], _day(text))
    prices = {name: column[kept] for name, column in everything.items()}
    if not kept.any():
        raise UserError(f"{ticker}: no prices from {start or 'the start'} to {end or 'now'}")
    facts |= {"first day": str(prices["time"][0])[:10], "last day": str(prices["time"][-1])[:10]}
    return prices, facts


def _day(text: str) -> np.datetime64:
    try:
        return np.datetime64(date.fromisoformat(text), "s")
    except ValueError:
        raise UserError(f"{text!r} is not a date: write 2015-01-31") from None


def _sample(ticker: str) -> tuple[Prices, dict[str, JSON]]:
    with needs("the sample of prices", "sample"):
        from bokeh_sampledata import stocks
    if ticker.upper() not in SAMPLE:
        raise UserError(f"the sample has no {ticker!r}: {nearest(ticker.upper(), SAMPLE)}")
    raw = getattr(stocks, ticker.upper())
    adjust = np.array(raw["adj_close"], float) / np.array(raw["close"], float)
    prices = {name: np.array(raw[name], float) * adjust for name in COLUMNS[:-1]}
    prices |= {"volume": np.array(raw["volume"], float), "time": np.array(raw["date"], "M8[s]")}
    return prices, {"name": f"{ticker.upper()} (sample)", "licence": "public domain", "url": "bokeh-sampledata"}


def _yahoo(ticker: str, start: str, end: str) -> tuple[Prices, dict[str, JSON]]:
    """Today's cache, else Yahoo, else the newest older cache."""
    folder = fetch.folder() / "prices"
    stem = f"{''.join(c if c.isalnum() or c in '-.' else '_' for c in ticker)}_{start or 'all'}_{end or 'now'}"
    today = folder / f"{stem}_{date.today().isoformat()}.csv"
    facts: dict[str, JSON] = {
        "name": ticker,
        "licence": "Yahoo's terms: personal use",
        "url": "https://finance.yahoo.com",
    }
    if today.is_file():
        return _read(today), facts
    try:
        prices = _checked(ticker, _asked(ticker, start, end))
    except UserError:
        raise
    except Exception as error:  # yfinance lets its transport's errors through, whichever that is
        if getattr(getattr(error, "response", None), "status_code", None) == 404:
            raise _unknown(ticker, error) from None
        older = sorted(folder.glob(f"{stem}_*.csv"))
        if older:
            return _read(older[-1]), facts | {"fetched": older[-1].stem[-10:] + " (no network today)"}
        hint = f"seqzoo forecast --ticker {nearest_sample(ticker)} --source sample"
        raise UserError(f"Yahoo Finance did not answer for {ticker}: {_cause(error)}", hint) from None
    _write(today, prices)
    return prices, facts | {"fetched": date.today().isoformat()}


def nearest_sample(ticker: str) -> str:
    """The ticker itself where the sample holds it, else AAPL."""
    return ticker if ticker in SAMPLE else "AAPL"


def _asked(ticker: str, start: str, end: str) -> Any:
    """Ask yfinance; every option that has changed its default before is given; wait when told to."""
    if "tensorflow" in sys.modules and "curl_cffi" not in sys.modules:
        raise UserError("TensorFlow was imported first, and its TLS library breaks yfinance's", "import yfinance first")
    import yfinance
    from yfinance.exceptions import YFRateLimitError, YFTickerMissingError

    yfinance.config.debug.hide_exceptions = False  # or it logs an error and returns an empty frame
    when: dict[str, Any] = {"start": start, "end": end or None} if start else {"period": "max"}
    for wait in (*_WAITS_S, None):
        try:
            with _silent():
                return yfinance.Ticker(ticker).history(
                    interval="1d", auto_adjust=True, actions=False, back_adjust=False, **when
                )
        except YFTickerMissingError as error:
            raise _unknown(ticker, error) from None
        except YFRateLimitError:
            if wait is None:
                raise UserError(
                    f"Yahoo Finance limits how often it answers, and still refuses {ticker} after {sum(_WAITS_S)} s",
                    f"wait a while, or: seqzoo forecast --ticker {nearest_sample(ticker)} --source sample",
                ) from None
            time.sleep(wait)
    raise AssertionError("unreachable")


@contextmanager
def _silent() -> Iterator[None]:
    """What yfinance logs and warns of on its way is told by us, once, in our own words."""
    import warnings

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own quarrels with pandas
            for logger in loggers:
                logger.disabled = True
            yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def _checked(ticker: str, frame: Any) -> Prices:
    """Columns by name, whether or not yfinance gives them two levels."""
    if getattr(frame.columns, "nlevels", 1) > 1:
        frame = frame.droplevel([i for i in range(frame.columns.nlevels) if i], axis=1)
    frame = frame.rename(columns=str.lower)
    missing = [name for name in COLUMNS if name not in frame.columns]
    if frame.empty:
        raise _unknown(ticker, "an empty table")
    if missing:
        raise UserError(f"Yahoo Finance answered for {ticker} without {', '.join(missing)}")
    frame = frame[frame["close"].notna() & (frame["close"] > 0)]
    index = frame.index.tz_localize(None) if frame.index.tz is not None else frame.index
    prices = {name: frame[name].to_numpy(float) for name in COLUMNS}
    return prices | {"time": index.to_numpy().astype("M8[D]").astype("M8[s]")}


def _unknown(ticker: str, error: Exception | str) -> UserError:
    said = f"Yahoo Finance has no prices for {ticker!r}: misspelt or delisted? ({error})"
    return UserError(said[:300], "a ticker looks like AAPL")


def _cause(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _write(path: Path, prices: Prices) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path) as file:
        writer = csv.writer(file)
        writer.writerow(["time", *COLUMNS])
        writer.writerows(zip(prices["time"].astype(str), *(prices[name] for name in COLUMNS), strict=True))


def _read(path: Path) -> Prices:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    prices = {name: np.array([row[name] for row in rows], float) for name in COLUMNS}
    return prices | {"time": np.array([row["time"] for row in rows], "M8[s]")}


def relative(prices: Prices) -> np.ndarray:
    """(days, 4) open, high and low as logarithms relative to the close, volume to its last 20 days' mean."""
    close = np.log(prices["close"])
    volume = np.log1p(prices["volume"])
    sums = np.cumsum(np.concatenate([[0.0], volume]))
    index = np.arange(1, len(volume) + 1)
    start = np.maximum(0, index - 20)
    usual = (sums[index] - sums[start]) / (index - start)
    return np.stack([*(np.log(prices[k]) - close for k in ("open", "high", "low")), volume - usual], 1)
