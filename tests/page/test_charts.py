"""Pictures: well-formed whatever the numbers are, and honest about what can be seen."""

import json
import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.page import axes, charts, rows, timeline
from seqzoo.report import Figure
from tests.page.cases import FIGURES, TIMELINE

NUMBERS = st.none() | st.floats() | st.integers(-(10**6), 10**6)
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=20)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=50)


def parsed(drawn):
    """The elements of a picture; every coordinate is a number."""
    root = ElementTree.fromstring(f"<div>{drawn}</div>")
    for element in root.iter():
        for name, value in element.attrib.items():
            if name in ("d", "x", "y", "cx", "cy", "width", "height", "viewBox"):
                assert "nan" not in value and "inf" not in value, (name, value)
    return root


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.title)
def test_each_kind_is_drawn_well_formed(figure):
    assert len([*parsed(charts.draw(figure)).iter()]) > 5


@given(lines=st.dictionaries(NAMES, POINTS, max_size=8), low=POINTS, high=POINTS, unit=st.booleans())
def test_lines_stand_any_numbers(lines, low, high, unit):
    data = {"lines": lines, "x": "<x>", "y": "&y", "bands": [(low, high)], "diagonal": unit, "percent": unit}
    parsed(charts.draw(Figure("", "lines", data)))


@given(st.lists(st.tuples(NAMES, NUMBERS, st.none() | st.tuples(NUMBERS, NUMBERS), st.booleans()), max_size=8))
def test_bars_stand_any_numbers(values):
    drawn = [{"name": n, "value": v, "interval": i, "ours": o} for n, v, i, o in values]
    for kind in ("share", "number"):
        parsed(charts.draw(Figure("", "bars", {"rows": drawn, "kind": kind})))


@given(st.lists(st.tuples(NAMES, NUMBERS), max_size=30), NAMES)
def test_passages_stand_any_numbers_and_keep_the_text(pieces, unit):
    root = parsed(charts.draw(Figure("", "passage", {"pieces": pieces, "unit": unit})))
    text = "".join(root.find("p").itertext()) if len(root) else ""
    assert text in ("", "".join(piece for piece, _ in pieces))


