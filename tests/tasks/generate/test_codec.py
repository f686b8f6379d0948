"""Text in files, ids, and batches of them."""

import gzip
import itertools
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo import recipe
from seqzoo.errors import UserError
from seqzoo.tasks.generate import codec as codecs
from seqzoo.tasks.generate import text
from seqzoo.tasks.generate.batches import TARGET, LaneBatches, WindowBatches
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.options import RENAMED, CodecOptions

PROSE = "It's a fine day, isn't it?\nYes (it is) — and \"warm\"!\n" * 20


@pytest.fixture
def written(tmp_path):
    def write(content, name="a.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return text.read(path)

    return write


def whole(part):
    return "".join(part.pieces())


@settings(max_examples=60, deadline=None)
@given(content=st.text(st.characters(exclude_characters="\0\r\ufeff", exclude_categories=["Cs"]), min_size=1),
       shares=st.lists(st.floats(0, 1), min_size=1, max_size=3))  # fmt: skip
def test_a_cut_text_is_the_text(tmp_path_factory, content, shares):
    path = tmp_path_factory.mktemp("cut") / "a.txt"
    path.write_bytes(content.encode())
    parts = text.read(path).cut((*sorted(shares), 1.0))
    assert "".join(map(whole, parts)) == content


def test_files_of_a_folder_follow_each_other(tmp_path):
    (tmp_path / "b.txt").write_text("second")
    (tmp_path / "a.txt").write_text("first, größer, ")
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(b" third"))
    found = text.read(tmp_path)
    assert whole(found) == "first, größer, second third"
    first, last = found.cut((0.5, 1.0))
    assert whole(first) + whole(last) == whole(found) and abs(len(first) - len(last)) <= 1


def test_windows_line_ends_and_marks_are_left_out(written):
    assert whole(written(b"\xef\xbb\xbfone\r\ntwo")) == "one\ntwo"


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "is empty"), (b"ab\xff\xfe", "not UTF-8"), (b"ab\0cd", "zero byte")]
)
def test_what_is_no_text(written, content, message):
    with pytest.raises(UserError, match=message):
        whole(written(content))


def test_a_piece_may_end_inside_a_character_or_a_word(written, monkeypatch):
    monkeypatch.setattr(text, "_PIECE", 7)
    found = written("größte Wörter über alles\nund mehr")
    assert whole(found) == "größte Wörter über alles\nund mehr"
    fitted = UnitCodec.fit(found, CodecOptions(unit="word", window=2))
    assert set(fitted.vocabulary) == {"<unk>", "größte", "Wörter", "über", "alles", "\n", "und", "mehr"}


@pytest.mark.parametrize("unit", ["character", "word", "token"])
def test_ids_and_back(written, unit):
    found = written(PROSE)
    fitted = UnitCodec.fit(found, CodecOptions(unit=unit, window=5))
    ids, unknown = fitted.encode_all(found)
    assert unknown == 0 and ids.dtype == np.uint8
    back = fitted.decode(ids)
    assert fitted.encode(back)[0].tolist() == ids.tolist()
    if unit == "character":
        assert back == PROSE


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=0))
def test_characters_survive_or_are_counted(content):
    fitted = UnitCodec("character", 5, "before", 1, ("a", "b", " ", "\n"))
    ids, unknown = fitted.encode(content)
    assert fitted.decode(ids) == "".join(c for c in content if c in "ab \n")
    assert len(ids) + unknown == len(content)


def test_rare_units_become_unknown(written):
    found = written("a a a b b c " * 3)
    fitted = UnitCodec.fit(found, CodecOptions(unit="word", vocabulary_size=3, window=2))
    assert fitted.vocabulary == ("<unk>", "a", "b")
    assert fitted.encode("c a d")[0].tolist() == [0, 1, 0] and fitted.encode("c a d")[1] == 2
    assert fitted.unknown_in("c a d c") == ["c", "d"]
    characters = UnitCodec.fit(found, CodecOptions(vocabulary_size=3, window=2))
    assert characters.vocabulary == ("<unk>", " ", "a")


