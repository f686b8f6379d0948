"""Who is heard where, and what is wrong with recordings of one's own: all of it told at once."""

import io
import tarfile

import numpy as np
import pytest
import soundfile

from seqzoo.errors import UserError
from seqzoo.tasks.transcribe import data
from seqzoo.tasks.transcribe.datasets import plain
from seqzoo.tasks.transcribe.options import DataOptions
from tests.tasks.transcribe.cases import RATE, recordings, tone


def sound(seconds=0.2, seed=0, kind="WAV"):
    buffer = io.BytesIO()
    noise = 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))
    soundfile.write(buffer, noise, RATE, format=kind)
    return buffer.getvalue()


def archive(path, members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as out:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            out.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("recordings/0_evil_7.wav")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)


@pytest.fixture
def digits(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    names = [f"x/recordings/{d}_{who}_{n}.wav" for d in (0, 1) for who in ("ann", "bob") for n in range(8)]
    members = {name: sound(seed=i) for i, name in enumerate(names)}
    archive(tmp_path / "fsdd" / "free-spoken-digit-dataset.tar.gz", members)
    voices = {f"machines/{d}_{who}.flac": sound(kind="FLAC") for d in (0, 1) for who in ("hal", "ann-2")}
    archive(tmp_path / "recordings" / "machines.tar.gz", voices)
    return tmp_path


def test_the_first_recordings_of_spoken_digits_are_the_test_part(digits):
    splits = data.load(DataOptions("fsdd"))
    test = splits.test.open()
    assert len(test) == 20 and len(splits.train) + len(splits.validation) == 12
    assert {int(name.rpartition("_")[2][0]) for name in test.names} == {0, 1, 2, 3, 4}
    assert set(test.texts) == {"zero", "one"} and set(test.groups()) == {"ann", "bob"}
    assert not set(splits.train.names) & set(splits.validation.names)
    assert splits.facts["licence"] == "CC BY-SA 4.0" and all(len(x) == 0.2 * RATE for x in test.samples)


def test_held_speakers_are_heard_nowhere_else_and_machines_in_training_only(digits):
    splits = data.load(DataOptions("fsdd", held=("bob",), also=("digits-machines",), also_limit=3))
    test = splits.test.open()
    assert set(test.speakers) == {"bob"} and len(test) == 16
    assert "bob" not in splits.train.speakers + splits.validation.speakers
    assert set(splits.validation.speakers) == {"ann"} and len(splits.train) + len(splits.validation) == 16 + 3
    assert "3 recordings" in splits.facts["heard in training too: digits-machines"]
    with pytest.raises(UserError, match=r"held = zoe: the speakers are ann, bob"):
        data.load(DataOptions("fsdd", held=("zoe",)))
    with pytest.raises(UserError, match="ann speaks in the test part"):
        data.load(DataOptions("fsdd", held=("ann",), also=("fsdd",)))
    with pytest.raises(UserError, match="nothing is left to learn from"):
        data.load(DataOptions("fsdd", held=("ann", "bob")))
    with pytest.raises(UserError, match="holds no recordings"):
        data.load(DataOptions("imdb"))


def test_splits_are_seeded_and_rates_are_changed(digits):
    one, two, other = (data.load(DataOptions("fsdd", seed=s, rate=r)) for s, r in ((1, 8000), (1, 16_000), (2, 8000)))
    assert one.train.names == two.train.names != other.train.names
    assert len(two.train.samples[0]) == 2 * len(one.train.samples[0]) and two.train.rate == 16_000
    assert len(data.load(DataOptions("fsdd", limit=20)).train) < 20


def test_prompts_that_are_no_speech_are_left_out_and_texts_stay_together(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    rows = [
        "a.wav\tPress 1, then 2.\t1",
        "b.wav\t<beep>\t1",
        "c.wav\t(silence)\t1",
        "d.wav\tagent 404\t1",
        "e.wav\t...\t1",
    ]
    rows += [f"{i}.wav\tText {'abcdef'[i % 6]}\t1" for i in range(12)]
    wavs = {f"asterisk/wavs/{row.split(chr(9))[0]}": sound() for row in rows}
    table = {"asterisk/metadata.tsv": "\n".join(rows).encode()}
    archive(tmp_path / "asterisk" / "asterisk-core-sounds-en.tar.gz", table | wavs)
    splits = data.load(DataOptions("asterisk", test=0.3))
    test = splits.test.open()
    everything = splits.train + splits.validation + test
    assert len(everything) == 13 and "press one then two" in everything.texts
    assert not set(test.texts) & set(splits.train.texts + splits.validation.texts)


def test_sentences_of_a_reader(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    table = "LJ1-1|Raw, 1st|First, he said\nLJ1-2|x|in 1850\nLJ1-3|x|the “third” one’s\n"
    members = {"LJSpeech-1.1/metadata.csv": table.encode()}
    members |= {f"LJSpeech-1.1/wavs/LJ1-{i}.flac": sound(kind="FLAC") for i in (1, 2, 3, 4)}
    archive(tmp_path / "ljspeech" / "LJSpeech-1.1-part.tar", members)
    found = data.read_other(DataOptions("ljspeech"), RATE)
    assert found.texts == ["first he said", "the third one's"] and set(found.speakers) == {"linda"}


def test_a_manifest_lists_paths_texts_and_speakers(tmp_path):
    path = recordings(tmp_path, each=2)
    splits = data.load(DataOptions(path=str(path), speaker="who"))
    test = splits.test.open()
    assert len(set(test.speakers)) == 1 and not set(test.speakers) & set(splits.train.speakers)
    assert len(splits.train) + len(splits.validation) + len(test) == 32 and splits.facts["licence"] == "your own"
    unknown = data.load(DataOptions(path=str(path)))
    assert unknown.test.open().groups() is None and len(unknown.train) > 20
    held = data.load(DataOptions(path=str(path), speaker="who", held=("low", "high")))
    assert set(held.test.open().speakers) == {"low", "high"}


def test_folders_of_words_of_texts_and_of_librispeech(tmp_path):
    for word in ("yes", "no"):
        (tmp_path / "words" / word).mkdir(parents=True)
        (tmp_path / "words" / word / "1.wav").write_bytes(sound())
    found = data.read_other(DataOptions(path=str(tmp_path / "words")), RATE)
    assert sorted(found.texts) == ["no", "yes"]
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "a.wav").write_bytes(sound())
    with pytest.raises(UserError, match=r"there is no a\.txt"):
        data.read_other(DataOptions(path=str(tmp_path / "beside")), RATE)
    (tmp_path / "beside" / "a.txt").write_text("It’s so, Ann!\n")
    assert data.read_other(DataOptions(path=str(tmp_path / "beside")), RATE).texts == ["it's so ann"]
    book = tmp_path / "libri" / "1089" / "7"
    book.mkdir(parents=True)
    (book / "1089-7.trans.txt").write_text("1089-7-0 HE HOPED\n1089-7-1 THERE\n")
    for i in (0, 1):
        (book / f"1089-7-{i}.flac").write_bytes(sound(kind="FLAC"))
    found = data.read_other(DataOptions(path=str(tmp_path / "libri")), RATE)
    assert found.texts == ["he hoped", "there"] and found.speakers == ["1089", "1089"]


def test_everything_that_is_wrong_is_listed(tmp_path):
    def refused(rows, said):
        path = tmp_path / "m.csv"
        path.write_text("path,text\n" + "\n".join(rows) + "\n")
        with pytest.raises(UserError, match=said) as error:
            data.load(DataOptions(path=str(path)))
        return str(error.value)

    soundfile.write(tmp_path / "ok.wav", tone("ada"), RATE)
    (tmp_path / "bad.wav").write_bytes(b"no")
    (tmp_path / "worse.wav").write_bytes(b"")
    listed = refused([f"{i}.wav,one" for i in range(14)] + ["ok.wav,one"], "14 of 15 recordings are not there")
    assert "9.wav" in listed and "12.wav" not in listed and "and 4 more" in listed
    assert "ok.wav: 'room 7'" in refused(["ok.wav,room 7"] * 3, "3 text.s. hold digits")
    refused(["ok.wav,one", "ok.wav,...", "ok.wav,"], "2 text.s. hold no letter")
    listed = refused(["ok.wav,one", "bad.wav,one", "worse.wav,two"] * 4, r"recording\(s\) cannot be used")
    assert "bad.wav is not a recording" in listed and "worse.wav" in listed
    refused(["ok.wav,one", ",two"], "1 row.s. name no recording: 2")
    refused(["ok.wav,x²", "ok.wav,half ½"], "2 text.s. hold digits")
    refused([], "lists no recordings")
    for path, said in ((tmp_path / "x.txt", "no folder and no manifest"), (tmp_path / "none", "no folder")):
        with pytest.raises(UserError, match=said):
            data.load(DataOptions(path=str(path)))


def test_lines_that_lack_a_key_and_texts_in_another_encoding_are_told(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone("ada"), RATE)
    for line, said in (('{"path": "a.wav"}', "1 text.s. hold no letter"), ('{"text": "two"}', "name no recording: 2")):
        (tmp_path / "m.jsonl").write_text('{"path": "a.wav", "text": "one"}\n' + line)
        with pytest.raises(UserError, match=said):
            data.load(DataOptions(path=str(tmp_path / "m.jsonl")))
    for name in ("a.txt", "a.trans.txt"):
        (tmp_path / name).write_bytes("a café".encode("latin1"))
        with pytest.raises(UserError, match="is not UTF-8"):
            data.load(DataOptions(path=str(tmp_path)))


def test_a_damaged_archive_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    (tmp_path / "fsdd").mkdir()
    (tmp_path / "fsdd" / "free-spoken-digit-dataset.tar.gz").write_bytes(b"nothing of the kind")
    with pytest.raises(UserError, match="damaged"):
        data.load(DataOptions("fsdd"))


def test_plain_text():
    assert plain("cafe\u0301") == "caf\u00e9"
    assert plain("  Don’t PRESS-it, “José”! ' ") == "don't press it josé"
