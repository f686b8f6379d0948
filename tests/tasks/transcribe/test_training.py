"""The loss is the sum over all alignments, whatever lies beside a clip; strings are drawn by seed and epoch."""

from itertools import groupby, product

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo import registry
from seqzoo.errors import UserError
from seqzoo.tasks.transcribe import augment
from seqzoo.tasks.transcribe.codec import SpeechCodec
from seqzoo.tasks.transcribe.data import Clips
from seqzoo.tasks.transcribe.options import CodecOptions
from seqzoo.tasks.transcribe.timing import Timing
from seqzoo.tasks.transcribe.training import TARGET, Strings, ctc, needed, refuse_short
from tests.tasks.transcribe.cases import RATE, WORDS, tone

CODEC = SpeechCodec("letters", tuple(" abcde"), RATE)


def clips(count=12):
    texts = [WORDS[i % len(WORDS)] for i in range(count)]
    speakers = ["low" if i % 3 else "high" for i in range(count)]
    samples = [tone(text, seed=i) for i, text in enumerate(texts)]
    return Clips([f"{i}.wav" for i in range(count)], samples, texts, speakers, RATE)


def masked(logits, lengths):
    tensor = tf.constant(logits)
    tensor._keras_mask = tf.sequence_mask(lengths, logits.shape[1])
    return tensor


def over_all_paths(logits, ids):
    """Minus the log of the summed probability of every alignment that spells `ids`."""
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    found = -np.inf
    for path in product(range(logits.shape[1]), repeat=len(logits)):
        if [k for k, _ in groupby(path) if k] == list(ids):
            found = np.logaddexp(found, sum(log_probs[t, k] for t, k in enumerate(path)))
    return -found


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 2), min_size=1, max_size=3), st.integers(0, 2), st.integers(0, 10_000))
def test_ctc_is_the_sum_over_all_paths_whatever_lies_beside_it(ids, spare, seed):
    random = np.random.default_rng(seed)
    length = needed(np.array(ids)) + spare
    logits = random.normal(size=(3, 7, 3)).astype(np.float32) * 2
    targets = np.zeros((3, 3), np.int32)
    targets[0, : len(ids)], targets[1, 0], targets[2] = ids, 1, [1, 2, 1]
    lengths = [min(7, length), 7, 5]
    found = np.asarray(ctc({TARGET: targets}, masked(logits, lengths)))
    assert found[0] == pytest.approx(over_all_paths(logits[0, : lengths[0]], ids), rel=1e-4)
    other = logits.copy()
    other[1:], other[0, lengths[0] :] = random.normal(size=(2, 7, 3)), 99
    alone = np.asarray(ctc({TARGET: targets[:1]}, masked(other[:1, : lengths[0]], lengths[:1])))
    beside = np.asarray(ctc({TARGET: targets}, masked(other, lengths)))
    assert beside[0] == pytest.approx(alone[0], rel=1e-5) and found[0] == pytest.approx(alone[0], rel=1e-5)


def test_the_loss_reaches_the_weights_under_the_networks_own_mask():
    model = registry.build("conv_gru_ctc", {"units": 16, "filters": 16}, CODEC.sizes())
    batch = next(Strings(CODEC, clips(), CodecOptions(), 4, None).epoch(0))
    with tf.GradientTape() as tape:
        logits = model([batch.inputs["samples"], batch.inputs["lengths"]], training=False)
        loss = tf.reduce_mean(ctc(batch.targets, logits))
    assert all(np.isfinite(one).all() and np.abs(one).max() > 0 for one in tape.gradient(loss, model.trainable_weights))
    counted = np.asarray(logits._keras_mask).sum(1).tolist()
    assert counted == [Timing.of(model).steps(int(n)) for n in batch.inputs["lengths"]]


