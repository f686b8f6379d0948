"""`seqzoo forecast` on anybody's series: who answers, how wide, over which periods. No network is trained here."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

import seqzoo as zoo
from seqzoo import recipe
from seqzoo.errors import UserError
from seqzoo.report import Report
from seqzoo.tasks.forecast import suit
from seqzoo.tasks.forecast.panel import Panel, Series
from seqzoo.tasks.forecast.steps import following
from tests.conftest import fails


def months(path, steps=120, seed=0):
    """A season that grows with the level, as airline passengers do."""
    random = np.random.default_rng(seed)
    i = np.arange(steps)
    values = (100 + i) * (1 + 0.3 * np.sin(2 * np.pi * i / 12)) * np.exp(random.normal(0, 0.02, steps))
    dates = np.datetime64("2010-01", "M") + i
    path.write_text("month,y\n" + "".join(f"{d},{v:.2f}\n" for d, v in zip(dates, values, strict=True)))
    return path


def walk(path, steps=400):
    values = 100 + np.cumsum(np.random.default_rng(1).normal(size=steps))
    dates = np.datetime64("2020-01-01") + np.arange(steps)
    path.write_text("day,y\n" + "".join(f"{d},{v:.3f}\n" for d, v in zip(dates, values, strict=True)))
    return path


def answered(result):
    code, out, err = result
    assert code == 0, err
    return json.loads(out)


def report_of(found, folder):
    return Report.load(folder / found["folder"])


def test_a_short_series_is_answered_at_once_without_tensorflow(tmp_path):
    code = (
        "import sys; from seqzoo import cli; sys.argv = ['seqzoo', 'forecast', '--data', 'm.csv', '--horizon', '12', "
        "'--json', '--quiet']\ntry: cli.main()\nexcept SystemExit: pass\n"
        "print(sorted({'tensorflow', 'keras', 'pandas', 'sklearn'} & set(sys.modules)), file=sys.stderr)"
    )
    months(tmp_path / "m.csv", steps=60)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert done.stderr.strip().endswith("[]") and len(found["forecast"]) == 12
    assert "has no verdict" not in json.dumps(found["forecast"])
    assert "5 are needed" in found["verdict"]["words"] and not found["verdict"]["wins"]
    report = report_of(found, tmp_path)
    assert re.fullmatch(r"about \d+ forecasts that do not overlap: few", report.facts["intervals rest on"])
    assert report.architecture == "none" and report.parameters == 0 and not report.history
    assert not list((tmp_path / found["folder"]).glob("model.*"))


def test_the_best_answers_and_says_who_it_is(seqzoo, tmp_path):
    found = answered(seqzoo("forecast", "--data", months(tmp_path / "m.csv"), "--horizon", "6", "--json", "--quiet"))
    assert re.match(r"(theta|exponential smoothing) \d+%.*weighted by how near", found["who"])
    report = report_of(found, tmp_path)
    tables = {section.title: section for section in report.sections}
    names = [row[0] for row in tables["Who answers"].rows]
    assert {"last value", "drift", "mean", "theta", "exponential smoothing"} <= set(names)
    weights = [float(row[-1].rstrip("%")) for row in tables["Who answers"].rows]
    assert sum(weights) == pytest.approx(100, abs=3) and weights == sorted(weights, reverse=True)
    assert report.value < 1.1 * min(one.value for one in report.baselines.values())
    assert report.name == "the forecast" and "theta" in report.baselines
    skill = tables["Skill against seasonal naive, 12 steps ago, by steps ahead"].data["lines"]["the forecast"]
    assert len(skill) == 6 and all(share > 0 for _, share in skill)
    assert len(tables["Do the intervals hold what they promise?"].columns) == 5
    assert "who answers" in (tmp_path / found["folder"] / "report.html").read_text()


def test_one_may_insist_on_who_answers(seqzoo, tmp_path):
    asked = ("forecast", "--data", months(tmp_path / "m.csv"), "--horizon", "6", "--json", "--quiet")
    found = answered(seqzoo(*asked, "--model", "seasonal naive"))
    values = [float(line.split(",")[1]) for line in (tmp_path / "m.csv").read_text().split()[1:]]
    assert [row["forecast"] for row in found["forecast"]] == pytest.approx(values[-12:-6])
    assert found["who"] == "seasonal naive, 12 steps ago alone, as was asked"
    assert "seasonal naive, 12 steps ago" not in report_of(found, tmp_path).baselines
    fails(seqzoo(*asked, "--model", "thetaa"), "'thetaa'", "theta")
    fails(seqzoo("forecast", found["folder"], "--model", "theta"), "leave out --model")


def test_joint_intervals_are_wider(seqzoo, tmp_path):
    asked = ("forecast", "--data", walk(tmp_path / "w.csv"), "--horizon", "5", "--json", "--quiet")
    single, joint = (answered(seqzoo(*asked, *more))["forecast"] for more in ((), ("--joint",)))
    for one, all_of in zip(single, joint, strict=True):
        assert one["forecast"] == all_of["forecast"]
        assert all_of["80% low"] < one["80% low"] and all_of["80% high"] > one["80% high"]


def test_periods_are_judged_each_by_what_was_fitted_before(seqzoo, tmp_path):
    asked = ("forecast", "--data", walk(tmp_path / "w.csv"), "--horizon", "5", "--json", "--quiet", "--periods", "3")
    found = answered(seqzoo(*asked))
    report = report_of(found, tmp_path)
    periods = report.more["periods"]
    assert len(periods) == 3 and sum(one["n"] for one in periods) == report.n
    assert all(one["once"] is not None and len(one["coverage"]) == 2 for one in periods)
    ours = sum(one["ours"] * one["n"] for one in periods) / report.n
    assert ours == pytest.approx(report.value)
    table = next(section for section in report.sections if section.title == "By period")
    assert len(table.rows) == 4 and "without refit" in table.columns and "Before each" in table.note
    assert found["who"].startswith("last value")
    assert report.value < 1.03 * report.baselines["last value"].value
    assert not report.wins


def test_the_door_of_python_asks_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = zoo.forecast(months(tmp_path / "m.csv"), horizon=3, model="theta", joint=True)
    assert table.attrs["who"] == "theta alone, as was asked" and len(table) == 3


@pytest.mark.parametrize(
    ("steps", "horizon", "season"), [(60, 12, 12), (14, 1, 1), (144, 12, 12), (300, 5, 7), (5000, 24, 24)]
)
def test_parts_leave_something_for_each(steps, horizon, season):
    validation, test = suit.parts(steps, horizon, season)
    assert test * steps >= horizon + 2.9 and validation * steps >= horizon + 2.9
    train = steps * (1 - validation - test)
    assert train >= min(2 * season, steps / 4) and train >= 5.9


def test_what_is_too_short_is_refused_with_what_would_do():
    with pytest.raises(UserError, match="20 steps are too few to forecast 9") as caught:
        suit.parts(20, 9, 1)
    assert caught.value.hint == "--horizon 4"
    suit.parts(20, 4, 1)


def overrides(values, step, horizon=None, **options):
    first = np.array(["2000-01-03"], "M8[s]")
    times = np.concatenate([first, following(first, step, len(values) - 1)])
    nothing = np.empty((len(values), 0))
    whole = Panel((Series("", times, np.asarray(values, float), nothing, nothing),), "y", (), (), step)
    chosen = recipe.load("series-gru")
    return dict(line.split("=", 1) for line in suit.suited(chosen, whole, horizon, **options))


def test_a_recipe_made_to_measure():
    random = np.random.default_rng(0)
    hours = 50 + 10 * np.sin(np.arange(4000) * 2 * np.pi / 24) + random.normal(size=4000)
    long = overrides(hours, "1h")
    assert (long["codec.anchor"], long["codec.horizon"], long["codec.lags"]) == ('"season"', "24", "[24, 168]")
    assert "model.architecture" not in long
    assert overrides(hours, "1h", network=False)["model.architecture"] == '"none"'
    prices = 50 * np.exp(np.cumsum(random.normal(0, 0.01, 600)))
    short = overrides(prices, "business day", 5)
    assert short["codec.anchor"] == '"return"' and short["model.architecture"] == '"none"'
    below = overrides(prices - 50, "business day", 5)
    assert below["codec.anchor"] == '"change"'
