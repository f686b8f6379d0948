"""What the terminal says."""

import json
from pathlib import Path

import pytest

from seqzoo import runs
from seqzoo.page import terminal
from seqzoo.report import Report
from tests.page.cases import report, verdict


@pytest.fixture
def said(capsys):
    """What was printed, in one line."""
    return lambda: " ".join(capsys.readouterr().out.split())


def test_a_report_starts_with_what_to_do(said):
    terminal.report(report(), False, Path("runs/tiny"), 'seqzoo tell runs/tiny "..."')
    out = said()
    assert out.startswith("tiny has learnt to tell a and b apart from 90 texts. Use it: it beats ratios by 2 points")
    assert "It beats the best baseline, ratios" in out
    assert "ours +2 points [+1, +3]" in out and "1.5 min, 3 epochs" in out and "█▃▁ 0.6667" in out
    assert 'runs/tiny/report.html seqzoo tell runs/tiny "..."' in out


def test_a_loss_and_a_missing_verdict_are_told_as_such(said):
    terminal.report(report(verdict=verdict(-0.02, wins=False, interval=(-0.03, -0.01))), False, None)
    out = said()
    assert "Do not use it where the best baseline will do: ratios is better by 2 points [1, 3]." in out
    assert "report.html" not in out
    terminal.report(report(verdict=None, baselines={}, history=[]), False, None)
    assert "It was not held against baselines." in said()


def test_marks_in_texts_are_printed_and_not_obeyed(said):
    evil = "[bold]x[/] [link=file:///x]"
    terminal.report(report(recipe=evil, claim=evil, facts={evil: evil}, metrics={evil: 1.0}), False, None)
    assert said().count(evil) == 5


def test_json_is_the_whole_report(capsys):
    terminal.report(report(), True, Path("runs/tiny"))
    values = json.loads(capsys.readouterr().out)
    assert values["folder"] == "runs/tiny" and Report.from_json(values).learnt == report().learnt


@pytest.mark.parametrize("name", sorted(runs.shipped()))
def test_shipped_reports_are_told(name, said):
    terminal.report(Report.load(runs.shipped()[name]), False, None)
    assert said().startswith((f"{name} was trained on", f"{name} has learnt"))


def test_a_comparison_is_a_table(said, capsys):
    rows = [
        {"name": "tiny", "value": 0.9, "interval": [0.8, 1.0], "parameters": 5, "seconds": 9.0, "ms": 0.5, "p": None},
        {"name": "majority", "value": 0.5, "interval": [0.4, 0.6], "parameters": None, "seconds": None, "ms": None,
         "p": 0.0001},
    ]  # fmt: skip
    result = {"metric": "accuracy", "kind": "share", "data": "reviews", "n": 10, "seeds": 1, "rows": rows}
    terminal.comparison(result, False, Path("runs/compare"))
    out = said()
    assert "tiny 5 90.00% [80.00%, 100.00%] 9 s 0.5 ms" in out and "< 0.001" in out
    assert out.endswith("runs/compare/compare.html")
    terminal.comparison(result, True, Path("runs/compare"))
    assert json.loads(capsys.readouterr().out) == result


def test_results_say_how_they_are_shown():
    row = {"parameters": 1200, "metric": "error rate", "value": 0.25, "baseline": 0.5}
    assert terminal._measured_cells({**row, "kind": "share"}) == ("1,200", "25.00%", "50.00%")
    assert terminal._measured_cells({**row, "metric": "MAE"}) == ("1,200", "0.25", "0.5")
    assert terminal._measured_cells({**row, "metric": "accuracy"}) == ("1,200", "25.00%", "50.00%")
    assert terminal._measured_cells(None) == ("", "-", "")
