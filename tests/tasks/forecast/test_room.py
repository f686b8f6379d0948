"""The room end to end on small series: train, save, load, forecast, judge."""

import csv
import io
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from seqzoo import compare, corridor, judge, runs
from seqzoo.corridor import Work, train
from seqzoo.errors import UserError
from seqzoo.judge import Scores
from seqzoo.report import Report
from seqzoo.room import Sealed
from seqzoo.tasks.forecast import data
from seqzoo.tasks.forecast.predict import Forecaster
from seqzoo.tasks.forecast.room import ROOM
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins
from tests.tasks.forecast.cases import STEPS, write_series
from tests.tasks.forecast.cases import recipe_on as small


@pytest.fixture(scope="module")
def run(trained):
    return trained("forecast")


def test_it_learns_what_naive_rules_cannot(run):
    report = Report.load(run)
    assert report.metric == "MAE" and report.onnx_difference < 1e-4
    assert report.value < 0.5 * report.baselines["last value"].value
    held = report.more["coverage"]
    assert abs(held["80%"] - 0.8) < 0.1 and abs(held["95%"] - 0.95) < 0.1 and len(held) == 2
    steps = next(section for section in report.sections if section.title == "Error by steps ahead").data["lines"]
    assert len(steps["series-gru"]) == 3 and len(steps) == 4 and report.counts["test"] == report.n
    assert report.more["leak_proof"] >= 4
    assert report.verdict.words.startswith(("beats", "does not beat"))
    assert report.learnt == "to forecast the next 3 steps of sales from 455 steps"


def test_the_page_is_whole(run):
    page = (run / "report.html").read_text()
    for words in (
        "Error by steps ahead",
        "hold what they promise",
        "Errors in numbers",
        "The test part",
        "steps ahead",
    ):
        assert words in page, words
    assert 'src="' not in page and 'href="' not in page


def test_the_test_part_is_shown_whole_each_step_once(run):
    sections = {section.title: section for section in Report.load(run).sections}
    shown = sections["The test part and what comes next"].data
    days = np.array(shown["times"], "M8[D]")
    assert (np.diff(days).astype(int) == 1).all() and len(days[0].astype(str)) == 10
    assert len(shown["lines"]["forecast"]) == len(days) == len(shown["band"]["low"])
    assert days[-1] == np.datetime64("2022-01-01") + STEPS - 1 and len(days) > 0.2 * STEPS - 20
    assert shown["from"] is None  # nobody knows the promotions of next week
    assert "The next forecast" not in sections
    low, high, came = (
        np.array(x, float) for x in (shown["band"]["low"], shown["band"]["high"], shown["lines"]["what came"])
    )
    assert 0.85 < ((low <= came) & (came <= high)).mean() <= 1


def test_splits_of_days_end_on_days(run):
    facts = Report.load(run).data
    assert all(len(facts[name]) == 10 for name in ("from", "to", "train ends", "validation ends"))


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


def test_the_test_part_is_opened_once(run):
    splits = data.load(small(run.parent / "sales.csv").data)
    chosen = runs.recipe_of(run)
    opened = []
    counted = replace(splits, test=Sealed(lambda: opened.append(1) or splits.test.open()))
    ROOM.judge(runs.load(str(run)), counted, ROOM.open_test(counted), chosen)
    assert opened == [1]
    with pytest.raises(RuntimeError, match="opened before"):
        ROOM.open_test(counted)


def test_evaluation_of_the_bundle_repeats_the_report(run):
    report, again = Report.load(run), corridor.evaluate(str(run))
    assert again.value == pytest.approx(report.value, rel=1e-6)
    assert again.verdict.baseline == report.verdict.baseline
    assert again.facts["proof that nothing leaks"] == report.facts["proof that nothing leaks"]


def test_all_of_another_file_is_judged_beside_what_needs_no_training(run, tmp_path):
    other = write_series(tmp_path / "other.csv", steps=120)
    report = corridor.evaluate(str(run), flags_of(other))
    assert report.n == 120 - 14 - 3 + 1
    assert set(report.baselines) == {"last value", "drift", "mean", "median", "seasonal naive, 7 steps ago"}
    assert report.verdict is not None and report.counts == {"test": report.n}
    short = write_series(tmp_path / "short.csv", steps=10)
    with pytest.raises(UserError, match="data are shorter than a window"):
        corridor.evaluate(str(run), flags_of(short))


