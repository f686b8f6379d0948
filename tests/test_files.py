"""Rows out and in again, and files that are never half written or written over."""

import csv
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqzoo import files
from seqzoo.errors import UserError

LETTERS = st.characters(codec="utf-8", exclude_characters="\x00\r")
NAMES = st.lists(st.text(LETTERS, min_size=1), min_size=1, max_size=4, unique=True)
CELLS = st.text(LETTERS, max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), NAMES, st.sampled_from(files.ROWS))
def test_what_is_written_is_read_again(tmp_path, data, names, suffix):
    if names[0].startswith("\ufeff"):
        return  # a byte order mark is no part of a name
    rows = data.draw(st.lists(st.fixed_dictionaries({name: CELLS for name in names}), min_size=1, max_size=4))
    path = tmp_path / f"a{suffix}"
    files.write_rows(path, rows, force=True)
    assert list(files.read_rows(path)) == rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(files.ROWS))
def test_any_bytes_are_rows_or_a_message(tmp_path, content, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    try:
        rows = list(files.read_rows(path))
    except UserError as error:
        assert str(path) in str(error)
    else:
        assert all(isinstance(cell, str) for row in rows for cell in row.values())


def test_a_failed_write_leaves_the_older_file_and_no_rubbish(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("older")
    with pytest.raises(ZeroDivisionError), files.writing(path) as file:
        file.write("newer")
        raise ZeroDivisionError
    assert path.read_text() == "older" and [*tmp_path.iterdir()] == [path]


def test_a_file_that_is_there_is_kept_unless_forced(tmp_path):
    path = tmp_path / "a.csv"
    files.write_rows(path, [{"a": 1}], force=False)
    with pytest.raises(UserError, match="exists already") as caught:
        files.write_rows(path, [{"a": 2}], force=False)
    assert "--force" in caught.value.hint
    files.write_rows(path, [{"a": 2}], force=True)
    assert path.read_text().split() == ["a", "2"]


@given(st.lists(st.sampled_from(["predicted", "predicted_2", "x", "y"]), unique=True))
def test_new_columns_get_free_names(taken):
    found = files.free_names(taken, ["predicted", "x"])
    assert not set(found) & set(taken) and len(set(found)) == 2
    assert all(name.startswith(wanted) for name, wanted in zip(found, ["predicted", "x"], strict=True))


def test_it_reads_as_pythons_own_reader_does(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n"x, ""y""\nz",2\n\nlast,3\n', newline="")
    with path.open(newline="") as file:
        assert list(files.read_rows(path)) == list(csv.DictReader(file))


def test_values_of_json_become_text(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"a": None, "b": 3, "c": [1]}) + "\n\n")
    assert list(files.read_rows(path, ["b"])) == [{"a": "", "b": "3", "c": "[1]"}]


def test_json_nested_without_end_is_no_row(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("[" * 100_000 + "\n")
    with pytest.raises(UserError, match="line 1: not valid JSONL"):
        list(files.read_rows(path))
