"""Numbers as people read them, and charts of characters."""

import numpy as np
import pytest

from seqzoo.page import text


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.123456, "0.1235"), (1234.5, "1,234"), (12, "12"), (-2_500, "-2,500"), (1e-6, "1e-06")],
)
def test_numbers_have_four_digits_and_thousands_no_exponent(value, said):
    assert text.number(value) == said


def test_shares_are_told_in_percent():
    assert text.number(0.8859, "share") == "88.59%"


def test_a_chart_of_characters_shows_bands_and_points():
    x, y = np.arange(3), np.array([0.0, 1.0, 2.0])
    drawn = text.chart(3, [(x, y - 1, y + 1)], [("o", x, y)], height=5).splitlines()
    assert len(drawn) == 5 and drawn[0].split() == ["3", "░"] and drawn[-1].split() == ["-1", "░"]
    assert sum(line.count("o") for line in drawn) == 3


def test_a_sparkline_runs_from_the_largest_to_the_smallest_block():
    assert text.sparkline([3, 2, 1]) == "█▅▁" and text.sparkline([1, 1]) == "▁▁" and text.sparkline([]) == ""
