"""Features equal librosa's, and what hears sounds of other lengths in one batch hears each alone."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.tasks.transcribe.layers import Cosines, FrameConv, LogMel, Rise, Segments, Standard, Stripes
from seqzoo.tasks.transcribe.spectrum import FLOOR, mel_filters


def noise(*lengths, seed=0):
    random = np.random.default_rng(seed)
    samples = np.zeros((len(lengths), max(lengths)), np.float32)
    for row, length in zip(samples, lengths, strict=True):
        row[:length] = 0.1 * random.standard_normal(length)
    return samples, np.array(lengths, np.int32)


@pytest.mark.parametrize(("rate", "bands"), [(8000, 24), (16_000, 40), (16_000, 26), (44_100, 64)])
def test_mel_filters_are_librosas(rate, bands):
    window = round(0.025 * rate)
    expected = librosa.filters.mel(sr=rate, n_fft=window, n_mels=bands).T
    np.testing.assert_allclose(mel_filters(rate, window, bands), expected, atol=1e-6)


@pytest.mark.parametrize(("rate", "bands", "emphasis"), [(8000, 24, 0.97), (16_000, 40, 0.97), (16_000, 40, 0.0)])
def test_log_mel_and_mfcc_equal_librosa(rate, bands, emphasis):
    layer = LogMel(rate, bands, emphasis=emphasis)
    samples, lengths = noise(rate)
    emphasised = librosa.effects.preemphasis(samples[0], coef=emphasis) if emphasis else samples[0]
    mel = librosa.feature.melspectrogram(
        y=emphasised, sr=rate, n_fft=layer.width, hop_length=layer.stride, center=False, n_mels=bands
    )
    found = layer([samples, lengths])
    np.testing.assert_allclose(np.asarray(found)[0].T, np.log(mel + FLOOR), atol=1e-3)
    mfcc = librosa.feature.mfcc(S=np.log(mel + FLOOR), n_mfcc=13)
    np.testing.assert_allclose(np.asarray(Cosines(13)(found))[0].T, mfcc, atol=1e-3)


def test_what_lies_deep_under_the_loudest_band_is_drowned():
    samples, lengths = noise(8000)
    plain, drowned = (np.asarray(LogMel(8000, 24, depth=d)([samples, lengths])) for d in (0, 20))
    energy = np.exp(plain) - FLOOR
    expected = np.log(energy + 0.01 * energy.max(-1, keepdims=True) + FLOOR)
    np.testing.assert_allclose(drowned, expected, atol=1e-4)
    louder = np.asarray(LogMel(8000, 24, depth=20)([10 * samples, lengths]))
    np.testing.assert_allclose(louder - drowned, np.log(100), atol=1e-2)


def test_a_sound_ends_where_its_samples_end():
    layer = LogMel(8000, 24)
    samples, lengths = noise(2000, 200, 199, 1000)
    mask = np.asarray(layer([samples, lengths])._keras_mask)
    assert mask.sum(1).tolist() == [23, 1, 0, 11] and mask.shape == (4, 23)
    assert (np.sort(mask, 1)[:, ::-1] == mask).all()


def test_features_are_standardised():
    import keras

    x = keras.random.normal((2, 9, 3), seed=1) + 5
    layer = Standard()
    layer.set(np.asarray(x).mean((0, 1)), np.asarray(x).std((0, 1)))
    again = Standard.from_config(layer.get_config())
    np.testing.assert_allclose(np.asarray(again(x)).std((0, 1)), 1, atol=1e-5)


def test_a_rise_is_the_same_at_any_distance():
    x = np.random.default_rng(0).normal(size=(2, 7, 4)).astype(np.float32)
    rise = np.asarray(Rise()(x))
    np.testing.assert_allclose(rise[:, 1:, 0], np.diff(x[..., 0], axis=1), atol=1e-6)
    assert (rise[:, 0, 0] == 0).all() and (rise[..., 1:] == x[..., 1:]).all()
    louder = x + np.array([5, 0, 0, 0], np.float32)
    np.testing.assert_allclose(np.asarray(Rise()(louder)), rise, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(0, 2), st.integers(1, 5))
def test_a_convolution_sees_neither_padding_nor_beyond_its_reach(length, stride, ahead, more):
    layer = FrameConv(4, 2 * ahead + 2, stride, ahead)
    random = np.random.default_rng(length)
    x = random.normal(size=(1, length, 3)).astype(np.float32)
    alone = np.asarray(layer(x))
    assert alone.shape[1] == -(-length // stride)
    longer = np.concatenate([x, random.normal(size=(1, more, 3)).astype(np.float32)], 1)
    found = layer(longer, mask=np.arange(length + more)[None] < length)
    np.testing.assert_allclose(np.asarray(found)[:, : alone.shape[1]], alone, atol=1e-5)


def test_segments_are_means_over_equal_parts():
    x = np.arange(24, dtype=np.float32).reshape(1, 12, 2)
    mask = np.arange(12)[None] < 10
    found = np.asarray(Segments(5)(x, mask=mask))
    np.testing.assert_allclose(found[0], x[0, :10].reshape(5, 2, 2).mean(1), atol=1e-5)
    short = np.asarray(Segments(4)(x, mask=np.arange(12)[None] < 2))
    np.testing.assert_allclose(short[0], x[0, [0, 0, 1, 1]], atol=1e-5)


def test_stripes_hide_in_training_only_and_never_more_than_they_may():
    x = np.ones((50, 40, 20), np.float32)
    layer = Stripes(times=1, bands=1, longest=10)
    assert (np.asarray(layer(x)) == 1).all()
    kept = np.asarray(layer(x, training=True))
    hidden_times, hidden_bands = (kept == 0).all(2).sum(1), (kept == 0).all(1).sum(1)
    assert 0 < hidden_times.mean() < 10 and hidden_times.max() <= 10 and hidden_bands.max() <= 4
