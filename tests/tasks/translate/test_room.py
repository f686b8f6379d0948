"""The room on made-up pairs: it learns to copy and to turn around, resumes exactly, and knows what it has learnt."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from seqzoo import bundle, corridor, recipe, registry, runs
from seqzoo.corridor import Work, train
from seqzoo.errors import UserError
from seqzoo.report import Figure, Report, Table
from seqzoo.runtime import Graph
from seqzoo.sampling import Sampling
from seqzoo.tasks.translate import training
from seqzoo.tasks.translate.decode import Search
from seqzoo.tasks.translate.predict import Translator
from tests.tasks.translate.cases import OWN, SMALL, shrunk, sources, written

NETWORKS = ("luong_translator", "bahdanau_translator", "gru_translator", "lstm_translator")


@pytest.fixture(scope="module")
def translator(trained):
    return Translator.load(trained("translate"))


def random_translator(name, translator, seed=0):
    """A network of random weights, whose answers are as near each other as can be, in a trained bundle's place."""
    import keras

    keras.utils.set_random_seed(seed)
    model = registry.build(name, {"units": 16}, translator.codec.sizes())
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(seed).normal(size=weight.shape, scale=0.5))
    files = training.graphs(model, translator.codec, []).files
    return replace(translator, encoder=Graph(files["encoder.onnx"]), step=Graph(files["step.onnx"]))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("beam", [1, 4])
def test_what_stands_beside_a_sentence_never_changes_it(name, beam, translator):
    if name == "lstm_translator":  # its units are one-hot: any ids do
        model = registry.build(name, {"units": 16}, translator.codec.sizes())
        files = training.graphs(model, translator.codec, []).files
        other = replace(translator, encoder=Graph(files["encoder.onnx"]), step=Graph(files["step.onnx"]))
    else:
        other = random_translator(name, translator)
    texts = [*sources()[:40], "cat", "big big big big dog sees cat", "Cat sees. Dog has!"]
    search = Search(beam=beam, alternatives=beam)
    together = list(other.predict(texts, search))
    for text, answer in zip(texts, together, strict=True):
        assert next(other.predict([text], search)).text == answer.text
    for batch in (1, 7):
        assert [one.text for one in other.predict(texts, search, batch=batch)] == [one.text for one in together]


def test_a_stream_is_answered_in_order_and_blank_lines_stay(translator):
    texts = ["cat sees dog", "", "  ", "😀", "Привет", "dog has cat"]
    found = list(translator.predict(iter(texts)))
    assert [one.known for one in found] == [True, False, False, False, False, True]
    assert [one.text for one in found[1:5]] == texts[1:5]


def test_a_text_of_any_length_is_answered_in_parts(translator):
    answer = next(translator.predict(["Cat sees dog. Dog has cat.\n\nBig tree! " * 20]))
    assert answer.known and answer.text.count("\n\n") == 20
    assert next(translator.predict(["c" * 100_000])).known


def test_sampling_repeats_with_its_seed_and_alone(translator):
    texts, how = sources()[:10], Sampling(1.0, seed=4)
    search = Search(beam=3, alternatives=3)
    first = list(translator.predict(texts, search, how))
    assert list(translator.predict(texts, search, how)) == first
    alone = [next(translator.predict([text], search, how)) for text in texts]
    assert [one.alternatives for one in alone] == [one.alternatives for one in first]
    assert list(translator.predict(texts, search, Sampling(1.0, seed=5))) != first


def test_it_knows_what_it_has_learnt_from(translator, trained):
    recipe_ = runs.recipe_of(trained("translate"))
    from seqzoo.tasks import open_room

    splits = open_room("translate").load(recipe_.data, True)
    assert translator.has_learnt(splits.train.sources).all()
    assert translator.has_learnt([text.upper() + "!" for text in splits.train.sources]).all()
    assert not translator.has_learnt(splits.test.open().sources).any()
    assert translator.has_learnt([]).shape == (0,)


def test_a_planted_pair_is_reported(trained, tmp_path):
    """Other data that hold a source of the training part: the report counts it, and what is left without it."""
    folder = trained("translate")
    learnt = "cat sees dog" if Translator.load(folder).has_learnt(["cat sees dog"])[0] else "cat sees cat"
    path = written(tmp_path, [(learnt.upper(), "x"), ("never seen before", "y")])
    report = corridor.evaluate(str(folder), [f"data.path={path}", 'data.dataset=""', *OWN[1:]])
    assert report.counts["test sources that were learnt"] == 1
    assert "1 of 2 sources stand in the training part" in report.facts["learnt before"]
    assert Report.load(folder).counts["test sources that were learnt"] == 0


def test_the_report_shows_what_one_looks_at(trained):
    report = Report.load(trained("translate"))
    titles = [one.title for one in report.sections]
    assert "Alternatives" in titles and any(
        isinstance(one, Figure) and one.kind == "heatmap" for one in report.sections
    )
    assert any(isinstance(one, Table) and "worst" in one.title for one in report.sections)
    assert set(report.baselines) == {"the source itself", "translation memory", "word by word (IBM Model 1)"}
    assert "version:" in report.facts["signatures"] and "sentences a second" in report.facts["speed"]
    assert {"chrF", "exact match"} <= set(report.metrics)


