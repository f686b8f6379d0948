"""Answers in bulk, in one process; in several: test_ray.py."""

import csv
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqzoo.cluster import bulk, tables
from tests.conftest import fails
from tests.tasks.classify.cases import BAD, FILLER, GOOD


def texts(count, seed=0):
    chooser = random.Random(seed)
    return [" ".join(chooser.choices(GOOD + BAD + FILLER, k=chooser.randint(1, 12))) for _ in range(count)]


def expected(run, said):
    """What the file path of the command answers."""
    from seqzoo import runs

    return [(one.label, float(f"{one.confidence:.4f}")) for one in runs.load(str(run)).predict(said)]


def answers(folder, label="predicted", confidence="predicted_confidence"):
    table = pq.read_table(folder)
    return list(zip(table[label].to_pylist(), table[confidence].to_pylist(), strict=True))


def test_parquet_in_parquet_out(seqzoo, tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr(bulk, "_BATCH", 7)
    monkeypatch.setattr(tables, "_GROUP", 2)
    said = texts(250)
    pq.write_table(pa.table({"n": range(250), "text": said, "predicted": ["mine"] * 250}), tmp_path / "in.parquet")
    code, _, err = seqzoo("classify", tiny_run, "--input", "in.parquet", "--output", "out/")
    assert code == 0, err
    assert len(list((tmp_path / "out").iterdir())) == 2 and not list(tmp_path.glob(".out*"))
    table = pq.read_table(tmp_path / "out")
    assert table.schema.names == ["n", "text", "predicted", "predicted_2", "predicted_confidence"]
    assert table["n"].to_pylist() == list(range(250)) and set(table["predicted"].to_pylist()) == {"mine"}
    assert answers(tmp_path / "out", "predicted_2") == expected(tiny_run, said)


def test_a_folder_of_parts_and_texts_that_are_not_there(seqzoo, tiny_run, tmp_path):
    (tmp_path / "in").mkdir()
    for number, said in enumerate((["great", None], ["awful"])):
        pq.write_table(pa.table({"review": pa.array(said, pa.large_string())}), tmp_path / "in" / f"{number}.parquet")
    code, _, err = seqzoo("classify", tiny_run, "--input", "in", "--output", "out", "--text", "review")
    assert code == 0, err
    assert answers(tmp_path / "out") == expected(tiny_run, ["great", "", "awful"])


def test_columns_of_a_csv_stay_as_they_are(seqzoo, tiny_run, tmp_path):
    rows = [["007", "great\nfilm, superb", "NA"], ["1e5", "poor", ""]]
    with (tmp_path / "in.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "text", "x"], *rows])
    code, _, err = seqzoo("classify", tiny_run, "--input", "in.csv", "--output", "out")
    assert code == 0, err
    table = pq.read_table(tmp_path / "out")
    assert [list(row) for row in zip(*(table[name].to_pylist() for name in ("id", "text", "x")), strict=True)] == rows


def test_what_cannot_be_is_said_and_nothing_is_left(seqzoo, tiny_run, tmp_path, monkeypatch):
    pq.write_table(pa.table({"text": texts(30)}), tmp_path / "in.parquet")
    (tmp_path / "out").mkdir()
    (tmp_path / "bad.parquet").write_text("no")
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "empty.parquet")
    ask = ("classify", tiny_run, "--output", "out", "--input")
    fails(seqzoo(*ask, "in.parquet"), "out exists already", "--force")
    fails(seqzoo(*ask, "in.parquet", "--force", "--text", "txt"), "no column 'txt'", "did you mean 'text'")
    fails(seqzoo(*ask, "in.parque", "--force"), ".parquet")
    fails(seqzoo(*ask, "none.parquet", "--force"), "no such file")
    fails(seqzoo(*ask, "bad.parquet", "--force"), "cannot be read")
    fails(seqzoo(*ask, "empty.parquet", "--force"), "holds no rows")
    (tmp_path / "ragged.csv").write_text("text,n\ngood,1\nbad,2,3\n")
    fails(seqzoo(*ask, "ragged.csv", "--force"), "cannot be read", "Expected 2 columns, got 3")
    fails(seqzoo("classify", tiny_run, "--input", "in.parquet", "--workers", "2"), "--output FOLDER")

    def broken(self, table):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bulk.Answered, "__call__", broken)
    fails(seqzoo(*ask, "in.parquet", "--force"), "No space left")
    assert list((tmp_path / "out").iterdir()) == [] and not list(tmp_path.glob(".out*"))  # the old one stays
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    fails(seqzoo(*ask, "in.parquet", "--force", "--workers", "2"), "needs ray", "seqzoo[ray]")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    fails(seqzoo(*ask, "in.parquet", "--force"), "needs pyarrow", "seqzoo[parquet]")


def test_threads_are_as_many_as_the_surroundings_allow(monkeypatch):
    from seqzoo import runtime

    for said, threads in (("3", 3), ("", 0), ("4,2", 0)):
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert runtime._threads() == threads


@pytest.mark.parametrize("kind", [".txt", ".jsonl"])
def test_other_kinds_are_named(seqzoo, tiny_run, tmp_path, kind):
    (tmp_path / f"in{kind}").write_text("x")
    fails(seqzoo("classify", tiny_run, "--input", f"in{kind}", "--output", "out"), "allowed: .csv, .parquet")


def test_rows_of_parquet_go_wherever_rows_go(seqzoo, tiny_run, tmp_path):
    said = texts(20)
    pq.write_table(pa.table({"n": range(20), "text": [*said[:19], None]}), tmp_path / "in.parquet")
    code, _, err = seqzoo("classify", tiny_run, "--input", "in.parquet", "--output", "out.csv")
    assert code == 0, err
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = [(row["predicted"], float(row["predicted_confidence"])) for row in rows]
    assert found == expected(tiny_run, [*said[:19], ""]) and [row["n"] for row in rows] == [*map(str, range(20))]
    (tmp_path / "bad.parquet").write_text("no")
    fails(seqzoo("classify", tiny_run, "--input", "bad.parquet"), "cannot be read")
    fails(seqzoo("classify", tiny_run, "--input", "none.parquet"), "no such file")