def test_bundles_of_format_2_still_answer(run, tmp_path):
    """They had one network, and offsets that were calibrated once."""
    shutil.copytree(run, tmp_path / "old")
    since, offsets = "2023-03-14", [[[0.5, 0.25]] * 3, [[1.0, 2.0]] * 3]
    kept = {"levels": [0.8, 0.95], "offsets": offsets, "recent": 100, "since": since, "trust": 1.0}
    (tmp_path / "old" / "decision.json").write_text(json.dumps(kept))
    old = Forecaster.load(tmp_path / "old")
    encoded = EncodedPanel(old.codec, data.panel_of(small(run.parent / "sales.csv").data)[0].series)
    at = Origins(np.zeros(5, int), np.arange(445, 450))
    columns = encoded.by_series(at, lambda one, mine: old.codec.code(old.backtest(encoded, at)[..., 0], one, at.steps))
    np.testing.assert_allclose(columns, old.last.network(encoded, at)[..., old.codec.quantiles.index(0.5)], atol=1e-5)
    columns_of_one = old.how.columns(old.how.told(old.last, encoded, at, most=1))
    low = encoded.coded(columns_of_one[..., 1], at)
    expected = old.last.network(encoded, at)[..., old.codec.quantiles.index(0.1)] - 0.5
    np.testing.assert_allclose(low, np.minimum(expected, columns), atol=1e-4)


def test_what_answers_was_fitted_on_everything(run):
    forecaster = Forecaster.load(run)
    before, last = forecaster.earlier(), forecaster.last
    ends = data.load(small(run.parent / "sales.csv").data).ends
    assert [stage.since for stage in before] == [ends[1]] and last.since > ends[1] + np.timedelta64(100, "D")
    assert last.memory.newest > before[0].memory.newest
    encoded = EncodedPanel(forecaster.codec, data.panel_of(small(run.parent / "sales.csv").data)[0].series)
    at = Origins(np.zeros(1, int), np.array([690]))
    assert np.abs(last.network(encoded, at) - before[0].network(encoded, at)).max() > 1e-3
    again = forecaster.at(ends[1])
    np.testing.assert_array_equal(again.backtest(encoded, at), forecaster.backtest(encoded, at))


def flags_of(path):
    return ['data.dataset=""', f"data.path={path}"]


@pytest.fixture(scope="module")
def two_stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    path = write_series(folder / "stores.csv", steps=300, stores=("a", "b"))
    return train(small(path, "data.series=store", "fit.epochs=1"), folder / "run", Work(quiet=True)), folder, path


def test_one_model_for_many_series(two_stores):
    report, folder, path = two_stores
    assert report.data["series"] == 2
    panel, _ = data.panel_of(small(path, "data.series=store").data)
    unseen = np.arange(300) >= 297
    hidden = [replace(one, target=np.where(unseen, np.nan, one.target)) for one in panel.series]
    forecasts = list(runs.load(str(folder / "run")).predict(replace(panel, series=tuple(hidden))))
    assert [one.series for one in forecasts] == ["a", "b"]


def test_forecasts_of_one_moment_are_one_observation_of_the_verdict(two_stores):
    report, *_ = two_stores
    moments = len(report.scores.summed())
    assert report.n == 2 * moments and report.scores.horizon == 3
    kept = report.baseline_scores[report.verdict.baseline]
    assert judge.paired_p(report.scores, kept, ROOM.metric) == pytest.approx(report.verdict.p, rel=1e-2)


def test_recipes_are_compared_on_the_origins_they_share(run, monkeypatch, tmp_path):
    report = replace(Report.load(run), recipe="stock-gru")
    sums = report.scores.statistics[30:]
    longer = replace(
        report, recipe="stock-lstm", scores=Scores(sums, np.arange(len(sums)), 3), value=99.0
    )  # its own mean
    monkeypatch.setattr(compare, "_run", lambda chosen, *rest: report if chosen.name == "stock-gru" else longer)
    table = compare.compare(["stock-gru", "stock-lstm"], [], 1, tmp_path)
    assert table["n"] == len(sums) == len(report.scores.statistics) - 30
    ours = {row["name"]: row["value"] for row in table["rows"]}
    assert ours["stock-lstm"] == 99.0 and ours["stock-gru"] == pytest.approx(sums[:, 0].sum() / sums[:, 1].sum())
    with pytest.raises(UserError, match=r"differ in codec\.horizon"):
        compare.compare(["load-gru", "energy-lstm"], [], 1, tmp_path)