@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_heatmaps_stand_any_numbers(values):
    names = [f"<{i}>" for i in range(len(values))]
    data = {"rows": ["&"], "columns": names, "values": [values], "shown": [names]}
    parsed(charts.draw(Figure("", "heatmap", data)))


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=40), st.sampled_from(["hours", "years", "numbers"]))
def test_timelines_stand_any_numbers(values, spacing):
    step = {"hours": timedelta(hours=1), "years": timedelta(days=400), "numbers": None}[spacing]
    times = [(datetime(1960, 1, 31) + i * step).isoformat() if step else f"<{i}>" for i in range(len(values))]
    line, low, high = ([row[i] for row in values] for i in range(3))
    data = {"times": times, "lines": {"<a>": line}, "band": {"name": "&", "low": low, "high": high}, "y": "<y>"}
    root = parsed(timeline.timeline({**data, "from": len(values) // 2}, "t"))
    for script in root.iter("script"):
        assert len(json.loads(script.text)["lines"][0][1]) == len(values)


def test_nothing_is_drawn_of_nothing():
    empty = [
        Figure("", "lines", {"lines": {"a": [[1, None]]}, "x": "", "y": ""}),
        Figure("", "bars", {"rows": [{"name": "a", "value": None}], "kind": "share"}),
        Figure("", "passage", {"pieces": [], "unit": ""}),
        Figure("", "timeline", {"times": [], "lines": {}, "y": ""}),
    ]
    assert [charts.draw(figure) for figure in empty] == [""] * 4


def test_bars_start_at_zero_and_dots_show_what_bars_would_hide():
    far = rows.bars({"rows": [{"name": "a", "value": 0.5}, {"name": "b", "value": 1.0}], "kind": "share"})
    a, b = (float(width) for width in re.findall(r'class="bar"[^>]* width="([\d.]+)"', far))
    assert b == pytest.approx(2 * a, rel=0.01)
    near = rows.bars({"rows": [{"name": "a", "value": 0.9}, {"name": "b", "value": 0.91}], "kind": "share"})
    a, b = (float(place) for place in re.findall(r'cx="([\d.]+)"', near))
    assert 'class="bar"' not in near and b - a > 300


def test_differences_are_coloured_by_what_is_better_and_certain():
    three = [rows.Difference("up", 2, (1, 3)), rows.Difference("down", -2, (-3, -1)), rows.Difference("?", 1, (-1, 3))]
    classes = re.findall(r'circle class="dot([ a-z]*)"', rows.differences(three, "number", 1))
    assert classes == [" good", " bad", ""]
    assert re.findall(r'circle class="dot([ a-z]*)"', rows.differences(three, "number", -1)) == [" bad", " good", ""]
    assert "good" not in rows.differences(three, "number", 0) and rows.differences([], "number", 0) == ""


def test_a_difference_is_written_with_signs():
    assert rows.signed(rows.Difference("", -2.954, (-3.371, -2.54))) == "−2.95 [−3.37, −2.54]"
    assert rows.signed(rows.Difference("", 0.5, (0.5, 0.5))) == "+0.5"


def test_a_long_series_is_drawn_small_and_keeps_its_peaks():
    values = [0.0] * 50_000
    values[31_234] = 9.0
    times = [(datetime(2020, 1, 1) + timedelta(minutes=i)).isoformat() for i in range(len(values))]
    drawn = timeline.timeline({"times": times, "lines": {"a": values}, "y": "y"}, "t")
    picture = drawn[: drawn.index("<script")]
    assert len(picture) < 20_000
    heights = [float(y) for y in re.findall(r"[ML][\d.]+,([\d.]+)", re.search(r'line thin s0" d="([^"]*)', picture)[1])]
    assert min(heights) < 45 < 200 < max(heights)


def test_gaps_stay_gaps():
    drawn = timeline.timeline({"times": TIMELINE["times"][:5], "lines": {"a": [1, 2, None, 3, 4]}, "y": "y"}, "t")
    assert re.search(r'line thin s0" d="([^"]*)', drawn)[1].count("M") == 2


def test_unequal_steps_are_kept_and_words_are_counted():
    uneven = timeline.timeline({"times": ["2024-01-05", "2024-01-08", "2024-01-09"], "lines": {"a": [1, 2, 3]},
                                "y": "y"}, "t")  # fmt: skip
    assert '"unit":86400,"steps":[3,1]' in uneven
    named = timeline.timeline({"times": ["one", "two"], "lines": {"a": [1, 2]}, "y": "y"}, "t")
    assert '"labels":["one","two"]' in named


def test_times_are_taken_as_utc_unless_they_name_a_zone():
    assert timeline.instants(["1970-01-01", "1970-01-01T02:00:00+01:00", "1970-01-01T00:00:09Z"]) == [0, 3600, 9]
    assert timeline.instants(["1970-01-01", "noon"]) is None


@pytest.mark.parametrize(
    ("days", "expected"), [(0.5, "01-01 03:00"), (5, "2024-01-02"), (200, "2024-03"), (4000, "2026"), (90000, "2100")]
)
def test_moments_are_round_and_few(days, expected):
    start = datetime.fromisoformat("2024-01-01T00:00:00+00:00").timestamp()
    ticks = axes.time_ticks(start, start + days * 86400, 9)
    assert 1 < len(ticks) <= 11 and expected in [text for _, text in ticks]


def test_ticks_are_short():
    assert [axes.tick(value) for value in (1.5e6, 2e9, 2500, 0.25, -3e6)] == ["1.5M", "2G", "2,500", "0.25", "-3M"]
    assert axes.tick(0.2, percent=True) == "20%"


def test_round_numbers_lie_between_the_ends():
    assert axes.round_numbers(0, 10, 5) == [0, 2, 4, 6, 8, 10]
    assert axes.round_numbers(1, 3, 8, 1.0) == [1, 2, 3]
