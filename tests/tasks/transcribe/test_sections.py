"""What a report shows of a transcriber."""

import io
from base64 import b64decode

import jiwer
import numpy as np
import pytest
import soundfile
from PIL import Image

from seqzoo.page import html
from seqzoo.tasks.transcribe import sections
from seqzoo.tasks.transcribe.predict import Heard, Word
from tests.page.cases import report
from tests.tasks.transcribe.test_baselines import TONES, Clips, spoken, tone


def answers(clips):
    """Each clip's own text, its letters evenly spread."""
    for samples, text in zip(clips.samples, clips.texts, strict=True):
        seconds = len(samples) / clips.rate
        letters = tuple((letter, seconds * (i + 0.5) / len(text)) for i, letter in enumerate(text))
        yield Heard(text, 0.9, True, (Word(text, 0.0, seconds, 0.9),), letters, ((text, -0.1),), seconds)


def long(count=12, seconds=9.0, rate=16000):
    samples = [tone("mid", seconds, rate, seed) for seed in range(count)]
    return Clips([f"{i}" for i in range(count)], samples, ["in the middle of it all"] * count, [""] * count, rate)


def test_ten_sounds_are_spread_over_the_test_part():
    clips = spoken([*TONES] * 7)
    named = Clips(clips.names, clips.samples, [f"{t} {i}" for i, t in enumerate(clips.texts)], clips.speakers, 8000)
    drawn = sections.heard(named, [*answers(named)])
    assert len(drawn) == 10 and drawn[0].title == "“low 0”" and drawn[-1].title == "“high 20”"
    assert all("Heard as it was said, confidence 90%." == one.note for one in drawn)
    assert len(sections.heard(clips.take([0, 1]), [*answers(clips.take([0, 1]))])) == 2


def test_a_short_sound_is_kept_as_it_was():
    samples = tone("low")
    found, rate = soundfile.read(io.BytesIO(b64decode(sections.wav(samples, 8000))), dtype="float32")
    assert rate == 8000
    np.testing.assert_allclose(found, samples, atol=2 / 32768)


def test_a_long_sound_is_cut_and_kept_small_but_audible():
    clips = long(1)
    (drawn,) = sections.heard(clips, [*answers(clips)])
    carried = b64decode(drawn.data["sound"])
    found, rate = soundfile.read(io.BytesIO(carried), dtype="float32")
    assert len(carried) < 49_000 and rate == 8000 and len(found) == 48_000 and drawn.data["seconds"] == 6
    assert "the first 6 s" in drawn.note and max(at for _, at in drawn.data["letters"]) <= 6
    heard = clips.samples[0][: 6 * 16000 : 2]  # no tone here is above 4 kHz
    assert np.corrcoef(heard[800:-800], found[800:-800])[0, 1] > 0.99


