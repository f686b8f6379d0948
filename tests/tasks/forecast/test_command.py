"""The verb forecast and the door for notebooks: which model answers, what they say, and how they fail."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

import seqzoo
from seqzoo import bundle, corridor, door
from seqzoo.errors import UserError
from seqzoo.report import Report
from seqzoo.tasks.forecast import data, finding
from seqzoo.tasks.forecast.finding import Asked
from seqzoo.tasks.forecast.panel import Panel
from tests.conftest import fails
from tests.tasks.forecast.cases import STEPS


@pytest.fixture(scope="module")
def run(trained):
    return trained("forecast")


FAST = {"fit.epochs": 1, "model.units": 8, "model.architecture": "lstm_forecaster", "codec.future": False}
QUICK = [part for one in door.overrides(FAST) for part in ("--set", one)]


def write_load(path, days=400, changed=0.0):
    values = 100 + 10 * np.sin(np.arange(days) * 2 * np.pi / 7) + np.arange(days) % 3
    values[5] += changed
    values[380:381] += 30  # a day that nobody expects
    lines = [f"{np.datetime64('2024-01-01') + i},{value:.2f}" for i, value in enumerate(values)]
    path.write_text("\n".join(["when,load", *lines]) + "\n")
    return path


def test_forecast_trains_once_and_then_answers(seqzoo, tmp_path, monkeypatch):
    path, read = write_load(tmp_path / "load.csv"), []
    with monkeypatch.context() as counting:
        real = data.panel_of
        counting.setattr(data, "panel_of", lambda *args, **options: read.append(1) or real(*args, **options))
        code, out, err = seqzoo("forecast", "--data", path, "--time", "when", *QUICK, "--quiet", "--json")
    assert read == [1]  # data are read once, training included
    first = json.loads(out)
    assert code == 0 and not err, err
    assert len(first["forecast"]) == 7 and first["forecast"][0]["time"] == "2025-02-04"
    assert first["model"] == first["folder"] and first["folder"].startswith("runs/forecast-load-") and not first["age"]
    sections = {section.title: section for section in Report.load(tmp_path / first["folder"]).sections}
    assert len(sections["The next forecast, step by step"].rows) == 7
    shown = sections["The test part and what comes next"].data
    assert shown["times"][shown["from"]] == "2025-02-04" and shown["lines"]["what came"][-1] is None
    monkeypatch.setattr(corridor, "walk", lambda *args, **kwargs: 1 / 0)
    asked = ("forecast", "--csv", path, "--time", "when", *QUICK)  # the older spelling
    code, out, err = seqzoo(*asked, "--output", "out.csv")
    assert code == 0 and out.strip().startswith("load: the forecast") and "who answers: " in out and "●" in out
    assert f"answered by {first['folder']}" in err
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 8
    fails(seqzoo(*asked, "--output", "out.csv"), "exists already", "--force")
    assert seqzoo(*asked, "--output", "out.csv", "--force", "--quiet")[2] == ""
    code, out, _ = seqzoo(*asked, "--anomalies")
    assert code == 0 and "outside their 95% interval" in out and "◆" in out
    code, out, _ = seqzoo("forecast", "--run", first["folder"], "--json")
    assert code == 0 and json.loads(out)["forecast"] == first["forecast"]
    fails(seqzoo("forecast", first["folder"], "--horizon", "3"), "leave out --horizon")


def standing_in(run, walked):
    """A walk that does not train: it takes a run's network under the facts of other data."""

    def walk(room, chosen, out, work):
        walked.append((chosen, out))

        def write(part):
            shutil.copytree(run, part, dirs_exist_ok=True)
            replace(Report.load(part), data=dict(room.load(chosen.data, True).facts)).save(part)
            return {"task": "forecast"}

        bundle.save(out, write)

    return walk


def test_a_model_belongs_to_the_data_it_was_trained_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_load(tmp_path / "load.csv")
    asked = Asked({"path": str(path)}, overrides=door.overrides(FAST))
    said, trained = [], []

    def folder(**changes):
        said.clear()
        return finding.answer(replace(asked, **changes), say=said.append)

    first = folder()
    monkeypatch.setattr(corridor, "walk", standing_in(first.folder, trained))
    assert said[0].startswith("no model for these data yet") and not first.age()
    assert folder().folder == first.folder and not trained
    write_load(path, days=403)
    old = folder(keep=True)
    assert old.folder == first.folder and "data up to 2025-02-03; the data have 3 newer step(s)" in old.age()
    newer = folder()
    assert "3 newer step(s): training series-gru anew; --keep answers from runs/forecast-load" in said[0]
    assert (
        newer.folder != first.folder
        and not newer.age()
        and newer.forecasts()[0].times[0] > first.panel.last + 86400 * 3
    )
    write_load(path, days=403, changed=5)
    assert folder().folder not in (first.folder, newer.folder) and "the data have changed since" in said[0]
    write_load(path)
    assert folder().folder == first.folder and len(trained) == 2  # what was trained is kept
    again = folder(retrain=True)
    assert again.folder != first.folder and (first.folder / "meta.json").is_file() and "anew" in said[0]
    assert folder().folder == again.folder
    assert folder(run=str(newer.folder), overrides=()).age().endswith("the data have changed since")
    assert len(trained) == 3
    with pytest.raises(UserError, match="choose one"):
        folder(keep=True, retrain=True)


