"""Pairs: split by source, whole dialogues together, and what is wrong with a file is said."""

import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.tasks.translate import data, datasets, swapped
from seqzoo.tasks.translate.data import Pairs, gathered, in_context, near, shared, split
from seqzoo.tasks.translate.datasets import Row
from seqzoo.tasks.translate.options import DataOptions
from tests.tasks.translate.cases import sources, written

OWN = DataOptions(path="x", source="en", target="fr", validation=0.1, test=0.2)


def options(path, **more):
    return DataOptions(**{"path": str(path), "source": "en", "target": "fr", "validation": 0.1, "test": 0.1} | more)


def test_sources_that_differ_in_case_and_symbols_are_near():
    assert near("Go!") == near("go.") == near("  GO ") != near("Go on")
    assert near("?!") == "?!" and near("") == ""


@given(st.lists(st.tuples(st.sampled_from("abcdefghijkl"), st.sampled_from([".", "!", ""]), st.integers(0, 3)),
                min_size=40, max_size=80), st.integers(0, 5))  # fmt: skip
def test_no_source_stands_on_two_sides_and_every_pair_on_one(rows, seed):
    pairs = gathered([Row(source + end, str(target)) for source, end, target in rows])
    if len(set(pairs.groups)) < 8:
        return
    parts = split(pairs, DataOptions(path="x", validation=0.15, test=0.25, seed=seed))
    sides = [{near(source) for source in part.sources} for part in parts]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    kept = {pair for part in parts for pair in part.each()}
    assert kept == {(source + end, str(target)) for source, end, target in rows}


def test_all_references_of_a_source_stay_together_each_once():
    pairs = gathered([Row("Go.", "Va !"), Row("Go!", "Pars !"), Row("Go.", "Vas-y !"), Row("Go.", "Va !")])
    assert pairs.sources == ["Go.", "Go!"] and pairs.references == [["Va !", "Vas-y !"], ["Pars !"]]
    assert pairs.groups == ["go", "go"]


def test_a_planted_source_is_found():
    """The leak that a split by pairs would have: a source of the test part that was learnt, in other dress."""
    train = Pairs(["I am cold.", "Go!"], [["J'ai froid."], ["Va !"]], ["i am cold", "go"])
    test = Pairs(["i am COLD", "I am hot."], [["Froid."], ["Chaud."]], ["i am cold", "i am hot"])
    assert shared(train, test).tolist() == [True, False]


def test_turns_before_are_read_too():
    rows = [Row("a", "b", "1"), Row("b", "c", "1"), Row("c", "d", "1"), Row("x", "y", "2"), Row("p", "q", "2")]
    assert [row.source for row in in_context(rows, 3)] == ["a", "a\nb", "a\nb\nc", "x", "x\ny\np"]
    assert [row.source for row in in_context(rows, 2)] == ["a", "a\nb", "b\nc", "x", "y\np"]
    assert [row.target for row in in_context(rows, 2)] == ["b", "c", "d", "y", "q"]


def test_a_dialogue_stays_whole():
    rows = [Row(f"hello {i % 3}", f"answer {i}", str(i // 5)) for i in range(100)]
    train, validation, test = split(gathered(rows), OWN)
    sides = [set(part.groups) for part in (train, validation, test)]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and all(sides)


@pytest.mark.parametrize("suffix", [".tsv", ".csv", ".jsonl", ".txt"])
def test_files_of_every_kind_are_read(tmp_path, suffix):
    lines = {
        ".tsv": "en\tfr\nGo.\tVa !\n",
        ".csv": 'en,fr\nGo.,"Va, toi !"\n',
        ".jsonl": '{"en": "Go.", "fr": "Va !"}\n',
        ".txt": "Go.\tVa !\tCC-BY 2.0\n",
    }
    path = tmp_path / f"pairs{suffix}"
    path.write_text(lines[suffix], "utf-8")
    (row,) = data.read(path, options(path))
    assert row.source == "Go." and row.target.startswith("Va")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.tsv", "en\nGo.\n", "no column 'fr'"),
        ("a.txt", "Go.\nVa !\n", "line 1: one column"),
        ("a.tsv", "en\tfr\n", "holds no rows"),
        ("a.tsv", "en\tfr\nGo.\t \nRun.\tCours !\n", r"1 row\(s\) have a side that is empty: 1"),
        ("a.tsv", "en\tfr\nGo.\tVa\0 !\n", "a NUL character: 1"),
        ("a.pdf", "x", "csv"),
        ("a.tsv", b"en\tfr\nGo.\t\xe9t\xe9\n", "is not UTF-8"),
        ("a.tsv", "en\tfr\n" + "Go.\tVa !\n" * 5, "1 different sources or dialogues are too few"),
        ("a.tsv", "en\tfr\n" + ("x" * 100_000) + "\tVa !\n", "1 of 1 pairs have a side of more than 400 characters"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=said):
        data.load(options(path))


def test_a_few_long_pairs_are_left_out_and_counted(tmp_path):
    rows = [(source, "mot") for source in sources()]
    path = written(tmp_path, [*rows, ("x" * 100_000, "y")])
    splits = data.load(options(path))
    assert splits.facts["left out, too long"] == 1
    assert max(map(len, splits.train.sources)) < 400


def test_public_pairs_are_read_from_the_published_archive(tmp_path):
    path = tmp_path / "fra-eng.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fra.txt", "Go.\tVa !\nRun!\tCours\u202f!\tCC-BY 2.0 by someone\n\n")
    assert list(datasets.fra_eng(path)) == [Row("Go.", "Va !"), Row("Run!", "Cours\u202f!")]
    path.write_bytes(b"PK no archive")
    with pytest.raises(UserError, match="damaged"):
        list(datasets.fra_eng(path))


def test_speeches_of_a_play_answer_each_other(tmp_path):
    path = tmp_path / "plays.txt"
    path.write_text("First Citizen:\nBefore we proceed,\nhear me.\n\nAll:\nSpeak.\n\nFirst Citizen:\nResolved?\n")
    assert list(datasets.shakespeare_turns(path)) == [
        Row("Before we proceed, hear me.", "Speak.", "0"), Row("Speak.", "Resolved?", "0"),
    ]  # fmt: skip


# --- warnings with evidence --------------------------------------------------------------------------

ENGLISH = ["the cat is here", "what is it that you have", "I have not been there", "he was with the dog for it"] * 20
FRENCH = ["le chat est ici", "que vous avez", "je ne suis pas là", "il est à la mer avec un chien"] * 20


def rows(left, right):
    return [Row(a, b) for a, b in zip(left, right, strict=True)]


def test_columns_in_another_language_than_their_name_are_noticed():
    found = swapped.warnings("en", "fr", rows(FRENCH, ENGLISH))
    assert len(found) == 2 and "'en' reads like French" in found[0] and "swapped?" in found[0]
    assert "le" in found[0] and "%" in found[0]
    assert swapped.warnings("en", "fr", rows(ENGLISH, FRENCH)) == []
    assert swapped.warnings("source", "target", rows(FRENCH, ENGLISH)) == []


def test_single_rows_whose_sides_changed_places_are_noticed():
    both = rows(ENGLISH, FRENCH)
    both[7], both[30] = Row(both[7].target, both[7].source), Row(both[30].target, both[30].source)
    (found,) = swapped.warnings("a", "b", both)
    assert "2 of 80 rows" in found and "row 8" in found


def test_real_rows_are_left_alone():
    assert swapped.warnings("en", "fr", rows(sources(), [source.upper() for source in sources()])) == []
