"""The room end to end on a small text: train, save, load, continue, score, suggest."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from seqzoo import graph, recipe, runs
from seqzoo.corridor import Work, evaluate, train
from seqzoo.errors import UserError
from seqzoo.fitting.fit import stateful_twin
from seqzoo.report import Report
from seqzoo.runtime import Graph
from seqzoo.sampling import Sampling
from seqzoo.tasks.generate import models, score, words
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.predict import Defaults, Generator
from seqzoo.tasks.generate.training import carried_layers, start_at_frequencies
from tests.tasks.generate.cases import LINES, other, shrunk, small, written

QUIET = Work(quiet=True)


@pytest.fixture(scope="module")
def run(trained):
    return trained("generate")


@pytest.fixture(scope="module")
def generator(run):
    return runs.load(str(run), "generate")


def test_the_report_is_whole(run):
    report = Report.load(run)
    assert report.metric == "nats" and report.onnx_difference < 1e-4 and report.more["unit"] == "character"
    assert set(report.baselines) == {"unigram", "Kneser-Ney", "Kneser-Ney with a cache"}
    assert report.value < report.baselines["unigram"].value and report.verdict.baseline == "Kneser-Ney"
    assert report.more["compressor"]["after training"] < report.more["compressor"]["alone"]
    assert report.metrics["bits per character"] == pytest.approx(report.value / np.log(2), rel=1e-2)
    assert report.value == pytest.approx(report.metrics["nats per character"], rel=1e-2)
    assert {"train", "validation", "test", "Kneser-Ney order"} <= set(report.counts) and report.n < report.counts[
        "test"
    ]
    assert {"xz -9", "learnt by heart", "most surprising line", "speed"} <= set(report.facts)
    titles = [section.title for section in report.sections]
    assert [title for title in titles if "Temperature" in title] == [f"Temperature {t}" for t in (0.2, 0.5, 0.8, 1.2)]
    page = (run / "report.html").read_text()
    assert all(title in page for title in titles) and "Kneser-Ney" in page


def test_a_passage_shows_what_each_unit_cost(run, generator):
    (passage,) = (section for section in Report.load(run).sections if getattr(section, "kind", "") == "passage")
    pieces = passage.data["pieces"]
    shown = "".join(piece for piece, _ in pieces)
    assert shown.startswith(("the ", "a ")) and shown[:60] in LINES * 2 and len(pieces) > 300
    splits_ids, _ = generator.codec.encode(LINES * 3)
    typical = score.nats(generator, splits_ids)[-100:].mean()
    assert np.mean([cost for _, cost in pieces]) == pytest.approx(typical, rel=0.3)


def test_evaluation_of_the_bundle_repeats_the_report(run, tmp_path):
    report = Report.load(run)
    again = evaluate(str(run))
    assert again.value == pytest.approx(report.value, rel=1e-6) and again.verdict == report.verdict
    elsewhere = evaluate(str(run), other(tmp_path))
    assert elsewhere.counts["unknown in test"] == 15 and elsewhere.value > report.value
    assert elsewhere.verdict is None and not elsewhere.baselines


def test_each_text_is_encoded_once(run, monkeypatch):
    encoded, encode_all = [], UnitCodec.encode_all
    monkeypatch.setattr(UnitCodec, "encode_all", lambda codec, text: encoded.append(text) or encode_all(codec, text))
    evaluate(str(run))
    assert len(encoded) == len({text.parts for text in encoded}) == 3


def test_a_carried_state_is_the_whole_prefix(generator):
    ids = generator.prime("the cat sat on")
    step = generator.graph.loop(generator.graph.states(1))
    every = [step(ids[i : i + 1])[0].copy() for i in range(len(ids))]
    whole, _ = generator.step(ids[None], generator.graph.states(1))
    np.testing.assert_allclose(every, whole[0], atol=1e-4)


@pytest.fixture(scope="module")
def network(generator):
    """The network of the mixture, alone."""
    return replace(generator, mixture=None)


def test_nats_are_those_of_keras(run, network):
    model = keras.models.load_model(run / "model.keras")
    ids, _ = network.codec.encode(LINES)
    expected = keras.losses.sparse_categorical_crossentropy(ids[1:], model(ids[None, :-1].astype(np.int32))[0], True)
    np.testing.assert_allclose(score.nats(network, ids), np.asarray(expected), atol=1e-4)


def test_one_seed_one_text(generator):
    a = generator.predict("the ", 60, Sampling(seed=1))
    assert a == generator.predict("the ", 60, Sampling(seed=1))
    assert a != generator.predict("the ", 60, Sampling(seed=2))
    many = generator.predict("the ", 60, Sampling(seed=1), samples=3)
    assert many[0] == a[0] and len(set(many)) == 3


def test_greedy_is_the_likeliest(network):
    ids = network.prime("a dog")
    greedy = [int(step[0]) for step in network.stream(ids, 10, Sampling(0))]
    read = list(ids)
    for unit in greedy:
        logits, _ = network.step(np.array([read], np.int32), network.graph.states(1))
        assert unit == logits[0, -1].argmax()
        read.append(unit)


def test_suggestions_are_words_with_their_probability(generator):
    likely = words.suggest(generator, "the cat sat on the")
    assert len(likely) == 3 and all(word.isalpha() for word, _ in likely)
    assert likely == sorted(likely, key=lambda pair: -pair[1]) and sum(p for _, p in likely) <= 1


def test_filling_weighs_both_sides(generator):
    likely = words.fill(generator, "the ___ sat on the mat .")
    assert len(likely) == 3 and sum(share for _, share in likely) <= 1 + 1e-9
    assert len(words.fill(generator, "___")) == 3 and len(words.fill(generator, "___ cat")) == 3
    with pytest.raises(UserError, match="exactly one"):
        words.fill(generator, "nothing to fill")


def test_a_model_of_words_scores_and_suggests_words(tmp_path):
    chosen = shrunk(written(tmp_path, 60), "word-lstm", "model.units=[12, 12]", "codec.unit=word", "fit.batch_size=4")
    report = train(chosen, tmp_path / "words", QUIET)
    assert report.more["unit"] == "word" and report.metrics["nats per character"] < report.value
    generator = runs.load(str(tmp_path / "words"), "generate")
    assert all(word in LINES for word, _ in words.suggest(generator, "the cat"))


def test_the_tutorials_windows_start_from_nothing(tmp_path):
    tiny = ("model.units=12", "codec.window=8", "fit.epochs=1")
    train(shrunk(written(tmp_path, 60), "char-lstm-windows", *tiny), tmp_path / "windows", QUIET)
    generator = runs.load(str(tmp_path / "windows"), "generate")
    assert generator.graph.inputs == ["ids"]  # no state goes in or out
    ids, _ = generator.codec.encode(LINES)
    alone, _ = generator.step(ids[None, 32:40].astype(np.int32), {})
    z = alone[0].astype(np.float64)
    assert score.nats(generator, ids)[39] == pytest.approx(np.log(np.exp(z).sum()) - z[ids[40]], abs=1e-5)
    assert len(generator.predict("the", 20, Sampling())[0]) == 23
    greedy = generator.predict("the cat sat on the", 1, Sampling(0))[0][-1]
    logits, _ = generator.step(generator.prime("the cat sat on the")[None, -8:], {})
    assert greedy == generator.codec.vocabulary[logits[0].argmax()]
    assert words.suggest(generator, "the cat") == words.suggest(generator, "the cat")


def test_a_model_of_words_starts_at_their_frequencies():
    model = models.word_lstm(vocabulary_size=4, embedding=2, units=(2, 2), bottleneck=2)
    start_at_frequencies(model, np.array([1, 1, 1, 2, 2, 3] * 3, np.uint8))
    start = np.exp(model.get_layer("logits").bias.numpy())
    np.testing.assert_allclose(start, np.array([1, 10, 7, 4]) / 22, rtol=1e-6)


def test_a_model_of_both_sides_fills_blanks_and_never_reads_the_word(tmp_path):
    tiny = ("model.units=16", "codec.window=12", "fit.learning_rate=0.02")
    report = train(shrunk(written(tmp_path), "word-fill", *tiny), tmp_path / "run", QUIET)
    assert report.value < report.baselines["unigram"].value and report.n == report.counts["blanks compared"]
    assert evaluate(str(tmp_path / "run")).verdict == report.verdict
    generator = runs.load(str(tmp_path / "run"), "generate")
    assert generator.graph.inputs == ["ids"]  # no state goes in or out
    assert words.fill(generator, "the ___ sat on the mat .")[0][0] == "cat"
    ids, _ = generator.codec.encode(LINES)
    for word in ("cat", "tree"):  # what stands in a blank changes its neighbours, not itself
        read = ids.astype(np.int32)[None, :7].copy()
        before = generator.step(read, {})[0][0, 2]
        read[0, 3] = generator.codec.vocabulary.index(word)
        np.testing.assert_array_equal(generator.step(read, {})[0][0, 2], before)
    with pytest.raises(UserError, match="fills in, it does not go on"):
        generator.predict("the", 5, Sampling())


def test_training_carries_the_state_from_batch_to_batch():
    model = models.char_lstm(vocabulary_size=9, units=8)
    ids = np.random.default_rng(0).integers(0, 9, (4, 30)).astype(np.int32)
    twin = stateful_twin(model, 4)
    whole = np.asarray(model(ids))
    halves = [np.asarray(twin(ids[:, :17])), np.asarray(twin(ids[:, 17:]))]
    np.testing.assert_allclose(np.concatenate(halves, 1), whole, atol=1e-6)


def test_graphs_of_any_recurrent_network_carry_their_state():
    codec = UnitCodec("character", 5, "before", 1, tuple("abcdefghi"))
    for build, states in ((models.char_gru, 2), (models.char_lstm, 4)):
        model = build(vocabulary_size=9, units=8)
        proto = graph.convert(model, carry=carried_layers(model, codec))
        ids = np.random.default_rng(0).integers(0, 9, (3, 12)).astype(np.int32)
        assert graph.check(model, proto, [{"ids": ids}]) < 1e-5
        mine = Generator(codec, Defaults(), Graph(proto.SerializeToString()))
        _, after = mine.step(ids[:, :5], mine.graph.states(3))
        rest, _ = mine.step(ids[:, 5:], after)
        np.testing.assert_allclose(rest, np.asarray(model(ids))[:, 5:], atol=1e-5)
        assert len(after) == states


def test_the_validation_part_is_learnt_only_where_the_recipe_says_so(tmp_path):
    from seqzoo.tasks.generate import data, training

    chosen = small(tmp_path)
    for refit in (False, True):
        splits = data.load(chosen.data)
        splits = data.Splits(splits.train, splits.validation, splits.test, refit, {**splits.facts, "refit": not refit})
        codec = UnitCodec.fit(splits.train, chosen.codec)
        ids, held = splits.ids(codec)
        learnt = training.training(codec, splits, chosen, 0).train.ids
        assert len(learnt) == len(ids) + refit * len(held)
    assert not data.load(recipe.load("char-lstm", ['data.dataset=""', f"data.path={tmp_path / 'my.txt'}"]).data).refit
