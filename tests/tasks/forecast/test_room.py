"""The room end to end on small series: train, save, load, forecast, judge; and the verb."""

import csv
import io
import json
import sys

import numpy as np
import pytest

from seqzoo import cli, compare, recipe, runs
from seqzoo.errors import UserError
from seqzoo.tasks.forecast import data

STEPS = 700


def write_series(path, steps=STEPS, stores=("",)):
    """A week's season, a promotion known in advance that lifts sales, noise."""
    random = np.random.default_rng(0)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["day", "store", "promo", "sales"])
        for number, store in enumerate(stores):
            promo = random.integers(0, 2, steps)
            values = 100 * (1 + number) + 20 * np.sin(np.arange(steps) * 2 * np.pi / 7) + 30 * promo
            values = values + random.normal(0, 2, steps)
            for i in range(steps):
                writer.writerow([np.datetime64("2022-01-01") + i, store, promo[i], f"{values[i]:.3f}"])
    return path


SMALL = [
    "codec.window=14", "codec.horizon=3", "codec.season=7", "codec.lags=[7]", "codec.calendar=[\"weekday\"]",
    "codec.target=season", "model.units=12", "model.dropout=0.0", "fit.average=0", "fit.epochs=3",
    "fit.batch_size=32", "fit.learning_rate=0.01",
]  # fmt: skip


def small(path, *more):
    columns = ['data.dataset=""', f"data.path={path}", "data.time=day", "data.target=sales", 'data.known=["promo"]']
    return recipe.load("series-gru", [*columns, *SMALL, *more])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forecast")
    path = write_series(folder / "sales.csv")
    runs.train(small(path), folder / "run", quiet=True)
    return folder / "run"


def test_it_learns_what_naive_rules_cannot(run):
    report = json.loads((run / "report.json").read_text())
    assert report["metric"] == "MAE" and report["onnx difference"] < 1e-4
    assert report["value"] < 0.5 * report["baselines"]["last value"]
    assert {row["level"] for row in report["intervals"]} == {0.8, 0.95}
    assert all(abs(row["coverage"] - row["level"]) < 0.1 for row in report["intervals"])
    assert len(report["by step"]) == 3 and report["split"]["test"] == report["n"]
    assert report["leak proof"] >= 4
    assert report["verdict"]["words"].startswith(("beats", "does not beat"))


def test_the_page_is_whole(run):
    page = (run / "report.html").read_text()
    for words in ("Error by steps ahead", "hold what they promise", "Learning curves", "Against the baselines"):
        assert words in page
    assert "<script" not in page


