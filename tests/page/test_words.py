"""The words that page and terminal share."""

import pytest

from seqzoo.page import words
from seqzoo.report import Measured
from tests.page.cases import report, verdict


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (91, "91 B"), (1024, "1 KB"), (106_076, "104 KB"), (1_507_795, "1.44 MB")]
)
def test_sizes_have_a_unit_that_suits_them(count, said):
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.35, "0.35 s"), (3.3, "3.3 s"), (45, "45 s"), (90, "1.5 min"), (9000, "2.5 h")]
)
def test_durations_have_a_unit_that_suits_them(seconds, said):
    assert words.duration(seconds) == said


def test_midnight_and_seconds_are_left_out_of_dates():
    told = "2024-01-01T00:00:00 to 2024-12-31T23:30:00, 2024-01-01 00:00:00+00:00, 2024-01-01T10:00:05"
    assert words.dated(told) == "2024-01-01 to 2024-12-31 23:30, 2024-01-01, 2024-01-01 10:00:05"


def test_any_value_becomes_a_cell():
    values = [None, True, 12345, 0.123456, "", {"a": 1, "b": [1, 2]}, [*range(8)], []]
    said = ["–", "yes", "12,345", "0.1235", "–", "a: 1; b: 1; 2", "0; 1; 2; 3; 4; 5; and 2 more", "none"]
    assert [*map(words.plain, values)] == said


def test_a_report_without_a_sentence_of_its_own_still_has_one():
    assert words.lead(report(learnt="")).learnt == "was trained on reviews"
    assert words.lead(report(learnt="", data={})).learnt == "was judged"


def test_a_difference_of_numbers_is_told_in_the_metric():
    won = report(kind="number", metric="MAE", verdict=verdict(-0.09, interval=(-0.12, -0.06)))
    assert words.lead(won).reason == "it beats ratios by 0.09 [0.06, 0.12] in MAE (10.0%)."


def test_the_interval_of_the_best_difference_is_the_verdicts_where_no_other_is_known():
    old = report(baselines={"ratios": Measured(0.9, (0.89, 0.91), 0.02, (0.02, 0.02))})
    assert words.paired(old, "ratios") == (0.01, 0.03)
    assert words.paired(report(), "majority") == (0.4, 0.44)


def test_the_unit_is_told_beside_the_metric():
    assert words.measure(report(metric="MAE", unit="MW")) == "MAE (MW)"
    assert words.measure(report()) == "accuracy"
