"""The verb generate, and the door for notebooks: what they say, and how they fail."""

import csv
import json

import pytest

import seqzoo as package
from seqzoo import flags
from seqzoo.errors import UserError
from tests.conftest import fails


@pytest.fixture(scope="module")
def run(trained):
    return trained("generate")


def test_a_text_goes_on_from_its_beginning(seqzoo, run):
    code, out, told = seqzoo("generate", run, "--prime", "the cat", "--length", 40, "--temperature", 0.8)
    assert code == 0 and out.startswith("the cat") and len(out) == len("the cat") + 40 + 1
    assert f"answered by {run}" in told
    same = seqzoo("generate", "--run", run, "--prime", "the cat", "--length", 40, "--quiet")
    assert same == (0, out, "")
    begun = seqzoo("generate", run, "--prime", "", "--length", 10)[1]
    assert len(begun) == 11
    own = seqzoo("generate", run, "--length", 10)  # the recipe's "ROMEO:" is not in the text that was learnt
    assert own[0] == 0 and len(own[1]) == 11


def test_several_texts_stand_under_titles(seqzoo, run):
    several = seqzoo("generate", run, "--prime", "a", "--length", 10, "--temperatures", "0,0.5,100")[1]
    assert several.count("--- temperature") == 3
    assert seqzoo("generate", run, "--prime", "a", "--length", 10, "--samples", 2)[1].count(" of 2 ---") == 2


def test_json_names_the_model(seqzoo, run):
    four = json.loads(seqzoo("generate", run, "--prime", "", "--length", 10, "--samples", 4, "--json")[1])
    assert four["model"] == str(run) and len(four["texts"]) == 4
    assert all(len(one["text"]) == 10 and one["temperature"] == 0.8 for one in four["texts"])
    words = json.loads(seqzoo("generate", run, "--suggest", "the cat", "--json")[1])
    assert words["model"] == str(run) and len(words["words"]) == 3
    assert {"word", "probability"} == set(words["words"][0])


def test_words_are_suggested_and_filled_in(seqzoo, run):
    assert seqzoo("generate", run, "--suggest", "the cat")[1].count("%") == 3
    assert seqzoo("generate", run, "--fill", "the ___ sat")[1].count("%") == 3
    assert seqzoo("generate", run, "--suggest", "the Qat", "--replace-unknown")[0] == 0
    replaced = seqzoo("generate", run, "--prime", "the Qat", "--replace-unknown", "--length", 5)
    assert replaced[0] == 0 and replaced[1].startswith("the at")


def test_a_text_goes_into_a_file_that_is_not_written_over(seqzoo, run, tmp_path):
    asked = ("generate", run, "--prime", "a", "--length", 10)
    out = seqzoo(*asked)[1]
    assert seqzoo(*asked, "--output", "a.txt")[1] == "" and (tmp_path / "a.txt").read_text() == out
    fails(seqzoo(*asked, "--output", "a.txt"), "exists already", "--force")
    assert seqzoo(*asked, "--seed", 1, "--output", "a.txt", "--force")[0] == 0
    assert (tmp_path / "a.txt").read_text() == seqzoo(*asked, "--seed", 1)[1]
    assert seqzoo(*asked, "--samples", 2, "--output", "two.csv")[0] == 0
    with (tmp_path / "two.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["temperature"] for row in rows] == ["0.8", "0.8"] and rows[0]["text"] + "\n" == out


def test_bad_requests(seqzoo, run):
    fails(seqzoo("generate", run, "--prime", "the QZ"), "does not know: 'Q', 'Z'", "--replace-unknown")
    fails(seqzoo("generate", run, "--temperature", "-1"), "--temperature -1")
    fails(seqzoo("generate", run, "--temperatures", "0.5,-1"), "--temperature -1")
    fails(seqzoo("generate", run, "--top-p", "0"), "--top-p 0")
    for flag, value in (("--length", 0), ("--length", -3), ("--samples", 0), ("--seed", -5), ("--top-k", -1)):
        fails(seqzoo("generate", run, flag, value), f"Invalid value for '{flag}'", "greater than or equal to")
    fails(seqzoo("generate", run, "--temperatures", "0.5,hot"), "numbers separated by commas")
    fails(seqzoo("generate", run, "--suggest", "a", "--fill", "___"), "not both")
    fails(seqzoo("generate", run, "--run", run), "one RUN at most")
    fails(seqzoo("generate", "nowhere"), "no run or bundle 'nowhere'")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("empty.txt", b"", "is empty"), ("short.txt", b"to be or not to be", "too few"),
     ("binary.txt", b"\x89PNG\r\n" + b"text" * 3000, "is not UTF-8"), ("none.txt", None, "no such file")],
)  # fmt: skip
def test_what_cannot_be_learnt_from(seqzoo, tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    fails(seqzoo("train", "char-lstm", "--data", name, "--quiet"), message)


def test_a_text_without_known_units_cannot_be_judged(seqzoo, run, tmp_path):
    (tmp_path / "strange.txt").write_text("ΑΒΓΔ" * 50)
    fails(seqzoo("evaluate", run, "--data", "strange.txt"), "nothing to score")


def test_the_door_does_what_the_command_does(seqzoo, run):
    text = package.generate("the cat", str(run), length=40)
    assert text + "\n" == seqzoo("generate", run, "--prime", "the cat", "--length", 40)[1]
    assert len(package.generate(run=str(run), length=5, samples=3)) == 3
    likely = package.suggest("the cat", str(run), count=2)
    shown = seqzoo("generate", run, "--suggest", "the cat")[1]
    assert len(likely) == 2 and all(word in shown for word, _ in likely)
    assert package.fill("the ___ sat", str(run))[0][0] in seqzoo("generate", run, "--fill", "the ___ sat")[1]
    for wrong in ({"length": 0}, {"samples": -1}, {"seed": -5}, {"temperature": -1.0}):
        with pytest.raises(UserError):
            package.generate("the", str(run), **wrong)
    assert flags.chosen_run(None, str(run)) == str(run)