def test_a_bundle_forecasts_the_steps_after_the_last(run, tmp_path):
    path = write_series(tmp_path / "sales.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    for row in rows[-3:]:
        row["sales"] = ""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    forecaster = runs.load(str(run), "forecast")
    panel, _ = data.panel_of(small(path).data)
    (found,) = forecaster.predict(panel)
    assert [str(t)[:10] for t in found.times] == [row["day"] for row in rows[-3:]]
    came = [100 + 20 * np.sin(i * 2 * np.pi / 7) + 30 * int(rows[i]["promo"]) for i in range(STEPS - 3, STEPS)]
    assert np.abs(found.values - came).max() < 15
    assert all((low <= v <= high) for v, (low, high) in zip(found.values, found.intervals[0.95], strict=True))


def test_what_is_known_must_reach_over_the_horizon(run, tmp_path):
    panel, _ = data.panel_of(small(write_series(tmp_path / "sales.csv")).data)
    with pytest.raises(UserError, match="needs promo for 3 more step"):
        list(runs.load(str(run), "forecast").predict(panel))


def test_evaluation_of_the_bundle_repeats_the_report(run):
    report = json.loads((run / "report.json").read_text())
    again = runs.evaluate(str(run))
    assert again["value"] == pytest.approx(report["value"], rel=1e-6)
    assert again["verdict"]["baseline"] == report["verdict"]["baseline"]


def test_one_model_for_many_series(tmp_path):
    path = write_series(tmp_path / "stores.csv", steps=300, stores=("a", "b"))
    report = runs.train(small(path, "data.series=store", "fit.epochs=1"), tmp_path / "run", quiet=True)
    assert report["data"]["series"] == 2
    panel, _ = data.panel_of(small(path, "data.series=store").data)
    shorter = [one.take(slice(0, 290)) for one in panel.series]
    found = list(runs.load(str(tmp_path / "run"), "forecast").predict(type(panel)(tuple(
        type(one)(one.name, one.times, np.where(np.arange(290) < 287, one.target, np.nan), one.known, one.past)
        for one in shorter), panel.target, panel.known, panel.past, panel.step)))  # fmt: skip
    assert [one.series for one in found] == ["a", "b"]


def test_recipes_are_compared_on_the_origins_they_share(run, monkeypatch, tmp_path):
    report = json.loads((run / "report.json").read_text())
    longer = report | {"scores": report["scores"][30:], "value": 99.0}  # its own mean
    monkeypatch.setattr(compare, "_run", lambda chosen, *rest: report if chosen.name == "stock-gru" else longer)
    found = compare.compare(["stock-gru", "stock-lstm"], [], 1, tmp_path)
    assert found["n"] == len(longer["scores"]) == len(report["scores"]) - 30
    ours = {row["name"]: row["value"] for row in found["rows"]}
    assert ours["stock-lstm"] == 99.0 and ours["stock-gru"] == pytest.approx(np.mean(longer["scores"]))
    with pytest.raises(UserError, match="differently far ahead"):
        compare.compare(["load-gru", "energy-lstm"], [], 1, tmp_path)


# --- the verb ----------------------------------------------------------------------------------------


@pytest.fixture
def seqzoo(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["seqzoo", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_forecast_trains_once_and_then_answers(seqzoo, tmp_path, monkeypatch):
    path = tmp_path / "load.csv"
    with path.open("w") as file:
        file.write("when,load\n")
        for i in range(400):
            file.write(f"{np.datetime64('2024-01-01') + i},{100 + 10 * np.sin(i * 2 * np.pi / 7) + i % 3:.2f}\n")
    sets = ["--set", "fit.epochs=1", "--set", "model.units=8"]
    code, out, _ = seqzoo("forecast", "--csv", path, "--time", "when", *sets, "--quiet", "--json")
    first = json.loads(out)
    assert code == 0 and len(first["forecast"]) == 7 and first["forecast"][0]["time"] == "2025-02-04"
    monkeypatch.setattr(runs, "train", lambda *args, **kwargs: 1 / 0)
    code, out, _ = seqzoo("forecast", "--csv", path, "--time", "when", *sets, "--output", "out.csv")
    assert code == 0 and ("beats" in out or "does not beat" in out) and "●" in out
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 8
    code, out, _ = seqzoo("forecast", "--csv", path, "--time", "when", *sets, "--anomalies")
    assert code == 0 and "outside their 95% interval" in out and "◆" in out


def test_bad_requests(seqzoo, tmp_path):
    def fails(result, *words):
        code, out, err = result
        assert code == 2 and "Traceback" not in out + err, result
        assert all(word in err for word in words), err

    days = [np.datetime64("2024-01-01") + i for i in range(60)]

    def table(name, values, times=days, header="day,y"):
        (tmp_path / name).write_text(
            "\n".join([header, *(f"{t},{v}" for t, v in zip(times, values, strict=True))]) + "\n"
        )
        return name

    numbers = list(range(60))
    quiet = ("--quiet",)
    fails(seqzoo("forecast"), "what is to be forecast?", "--ticker AAPL")
    fails(seqzoo("forecast", "--csv", "none.csv", *quiet), "no such file")
    fails(seqzoo("forecast", "--csv", table("a.csv", numbers), "--horizon", "-1"), "at least 1 step")
    fails(seqzoo("forecast", "--csv", table("b.csv", numbers, numbers, "a,b"), *quiet), "no column of times")
    fails(seqzoo("forecast", "--csv", table("c.csv", [5] * 60), *quiet), "constant")
    fails(
        seqzoo("forecast", "--csv", table("d.csv", numbers, [*days[:30], *reversed(days[30:])]), *quiet), "back in time"
    )
    fails(seqzoo("forecast", "--csv", table("e.csv", numbers[:5], days[:5]), *quiet), "shorter than a window")
    fails(seqzoo("forecast", "--csv", table("f.csv", [*numbers[:-1], "inf"]), *quiet), "not finite")
    fails(seqzoo("forecast", "--csv", table("g.csv", ["x", *numbers[1:]]), "--target", "y", *quiet), "'x' (row 1)")
    fails(
        seqzoo("forecast", "--csv", table("h.csv", numbers[:-1], [*days[:20], *days[21:]]), *quiet),
        "1 gap(s)",
        "--mend",
    )
    fails(
        seqzoo("forecast", "--csv", table("i.csv", [1, 2, *["NaN"] * 8, *numbers[10:]]), *quiet),
        "missing in the target",
    )
    fails(seqzoo("forecast", "--ticker", "NVDA", "--source", "sample", *quiet), "the sample has no 'NVDA'")
    fails(seqzoo("forecast", "--ticker", "AAPL", "--source", "bloomberg", *quiet), "data.source")
    fails(seqzoo("forecast", "nowhere", *quiet), "no run or bundle 'nowhere'")
