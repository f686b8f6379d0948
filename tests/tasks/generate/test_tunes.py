"""Tunes in ABC notation: what is read of the files, where one ends, and MIDI."""

import sys
from dataclasses import replace

import pytest

from seqzoo.tasks.generate import command, tunes
from seqzoo.tasks.generate.predict import Generator
from seqzoo.tasks.generate.text import Text
from tests.conftest import fails

FILE = """% a collection
X: 1
T:One
% a remark
S:Bob
M:4/4
K:G
M:6/8
P:A
GAB c2d|G6|
P:B
BAG G3|]

X: 2
T:No notes

X: 3
T:Two
M:4/4
L:1/4
K:D
R:reel
DEFG|A4|]"""


def test_lines_that_tell_of_notes_are_read(tmp_path):
    (tmp_path / "a.abc").write_text(FILE, "utf-8")
    (tmp_path / "notes.txt").write_text("X: 9\nabc|", "utf-8")
    whole = tunes.read(tmp_path)
    assert isinstance(whole, Text)
    one = "X: 1\nT:One\nK:G\nM:6/8\nGAB c2d|G6|\nBAG G3|]\n\n"
    two = "X: 3\nT:Two\nM:4/4\nL:1/4\nK:D\nDEFG|A4|]"
    assert "".join(whole.pieces()) in (one + two, two + one)


def test_the_order_is_drawn_and_the_same_each_time(tmp_path):
    for i in range(30):
        (tmp_path / f"{i:02}.abc").write_text(f"X: {i}\nK:G\nG{i}|\n\n", "utf-8")
    first, again, other = (tunes.read(tmp_path, seed) for seed in (0, 0, 1))
    assert first.parts == again.parts != other.parts and sorted(first.parts) == sorted(other.parts)


@pytest.fixture
def writer(trained):
    return Generator.load(trained("generate"))


def test_a_text_ends_where_its_stop_stands(writer):
    whole = writer.predict("", 300)[0]
    stop = whole[40:42]
    ending = replace(writer, defaults=replace(writer.defaults, stop=stop, length=300))
    assert ending.predict("")[0] == whole[: whole.index(stop)]
    assert ending.predict(stop + "a", 300, replace_unknown=True)[0].startswith(stop)


def test_the_terminal_stops_too(writer, capsys):
    whole = writer.predict("", 300)[0]
    stop = whole[40:42]
    ending = replace(writer, defaults=replace(writer.defaults, stop=stop, length=300))
    from seqzoo.sampling import Sampling

    command._write(ending, "", None, Sampling(writer.defaults.temperature), False)
    assert capsys.readouterr().out == whole[: whole.index(stop) + len(stop)] + "\n"


@pytest.mark.filterwarnings("ignore")  # of music21
def test_a_tune_becomes_midi(tmp_path):
    tunes.write_midi("X: 1\nT:One\nM:4/4\nL:1/4\nK:D\nDEFG|A4|]\n", tmp_path / "tune.mid")
    assert (tmp_path / "tune.mid").read_bytes()[:4] == b"MThd"
    assert [path.name for path in tmp_path.iterdir()] == ["tune.mid"]


def test_midi_says_what_it_needs(seqzoo, trained, monkeypatch, tmp_path):
    run = str(trained("generate"))
    monkeypatch.setitem(sys.modules, "music21", None)
    fails(seqzoo("generate", run, "--length", "9", "--output", "tune.mid"), "pip install 'seqzoo[music]'")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    fails(seqzoo("generate", run, "--samples", "2", "--length", "9", "--output", "tune.mid"), "one tune a file")
    assert not list(tmp_path.glob("*.mid"))
