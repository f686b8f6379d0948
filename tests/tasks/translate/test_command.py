"""The verb translate: typed texts, lines and rows, and every way to ask wrongly."""

import json

import pytest

from tests.conftest import fails
from tests.tasks.translate.cases import sources


@pytest.fixture
def folder(trained):
    return str(trained("translate"))


def test_a_typed_text_is_translated(seqzoo, folder):
    code, out, err = seqzoo("translate", folder, "cat sees dog")
    assert code == 0 and len(out.splitlines()) == 1 and "answered by" in err


def test_alternatives_come_with_scores(seqzoo, folder):
    code, out, _ = seqzoo("translate", folder, "cat sees dog", "--beam", "4", "--alternatives", "3", "-q")
    scores = [float(line.split()[0]) for line in out.splitlines()]
    assert code == 0 and len(scores) == 3 and scores == sorted(scores, reverse=True)


def test_json_for_programs(seqzoo, folder):
    code, out, err = seqzoo("translate", folder, "cat sees dog", "--json", "--explain", "--alternatives", "2")
    answer = json.loads(out)
    assert code == 0 and err == "" and answer["model"] == folder
    assert len(answer["alternatives"]) == 2 and answer["alternatives"][0]["text"] == answer["text"]
    assert all(set(seen) == {"cat", "sees", "dog"} for _, seen in answer["words"])


def test_explain_shows_where_it_looked(seqzoo, folder):
    code, out, _ = seqzoo("translate", folder, "cat sees dog", "--explain", "-q")
    assert code == 0 and ("%" in out or len(out.splitlines()) == 1)


def test_sampling_follows_its_seed(seqzoo, folder):
    asked = ["translate", folder, "cat sees dog", "--temperature", "1", "--alternatives", "5", "-q"]
    first = seqzoo(*asked, "--seed", "1")[1]
    assert len(first.splitlines()) == 5 and seqzoo(*asked, "--seed", "1")[1] == first
    assert seqzoo(*asked, "--seed", "2")[1] != first


def test_lines_in_lines_out_blank_ones_kept(seqzoo, folder, tmp_path):
    (tmp_path / "in.txt").write_text("cat sees dog\n\n😀\ndog has cat\n", "utf-8")
    code, _, err = seqzoo("translate", folder, "--input", "in.txt", "--output", "out.txt")
    lines = (tmp_path / "out.txt").read_text("utf-8").split("\n")
    assert code == 0 and len(lines) == 5 and lines[1:3] == ["", "😀"] and "1 text(s) held no letter" in err


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_rows_keep_their_columns(seqzoo, folder, tmp_path, suffix):
    from seqzoo.files import read_rows, write_rows

    given = [{"translation": str(i), "said": text} for i, text in enumerate(sources()[:5])]
    write_rows(tmp_path / f"in{suffix}", given, force=False)
    args = ["--input", f"in{suffix}", "--text", "said", "--output", f"out{suffix}", "--alternatives", "2", "--explain"]
    code, _, err = seqzoo("translate", folder, *args)
    assert code == 0, err
    found = list(read_rows(tmp_path / f"out{suffix}"))
    assert [row["translation"] for row in found] == [row["translation"] for row in given]
    assert set(found[0]) == {"translation", "said", "translation_2", "translation_2_2", "looked_at"}


def test_piped_lines_are_answered(seqzoo, folder):
    code, out, _ = seqzoo("translate", folder, stdin="cat sees dog\ndog has cat\n")
    assert code == 0 and len(out.splitlines()) == 2
    code, out, _ = seqzoo("translate", folder, "--json", stdin='{"text": "cat sees dog", "id": 7}\n')
    assert code == 0 and json.loads(out)["id"] == "7" and "translation" in json.loads(out)


