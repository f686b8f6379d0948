"""yfinance in every mood it is known to have; the sample; the cache."""

import datetime
import http.server
import json
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from yfinance import exceptions

from seqzoo.errors import UserError
from seqzoo.tasks.forecast import prices


def frame(days=5, two_levels=False, zone="America/New_York", **changes):
    index = pd.date_range("2024-06-03", periods=days, freq="B", tz=zone, name="Date")
    found = pd.DataFrame({"Open": 10.0, "High": 12.0, "Low": 9.0, "Close": 11.0, "Volume": 100}, index=index)
    found = found.assign(**changes)
    if two_levels:
        found.columns = pd.MultiIndex.from_product([found.columns, ["AAPL"]], names=["Price", "Ticker"])
    return found


@pytest.fixture
def yahoo(monkeypatch, tmp_path):
    """Lets a test say what `Ticker.history` answers, one answer or error for each call; records the calls."""
    import yfinance

    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    monkeypatch.setattr(prices.time, "sleep", lambda seconds: None)
    calls, answers = [], []

    class Ticker:
        def __init__(self, name):
            self.name = name

        def history(self, **options):
            calls.append((self.name, options))
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

    monkeypatch.setattr(yfinance, "Ticker", Ticker)
    return calls, answers


def test_every_option_that_changed_its_default_is_given(yahoo):
    calls, answers = yahoo
    answers.append(frame())
    found, facts = prices.load("aapl", "2024-01-01", "", "yahoo")
    name, options = calls[0]
    assert name == "AAPL" and options["start"] == "2024-01-01"
    assert {"auto_adjust": True, "actions": False, "interval": "1d"}.items() <= options.items()
    assert found["close"].tolist() == [11.0] * 5 and str(found["time"][0]) == "2024-06-03T00:00:00"
    assert facts["last day"] == "2024-06-07"


def test_columns_of_two_levels_and_times_without_a_zone(yahoo):
    _, answers = yahoo
    answers.append(frame(two_levels=True, zone=None))
    assert set(prices.load("AAPL", "", "", "yahoo")[0]) == {*prices.COLUMNS, "time"}


def test_a_missing_column_and_missing_closes(yahoo):
    _, answers = yahoo
    answers.append(frame().drop(columns="Volume"))
    with pytest.raises(UserError, match="without volume"):
        prices.load("AAPL", "", "", "yahoo")
    answers[0] = frame(Close=[11.0, np.nan, 12.0, 0.0, 13.0])
    assert prices.load("AAPL", "", "", "yahoo")[0]["close"].tolist() == [11.0, 12.0, 13.0]


@pytest.mark.parametrize("answer", [frame(0), exceptions.YFPricesMissingError("XYZ", "delisted")])
def test_delisted_or_misspelt(yahoo, answer):
    _, answers = yahoo
    answers.append(answer)
    with pytest.raises(UserError) as caught:
        prices.load("XYZ", "", "", "yahoo")
    assert "XYZ" in str(caught.value)


def test_a_rate_limit_is_waited_for_and_then_told(yahoo):
    calls, answers = yahoo
    answers += [exceptions.YFRateLimitError(), exceptions.YFRateLimitError(), frame()]
    assert len(prices.load("AAPL", "", "", "yahoo")[0]["close"]) == 5 and len(calls) == 3
    answers[:] = [exceptions.YFRateLimitError()]
    with pytest.raises(UserError, match="limits how often") as caught:
        prices.load("MSFT", "", "", "yahoo")
    assert caught.value.hint.endswith("seqzoo forecast --ticker MSFT --source sample")


def test_no_network_without_and_with_an_older_cache(yahoo, tmp_path):
    _, answers = yahoo
    answers.append(ConnectionError("name resolution failed"))
    with pytest.raises(UserError, match="name resolution failed") as caught:
        prices.load("TSLA", "", "", "yahoo")
    assert caught.value.hint == "seqzoo forecast --ticker AAPL --source sample"
    answers[0] = frame()
    prices.load("TSLA", "", "", "yahoo")
    (cached,) = (tmp_path / "prices").glob("TSLA_*.csv")
    cached.rename(cached.with_name(cached.name.replace(datetime.date.today().isoformat(), "2024-06-10")))
    answers[0] = ConnectionError("down")
    found, facts = prices.load("TSLA", "", "", "yahoo")
    assert len(found["close"]) == 5 and facts["fetched"] == "2024-06-10 (no network today)"


def test_only_our_own_message_is_heard(yahoo, capsys):
    import logging

    import yfinance

    def noisy(self, **options):
        logging.getLogger("yfinance").error("Cookie/crumb fetch failed (ConnectionError), continuing without crumb")
        raise ConnectionError("down")

    yfinance.Ticker.history = noisy  # the fixture's own class
    with pytest.raises(UserError, match="did not answer for AAPL: down"):
        prices.load("AAPL", "", "", "yahoo")
    assert capsys.readouterr() == ("", "")
    assert not logging.getLogger("yfinance").disabled


def test_prices_are_a_data_set_like_others():
    pytest.importorskip("bokeh_sampledata")
    from seqzoo.tasks.forecast import data
    from seqzoo.tasks.forecast.options import DataOptions

    options = DataOptions(dataset="prices", ticker="aapl", source="sample", past=("open", "high", "low", "volume"))
    panel, facts = data.panel_of(options)
    assert panel.target == "close" and panel.past == prices.PAST and panel.step == "business day"
    splits = data.split(panel, options, facts)
    assert all(len(splits.facts[name]) == 10 for name in ("from", "to", "train ends", "validation ends"))


def test_tensorflow_loaded_first_is_explained(monkeypatch, tmp_path):
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    monkeypatch.delitem(sys.modules, "curl_cffi")
    with pytest.raises(UserError, match="TensorFlow was imported first"):
        prices.load("AAPL", "", "", "yahoo")


