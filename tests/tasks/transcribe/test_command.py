"""The verb transcribe: files, streams, captions, and every way to ask wrongly."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from seqzoo.tasks.transcribe.predict import Transcriber
from tests.conftest import fails
from tests.tasks.transcribe.cases import RATE, tone


@pytest.fixture
def folder(trained):
    return str(trained("transcribe"))


@pytest.fixture
def recorded(tmp_path):
    """Three recordings in the folder that commands run in."""
    for name, text in (("one", "bead"), ("two", "cab ada"), ("three", "dace")):
        soundfile.write(tmp_path / f"{name}.wav", tone(text), RATE)
    return tmp_path


def test_one_recording_is_its_text(seqzoo, folder, recorded):
    code, out, err = seqzoo("transcribe", folder, "one.wav")
    assert code == 0 and len(out.splitlines()) == 1 and "answered by" in err


def test_several_keep_their_order_and_names(seqzoo, folder, recorded):
    code, out, _ = seqzoo("transcribe", folder, "two.wav", "one.wav", "-q")
    assert code == 0 and [line.split("\t")[0] for line in out.splitlines()] == ["two.wav", "one.wav"]


def test_json_timestamps_and_captions(seqzoo, folder, recorded):
    code, out, err = seqzoo("transcribe", folder, "two.wav", "--json", "--srt", "two.srt")
    told = json.loads(out)
    assert code == 0 and err == "" and told["seconds"] == pytest.approx(len(tone("cab ada")) / RATE)
    assert {"model", "file", "text", "confidence", "sure", "words", "alternatives"} <= set(told)
    assert all(0 <= w["start"] < w["end"] <= told["seconds"] for w in told["words"])
    code, out, _ = seqzoo("transcribe", folder, "two.wav", "--timestamps", "-q")
    assert code == 0 and [line.split()[2] for line in out.splitlines()] == [w["text"] for w in told["words"]]
    assert (recorded / "two.srt").read_text().count("-->") == (1 if told["words"] else 0)
    fails(seqzoo("transcribe", folder, "two.wav", "--srt", "two.srt"), "exists")
    fails(seqzoo("transcribe", folder, "one.wav", "two.wav", "--srt", "x.srt"), "one recording")


def test_lists_of_recordings_into_files_of_rows(seqzoo, folder, recorded):
    (recorded / "list.csv").write_text("who,path\nann,one.wav\nbob,three.wav\n")
    code, _, _ = seqzoo("transcribe", folder, "--input", "list.csv", "--output", "out.csv", "-q")
    rows = (recorded / "out.csv").read_text().splitlines()
    assert (
        code == 0
        and rows[0] == "path,text,confidence"
        and [r.split(",")[0] for r in rows[1:]] == ["one.wav", "three.wav"]
    )
    (recorded / "list.txt").write_text("one.wav\n")
    assert seqzoo("transcribe", folder, "--input", "list.txt", "-q")[0] == 0


def test_good_recordings_are_answered_and_bad_ones_told(seqzoo, folder, recorded):
    (recorded / "bad.wav").write_bytes(b"\x89PNG")
    code, out, err = seqzoo("transcribe", folder, "one.wav", "bad.wav", "absent.wav", "two.wav")
    assert code == 2 and len(out.splitlines()) == 2
    assert "bad.wav is not a recording" in err and "no such recording: absent.wav" in err and "Traceback" not in err


def test_where_nothing_could_be_read_no_file_is_written(seqzoo, folder, recorded):
    (recorded / "old.csv").write_text("path,text,confidence\n")
    fails(seqzoo("transcribe", folder, "absent.wav", "--output", "old.csv", "--force"), "absent.wav")
    fails(seqzoo("transcribe", folder, "absent.wav", "--output", "new.csv"), "absent.wav")
    assert (recorded / "old.csv").read_text() == "path,text,confidence\n" and not (recorded / "new.csv").exists()
    assert not list(recorded.glob(".*"))
    assert seqzoo("transcribe", folder, "one.wav", "absent.wav", "--output", "new.csv")[0] == 2
    assert len((recorded / "new.csv").read_text().splitlines()) == 2


def test_the_samples_are_answered_at_once(seqzoo, folder):
    code, out, _ = seqzoo("transcribe", folder, "--sample", "-q")
    assert code == 0 and len(out.splitlines()) == 3 and all(line.startswith("sample-") for line in out.splitlines())


def test_the_same_name_in_two_folders_is_told_apart(seqzoo, folder, recorded):
    for name in ("a", "b"):
        (recorded / name).mkdir()
        soundfile.write(recorded / name / "x.wav", tone("ada"), RATE)
    _, out, _ = seqzoo("transcribe", folder, "a/x.wav", "b/x.wav", "-q")
    assert [line.split("\t")[0] for line in out.splitlines()] == ["a/x.wav", "b/x.wav"]


def test_the_first_word_is_a_run_a_recipe_or_a_recording(seqzoo, folder, recorded, monkeypatch):
    (recorded / "runs").mkdir()
    (recorded / "runs" / "digits-ctc-2").symlink_to(folder)
    code, out, err = seqzoo("transcribe", "digits-ctc", "one.wav")
    assert code == 0 and len(out.splitlines()) == 1 and "digits-ctc-2" in err
    (recorded / "digits-ctc").write_bytes((recorded / "one.wav").read_bytes())
    fails(seqzoo("transcribe", "digits-ctc"), "digits-ctc: no ending is none of")  # a file comes first
    fails(seqzoo("transcribe", "digits-rnn", "one.wav"), "seqzoo train digits-rnn")
    fails(seqzoo("transcribe", "imdb-bilstm", "one.wav"), "is a bundle for 'classify'")
    (recorded / "sounds").mkdir()
    fails(seqzoo("transcribe", "sounds"), "seqzoo transcribe sounds/*.wav")
    fails(seqzoo("transcribe", folder, "one.wav", "sounds"), "is a folder")


def test_what_is_unsure_is_written_and_told_beside(seqzoo, folder, recorded, monkeypatch):
    from seqzoo import runs

    ears = Transcriber.load(Path(folder))
    doubtful = replace(ears, decision=replace(ears.decision, confidence=1.0))
    monkeypatch.setattr(runs, "load", lambda *_: doubtful)
    _, out, err = seqzoo("transcribe", folder, "one.wav")
    assert "one.wav: unsure, confidence " in err and out.strip()
    _, out, err = seqzoo("transcribe", folder, "one.wav", "--json")
    assert json.loads(out)["sure"] is False and err == ""


def test_silence_and_clipping_are_told(seqzoo, folder, recorded):
    soundfile.write(recorded / "silent.wav", np.zeros(4000), RATE)
    soundfile.write(recorded / "loud.wav", np.clip(20 * tone("ada"), -1, 1), RATE)
    code, _, err = seqzoo("transcribe", folder, "silent.wav", "loud.wav")
    assert code == 0 and "silent.wav: it is silent" in err and "clipped" in err


def test_a_stream_says_the_same_as_the_file(seqzoo, folder, recorded):
    spoken = np.concatenate([tone("cab ada"), tone("bead dace"), np.zeros(2000, np.float32)])
    soundfile.write(recorded / "all.wav", spoken, RATE, subtype="FLOAT")
    whole = seqzoo("transcribe", folder, "all.wav", "-q")[1].split()
    cut = spoken.tobytes() + b"xyz"  # it breaks off within a sample
    code, out, _ = seqzoo("transcribe", folder, "--stream", "-", "--kind", "f32le", "-q", stdin=cut)
    assert code == 0 and out.split() == whole
    faster = (32767 * np.repeat(spoken, 2)).astype("<i2").tobytes()
    code, out, _ = seqzoo("transcribe", folder, "--stream", "--rate", 2 * RATE, "-q", stdin=faster)
    assert code == 0 and out


def test_streams_that_hold_nothing_or_nonsense(seqzoo, folder):
    stream = ("transcribe", folder, "--stream", "-")
    fails(seqzoo(*stream, stdin=b""), "no samples")
    fails(seqzoo(*stream, "--kind", "f32le", stdin=np.full(99, np.inf, "<f4").tobytes()), "no numbers")
    fails(seqzoo(*stream, "--kind", "s16", stdin=b"ab"), "did you mean")
    fails(seqzoo("transcribe", folder, "--stream", "x.wav", stdin=b"ab"), "standard input")


def test_a_stream_that_turns_into_nonsense_keeps_what_was_heard(seqzoo, folder):
    sound = tone("cab ada")
    whole = seqzoo("transcribe", folder, "--stream", "--kind", "f32le", "-q", stdin=sound.tobytes())[1]
    cut = np.append(np.pad(sound, (0, -len(sound) % 800)), np.full(800, np.nan, np.float32))
    code, out, err = seqzoo("transcribe", folder, "--stream", "--kind", "f32le", "-q", stdin=cut.tobytes())
    assert code == 2 and "no numbers" in err and out.split() and whole.split()


def test_a_stream_refuses_what_it_cannot_heed(seqzoo, folder, recorded):
    stream = ("transcribe", folder, "--stream", "-")
    for flag in (["--json"], ["--output", "x.csv"], ["--sample"], ["--srt", "x.srt"], ["--timestamps"]):
        fails(seqzoo(*stream, *flag, stdin=b"ab"), f"leave out {flag[0]}")
    fails(seqzoo(*stream, "--microphone", stdin=b"ab"), "leave out --microphone")
    fails(seqzoo(*stream), "is the keyboard", "arecord")
    fails(seqzoo("transcribe", folder, "one.wav", "--rate", "16000"), "leave out --rate")
    fails(seqzoo("transcribe", folder, "one.wav", "--kind", "f32le"), "leave out --kind")


def test_a_model_that_reads_both_ways_follows_no_stream(seqzoo, folder, monkeypatch):
    from seqzoo import runs

    whole = replace(Transcriber.load(Path(folder)), front=None, step=None)
    monkeypatch.setattr(runs, "load", lambda *_: whole)
    fails(seqzoo("transcribe", folder, "--stream", "-", stdin=b"ab"), "from both ends")


def test_the_microphone(seqzoo, folder, monkeypatch):
    """A device that hears at another rate, until Ctrl-C; none, and no package for it."""
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    fails(seqzoo("transcribe", folder, "--microphone"), "pip install 'seqzoo[microphone]'")
    spoken, asked = np.repeat(tone("cab ada bead"), 2), []

    class Broken(Exception):
        pass

    class Device:
        def __init__(self, rate, size, channels, dtype):
            asked.append((rate, channels, dtype))
            if rate == 48_000:
                raise Broken("no such rate")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def read(self, size):
            nonlocal spoken
            if not len(spoken):
                raise KeyboardInterrupt
            now, spoken = spoken[:size], spoken[size:]
            return now[:, None], False

    fake = SimpleNamespace(InputStream=Device, PortAudioError=Broken)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    code, out, _ = seqzoo("transcribe", folder, "--microphone", "--rate", 2 * RATE, "-q")
    assert code == 130 and out.strip() and asked == [(2 * RATE, 1, "float32")]
    fails(seqzoo("transcribe", folder, "--microphone", "--rate", 48_000), "no such rate")


def test_ctrl_c_keeps_what_was_heard(seqzoo, folder, monkeypatch):
    from seqzoo.tasks.transcribe import live

    def interrupted(*_):
        yield tone("cab ada")
        raise KeyboardInterrupt

    monkeypatch.setattr(live, "piped", interrupted)
    code, out, _ = seqzoo("transcribe", folder, "--stream", "-", "-q")
    assert code == 130 and out


def test_wrong_questions(seqzoo, folder, recorded):
    fails(seqzoo("transcribe", folder), "--sample")
    fails(seqzoo("transcribe", folder, "one.wav", "--beam", "0"), "from 1 to 1024")
    fails(seqzoo("transcribe", folder, "one.wav", "--weight", "-1"), "from 0 to 10")
    fails(seqzoo("transcribe", folder, "one.wav", "--language-model", "nothing"), "no run or bundle")
    fails(seqzoo("transcribe", folder, "absent.wav"), "no such recording")


def test_what_could_change_no_answer_is_refused(seqzoo, folder, recorded, monkeypatch):
    from seqzoo import runs

    for word in ("zebra", "ada ada", ""):
        fails(seqzoo("transcribe", folder, "one.wav", "--hot", word), f"--hot {word!r}", "a b c d e")
    fails(seqzoo("transcribe", folder, "--input", "one.wav"), "--input takes a list")
    without = replace(Transcriber.load(Path(folder)), grams=None)
    monkeypatch.setattr(runs, "load", lambda *_: without)
    fails(seqzoo("transcribe", folder, "one.wav", "--weight", "1"), "--language-model char-lstm")


def test_a_language_model_and_hot_words_have_their_say(seqzoo, folder, recorded):
    plain = seqzoo("transcribe", folder, "one.wav", "-q")[1]
    code, out, _ = seqzoo("transcribe", folder, "one.wav", "-q", "--language-model", "char-lstm", "--weight", "3")
    assert code == 0 and isinstance(out, str)
    code, hot, _ = seqzoo("transcribe", folder, "one.wav", "-q", "--hot", "BEAD")
    assert code == 0 and (hot == plain or "bead" in hot)


def test_from_a_notebook(folder, recorded):
    import seqzoo

    one = seqzoo.transcribe(str(recorded / "one.wav"), folder)
    array, other = seqzoo.transcribe([tone("bead"), np.repeat(tone("bead"), 2)], folder, rate=RATE)
    assert array.text == one.text and one.seconds == pytest.approx(array.seconds, abs=0.01) and other.seconds > 0.9
    assert seqzoo.transcribe([], folder) == []
    wrong = {
        "no numbers": np.array([np.nan]),
        "shape": np.zeros((2, 9)),
        "row of samples": np.zeros(0),
        "int16": np.zeros(9, np.int16),
        "NoneType": None,
        "no such recording": "absent.wav",
    }
    for said, sound in wrong.items():
        with pytest.raises(seqzoo.UserError, match=said):
            seqzoo.transcribe(sound, folder)
    for rate in (0, -5, 10**6):
        with pytest.raises(seqzoo.UserError, match="samples a second"):
            seqzoo.transcribe(tone("ada"), folder, rate=rate)


def test_what_a_bundle_says_of_itself(folder, tmp_path):
    ears = Transcriber.load(Path(folder))
    assert ears.streams and ears.timing.rate == ears.codec.rate == RATE
    alone = ears.log_probs([tone("ada")])[0]
    beside = ears.log_probs([np.ones(9000, np.float32), tone("ada"), tone("cab ada bead")])[1]
    np.testing.assert_allclose(alone, beside, atol=1e-4)
    heard = list(ears.predict([tone("ada")[:100], tone("ada")]))
    assert len(heard) == 2
    assert "".join(letter for letter, _ in heard[1].letters).split() == heard[1].text.split()
