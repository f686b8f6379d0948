"""The verb classify: texts, files and streams in, answers out, and how it fails."""

import csv
import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import fails


def test_one_text(seqzoo, tiny_run):
    code, out, _ = seqzoo("classify", "--run", tiny_run, "a superb film")
    assert code == 0 and out.startswith("Good")
    answer = json.loads(seqzoo("classify", tiny_run, "a superb film", "--json")[1])
    assert answer["label"] == answer["top"] == "good"
    assert abs(sum(answer["probabilities"].values()) - 1) < 1e-9
    assert "superb" in seqzoo("classify", "--run", tiny_run, "a superb film", "--explain")[1]
    words = json.loads(seqzoo("classify", "--run", tiny_run, "a superb film", "--explain", "--json")[1])["words"]
    assert [word for word, _ in words] == ["a", "superb", "film"]


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_a_file_to_a_file(seqzoo, tiny_run, reviews, tmp_path, kind):
    assert seqzoo("classify", tiny_run, "--input", reviews, "--text", "review", "--output", f"out.{kind}")[0] == 0
    with (tmp_path / f"out.{kind}").open() as file:
        if kind == "jsonl":
            rows = [json.loads(line) for line in file]
        else:
            rows = list(csv.DictReader(file, delimiter="\t" if kind == "tsv" else ","))
    assert len(rows) == 240
    assert list(rows[0]) == ["review", "stars", "film", "predicted", "predicted_confidence"]
    assert sum(row["predicted"] == row["stars"] for row in rows) > 200
    assert not list(tmp_path.glob(".*part"))


def test_a_users_columns_and_files_are_never_written_over(seqzoo, tiny_run, tmp_path):
    """`label` and `confidence` are the user's own; so is `predicted`, and so is a file that is there."""
    mine = "text,label,confidence,predicted\nsuperb,mine,1,yes\n"
    (tmp_path / "a.csv").write_text(mine)
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "a.csv"), "exists already", "--force")
    assert (tmp_path / "a.csv").read_text() == mine
    assert seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "b.csv")[0] == 0
    with (tmp_path / "b.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["label"], row["confidence"], row["predicted"]) == ("mine", "1", "yes")
    assert (row["predicted_2"], float(row["predicted_confidence"]) > 0.5) == ("good", True)
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "b.csv"), "exists already")
    assert seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "a.csv", "--force")[0] == 0
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


@pytest.mark.parametrize("verb", ["train", "classify"])
def test_files_that_would_lose_something_silently_are_refused(seqzoo, tiny_run, tmp_path, verb):
    given = {
        "twice.csv": ("text,text,label\na,b,c\nd,e,f\n", "names 'text' more than once"),
        "open.csv": ('text,label\n"never closed,a\nx,b\ny,a\n', "a quote is never closed"),
        "wide.csv": ("text,label\nfine, really,a\nx,b\n", "3 values, the header has 2"),
        "twice.jsonl": ('{"text": "a", "text": "b", "label": "c"}\n', "stands more than once"),
    }
    for name, (content, words) in given.items():
        (tmp_path / name).write_text(content)
        args = ("train", "imdb-bilstm", "--quiet", "--data") if verb == "train" else ("classify", tiny_run, "--input")
        fails(seqzoo(*args, name), words)
    (tmp_path / "wide.csv").write_bytes("text,label\nfine,a\n".encode("utf-16"))
    fails(seqzoo(*args, "wide.csv"), "not UTF-8", "iconv -f utf-16 -t utf-8 wide.csv")


def test_every_answer_names_its_model(seqzoo, tiny_run, tmp_path):
    assert f"answered by {tiny_run}" in seqzoo("classify", tiny_run, "a superb film")[2]
    assert "answered by" not in seqzoo("classify", tiny_run, "a superb film", "--quiet")[2]
    assert json.loads(seqzoo("classify", "a superb film", "--json")[1])["model"].startswith("imdb-evidence-bilstm")
    shutil.copytree(tiny_run, tmp_path / "runs" / "spam")
    assert json.loads(seqzoo("classify", "a superb film", "--json")[1])["model"] == "runs/spam"
    assert "answered by runs/spam" in seqzoo("classify", "a superb film")[2]