def test_rows_known_in_advance_are_no_new_data():
    times = np.datetime64("2024-01-01", "s") + 86400 * np.arange(5)
    known = np.arange(5.0)[:, None]
    one = data.Series("", times, np.array([1, 2, 3, np.nan, np.nan]), known, np.empty((5, 0)))
    panel = Panel((one,), "y", ("k",), (), "1D")
    shorter = replace(panel, series=(one.take(slice(0, 3)),))
    other = replace(panel, series=(replace(one, target=one.target + 1),))
    assert panel.fingerprint() == shorter.fingerprint() != other.fingerprint()


def test_a_frame_comes_back_as_a_frame(run, tmp_path, monkeypatch):
    pd = pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    walked = []
    monkeypatch.setattr(corridor, "walk", standing_in(run, walked))
    frame = pd.read_csv(run.parent / "sales.csv", parse_dates=["day"])
    frame.loc[STEPS - 3 :, "sales"] = np.nan
    asked = {"time": "day", "target": "sales", "known": ["promo"], "horizon": 3, "settings": FAST}
    table = seqzoo.forecast(frame, **asked)
    ((chosen, _),) = walked
    assert (chosen.codec.horizon, chosen.codec.future, chosen.fit.epochs) == (3, False, 1)
    assert list(table) == ["time", "forecast", "80% low", "80% high", "95% low", "95% high"] and len(table) == 3
    assert table["time"].iloc[0] == frame["day"].iloc[STEPS - 3]
    assert table.attrs["verdict"].startswith(("beats", "does not")) and (tmp_path / table.attrs["run"]).is_dir()
    assert table.attrs["wins"] == Report.load(tmp_path / table.attrs["run"]).wins
    pd.testing.assert_frame_equal(seqzoo.forecast(frame, **asked), table)
    assert len(walked) == 1


def test_bad_requests(seqzoo, tmp_path):
    days = [np.datetime64("2024-01-01") + i for i in range(60)]

    def table(name, values, times=days, header="day,y"):
        (tmp_path / name).write_text(
            "\n".join([header, *(f"{t},{v}" for t, v in zip(times, values, strict=True))]) + "\n"
        )
        return name

    numbers = list(range(60))
    quiet = ("--quiet",)
    fails(seqzoo("forecast"), "what is to be forecast?", "--ticker AAPL")
    fails(seqzoo("forecast", "--data", "none.csv", *quiet), "no such file")
    fails(seqzoo("forecast", "--data", table("a.csv", numbers), "--horizon", "-1"), "at least 1 step")
    fails(seqzoo("forecast", "--data", table("b.csv", numbers, numbers, "a,b"), *quiet), "no column of times")
    fails(seqzoo("forecast", "--data", table("c.csv", [5] * 60), *quiet), "constant")
    turned = table("d.csv", numbers, [*days[:30], *reversed(days[30:])])
    fails(seqzoo("forecast", "--data", turned, "--mend", "gaps", *quiet), "back in time")
    fails(
        seqzoo("forecast", "--data", table("e.csv", numbers[:5], days[:5]), *quiet), "too few to forecast 1", "14 steps"
    )
    fails(seqzoo("forecast", "--data", table("f.csv", [*numbers[:-1], "inf"]), *quiet), "not finite")
    fails(seqzoo("forecast", "--data", table("g.csv", ["x", *numbers[1:]]), "--target", "y", *quiet), "'x' (row 1)")
    fails(
        seqzoo("forecast", "--data", table("h.csv", numbers[:-2], [*days[:20], *days[22:]]), *quiet),
        "1 gap(s)",
        "--mend",
    )
    fails(
        seqzoo("forecast", "--data", table("i.csv", [1, 2, *["NaN"] * 8, *numbers[10:]]), *quiet),
        "missing in the target",
    )
    fails(seqzoo("forecast", "--ticker", "NVDA", "--source", "sample", *quiet), "the sample has no 'NVDA'")
    fails(seqzoo("forecast", "--ticker", "AAPL", "--source", "bloomberg", *quiet), "data.source")
    fails(seqzoo("forecast", "--ticker", "AAPL", "--data", "a.csv", *quiet), "one source of data")
    fails(seqzoo("forecast", "--data", "a.csv", "--csv", "b.csv", *quiet), "one file")
    fails(seqzoo("forecast", "--data", "a.csv", "--output", "a.pdf", *quiet), "allowed: .csv")
    fails(seqzoo("forecast", "nowhere", *quiet), "no run or bundle 'nowhere'")