def test_loud_samples_are_cut_and_do_not_wrap_around():
    found, _ = soundfile.read(io.BytesIO(b64decode(sections.wav(np.full(800, 1.7, np.float32), 8000))))
    assert found.min() > 0.99


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_tone_is_bright_at_its_time_and_height(rate):
    quiet = np.zeros(rate // 2, np.float32)
    high = np.sin(2 * np.pi * 3000 * np.arange(rate // 2) / rate).astype(np.float32)
    shades = np.asarray(Image.open(io.BytesIO(b64decode(sections.spectrogram(np.append(quiet, high), rate)))))
    bright = np.argwhere(shades > 200)
    assert bright[:, 1].min() == pytest.approx(shades.shape[1] / 2, abs=5)
    assert np.median(bright[:, 0]) < shades.shape[0] / 2  # high tones stand above


def test_silence_is_drawn_too():
    assert sections.spectrogram(np.zeros(100, np.float32), 8000) and sections.wav(np.zeros(1, np.float32), 8000)


def test_a_page_of_ten_long_sounds_stays_below_a_megabyte():
    clips = long()
    page = html.page(report(sections=sections.heard(clips, [*answers(clips)])), {})
    assert page.count("<audio") == 10 and len(page.encode()) < 1_000_000


def test_one_word_a_recording_stands_where_it_begins():
    clips = spoken(["low"])
    word = Heard("high", 0.5, False, (Word("high", 0.0, 0.4, 0.5),), (), (), 0.4)
    (drawn,) = sections.heard(clips, [word])
    assert drawn.data["letters"] == [["high", 0.0]] and "Heard as “high”, confidence 50%" in drawn.note


def test_word_errors_are_counted():
    texts = ["five six seven", "five", "nine six", "one two"]
    said = ["nine six seven", "nine", "nine six oh", "two"]
    (table,) = sections.substitutions(texts, said)
    assert table.rows[0] == ("five", "nine", "2")
    assert set(table.rows[1:]) == {("–", "oh", "1"), ("one", "–", "1")}
    assert table.note.startswith("Of 8 words 2 were taken for others, 1 left out; 1 were made up")
    assert sections.substitutions(texts, texts) == []


def test_rates_by_length_are_jiwer_s():
    random = np.random.default_rng(0)
    words = ["one", "two", "three", "four"]
    texts = [" ".join(random.choice(words, n)) for n in random.integers(1, 12, 60)]
    said = [" ".join(w if random.random() < 0.7 else "one" for w in text.split()) for text in texts]
    (drawn,) = sections.by_length(texts, said)
    groups = {"1 word,": (1, 1), "2 words,": (2, 2), "3–4 words,": (3, 4), "5–8 words,": (5, 8)}
    for row, (name, (low, high)) in zip(drawn.data["rows"], groups.items(), strict=False):
        some = [i for i, text in enumerate(texts) if low <= len(text.split()) <= high]
        assert row["name"].startswith(name)
        assert row["value"] == pytest.approx(jiwer.wer([texts[i] for i in some], [said[i] for i in some]))
        assert row["interval"][0] <= row["value"] <= row["interval"][1]
    assert sections.by_length(["one"] * 3, ["one"] * 3) == []


def test_speakers_are_told_apart_where_there_are_several():
    clips = spoken(["low", "mid", "high", "low"])
    named = Clips(clips.names, clips.samples, clips.texts, ["ann", "ann", "bob", ""], 8000)
    (drawn,) = sections.by_speaker(named, ["low", "mid", "mid", "low"])
    assert [(row["name"], row["value"]) for row in drawn.data["rows"]] == [("bob, 1 clip", 1.0), ("ann, 2 clips", 0.0)]
    assert sections.by_speaker(clips, clips.texts) == []


def test_confusions_of_many_texts_are_gathered():
    texts = [*(f"{i}" for i in range(25)), *(f"{i}" for i in range(10))]
    (drawn,) = sections.by_class(texts, ["0"] * len(texts), [*map(str, range(25))])
    assert len(drawn.data["rows"]) == 21 and drawn.data["rows"][-1] == "others"
    assert all(row[0] == 1 for row in drawn.data["values"])
    (few,) = sections.by_class(["a", "b", "a"], ["a", "a", "c"], ["b", "a", "c"])
    assert few.data["columns"] == ["b", "a", "others"]
    assert few.data["values"] == [[0, 1, 0], [0, 0.5, 0.5]] and few.data["shown"] == [["", "1", ""], ["", "1", "1"]]


def test_every_section_becomes_part_of_a_page():
    clips = spoken([*TONES] * 4)
    named = Clips(clips.names, clips.samples, clips.texts, ["ann", "bob"] * 6, 8000)
    said = ["low"] * 12
    shown = [
        *sections.heard(named, [*answers(named)]),
        *sections.substitutions(named.texts, said),
        *sections.by_class(named.texts, said, [*TONES]),
        *sections.by_speaker(named, said),
    ]
    page = html.page(report(sections=shown), {})
    assert "Nothing to show" not in page and "“high”" in page and "ann, 6 clips" in page