def test_today_is_asked_once(yahoo):
    calls, answers = yahoo
    answers.append(frame())
    first, again = prices.load("AAPL", "", "", "yahoo")[0], prices.load("AAPL", "", "", "yahoo")[0]
    assert len(calls) == 1 and all(np.array_equal(first[name], again[name]) for name in first)


def test_dates_and_tickers_are_checked(yahoo):
    _, answers = yahoo
    answers.append(frame())
    with pytest.raises(UserError, match="not a date"):
        prices.load("AAPL", "yesterday", "", "yahoo")
    with pytest.raises(UserError, match="which stock"):
        prices.load("", "", "", "yahoo")
    with pytest.raises(UserError, match="no prices from 2030"):
        prices.load("AAPL", "2030-01-01", "", "yahoo")


def test_the_sample_is_adjusted_and_dated():
    pytest.importorskip("bokeh_sampledata")
    found, facts = prices.load("AAPL", "2010-01-01", "2011-01-01", "sample")
    assert facts["first day"] == "2010-01-04" and facts["last day"] == "2010-12-31"
    assert np.abs(np.diff(np.log(found["close"]))).max() < 0.2 and "sample" in facts["name"]
    assert (found["low"] <= found["close"] * (1 + 1e-9)).all() and (found["high"] >= found["close"] * (1 - 1e-9)).all()
    with pytest.raises(UserError, match="the sample has no 'NVDA'"):
        prices.load("NVDA", "", "", "sample")


def test_relative_columns_look_back_only():
    random = np.random.default_rng(0)
    known = {name: random.uniform(10, 20, 60) for name in prices.COLUMNS}
    first = {name: values[:40] for name, values in known.items()}
    np.testing.assert_array_equal(prices.relative(known)[:40], prices.relative(first))


# --- yfinance itself against a server of our own -----------------------------------------------------


class Yahoo(http.server.BaseHTTPRequestHandler):
    """Answers a chart request in the shape Yahoo's answers have; the ticker says in which mood."""

    def do_GET(self):
        ticker = self.path.split("?")[0].rsplit("/", 1)[1]
        if ticker == "BUSY":
            return self._send(429, b"Too Many Requests")
        if ticker == "GONE":
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return self._send(404, json.dumps({"chart": {"result": None, "error": error}}).encode())
        days = [1717421400 + 86400 * i for i in range(4)]  # 3 to 6 June 2024, 9:30 in New York
        close = [40.0, 42.0, 21.5, 22.0] if ticker == "SPLIT" else [10.0, 11.0, 12.0, 13.0]
        adjusted = [20.0, 21.0, 21.5, 22.0] if ticker == "SPLIT" else close
        quote = {name: close for name in ("open", "high", "low", "close")} | {"volume": [100] * 4}
        period = {"timezone": "EDT", "start": 0, "end": 1, "gmtoffset": -14400}
        meta = {"currency": "USD", "symbol": ticker, "exchangeTimezoneName": "America/New_York", "priceHint": 2,
                "timezone": "EDT", "gmtoffset": -14400, "instrumentType": "EQUITY", "dataGranularity": "1d",
                "range": "", "validRanges": ["1d", "max"], "firstTradeDate": 1, "regularMarketTime": 1717800000,
                "currentTradingPeriod": {"pre": period, "regular": period, "post": period}}  # fmt: skip
        found = {
            "meta": meta,
            "timestamp": days,
            "indicators": {"quote": [quote], "adjclose": [{"adjclose": adjusted}]},
        }
        return self._send(200, json.dumps({"chart": {"result": [found], "error": None}}).encode())

    def _send(self, code, body):
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def send_to(address, monkeypatch):
    """Turn every request of yfinance from Yahoo to another address."""
    from yfinance.data import YfData

    real = getattr(YfData._make_request, "real", YfData._make_request)

    def turned(self, url, *args, **kwargs):
        return real(self, url.replace("https://query2.finance.yahoo.com", address), *args, **kwargs)

    turned.real = real
    monkeypatch.setattr(YfData, "_make_request", turned)


@pytest.fixture
def server(monkeypatch, tmp_path):
    from yfinance.data import YfData

    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    monkeypatch.setattr(prices.time, "sleep", lambda seconds: None)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Yahoo) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        send_to(f"http://127.0.0.1:{found.server_port}", monkeypatch)
        monkeypatch.setattr(YfData, "_get_cookie_and_crumb", lambda self, timeout=30: ("", "basic"))
        yield found
        found.shutdown()
        thread.join()


def test_the_real_yfinance_reads_what_yahoo_sends(server):
    found, _ = prices.load("AAPL", "2024-06-01", "", "yahoo")
    assert found["close"].tolist() == [10.0, 11.0, 12.0, 13.0]
    assert [str(day)[:10] for day in found["time"]] == ["2024-06-03", "2024-06-04", "2024-06-05", "2024-06-06"]


def test_a_split_leaves_no_jump(server):
    found, _ = prices.load("SPLIT", "2024-06-01", "", "yahoo")
    assert np.abs(np.diff(np.log(found["close"]))).max() < 0.1
    assert np.abs(prices.relative(found)[:, :3]).max() < 1e-9


def test_the_real_yfinance_refused_or_without_an_answer(server, monkeypatch):
    with pytest.raises(UserError, match="limits how often"):
        prices.load("BUSY", "2024-06-01", "", "yahoo")
    with pytest.raises(UserError, match="misspelt or delisted"):
        prices.load("GONE", "2024-06-01", "", "yahoo")
    send_to("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(UserError, match="did not answer for AAPL") as caught:
        prices.load("AAPL", "2024-06-02", "", "yahoo")
    assert "--source sample" in caught.value.hint
