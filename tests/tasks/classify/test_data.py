"""Where texts come from: files of every sort, splits that keep groups whole, the published archive."""

import io
import json
import tarfile

import numpy as np
import pytest

from seqzoo.errors import UserError
from seqzoo.tasks.classify import data
from seqzoo.tasks.classify.data import Examples
from seqzoo.tasks.classify.options import DataOptions


def write(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding))
    return path


GOOD = 'text,label,who\nfine,yes,a\nbad,no,b\n"two\nlines",yes,a\n'


def test_csv_tsv_and_jsonl_say_the_same(tmp_path):
    csv = data.read_file(write(tmp_path / "a.csv", "\ufeff" + GOOD), DataOptions(path="x", group="who"))
    rows = [dict(text=t, label=y, who=g) for t, y, g in zip(csv.texts, csv.labels, csv.groups, strict=True)]
    lines = data.read_file(
        write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)) + "\n"), DataOptions(path="x", group="who")
    )
    tabs = data.read_file(
        write(tmp_path / "a.tsv", 'text\tlabel\twho\nfine\tyes\ta\nbad\tno\tb\n"two\nlines"\tyes\ta\n'),
        DataOptions(path="x", group="who"),
    )
    assert csv == lines == tabs
    assert csv == Examples(["fine", "bad", "two\nlines"], ["yes", "no", "yes"], ["a", "b", "a"])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", "no rows"),
        ("a.csv", "text,label\n", "no rows"),
        ("a.csv", "texts,label\nx,y\n", "no column 'text': did you mean 'texts'"),
        ("a.csv", "text,label\nx,y\nz,y\n", "one class only"),
        ("a.csv", "text,label\nx,y\nz,\n", "1 row.s. have no text or no label: 2"),
        ("a.csv", "text,label\nx,y\nz,NaN\n", "no text or no label: 2"),
        ("a.csv", "text,label\nx,y\n  ,n\n", "no text or no label: 2"),
        ("a.csv", "text,label\n" + "\n".join(f"t{i},{i}" for i in range(50)), "50 classes in 50 rows"),
        ("a.jsonl", '{"text": "x", "label": "y"}\n{"text": ', "not valid JSONL"),
        ("a.jsonl", "[1, 2]\n", "must be a JSON object"),
        ("a.txt", "x", "allowed: .csv"),
    ],
)
def test_bad_files(tmp_path, name, content, words):
    with pytest.raises(UserError, match=words):
        data.read_file(write(tmp_path / name, content), DataOptions(path="x"))


def test_a_missing_file_and_a_wrong_encoding(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        data.read_file(tmp_path / "none.csv", DataOptions(path="x"))
    with pytest.raises(UserError, match="not UTF-8"):
        data.read_file(write(tmp_path / "latin.csv", "text,label\ncafé,y\n", "latin-1"), DataOptions(path="x"))


def many(n=200, groups=True):
    names = [f"g{i % 25}" for i in range(n)] if groups else None
    return Examples([f"text {i}" for i in range(n)], [["a", "b", "b"][i % 3] for i in range(n)], names)


def test_groups_stay_whole_and_classes_stay_mixed():
    left, right = data.split(many(), 0.2, seed=1)
    assert not set(left.groups) & set(right.groups)
    assert len(left) + len(right) == 200
    assert 0.1 < len(right) / 200 < 0.3
    assert data.overlap(left, right) == {"duplicates": 0, "shared groups": 0}


def test_a_split_is_seeded_and_stratified():
    left, right = data.split(many(groups=False), 0.3, seed=1)
    assert (left, right) == data.split(many(groups=False), 0.3, seed=1)
    assert right != data.split(many(groups=False), 0.3, seed=2)[1]
    assert abs(np.mean([y == "a" for y in right.labels]) - 1 / 3) < 0.02


def test_overlap_counts_what_both_sides_share():
    left = Examples(["One  text", "other"], ["a", "b"], ["g1", "g2"])
    right = Examples(["one text", "new", "ONE TEXT"], ["a", "b", "a"], ["g1", "g3", "g1"])
    assert data.overlap(left, right) == {"duplicates": 2, "shared groups": 1}


def test_too_few_to_split():
    with pytest.raises(UserError, match="one example"):
        data.split(Examples(["x", "y", "z"], ["a", "a", "b"]), 0.3, 0)
    with pytest.raises(UserError, match="groups cannot be split"):
        data.split(Examples(["x", "y", "z"], ["a", "a", "b"], ["g", "g", "g"]), 0.3, 0)


def archive(path, extra=()):
    """A small archive in the published layout, with more members if asked."""
    with tarfile.open(path, "w:gz") as tar:

        def add(name, text):
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))

        for part in ("train", "test"):
            for kind, star in (("pos", 9), ("neg", 2)):
                urls = ""
                for i in range(12):
                    add(f"aclImdb/{part}/{kind}/{i}_{star}.txt", f"{part} {kind} {i}")
                    urls += f"http://www.imdb.com/title/tt{i // 2:07d}/usercomments\n"
                add(f"aclImdb/{part}/urls_{kind}.txt", urls)
        for info in extra:
            tar.addfile(info, io.BytesIO(b""))
    return path


def test_imdb_from_the_published_layout(tmp_path):
    train, open_test = data.imdb(archive(tmp_path / "a.tar.gz"), DataOptions(dataset="imdb"))
    assert len(train) == len(open_test()) == 24
    assert train.labels.count("positive") == 12
    at = train.texts.index("train neg 7")
    assert (train.labels[at], train.groups[at]) == ("negative", "tt0000003")


def test_hostile_members_are_passed_over(tmp_path):
    link = tarfile.TarInfo("aclImdb/train/pos/99_9.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    outside = tarfile.TarInfo("../../outside.txt")
    train, _ = data.imdb(archive(tmp_path / "a.tar.gz", [link, outside]), DataOptions(dataset="imdb"))
    assert len(train) == 24


def test_a_damaged_archive_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    (tmp_path / "imdb").mkdir()
    whole = archive(tmp_path / "a.tar.gz").read_bytes()
    (tmp_path / "imdb" / "aclImdb_v1.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="damaged"):
        data.load(DataOptions(dataset="imdb"))


def test_spam_from_the_published_layout(tmp_path):
    lines = "".join(f"{'spam' if i % 4 == 0 else 'ham'}\tmessage {i}\n" for i in range(100))
    rest, open_test = data.sms_spam(write(tmp_path / "SMSSpamCollection", lines), DataOptions(dataset="sms-spam"))
    assert len(rest) == 80 and len(open_test()) == 20
    assert not set(rest.texts) & set(open_test().texts)
