"""Files of words and tags: what is read, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.tasks.tag import conll, data
from seqzoo.tasks.tag.options import DataOptions

WORD = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=8).filter(
    lambda word: not word.startswith("#") and word != "-DOCSTART-"
)


@given(st.lists(st.lists(st.tuples(WORD, st.sampled_from(["O", "B-X", "I-X"])), min_size=1, max_size=5), min_size=1))
def test_what_is_written_is_read(sentences):
    rows = [([word for word, _ in one], [tag for _, tag in one]) for one in sentences]
    found = conll.parsed(conll.written(rows), "x")
    assert [(one.words, one.tags) for one in found] == rows


def test_documents_comments_and_hashtags():
    lines = "-DOCSTART- -X- O\n\n# a comment\n#tag\tO\nRome\tB-LOC\n\n\n-DOCSTART- O\n\nBob\tO\n".splitlines(
        keepends=True
    )
    found = conll.parsed(lines, "x")
    assert [one.words for one in found] == [["#tag", "Rome"], ["Bob"]]
    assert [one.document for one in found] == [1, 2] and found[0].line == 4


def test_conllu_leaves_out_ranges_and_words_that_were_never_written(tmp_path):
    rows = ["1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_", "1\tdo\tdo\tAUX\tVBP\t_\t_\t_\t_\t_",
            "2\tn't\tnot\tPART\tRB\t_\t_\t_\t_\t_", "2.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_"]  # fmt: skip
    path = tmp_path / "x.conllu"
    path.write_text("# newdoc id = a\n# text = don't\n" + "\n".join(rows) + "\n", "utf-8")
    found, _ = data.read_own(DataOptions(path=str(path)))
    assert found.words == [["do", "n't"]] and found.tags == [["AUX", "PART"]] and found.plain


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Bob\tO\nRome B-LOC\n", ["1 line(s) are not 2 columns", "line 2: 1 column(s)"]),
        ("Bob O\nRome in B-LOC\n\nx O O\n", ["2 line(s)", "line 2", "line 4"]),
        ("Bob\tO\n \tO\n", ["line 2: 2 column(s)"]),
        ("Bob\nRome\n", ["words and tags are both column 0"]),
        ("Bob\t\n", ["line 1"]),
        ("", ["holds no sentence"]),
        ("\n\n\n", ["holds no sentence"]),
        ("w O\n" * 100_001, ["a sentence of over 100,000 words", "no empty lines"]),
        ("Bob O\nRome I-LOC\nx O\ny B-PER\n", ["1 tag(s) are illegal in IOB2", "line 2: I-LOC after O"]),
    ],
)
def test_bad_files_are_refused_with_their_lines(tmp_path, text, told):
    path = tmp_path / "bad.conll"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError) as caught:
        data.read_own(DataOptions(path=str(path), scheme="IOB2" if "illegal" in told[0] else "detect"))
    assert all(part in str(caught.value) for part in told), caught.value


def test_words_without_tags_are_no_training_data(tmp_path):
    path = tmp_path / "words.conll"
    path.write_text("Bob\nRome\n", "utf-8")
    assert conll.read(path, 0, 0)[0].words == ["Bob", "Rome"]
    with pytest.raises(UserError, match="no column 3"):
        conll.read(path, 3)


def test_illegal_tags_can_be_repaired(tmp_path):
    path = tmp_path / "x.conll"
    path.write_text("in O\nNew I-LOC\nYork I-LOC\nB B-PER\nD B-PER\n", "utf-8")
    found, facts = data.read_own(DataOptions(path=str(path), scheme="IOB2", repair=True))
    assert found.tags == [["O", "B-LOC", "I-LOC", "B-PER", "B-PER"]] and facts["licence"] == "your own"


def test_other_encodings_are_told(tmp_path):
    path = tmp_path / "x.conll"
    path.write_bytes("Zürich O\n".encode("latin1"))
    with pytest.raises(UserError, match="UTF-8"):
        conll.read(path)


def test_documents_stay_whole(tmp_path):
    text = ("-DOCSTART- O\n\n" + "Bob O\n\n" * 3) * 20
    path = tmp_path / "x.conll"
    path.write_text(text, "utf-8")
    splits = data.load(DataOptions(path=str(path)))
    parts = [set(part.documents.tolist()) for part in (splits.train, splits.validation, splits.test.open())]
    assert sum(map(len, parts)) == 20 and not parts[0] & parts[1] and not parts[2] & (parts[0] | parts[1])
    assert len(splits.train) == 3 * len(parts[0])


def test_one_document_cannot_be_split(tmp_path):
    path = tmp_path / "x.conll"
    path.write_text("Bob O\n", "utf-8")
    with pytest.raises(UserError, match="cannot be split"):
        data.load(DataOptions(path=str(path)))
