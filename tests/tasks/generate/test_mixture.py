"""A network, counted n-grams and a cache as one model: probabilities, files, and how the weights are chosen."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from seqzoo import bundle, graph, recipe, runs
from seqzoo.corridor import evaluate
from seqzoo.counts import NGrams
from seqzoo.errors import UserError
from seqzoo.ngrams import KneserNey
from seqzoo.report import Report
from seqzoo.runtime import Graph
from seqzoo.sampling import Sampling
from seqzoo.tasks.generate import baselines, choosing, data, models, predict, score, words
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.mixture import Mixture, Reading, Weights
from seqzoo.tasks.generate.predict import Defaults, Generator
from seqzoo.tasks.generate.text import Text
from seqzoo.tasks.generate.training import carried_layers
from tests.tasks.generate.cases import LINES, SMALL, shrunk, written

SYMBOLS = tuple("\n abcdefg")


@pytest.fixture(scope="module")
def ids():
    """A text of eight letters in which some sequences come often."""
    random = np.random.default_rng(0)
    pieces = [random.integers(0, 9, random.integers(3, 8)) for _ in range(12)]
    return np.concatenate([pieces[i] for i in random.integers(0, 12, 300)]).astype(np.uint8)


@pytest.fixture(scope="module")
def ngrams(ids):
    return NGrams.fit(ids[:1000], 9, 4)


@pytest.fixture(scope="module")
def alone():
    """A network that was taught nothing."""
    codec = UnitCodec("character", 5, "before", 1, SYMBOLS)
    model = models.char_lstm(vocabulary_size=9, units=8)
    proto = graph.convert(model, carry=carried_layers(model, codec))
    return Generator(codec, Defaults(), Graph(proto.SerializeToString(), threads=1))


@pytest.fixture(scope="module")
def mixed(alone, ngrams):
    return replace(alone, mixture=Mixture(ngrams, Weights(0.8, 0.5, 2.0)))


# --- counted n-grams -----------------------------------------------------------------------------------


def test_n_grams_that_travel_are_kneser_ney(ids, ngrams):
    test = ids[1000:1200]
    expected = KneserNey(ids[:1000], 9, 4).nats(test, 4)
    p = [ngrams.probabilities(tuple(test[: i + 1].tolist())) for i in range(len(test) - 1)]
    assert all(one.sum() == pytest.approx(1) and (one > 0).all() for one in p)
    nats = -np.log([one[unit] for one, unit in zip(p, test[1:], strict=True)])
    np.testing.assert_allclose(nats, expected, rtol=2e-2)  # the text's first three units count only there
    assert abs(nats.mean() - expected.mean()) < 1e-3


def test_n_grams_come_back_and_damaged_ones_are_refused(ngrams, tmp_path):
    ngrams.save(tmp_path)
    again = NGrams.load(tmp_path)
    assert (again.size, again.order) == (9, 4)
    np.testing.assert_array_equal(again.grams, ngrams.grams)
    np.testing.assert_array_equal(again.counts, ngrams.counts)
    whole = (tmp_path / "counts.npz").read_bytes()
    for damaged in (whole[:100], b"", b"PK\x03\x04"):
        (tmp_path / "counts.npz").write_bytes(damaged)
        with pytest.raises(UserError, match=r"counts\.npz is missing or damaged"):
            NGrams.load(tmp_path)
    shape, steps = np.array([9, 4]), np.zeros((8, 2), np.uint8)
    for wrong in ({"shape": shape, "steps": steps, "counts": np.ones(2, "u2")},
                  {"shape": np.array([9, 0]), "steps": steps, "counts": np.ones(2, "u2")},
                  {"shape": shape, "steps": np.full((8, 1), 9, np.uint8), "counts": np.ones(1, "u2")},
                  {"shape": shape, "counts": np.ones(2, "u2")}):  # fmt: skip
        np.savez(tmp_path / "counts.npz", **wrong)
        with pytest.raises(UserError, match="missing or damaged"):
            NGrams.load(tmp_path)


# --- the cache -----------------------------------------------------------------------------------------


def test_what_came_once_is_expected_to_come_again():
    reading, name = Reading((4, 5, 6)), [3, 4, 5, 6, 7]
    reading.read([*name, 1, 2, *name[:4]])
    p = np.full(9, 1 / 9)
    reading.refine(p, 2.0)
    kept = (2 + 0.9) / 3  # one kind of unit came once after 3 4 5 6: 1 - 0.9 of it counts, of 1 + 2
    assert p.sum() == pytest.approx(1) and p[7] == pytest.approx(0.1 / 3 + kept / 9)
    np.testing.assert_allclose(np.delete(p, 7), kept / 9)


def test_what_is_only_thought_of_is_not_remembered():
    reading = Reading((4, 5, 6))
    reading.read([1, 2, 3, 4, 5, 1, 2, 3])
    here, there = np.full(9, 1 / 9), np.full(9, 1 / 9)
    reading.ahead(4).refine(here, 2.0)
    assert here[5] > 1 / 9 and reading.recent[-1] == 3
    for unit in (4, 6):
        tried = reading.ahead(unit)
    Reading((4, 5, 6), (1, 2, 3, 4), reading._seen).refine(there, 2.0)
    np.testing.assert_array_equal(here, there)
    assert tried.recent[-2:] == (3, 6)


# --- the mixture ---------------------------------------------------------------------------------------


def test_a_mixture_of_the_network_alone_is_the_network(alone, ids):
    same = replace(alone, mixture=Mixture(None, Weights()))
    np.testing.assert_allclose(score.nats(same, ids[:300]), score.nats(alone, ids[:300]), atol=1e-6)


def test_mixed_probabilities_sum_to_one(mixed, ids):
    memory = mixed.begin(2)
    for start in range(0, 60, 20):
        pieces = np.stack([ids[start : start + 20], ids[start + 30 : start + 50]]).astype(np.int32)
        logits, memory = mixed.read(pieces, memory)
        np.testing.assert_allclose(np.exp(logits).sum(1), 1)


def test_a_mixture_learns_the_text_that_it_reads(alone, ids, ngrams):
    means = [
        score.nats(replace(alone, mixture=Mixture(ngrams, weights)), ids[1000:]).mean()
        for weights in (Weights(), Weights(0.8, 0.5), Weights(0.8, 0.5, 4.0))
    ]
    assert means[0] > means[1] > means[2]


def test_scoring_a_made_text_finds_the_probabilities_it_was_made_with(mixed, monkeypatch):
    used, choose = [], predict.choose

    def chosen(p, chances):
        units = choose(p, chances)
        used.append(p[np.arange(len(p)), units])
        return units

    monkeypatch.setattr(predict, "choose", chosen)
    start = mixed.prime("abc")
    made = np.stack([*mixed.stream(start, 400, Sampling(1.0, seed=2), samples=3)], 1)
    for row, p in zip(made, np.stack(used, 1), strict=True):
        nats = score.nats(mixed, np.concatenate([start, row]))
        np.testing.assert_allclose(nats[len(start) - 1 :], -np.log(p), atol=1e-4)


def test_reading_at_once_is_reading_piece_by_piece(mixed, ids):
    whole, _ = mixed.read(ids[None, :100].astype(np.int32), mixed.begin(1))
    memory = mixed.begin(1)
    for start in range(0, 100, 25):
        pieces, memory = mixed.read(ids[None, start : start + 25].astype(np.int32), memory)
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


def test_looking_ahead_changes_nothing(mixed):
    _, memory = mixed.read(mixed.prime("abcdabcd")[None], mixed.begin(1))
    first, _ = mixed.ahead(2, memory)
    mixed.ahead(3, memory)
    again, _ = mixed.ahead(2, memory)
    np.testing.assert_array_equal(first, again)
    after, _ = mixed.read(np.array([[2]], np.int32), memory)
    np.testing.assert_allclose(after, first, atol=1e-6)
    assert words.suggest(mixed, "ab") == words.suggest(mixed, "ab")


def test_weights_that_cannot_be():
    for wrong in ((0.0, 0.1, 1.0), (1.0, -0.1, 1.0), (1.0, 0.1, -1.0), (float("nan"), 0.0, 0.0)):
        with pytest.raises(ValueError, match="weight"):
            Weights(*wrong)


def test_a_cache_of_words_needs_shorter_contexts_than_one_of_characters():
    for unit, expected in (("character", False), ("word", True), ("token", True)):
        reading, p = Mixture(None, Weights(cache=2.0), unit).begin(), np.full(9, 1 / 9)
        reading.read([3, 4, 5, 3])
        reading.refine(p, 2.0)
        assert bool(p[4] > 1 / 9) == expected


def test_logits_beyond_all_bounds_are_no_warning(ngrams):
    mixture = Mixture(ngrams, Weights(0.8, 0.5, 2.0))
    logits = mixture.logits(np.array([1e4, -1e4, *[0.0] * 7], np.float32), mixture.begin())
    assert np.isfinite(logits).all() and np.exp(logits).sum() == pytest.approx(1)


# --- in the corridor -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(trained):
    return trained("generate")


def test_weights_are_chosen_on_validation_and_stay_with_the_bundle(run):
    report, generator = Report.load(run), runs.load(str(run), "generate")
    steps = generator.mixture.validation
    assert steps["network"] >= steps["both"] >= steps["with the cache"]
    assert report.value < report.metrics["nats of the network alone"] and "weights" in report.facts["mixture"]
    assert f"{steps['with the cache']:.4f}" in report.facts["chosen by"]
    decided = json.loads((run / "decision.json").read_text())
    assert Weights(**decided["weights"]) == generator.mixture.weights and (run / "counts.npz").is_file()
    assert evaluate(str(run)).value == pytest.approx(report.value, rel=1e-6)
    ids, _ = generator.codec.encode(LINES)
    assert generator.mixture.ngrams.order == 4 and score.nats(generator, ids)[30:].mean() < 0.5


def test_a_model_with_a_cache_is_held_against_n_grams_with_a_cache(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    decided = json.loads((run / "decision.json").read_text())
    for cache, judged in ((0.0, False), (4.0, True)):
        decided["weights"]["cache"] = cache
        (tmp_path / "run" / "decision.json").write_text(json.dumps(decided))
        bundle.seal(tmp_path / "run", {"task": "generate"})
        assert (baselines.CACHED in evaluate(str(tmp_path / "run")).baselines) == judged


def test_a_damaged_mixture_is_told(run, tmp_path):
    broken = tmp_path / "broken"
    for damage in ({"weights": {"network": 0}}, {"weights": {"speed": 1}}, {"weights": [1, 2, 3]}, {"validation": 3}):
        shutil.copytree(run, broken, dirs_exist_ok=True)
        decided = json.loads((run / "decision.json").read_text()) | damage
        (broken / "decision.json").write_text(json.dumps(decided))
        with pytest.raises(UserError, match="is damaged"):
            Generator.load(broken)
    shutil.copytree(run, broken, dirs_exist_ok=True)
    (broken / "counts.npz").unlink()
    with pytest.raises(UserError, match="do not fit together"):
        Generator.load(broken)


def test_a_network_that_learnt_validation_takes_the_recipes_weights(run, tmp_path):
    chosen = shrunk(written(tmp_path), "char-lstm", *SMALL, "decide.weights=[0.9, 0.2, 4]")
    generator, splits = runs.load(str(run), "generate"), data.load(chosen.data)
    free = choosing.mixture(generator, splits, chosen)
    assert free.validation and free.weights == generator.mixture.weights  # of one's own text they are chosen
    stated = choosing.mixture(generator, replace(splits, refit=True), chosen)
    assert stated.weights == Weights(0.9, 0.2, 4.0) and not stated.validation
    assert stated.ngrams.counts.sum() > free.ngrams.counts.sum()


@pytest.mark.parametrize(
    ("name", "sets", "message"),
    [("char-lstm", ["data.refit=true", "decide.weights=[]"], "shows the network the validation part"),
     ("word-fill", [], "reads both sides"), ("char-lstm", ["codec.counts=30"], "at most")],
)  # fmt: skip
def test_a_mixture_that_cannot_be_is_refused_before_training(name, sets, message):
    chosen = recipe.load(name, ["decide.mix=true", *sets])
    splits = data.Splits(Text(()), Text(()), None, refit=chosen.data.refit)
    codec = UnitCodec("character", 5, chosen.codec.reads, 1, SYMBOLS)
    with pytest.raises(UserError, match=message):
        choosing.check(codec, splits, chosen)


@pytest.mark.parametrize("weights", ["[1, 0.2]", "[0, 0.2, 3]", "[1, -0.2, 3]"])
def test_weights_of_a_recipe_are_three_numbers(weights):
    with pytest.raises(UserError, match=r"decide\.weights are three numbers"):
        recipe.load("char-lstm", [f"decide.weights={weights}"])
