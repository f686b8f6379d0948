"""Time axes: what is refused, what is mended, how it is said; and tables of text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.tasks.forecast import data, steps, table
from seqzoo.tasks.forecast.options import DataOptions


def columns(times, values, **more):
    return {"time": list(times), "y": [str(v) for v in values], **more}


def days(count, start="2024-01-01"):
    return [str(d) for d in np.datetime64(start) + np.arange(count)]


def test_steps_and_seasons_by_name():
    def step(texts):
        return steps.step_of(np.array(texts, "M8[s]"))

    assert step(days(10)) == "1D"
    assert step(["2024-01", "2024-02", "2024-03", "2024-04"]) == "month"
    assert step([d for d in days(20) if np.is_busday(d)]) == "business day"
    assert step(["2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29"]) == "month"
    assert step(["2023-10-01", "2024-01-01", "2024-04-01", "2024-07-01"]) == "quarter"
    assert step(["2020", "2021", "2022", "2023"]) == "year"
    assert step(["2024-01-01T00:00", "2024-01-01T00:30", "2024-01-01T01:00"]) == "30min"
    assert [steps.season_of(s) for s in ("1h", "30min", "1D", "month", "business day", "7D")] == [24, 48, 7, 12, 5, 52]


@pytest.mark.parametrize(
    ("start", "step", "expected"),
    [
        ("2024-01-31T23:00:00", "1h", "2024-02-01T00:00:00"),
        ("2024-11-01T00:00:00", "month", "2024-12-01T00:00:00"),
        ("2024-01-31T00:00:00", "month", "2024-02-29T00:00:00"),
        ("2023-12-31T00:00:00", "quarter", "2024-03-31T00:00:00"),
        ("2024-03-01T06:00:00", "year", "2025-03-01T06:00:00"),
        ("2024-01-05T00:00:00", "business day", "2024-01-08T00:00:00"),
        ("2024-02-28T00:00:00", "1D", "2024-02-29T00:00:00"),
    ],
)
def test_the_following_time(start, step, expected):
    assert steps.following(np.array([start], "M8[s]"), step, 1)[0] == np.datetime64(expected)


@pytest.mark.parametrize("step", ["1h", "7D", "month", "quarter", "year"])
def test_one_clock_counts_the_steps_and_fills_the_holes(step):
    first = np.array(["2023-12-31"], "M8[s]")
    times = np.concatenate([first, steps.following(first, step, 9)])
    assert (np.diff(steps.ordinals(times, step)) == 1).all()
    np.testing.assert_array_equal(steps.whole_axis(np.delete(times, [3, 4]), step), times)


def test_what_is_rare_is_mended_where_that_was_asked_for():
    times = days(300)
    found, mended = data.from_columns(
        columns(np.delete(times, [7, 50]), range(298)), DataOptions("", "x", mend=("few",))
    )
    assert len(found) == 300 and "2 gap(s)" in mended[0]
    with pytest.raises(UserError, match=r"4 gap\(s\)"):
        data.from_columns(columns(np.delete(times, [7, 50, 90, 95]), range(296)), DataOptions("", "x", mend=("few",)))


def test_problems_come_together_with_row_numbers():
    times = days(10)
    times[3], times[4] = times[4], times[3]
    times[8] = times[7]
    with pytest.raises(UserError) as caught:
        data.from_columns(columns(times, range(10)), DataOptions(path="x"))
    assert "back in time (row 5)" in str(caught.value) and "duplicate time(s) (row 9)" in str(caught.value)
    assert "--mend" in caught.value.hint


def test_many_duplicates_are_taken_for_many_series():
    with pytest.raises(UserError) as caught:
        data.from_columns(columns(days(10) * 4, range(40)), DataOptions(path="x"))
    assert "--series" in caught.value.hint


def test_gaps_are_refused_or_filled_in_line():
    times = days(10)
    del times[4:6]
    values = [0, 1, 2, 3, 6, 7, 8, 9]
    with pytest.raises(UserError, match=r"1 gap\(s\), 2 steps missing \(row 5\)"):
        data.from_columns(columns(times, values), DataOptions(path="x"))
    mended, said = data.from_columns(columns(times, values), DataOptions(path="x", mend=("gaps",)))
    assert mended.series[0].target.tolist() == list(range(10)) and "interpolated" in said[0]


def test_clocks_set_back_are_recognised_and_averaged():
    times = [f"2023-10-29T{h:02}:00:00" for h in (0, 1, 2, 2, 3, 4)]
    with pytest.raises(UserError, match="daylight saving"):
        data.from_columns(columns(times, range(6)), DataOptions(path="x"))
    mended, _ = data.from_columns(columns(times, range(6)), DataOptions(path="x", mend=("duplicates",)))
    assert mended.series[0].target.tolist() == [0, 1, 2.5, 4, 5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time": ["a", "b", "c"], "y": ["1", "2", "3"]}, "no column of times"),
        ({"time": [*days(2), "yesterday"], "y": ["1", "2", "3"]}, r"'yesterday' \(row 3\)"),
        ({"time": days(3), "y": ["1", "x7", "3"]}, r"'x7' \(row 2\)"),
        ({"time": days(3), "y": ["1", "inf", "3"]}, "not finite"),
        ({"time": ["2024-01-01T00:00:00+01:00", "2024-01-02T00:00:00", "2024-01-03"], "y": ["1", "2", "3"]}, "zone"),
        ({"time": days(3), "y": ["1", "", "3"]}, "missing in the target"),
        ({"time": days(1), "y": ["1"]}, "at least two steps"),
    ],
)
def test_bad_tables(changes, message):
    with pytest.raises(UserError, match=message):
        data.from_columns(
            changes, DataOptions(path="x", time="time" if "yesterday" in changes["time"] else "", target="y")
        )


def test_columns_are_found_or_asked_for():
    found, _ = data.from_columns(
        {"Date": days(3), "load": ["1", "2", "4"], "site": ["a", "b", "c"]}, DataOptions(path="x")
    )
    assert found.target == "load"
    with pytest.raises(UserError, match="2 columns hold numbers"):
        data.from_columns({"Date": days(3), "a": ["1", "2", "4"], "b": ["1", "2", "3"]}, DataOptions(path="x"))
    with pytest.raises(UserError, match="did you mean 'load'"):
        data.from_columns({"Date": days(3), "load": ["1", "2", "4"]}, DataOptions(path="x", target="loda"))


def test_zones_become_utc_and_other_formats_are_read():
    times, note = table.times(["2024-03-31T01:30:00+01:00", "2024-03-31T03:30:00+02:00"], "t")
    assert times.tolist() == np.array(["2024-03-31T00:30", "2024-03-31T01:30"], "M8[s]").tolist() and "UTC" in note
    assert table.times(["31.01.2024 10:00:00", "01.02.2024 00:00:00"], "t")[0][0] == np.datetime64("2024-01-31T10:00")
    assert table.times(["2024-01", "2024-02"], "t")[0][1] == np.datetime64("2024-02-01")
    us, note = table.times(["1/2/2024", "1/13/2024"], "t")
    assert us[0] == np.datetime64("2024-01-02") and "month/day/year" in note
    assert table.times(["1/2/2024", "13/2/2024"], "t")[0][0] == np.datetime64("2024-02-01")
    assert table.times(["20240131", "20240201"], "t")[0][0] == np.datetime64("2024-01-31")
    assert table.times(["1990", "1991"], "t")[0][1] == np.datetime64("1991-01-01")
    assert table.times(["1990Q4", "1991-q1"], "t")[0].tolist() == table.times(["1990-10", "1991-01"], "t")[0].tolist()
    assert table.find_time({"shop": ["1", "2"], "Year": ["1990", "1991"], "y": ["3", "4"]}) == "Year"


@pytest.mark.parametrize("form", ["{day}T{hour:02}:00:00{sign}", "{day} {hour:02}:00 {sign}"])
def test_the_hour_that_a_clock_change_repeats_is_no_duplicate(form):
    stamps = [form.format(day="2023-10-29", hour=h, sign="+02:00") for h in (0, 1, 2)]
    stamps += [form.format(day="2023-10-29", hour=h, sign="+01:00") for h in (2, 3, 4)]
    found, mended = data.from_columns({"when": stamps, "y": [str(v) for v in range(6)]}, DataOptions(path="x"))
    assert found.step == "1h" and mended == ["time zones turned into UTC"]
    assert str(found.series[0].times[0]) == "2023-10-28T22:00:00" and found.series[0].target.tolist() == [*range(6)]


def test_days_of_a_zone_stay_days_through_a_clock_change():
    stamps = [f"{d} 00:00:00{'+02:00' if d <= '2023-10-29' else '+01:00'}" for d in days(7, "2023-10-26")]
    found, mended = data.from_columns(columns(stamps, range(7)), DataOptions(path="x"))
    assert found.step == "1D" and str(found.series[0].times[0]) == "2023-10-26T00:00:00" and "midnights" in mended[0]


def test_a_zone_may_be_named_or_stand_apart():
    for stamp in ("2023-10-29 02:00:00 UTC", "2023-10-29T02:00:00z", "29.10.2023 04:00 +0200"):
        times, note = table.times([stamp], "t")
        assert times[0] == np.datetime64("2023-10-29T02:00") and "UTC" in note, stamp


def test_files_in_other_encodings_or_of_other_shapes_are_explained(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("day,y\n2024-01-01,1\n", encoding="utf-16")
    with pytest.raises(UserError) as caught:
        table.read(path)
    assert "not UTF-8" in str(caught.value) and "iconv -f utf-16" in caught.value.hint
    for text, message in (("a,a\n1,2\n", "more than once"), ('a,b\n1,"2\n', "never closed"), ("a,b\n1\n", "1 values")):
        path.write_text(text)
        with pytest.raises(UserError, match=message):
            table.read(path)
    for text in ("", "a,b\n"):
        path.write_text(text)
        with pytest.raises(UserError, match="holds no rows"):
            table.read(path)
    path.write_text("day;y\n2024-01-01;1,5\n")
    assert table.read(path) == {"day": ["2024-01-01"], "y": ["1,5"]}


def test_parquet_is_read_with_its_zones(tmp_path):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    times = pd.date_range("2023-10-29", periods=6, freq="h", tz="Europe/Berlin")
    pd.DataFrame({"when": times, "y": [1.0, 2, 3, 4, 5, None]}).to_parquet(tmp_path / "x.parquet")
    columns = table.read(tmp_path / "x.parquet")
    found, _ = data.from_columns(columns, DataOptions(path="x"))
    assert (
        str(found.series[0].times[0]) == "2023-10-28T22:00:00" and found.step == "1h" and found.series[0].observed == 5
    )
    (tmp_path / "bad.parquet").write_text("no")
    with pytest.raises(UserError, match="not a Parquet file"):
        table.read(tmp_path / "bad.parquet")


def test_times_are_shown_as_long_as_their_step():
    noon = np.datetime64("2008-08-12T04:48:00")
    assert [steps.time_text(noon, step) for step in ("1D", "business day", "month", "1h")] == [
        "2008-08-12", "2008-08-12", "2008-08-12", "2008-08-12 04:48:00",
    ]  # fmt: skip


def test_many_series_share_their_step(tmp_path):
    rows = {"day": days(5) * 2, "store": ["a"] * 5 + ["b"] * 5, "y": [str(v) for v in range(10)]}
    found, _ = data.from_columns(rows, DataOptions(path="x", series="store", target="y"))
    assert [(one.name, len(one)) for one in found.series] == [("a", 5), ("b", 5)]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_splits_keep_order_and_hide_the_test_part(values):
    found, _ = data.from_columns(columns(days(len(values)), values), DataOptions(path="x"))
    try:
        splits = data.split(found, DataOptions(path="x"), {})
    except UserError:
        assert len(values) < 6
        return
    assert len(splits.train) <= len(splits.seen) <= len(found)
    assert all((one.times < splits.ends[1]).all() for one in splits.seen.series)
    assert len(splits.test.open()) == len(found)