def test_a_file_that_exists_is_kept(seqzoo, folder, tmp_path):
    (tmp_path / "in.txt").write_text("cat\n")
    (tmp_path / "out.txt").write_text("mine")
    asked = ["translate", folder, "--input", "in.txt", "--output", "out.txt"]
    fails(seqzoo(*asked), "exists already", "--force")
    assert (tmp_path / "out.txt").read_text() == "mine"
    assert seqzoo(*asked, "--force")[0] == 0 and (tmp_path / "out.txt").read_text() != "mine"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["cat", "--beam", "0"], "--beam 0"),
        (["cat", "--beam", "2", "--alternatives", "3"], "at most the beam (2)"),
        (["cat", "--alternatives", "0"], "--alternatives 0"),
        (["cat", "--length-penalty", "-1"], "--length-penalty -1"),
        (["cat", "--no-repeat", "-1"], "--no-repeat -1"),
        (["cat", "--temperature", "-1"], "--temperature -1"),
        (["   "], "nothing to translate"),
        (["😀 😀"], "knows no letter of '😀 😀'"),
        (["Привет, мир"], "it has learnt from texts with letters like"),
        (["cat", "dog", "tree"], "put the text in quotes"),
        (["--input", "nowhere.txt"], "no such file"),
        (["--input", "empty.txt"], "nothing to translate: no lines"),
        (["--input", "latin.txt"], "is not UTF-8"),
        (["--input", "one.csv"], "no column 'text'"),
        (["--input", "half.csv"], "a quote is never closed"),
        (["cat", "--explain", "--temperature", "1"], "leave out --temperature"),
        (["cat", "--output", "x.txt"], "--output takes the answers to --input"),
    ],
)
def test_each_way_to_ask_wrongly_has_one_clear_message(seqzoo, folder, tmp_path, args, said):
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "latin.txt").write_bytes("été\n".encode("latin1"))
    (tmp_path / "one.csv").write_text("en\ncat\n")
    (tmp_path / "half.csv").write_text('text\n"cat\n')
    fails(seqzoo("translate", folder, *args), said)


def test_an_answer_that_fails_leaves_no_half_file(seqzoo, folder, tmp_path):
    (tmp_path / "in.txt").write_bytes(b"cat sees dog\n" * 3000 + "été\n".encode("latin1"))
    fails(seqzoo("translate", folder, "--input", "in.txt", "--output", "out.txt"), "is not UTF-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.txt"]


def test_a_long_line_and_a_nul_are_answered(seqzoo, folder, tmp_path):
    (tmp_path / "in.txt").write_text("cat sees dog. " * 7200 + "\ncat\0dog\n")
    code, _, err = seqzoo("translate", folder, "--input", "in.txt", "--output", "out.txt", "--beam", "1")
    assert code == 0, err
    assert len((tmp_path / "out.txt").read_text().splitlines()) == 2


def test_the_wrong_language_is_doubted_with_evidence(seqzoo, folder):
    text = "chien rouge voit grand chat et chien grand a arbre rouge"
    code, _, err = seqzoo("translate", folder, text)
    assert code == 0 and "units as a source" in err
    assert "units as a source" not in seqzoo("translate", folder, "big red dog sees cat and big tree has red dog")[2]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--data", "pairs.tsv"], "no column 'source'"),
        (["--data", "pairs.tsv", "--source", "en", "--target", "de"], "no column 'de'"),
        (["--source", "en"], "columns of your own file"),
        (["--data", "pairs.tsv", "--source", "en", "--target", "fr"], "too few"),
        (["--set", "codec.unit=syllable"], "codec.unit"),
        (["--set", "decide.beam=0"], "decide.beam must be at least 1"),
    ],
)
def test_training_on_what_cannot_be_is_refused_before_it_begins(seqzoo, tmp_path, args, said):
    (tmp_path / "pairs.tsv").write_text("en\tfr\nGo.\tVa !\nRun!\tCours !\n")
    fails(seqzoo("train", "fra-eng-attention", *args, "-q"), said)
    assert not (tmp_path / "runs" / "fra-eng-attention").exists()