def test_a_long_text_lives_in_a_file(written, monkeypatch):
    monkeypatch.setattr(codecs, "_IN_MEMORY", 100)
    monkeypatch.setattr(text, "_PIECE", 64)
    found = written(PROSE)
    fitted = UnitCodec.fit(found, CodecOptions(window=5))
    ids, _ = fitted.encode_all(found)
    assert isinstance(ids, np.memmap) and fitted.decode(ids) == PROSE


def test_less_than_a_window(written):
    with pytest.raises(UserError, match="fewer than a window of 100"):
        UnitCodec.fit(written("too short"), CodecOptions())


def test_files_come_back_and_damaged_ones_are_refused(written, tmp_path):
    fitted = UnitCodec.fit(written(PROSE), CodecOptions(window=5))
    fitted.save(tmp_path)
    assert UnitCodec.load(tmp_path) == fitted
    for damage in ('{"unit": "character"}', "[]", (tmp_path / "codec.json").read_text().replace("character", "byte")):
        (tmp_path / "codec.json").write_text(damage)
        with pytest.raises(UserError, match="missing or damaged"):
            UnitCodec.load(tmp_path)


def test_codecs_of_format_1_are_read(written):
    fitted = UnitCodec.fit(written(PROSE), CodecOptions(window=5, reads="window"))
    old = {name: value for name, value in asdict(fitted).items() if name != "reads"}
    assert UnitCodec.from_json(old | {"targets": "last"}) == fitted
    with pytest.raises(ValueError, match="what is read"):
        UnitCodec.from_json(old | {"targets": "window"})


def test_recipes_of_format_1_are_read():
    for name, reads in (("char-lstm", "before"), ("char-lstm-windows", "window"), ("word-fill", "both")):
        (old,) = (key for key, value in RENAMED["targets"][1].items() if value == reads)
        table = recipe.raw(name)
        table["codec"] = {key: value for key, value in table["codec"].items() if key != "reads"} | {"targets": old}
        assert recipe.parse(table, name) == recipe.load(name) and recipe.load(name).codec.reads == reads


@pytest.mark.parametrize("unit", ["character", "word", "token"])
def test_what_each_unit_adds_makes_the_text(written, unit):
    fitted = UnitCodec.fit(written(PROSE), CodecOptions(unit=unit, window=5))
    ids, _ = fitted.encode(PROSE)
    assert "".join(fitted.spelled(ids)) == fitted.decode(ids)


# --- batches -----------------------------------------------------------------------------------------


def test_lanes_go_on_where_the_last_batch_ended():
    lanes = LaneBatches(np.arange(1000) % 251, 10, 4, None)
    seen = [(batch.inputs["ids"], batch.targets[TARGET]) for batch in lanes.epoch(0)]
    assert len(seen) == len(lanes) == 24
    for before, targets in seen:
        assert before.shape == targets.shape == (4, 10)
        assert (targets == (before + 1) % 251).all()
    for (first, _), (after, _) in itertools.pairwise(seen):
        assert (after[:, 0] == (first[:, -1] + 1) % 251).all()


def test_epochs_begin_elsewhere_but_always_the_same():
    lanes = LaneBatches(np.arange(5000) % 251, 20, 4, 7)
    starts = [int(next(lanes.epoch(number)).inputs["ids"][0, 0]) for number in range(12)]
    assert len(set(starts)) > 5
    assert starts == [int(next(lanes.epoch(number)).inputs["ids"][0, 0]) for number in range(12)]
    assert all(len(list(lanes.epoch(number))) == len(lanes) for number in range(12))


def test_one_target_for_each_window():
    windows = WindowBatches(np.arange(100), 10, 3, 8, 0)
    seen = [pair for batch in windows.epoch(0) for pair in zip(batch.inputs["ids"], batch.targets[TARGET], strict=True)]
    assert len(seen) == 30 and all(read[-1] + 1 == target for read, target in seen)
    assert len(windows) == len(list(windows.epoch(1)))


def test_every_unit_of_a_window_is_a_target_that_both_sides_surround():
    windows = WindowBatches(np.arange(100), 10, 10, 8, None, both=True)
    batch = next(windows.epoch(0))
    read, targets = batch.inputs["ids"], batch.targets[TARGET]
    assert read.shape == (8, 12) and targets.shape == (8, 10)
    assert (read[:, 1:-1] == targets).all()
