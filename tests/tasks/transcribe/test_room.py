"""The room on made-up speech: it learns to spell and to tell words apart, resumes exactly, and refuses what it must."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from seqzoo import corridor, recipe
from seqzoo.corridor import Work, train
from seqzoo.errors import UserError
from seqzoo.report import Figure, Report
from seqzoo.tasks.transcribe import judging
from seqzoo.tasks.transcribe.decode import Search
from seqzoo.tasks.transcribe.predict import Transcriber
from tests.tasks.transcribe.cases import OWN, RATE, SMALL, WORDS, recordings, shrunk, small, tone


@pytest.fixture(scope="module")
def ears(trained):
    return Transcriber.load(trained("transcribe"))


@pytest.fixture(scope="module")
def speller(tmp_path_factory):
    """A run that has learnt its four words, in half a minute."""
    folder = tmp_path_factory.mktemp("speller")
    more = (
        "fit.epochs=16",
        "codec.joined=4",
        "codec.passes=5",
        "codec.noise=0",
        "codec.colour=0",
        "model.dropout=0.1",
        "fit.average=0.9",
    )
    train(shrunk(recordings(folder / "sounds"), "digits-ctc", *SMALL, *more), folder / "run", Work(quiet=True))
    return folder / "run"


def test_it_learns_to_spell_what_a_voice_says_that_it_never_heard(speller):
    report = Report.load(speller)
    assert report.value < 0.1 and report.metrics["CER"] < 0.1 and report.metrics["WER of strings"] < 0.2
    assert len(report.baselines) == 3
    assert report.counts["voices in test that were heard in training"] == 0
    heard = next(Transcriber.load(speller).predict([tone("bead ada", 1.0, 9)]))
    assert heard.text == "bead ada" and [word.text for word in heard.words] == ["bead", "ada"]
    assert heard.words[0].start < 0.2 and heard.words[0].end <= heard.words[1].start < 0.6
    kinds = [one.kind for one in report.sections if isinstance(one, Figure)]
    assert kinds.count("sound") == 10


def test_streams_say_what_the_whole_says(speller):
    ears = Transcriber.load(speller)
    sound = np.concatenate([tone(" ".join(WORDS), 1.0, 3), np.zeros(900, np.float32)])
    whole = next(ears.predict([sound])).text
    for chunk in (100, 801, 5000):
        live = ears.stream()
        for begin in range(0, len(sound), chunk):
            live.feed(sound[begin : begin + chunk])
        assert live.end() == whole


@pytest.mark.slow
def test_one_word_a_recording(tmp_path):
    settings = ("fit.epochs=15", "codec.speed=0", "codec.gain=0", "codec.noise=0", "fit.warmup_steps=0")
    path = recordings(tmp_path / "sounds")
    own = [*OWN, f"data.path={path}", "fit.batch_size=16", "fit.learning_rate=0.01"]
    report = train(recipe.load("digits-bilstm", [*own, *settings]), tmp_path / "run", Work(quiet=True))
    assert report.value < 0.2 and "WER of strings" not in report.metrics
    ears = Transcriber.load(tmp_path / "run")
    (heard,) = ears.predict([tone("cab", 1.0, 8)])
    assert heard.text == "cab" and not ears.streams and heard.words[0].text == "cab"
    assert heard.alternatives[0][0] == "cab" and len(heard.alternatives) == 4
    with pytest.raises(UserError, match="reads a recording from both ends"):
        ears.stream()


def test_an_unsure_answer_is_marked_or_withheld(ears):
    noise = np.random.default_rng(0).standard_normal(4000).astype(np.float32) * 0.1
    strict = replace(ears, decision=replace(ears.decision, confidence=1.0))
    assert not next(strict.predict([noise])).sure
    silent = replace(strict, decision=replace(strict.decision, abstain="?"))
    assert next(silent.predict([noise])).text == "?"
    assert ears.decision.chance(-0.01) >= ears.decision.chance(-3.0)


def test_a_batch_says_what_each_says_alone(ears):
    sounds = [tone(word, seed=i)[: 2000 + 300 * i] for i, word in enumerate([*WORDS, "ada bead"] * 5)]
    together = [one.text for one in ears.predict(sounds)]
    assert [next(ears.predict([one])).text for one in sounds] == together
    greedy = list(ears.predict(sounds[:3], Search(beam=1)))
    assert all(len(one.alternatives) == 1 for one in greedy)


def test_strings_of_the_test_part_are_the_same_each_time():
    from tests.tasks.transcribe.test_training import clips

    one, two = judging.strings(clips()), judging.strings(clips())
    assert one.texts == two.texts and all(np.array_equal(a, b) for a, b in zip(one.samples, two.samples, strict=True))
    assert {len(text.split()) for text in one.texts} <= {3, 4, 5, 6, 7} and set(one.speakers) == {"low", "high"}


@pytest.mark.slow
def test_a_killed_run_goes_on_exactly(trained, tmp_path, monkeypatch):
    from seqzoo.fitting import callbacks

    whole = trained("transcribe")
    saved, calls = callbacks.Checkpoint.save, []

    def killed(self):
        saved(self)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(callbacks.Checkpoint, "save", killed)
    shutil.copytree(whole.parent / "sounds", tmp_path / "sounds")
    again = small(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(again, tmp_path / "run", Work(quiet=True))
    report = train(again, tmp_path / "run", Work(quiet=True, resume=True))
    assert report.weights_sha256 == Report.load(whole).weights_sha256


def test_other_data_must_be_written_in_the_same_letters(trained, tmp_path):
    import soundfile

    soundfile.write(tmp_path / "x.wav", tone("ada"), RATE)
    (tmp_path / "m.csv").write_text("path,text\nx.wav,xylophone\n")
    with pytest.raises(UserError, match="letters that the model never writes: h, l, n, o, p, x, y"):
        corridor.evaluate(str(trained("transcribe")), [f"data.path={tmp_path / 'm.csv'}", "data.dataset="])


@pytest.mark.parametrize("name", ["codec.json", "decision.json", "timing.json", "counts.npz"])
def test_a_damaged_bundle_is_refused_by_name(trained, tmp_path, name):
    shutil.copytree(trained("transcribe"), tmp_path / "run")
    (tmp_path / "run" / name).write_bytes(b"{}")
    with pytest.raises(UserError, match="damaged"):
        Transcriber.load(tmp_path / "run")
