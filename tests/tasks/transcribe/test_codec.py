import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.tasks.transcribe.codec import SpeechCodec
from seqzoo.tasks.transcribe.data import Clips
from seqzoo.tasks.transcribe.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.transcribe.timing import Timing

LETTERS = SpeechCodec("letters", tuple(" 'abc"), 8000)


def clips(*texts):
    return Clips(list(texts), [np.zeros(800, np.float32)] * len(texts), list(texts), [""] * len(texts), 8000)


@given(st.text(" 'abc", max_size=20))
def test_letters_survive_and_the_blank_comes_first(text):
    ids = LETTERS.encode(text)
    assert LETTERS.decode(ids) == text and (ids > 0).all() and LETTERS.decode([0, *ids, 0]) == text
    assert LETTERS.sizes() == {"classes": 6, "rate": 8000}


def test_what_was_never_seen_is_refused_by_name():
    with pytest.raises(UserError, match=r"'abd!' holds '!' 'd': the model writes only"):
        LETTERS.encode("abd!")
    assert LETTERS.foreign(["ab", "xy"]) == ["x", "y"]


def test_one_word_a_recording():
    codec = SpeechCodec.fit(clips("yes", "no", "no", "yes"), CodecOptions(target="word"))
    assert codec.letters == ("no", "yes") and codec.sizes()["classes"] == 2
    assert codec.encode("yes").tolist() == [1] and codec.decode([0]) == "no" and codec.foreign(["maybe"]) == ["maybe"]
    with pytest.raises(UserError, match="4 different texts in 4 recordings") as error:
        SpeechCodec.fit(clips("a", "b", "c", "d"), CodecOptions(target="word"))
    assert error.value.hint == "--set codec.target=letters"


def test_strings_need_a_space():
    assert SpeechCodec.fit(clips("ab", "b"), CodecOptions(joined=2)).letters == (" ", "a", "b")
    assert SpeechCodec.fit(clips("ab", "b"), CodecOptions()).letters == ("a", "b")


def test_files(tmp_path):
    LETTERS.save(tmp_path)
    assert SpeechCodec.load(tmp_path) == LETTERS
    good = json.loads((tmp_path / "codec.json").read_text())
    damaged = ({"target": "x"}, {"rate": 7}, {"rate": "8000"}, {"letters": ["ab"]}, {"letters": []}, {"letters": 3})
    for wrong in damaged:
        (tmp_path / "codec.json").write_text(json.dumps(good | wrong))
        with pytest.raises(UserError, match="damaged"):
            SpeechCodec.load(tmp_path)


def test_options_say_what_is_out_of_range():
    assert (
        len(DataOptions(dataset="x", path="y", rate=1, validation=0, test=1, limit=-1, also_limit=-1).problems()) == 6
    )
    wrong = CodecOptions("word", joined=2, passes=0, speed=1, tempo=-1, gain=99, noise=99, colour=99, silence=9, cut=2)
    assert len(wrong.problems()) == 9 and "did you mean 'word'" in CodecOptions("wrod").problems()[0]
    decide = DecideOptions(0, 1, (9.0,), (9.0,), risk=0.9)
    assert len(decide.problems()) == 5 and "n-grams" in DecideOptions(weights=(0.5,)).problems()[0]
    assert not [*DataOptions("x").problems(), *CodecOptions().problems(), *DecideOptions().problems()]


def test_times(tmp_path):
    timing = Timing(8000, 200, 80, stride=2, back=5, ahead=5)
    assert timing.frames(199) == 0 and timing.frames(200) == 1 and timing.frames(280) == 2 and timing.steps(360) == 2
    assert timing.step_s == 0.02 and timing.delay_s == 0.075 and timing.seconds(10) == pytest.approx(0.2125)
    (tmp_path / "timing.json").write_bytes(timing.to_json())
    assert Timing.load(tmp_path) == timing
    for content in (b"[]", b'{"rate": 0}', b'{"rate": 8000, "window": 200, "hop": 0}', b"no"):
        (tmp_path / "timing.json").write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            Timing.load(tmp_path)
