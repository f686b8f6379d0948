"""The real recordings: who speaks, what is said, and that every text fits into the time it is said in."""

import numpy as np
import pytest

from seqzoo import registry
from seqzoo.tasks.transcribe import data, training
from seqzoo.tasks.transcribe.codec import SpeechCodec
from seqzoo.tasks.transcribe.datasets import DIGITS
from seqzoo.tasks.transcribe.options import CodecOptions, DataOptions
from seqzoo.tasks.transcribe.predict import Transcriber
from seqzoo.tasks.transcribe.score import word_scores

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def digits():
    splits = data.load(DataOptions("fsdd", held=("george",)), quiet=True)
    return splits, splits.test.open()


def test_five_speakers_say_each_digit_fifty_times(digits):
    splits, test = digits
    everything = splits.train + splits.validation + test
    assert len(everything) == 2500 and set(everything.texts) == set(DIGITS)
    names, counts = np.unique(everything.speakers, return_counts=True)
    assert names.tolist() == ["george", "jackson", "lucas", "nicolas", "theo"] and set(counts) == {500}
    assert set(test.speakers) == {"george"} and len(test) == 500


def test_prompts_and_their_texts():
    splits = data.load(DataOptions("asterisk", also=("ljspeech", "sentences-machines")), quiet=True)
    test = splits.test.open()
    assert len(test) == 69 and len(splits.validation) == 40 and len(splits.train) == 359 + 129 + 1000
    assert not set(test.texts) & set((splits.train + splits.validation).texts)
    codec = SpeechCodec.fit(splits.train, CodecOptions())
    assert codec.letters == (" ", "'", *"abcdefghijklmnopqrstuvwxyz")
    model = registry.build("conv_bigru_ctc", {"units": 8, "filters": 8}, codec.sizes())
    training.refuse_short(model, codec, splits.train + splits.validation + test)


def test_the_shipped_bundle_hears_most_digits_of_a_voice_it_never_heard(digits):
    from seqzoo import runs

    _, test = digits
    ears = Transcriber.load(runs.shipped()["digits-ctc"])
    some = test.take(range(0, 500, 5))
    said = [one.text for one in ears.predict(some.samples)]
    assert word_scores(said, some.texts).statistics[:, 0].mean() < 0.3