def test_attention_is_told_by_words_that_sum_to_one(translator):
    looked = translator.explain("big cat sees dog")
    assert all(sum(seen.values()) == pytest.approx(1, abs=0.02) for _, seen in looked)
    assert all(set(seen) == {"big", "cat", "sees", "dog"} for _, seen in looked)


@pytest.mark.slow
def test_a_killed_run_goes_on_exactly(trained, tmp_path, monkeypatch):
    from seqzoo.fitting import callbacks

    whole = trained("translate")
    again = runs.recipe_of(whole)
    save = callbacks.Checkpoint.save

    def killed(self):
        save(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(callbacks.Checkpoint, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        train(again, tmp_path / "run", Work(quiet=True))
    monkeypatch.setattr(callbacks.Checkpoint, "save", save)
    report = train(again, tmp_path / "run", Work(quiet=True, resume=True))
    assert report.weights_sha256 == Report.load(whole).weights_sha256


@pytest.mark.parametrize("change", ["encoder.onnx", "step.onnx", "codec.json", "decision.json", "learnt.npz"])
def test_a_damaged_bundle_is_refused(change, trained, tmp_path):
    folder = shutil.copytree(trained("translate"), tmp_path / "run")
    (folder / change).write_bytes(b"nothing")
    with pytest.raises(UserError):
        runs.load(str(folder), "translate")
    facts = {
        key: value for key, value in bundle.load_meta(trained("translate")).items() if key not in ("format", "files")
    }
    bundle.seal(folder, facts)
    with pytest.raises(UserError):
        runs.load(str(folder), "translate")


def test_graphs_that_do_not_fit_the_codec_are_refused(trained, tmp_path):
    folder = shutil.copytree(trained("translate"), tmp_path / "run")
    shutil.copy(folder / "encoder.onnx", folder / "step.onnx")
    with pytest.raises(UserError, match="do not fit together"):
        Translator.load(folder)


def test_the_smoothed_loss_is_keras_own():
    import keras
    import tensorflow as tf

    random = np.random.default_rng(0)
    logits = tf.constant(random.normal(size=(3, 5, 11), scale=3).astype(np.float32))
    units = random.integers(0, 11, (3, 5)).astype(np.int32)
    for smoothing in (0.0, 0.1):
        with tf.GradientTape() as ours:
            ours.watch(logits)
            loss = training.smoothed_nats(smoothing)({"unit": units}, logits)
        with tf.GradientTape() as theirs:
            theirs.watch(logits)
            truth = keras.ops.one_hot(units, 11)
            expected = keras.losses.categorical_crossentropy(truth, logits, True, smoothing)
        np.testing.assert_allclose(loss, expected, rtol=1e-5)
        np.testing.assert_allclose(ours.gradient(loss, logits), theirs.gradient(expected, logits), atol=1e-6)


def random_words(count, seed):
    """Different sequences of three to six letters as words."""
    random, found = np.random.default_rng(seed), {}
    while len(found) < count:
        found[" ".join(random.choice(list("abcdefgh"), random.integers(3, 7)))] = None
    return list(found)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["copy", "reverse"])
def test_copying_and_reversing_are_learnt_whole(what, tmp_path):
    """On unseen sequences of the lengths that were trained; longer ones are only printed."""
    texts = random_words(6000, 0)
    path = written(tmp_path, [(text, text if what == "copy" else " ".join(text.split()[::-1])) for text in texts])
    fast = (
        "fit.epochs=20",
        "fit.average=0.0",
        "model.dropout=0.0",
        "fit.batch_size=64",
        "fit.learning_rate=0.004",
        "fit.warmup_steps=50",
        "model.units=128",
    )
    chosen = shrunk(path, "fra-eng-attention", *SMALL[:2], "model.embedding=48", "decide.smoothing=0.0", *fast)
    report = train(chosen, tmp_path / "run", Work(quiet=True))
    assert report.n > 500 and report.metrics["exact match"] == 1.0
    translator = Translator.load(tmp_path / "run")
    for length in (8, 10):
        random = np.random.default_rng(length)
        longer = [" ".join(random.choice(list("abcdefgh"), length)) for _ in range(100)]
        right = [text if what == "copy" else " ".join(text.split()[::-1]) for text in longer]
        share = np.mean([one.text == text for one, text in zip(translator.predict(longer), right, strict=True)])
        print(f"{what}, {length} letters: {share:.0%}")


def test_every_recipe_of_the_room_is_whole():
    names = [name for name in recipe.names() if recipe.raw(name)["task"] == "translate"]
    assert names == ["chat", "fra-eng-attention", "fra-eng-characters", "fra-eng-seq2seq"]
    for name in names:
        assert recipe.load(name).architecture in NETWORKS