def test_lines_and_json_on_standard_input(seqzoo, tiny_run):
    code, out, _ = seqzoo("classify", "--run", tiny_run, stdin="superb\nawful\n")
    assert code == 0 and len(out.splitlines()) == 2
    rows = [
        json.loads(line)
        for line in seqzoo("classify", tiny_run, "--json", stdin='{"text": "superb", "id": 3}\n')[1].splitlines()
    ]
    assert rows[0]["id"] == "3" and rows[0]["predicted"] == "good"
    fails(seqzoo("classify", tiny_run, stdin='{"texts": "superb"}\n'), "no key 'text'", "did you mean")
    fails(seqzoo("classify", tiny_run, stdin='{"text": \n'), "not valid JSON")


def test_bad_files(seqzoo, tiny_run, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "latin.csv").write_bytes("text,label\ncafé,a\n".encode("latin-1"))
    (tmp_path / "a.csv").write_text("text,label\nx,a\ny,b\n")
    train = ("train", "imdb-bilstm", "--quiet", "--data")
    fails(seqzoo(*train, "none.csv"), "no such file")
    fails(seqzoo(*train, "empty.csv"), "no rows")
    fails(seqzoo(*train, "latin.csv"), "not UTF-8", "iconv -f latin1")
    fails(seqzoo(*train, "a.csv", "--text", "review"), "no column 'review'")
    fails(seqzoo(*train, "a.csv"), "one example")
    fails(seqzoo("train", "imdb-bilstm", "--text", "review"), "name it with --data", "--text describes your own file")
    fails(seqzoo("classify", tiny_run, "--input", "none.csv"), "no such file")
    fails(seqzoo("classify", tiny_run, "--input", "empty.csv"), "no rows")
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--text", "label_"), "no column")
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "x.pdf"), "allowed: .csv")
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "no/where/x.csv"), "cannot write")
    fails(seqzoo("classify"), "nothing to classify")
    fails(seqzoo("classify", "two", "words", "here"), "in quotes")


@pytest.mark.parametrize("text", ["", " \n\t", "😀😀😀", "zzzyx qqqzz"])
def test_a_text_without_a_known_word(seqzoo, tiny_run, text):
    fails(seqzoo("classify", tiny_run, text), "knows no word")


def test_rows_without_a_known_word_are_counted_not_dropped(seqzoo, tiny_run, tmp_path):
    (tmp_path / "in.csv").write_text("text\n😀\nfine\n  \n")
    code, _, err = seqzoo("classify", tiny_run, "--input", "in.csv", "--output", "out.csv")
    assert code == 0 and "text(s) held no word" in err
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 4


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux' /dev/full")
def test_a_full_disk(seqzoo, tiny_run, reviews, monkeypatch, tmp_path):
    """Writing the answers fails: the message names the cause, and an older output stays."""
    (tmp_path / "out.csv").write_text("older")
    (tmp_path / ".out.csv.part").symlink_to("/dev/full")
    fails(
        seqzoo("classify", tiny_run, "--input", reviews, "--text", "review", "--output", "out.csv", "--force"),
        "No space left",
    )
    assert (tmp_path / "out.csv").read_text() == "older"


def test_ctrl_c_while_classifying(seqzoo, tiny_run, reviews, monkeypatch, tmp_path):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("seqzoo.tasks.classify.predict.run_sorted", interrupted)
    code, _, err = seqzoo("classify", tiny_run, "--input", reviews, "--text", "review", "--output", "out.csv")
    assert code == 130 and "Traceback" not in err
    assert not list(tmp_path.glob("*out*"))


def test_a_reader_that_goes_away_is_no_error(tiny_run):
    code = f"yes superb | head -5000 | {sys.executable} -m seqzoo classify {tiny_run} --json | head -1"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
    assert '"predicted": "good"' in done.stdout and "Traceback" not in done.stderr
