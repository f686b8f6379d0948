"""The verb tag: a text, files in and out, and every way to ask wrongly."""

import json

import pytest

from seqzoo.tasks.tag import conll
from tests.conftest import fails


@pytest.fixture
def folder(trained):
    return str(trained("tag"))


def test_a_text_is_marked(seqzoo, folder):
    code, out, err = seqzoo("tag", folder, "then we met Bob Hill in Oslo")
    assert code == 0 and out.strip() == "then we met Bob Hill PER in Oslo LOC" and "answered by" in err


def test_json_gives_places_and_confidence(seqzoo, folder):
    code, out, err = seqzoo("tag", folder, "we met Bob in Oslo", "--json")
    told = json.loads(out)
    assert code == 0 and err == "" and told["words"][2] == "Bob" and told["tags"][2] == "B-PER"
    assert {key: told["spans"][0][key] for key in ("text", "start", "end", "kind")} == {
        "text": "Bob", "start": 7, "end": 10, "kind": "PER",
    }  # fmt: skip
    assert 0 < told["spans"][0]["confidence"] <= 1


def test_lines_and_rows_in_files_out(seqzoo, folder, tmp_path):
    (tmp_path / "in.txt").write_text("we met Bob\n\nin Rome\n", "utf-8")
    assert seqzoo("tag", folder, "--input", "in.txt", "--output", "out.conll", "-q")[0] == 0
    found = conll.read(tmp_path / "out.conll")
    assert [one.words for one in found] == [["we", "met", "Bob"], ["in", "Rome"]]
    assert found[1].tags == ["O", "B-LOC"]
    fails(seqzoo("tag", folder, "--input", "in.txt", "--output", "out.conll"), "exists already")
    assert seqzoo("tag", folder, "--input", "in.txt", "--output", "out.jsonl", "-q")[0] == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["text"] for row in rows] == ["we met Bob", "", "in Rome"] and rows[1]["tags"] == []
    (tmp_path / "in.csv").write_text("id,body\n1,we met Eva\n", "utf-8")
    code, out, _ = seqzoo("tag", folder, "--input", "in.csv", "--text", "body", "-q")
    assert code == 0 and out.strip() == "we met Eva PER"


def test_words_of_a_conll_file_stay_as_they_are(seqzoo, folder, tmp_path):
    (tmp_path / "in.conll").write_text("Bob's\nhouse\n\nRome\n", "utf-8")
    assert seqzoo("tag", folder, "--input", "in.conll", "--output", "out.conll", "-q")[0] == 0
    assert [one.words for one in conll.read(tmp_path / "out.conll")] == [["Bob's", "house"], ["Rome"]]


def test_piped_lines(seqzoo, folder):
    code, out, _ = seqzoo("tag", folder, "-q", stdin="we met Bob\nin Rome\n")
    assert code == 0 and out.splitlines() == ["we met Bob PER", "in Rome LOC"]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nothing", "here"], ["one RUN at most", "nothing"]),
        (["--output", "x.txt", "we met Bob"], ["--output x.txt", ".conll"]),
        (["--input", "none.conll"], ["none.conll"]),
        (["--input", "none.txt"], ["none.txt"]),
    ],
)
def test_wrong_questions(seqzoo, folder, args, told):
    extra = [folder] if args[0].startswith("--") and "met" not in args[-1] else []
    done = seqzoo("tag", *([folder, *args] if extra or args[0].startswith("--") else ["a b", *args]))
    fails(done, told[0])
    assert all(part in done[2] for part in told)


def test_evaluate_and_train_on_ones_own_file(seqzoo, folder, tmp_path):
    from tests.tasks.tag.cases import write_conll

    write_conll(tmp_path / "own.conll", 20, seed=2)
    code, out, _ = seqzoo("evaluate", folder, "--data", "own.conll")
    assert code == 0 and "F1" in out
    (tmp_path / "bad.conll").write_text("Bob\tO\nRome B-LOC\n", "utf-8")
    fails(seqzoo("train", "ner-bilstm-crf", "--data", "bad.conll"), "line 2")
    (tmp_path / "bad.conll").write_text("Bob O\nRome I-LOC\nEva B-PER\n", "utf-8")
    fails(seqzoo("train", "ner-bilstm-crf", "--data", "bad.conll", "--scheme", "IOB2"), "line 2: I-LOC after O")
    fails(seqzoo("train", "ner-bilstm-crf", "--data", "bad.conll", "--scheme", "IOB3"), "IOB2")