def test_recordings_that_end_before_their_text_are_listed():
    model = registry.build("conv_gru_ctc", {"units": 8, "filters": 8}, CODEC.sizes())
    short = Clips(["a.wav", "b.wav"], [np.zeros(400, np.float32), tone("ada")], ["abba", "ada"], ["", ""], RATE)
    with pytest.raises(UserError, match=r"1 recording.*\n.*a\.wav: 0\.05 s are 1 steps, 'abba' needs 5") as error:
        refuse_short(model, CODEC, short)
    assert "stride" in error.value.hint
    refuse_short(model, CODEC, short.take([1]))


def test_strings_depend_on_seed_and_epoch_only_and_hold_one_voice_each():
    options = CodecOptions(joined=3, passes=2, speed=0.1, tempo=0.1, gain=6, noise=20, colour=6, silence=0.2, cut=0.05)
    batches = Strings(CODEC, clips(), options, 4, seed=5)
    once, again, later = (list(batches.epoch(n)) for n in (1, 1, 2))
    assert len(once) == len(batches)
    for left, right in zip(once, again, strict=True):
        assert all(np.array_equal(left.inputs[name], right.inputs[name]) for name in left.inputs)
    assert not np.array_equal(once[0].inputs["samples"], later[0].inputs["samples"])
    texts = [CODEC.decode(row) for batch in once for row in batch.targets[TARGET]]
    assert sum(len(text.split()) for text in texts) == 24 and max(len(text.split()) for text in texts) == 3
    speakers = clips().speakers
    for string in batches._drawn(np.random.default_rng(0)):
        assert len({speakers[i] for i in string}) == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(500, 6000), st.floats(0.7, 1.4))
def test_a_stretched_tone_keeps_its_pitch_and_a_resampled_one_does_not(length, factor):
    wave = np.sin(2 * np.pi * 500 * np.arange(length) / RATE).astype(np.float32)

    def pitch(samples):
        padded = np.fft.rfft(samples * np.hanning(len(samples)), 1 << 16)
        return np.abs(padded).argmax() * RATE / (1 << 16)

    slow, tape = augment.stretched(wave, factor, RATE), augment.resampled(wave, factor, RATE)
    assert len(tape) == pytest.approx(length / factor, abs=2) and np.isfinite(slow).all()
    assert pitch(tape) == pytest.approx(500 * factor, rel=0.05)
    if len(slow) > 1000:
        assert pitch(slow) == pytest.approx(500, rel=0.05) and len(slow) == pytest.approx(length / factor, abs=2)


def test_a_filter_raises_what_it_says_and_noise_lies_as_far_under_as_it_may():
    random = np.random.default_rng(0)
    white = random.standard_normal(8000).astype(np.float32)
    found = np.abs(np.fft.rfft(augment.coloured(white, np.full(8, 6.0)))) / np.abs(np.fft.rfft(white))
    assert np.median(20 * np.log10(found)) == pytest.approx(6, abs=0.1)
    wave = np.sin(np.arange(8000) / 5).astype(np.float32)
    for _ in range(20):
        rest = augment.noisy(wave, 10, random) - wave
        assert 10 * np.log10(np.mean(wave**2) / np.mean(rest**2)) >= 9.9


def test_a_cut_takes_away_at_the_ends_alone_and_no_more_than_it_may():
    wave, random, gone = np.arange(3000, dtype=np.float32), np.random.default_rng(0), []
    for _ in range(200):
        found = augment.cut(wave, 400, random)
        assert np.array_equal(found, wave[int(found[0]) : int(found[-1]) + 1])
        gone += [found[0], 2999 - found[-1]]
    assert 380 < max(gone) <= 400 and 0.28 < np.mean(np.array(gone) == 0) < 0.38


def test_nothing_is_made_shorter_than_its_letters_allow():
    options = CodecOptions(speed=0.4, tempo=0.4, cut=1.0)
    wave = tone("ada")[:2000]
    for seed in range(30):
        found = augment.varied(wave, 5, RATE, options, np.random.default_rng(seed))
        assert len(found) >= 0.95 * 5 * augment.PER_LETTER_S * RATE
