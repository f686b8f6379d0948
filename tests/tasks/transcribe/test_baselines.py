"""Simpler transcribers: coefficients and warping as librosa has them, and answers that can be known beforehand."""

import time

import jiwer
import librosa
import numpy as np
import pytest

from seqzoo.tasks.transcribe import baselines
from seqzoo.tasks.transcribe.data import Clips

TONES = {"low": 300, "mid": 900, "high": 2400}


def tone(word, seconds=0.4, rate=8000, seed=0):
    """A word of made-up speech: a tone that falls, with noise."""
    random, moment = np.random.default_rng(seed), np.arange(int(seconds * rate)) / rate
    samples = 0.3 * np.sin(2 * np.pi * (TONES[word] * moment - 60 * moment**2 / seconds))
    return (samples + 0.01 * random.standard_normal(len(moment))).astype(np.float32)


def spoken(words, seed=0, rate=8000):
    """Clips of given words, as long as chance has it."""
    seconds = np.random.default_rng(seed).uniform(0.25, 0.6, len(words))
    samples = [tone(word, s, rate, seed + i) for i, (word, s) in enumerate(zip(words, seconds, strict=True))]
    return Clips([f"{i}" for i in range(len(words))], samples, list(words), [""] * len(words), rate)


TRAIN, TEST = spoken([*TONES] * 8), spoken(["high", "low", "mid", "low"], seed=99)


@pytest.mark.parametrize("rate", [8000, 16000, 22050])
def test_coefficients_are_librosa_s(rate):
    samples = tone("mid", 0.7, rate)
    width, hop = round(0.032 * rate), round(0.020 * rate)
    energy = librosa.feature.melspectrogram(
        y=samples, sr=rate, n_fft=width, hop_length=hop, center=False, n_mels=26, htk=True, norm=None
    )
    expected = librosa.feature.mfcc(S=np.log(energy + 1e-6), n_mfcc=13).T
    found = baselines.mfcc(samples, rate)
    assert found.shape == expected.shape and found.dtype == np.float64
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_less_than_a_window_is_one_frame():
    assert baselines.mfcc(np.zeros(10, np.float32), 8000).shape == (1, 13)


@pytest.mark.parametrize("seed", range(5))
def test_warping_costs_what_librosa_says(seed):
    random = np.random.default_rng(seed)
    one, *others = (random.standard_normal((n, 3)).astype(np.float32) for n in random.integers(1, 20, 9))
    lengths = np.array([len(other) for other in others])
    found = baselines.warped(one, baselines.padded(others), lengths)
    expected = [librosa.sequence.dtw(one.T, other.T, backtrack=False)[-1, -1] for other in others]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_single_frames_are_compared_too():
    one, other = np.array([[3.0, 0.0]], np.float32), np.array([[0.0, 4.0]], np.float32)
    np.testing.assert_allclose(baselines.warped(one, baselines.padded([other, one]), np.array([1, 1])), [5, 0])


def test_a_clip_is_nearest_to_itself_slower():
    slower = spoken(TEST.texts, seed=5)
    assert baselines.warp(TRAIN, slower) == TEST.texts
    assert baselines.warp(TRAIN, TRAIN) == TRAIN.texts


def test_very_many_cells_are_compared_coarsely(monkeypatch):
    monkeypatch.setattr(baselines, "_CELLS", 5000)
    assert baselines.warp(TRAIN, TEST) == TEST.texts


def test_few_clips_of_each_text_are_kept_and_rare_texts_first():
    texts = ["often"] * 900 + ["seldom"] * 3 + [f"{i}" for i in range(590)]
    kept = [texts[i] for i in baselines._spread(texts)]
    assert len(kept) == 600 and kept.count("seldom") >= 1 and {f"{i}" for i in range(590)} <= {*kept}
    assert len(baselines._spread(["a"] * 50 + ["b"] * 5)) == 25
    assert baselines._spread(texts) == baselines._spread(texts)


def test_500_clips_are_warped_in_seconds():
    train, test = spoken([*TONES] * 20), spoken([*TONES] * 5)
    started = time.process_time()
    baselines.warp(train, test)
    took = (time.process_time() - started) * (500 / len(test)) * (600 / len(train))
    assert took < 240  # 10 to 30 s; a busy machine is no bug


def test_averages_tell_texts_apart():
    assert baselines.summary(TRAIN, TEST) == TEST.texts
    assert baselines.averages(TRAIN.samples[0], 8000).shape == (104,)


def test_averages_are_left_out_of_open_texts():
    assert baselines.summary(TRAIN.take([0, 3, 6]), TEST) is None  # one text
    unseen = Clips(["0"], [tone("low")], ["never said"], [""], 8000)
    assert baselines.summary(TRAIN, unseen) is None
    many = spoken(["low"] * 201)
    named = Clips(many.names, many.samples, many.names, many.speakers, 8000)
    assert baselines.summary(named, named) is None


def test_without_sound_the_most_frequent_word_is_said():
    assert baselines.silent(spoken(["low", "mid", "mid", "high"]), 3) == ["mid"] * 3


def test_without_sound_open_texts_are_best_met_by_a_frequent_word():
    texts = [*"abcde", "press the key", "lift the cover"]
    clips = Clips(texts, [np.zeros(1, np.float32)] * 7, texts, [""] * 7, 8000)
    assert baselines.silent(clips, 2) == ["the"] * 2


def test_without_sound_no_other_candidate_makes_fewer_errors():
    texts = ["a b c", "a b c d", "b c", "x", "a b", "x y"]
    clips = Clips(texts, [np.zeros(1, np.float32)] * 6, texts, [""] * 6, 8000)
    (said,) = baselines.silent(clips, 1)
    runs = {" ".join(t.split()[i : i + n]) for t in texts for n in (1, 2, 3) for i in range(4)} - {""}
    least = min(jiwer.wer(texts, [run] * 6) for run in runs | {*texts})
    assert jiwer.wer(texts, [said] * 6) == pytest.approx(least)
