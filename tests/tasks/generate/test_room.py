"""The room end to end on a small text: train, save, load, continue, score, suggest; and the verb."""

import io
import json
import sys

import keras
import numpy as np
import pytest

from seqzoo import cli, fit, graph, recipe, runs
from seqzoo.errors import UserError
from seqzoo.runtime import Graph
from seqzoo.tasks.generate import models
from seqzoo.tasks.generate.codec import TextCodec
from seqzoo.tasks.generate.decode import Sampling
from seqzoo.tasks.generate.predict import Decision, Generator

LINES = "the cat sat on the mat .\na dog ran to the big tree !\nthe dog sat on the cat .\na cat ran to the mat !\n"


def small(path, name, *more):
    return recipe.load(name, ['data.dataset=""', f"data.path={path}", "fit.epochs=2", "codec.window=20", *more])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generate")
    (folder / "my.txt").write_text(LINES * 150)
    runs.train(small(folder / "my.txt", "char-lstm", "model.units=24", "fit.batch_size=8"), folder / "run", quiet=True)
    return folder / "run"


@pytest.fixture(scope="module")
def generator(run):
    return runs.load(str(run), "generate")


def test_the_report_is_whole(run):
    report = json.loads((run / "report.json").read_text())
    assert report["metric"] == "nats" and report["onnx difference"] < 1e-4
    assert set(report["baselines"]) == {"unigram", "Kneser-Ney"} and report["value"] < report["baselines"]["unigram"]
    assert [sample["temperature"] for sample in report["samples"]] == [0.2, 0.5, 0.8, 1.2]
    assert report["compressor"]["after training"] < report["compressor"]["alone"]
    assert report["metrics"]["bits per character"] == pytest.approx(report["value"] / np.log(2), rel=1e-2)
    page = (run / "report.html").read_text()
    assert "Temperature 0.8" in page and "Kneser-Ney" in page and "<script" not in page


def test_evaluation_of_the_bundle_repeats_the_report(run, tmp_path):
    report = json.loads((run / "report.json").read_text())
    assert runs.evaluate(str(run))["value"] == pytest.approx(report["value"], rel=1e-6)
    (tmp_path / "other.txt").write_text("the cat sat on the dog .\nqqq\n" * 5)
    other = runs.evaluate(str(run), [f"data.path={tmp_path / 'other.txt'}", 'data.dataset=""'])
    assert other["unknown"] == 15 and other["value"] > report["value"] and "verdict" not in other


def test_a_carried_state_is_the_whole_prefix(generator):
    ids = generator.prime("the cat sat on")
    step = generator.graph.loop(generator.start(1))
    every = [step(ids[i : i + 1])[0].copy() for i in range(len(ids))]
    whole, _ = generator._step(ids[None], generator.start(1))
    np.testing.assert_allclose(every, whole[0], atol=1e-4)


def test_nats_are_those_of_keras(run, generator):
    model = keras.models.load_model(run / "model.keras")
    ids, _ = generator.codec.encode(LINES)
    expected = keras.losses.sparse_categorical_crossentropy(ids[1:], model(ids[None, :-1].astype(np.int32))[0], True)
    np.testing.assert_allclose(generator.nats(ids), np.asarray(expected), atol=1e-4)


def test_one_seed_one_text(generator):
    a = generator.texts("the ", 60, Sampling(seed=1))
    assert a == generator.texts("the ", 60, Sampling(seed=1))
    assert a != generator.texts("the ", 60, Sampling(seed=2))
    many = generator.texts("the ", 60, Sampling(seed=1), samples=3)
    assert many[0] == a[0] and len(set(many)) == 3


def test_greedy_is_the_likeliest(generator):
    ids = generator.prime("a dog")
    greedy = [int(step[0]) for step in generator.stream(ids, 10, Sampling(0))]
    read = list(ids)
    for unit in greedy:
        logits, _ = generator._step(np.array([read], np.int32), generator.start(1))
        assert unit == logits[0, -1].argmax()
        read.append(unit)


def test_suggestions_are_words_with_their_probability(generator):
    found = generator.suggest("the cat sat on the")
    assert len(found) == 3 and all(word.isalpha() for word, _ in found)
    assert found == sorted(found, key=lambda pair: -pair[1]) and sum(p for _, p in found) <= 1


def test_filling_weighs_both_sides(generator):
    found = generator.fill("the ___ sat on the mat .")
    assert len(found) == 3 and sum(share for _, share in found) <= 1 + 1e-9
    with pytest.raises(UserError, match="exactly one"):
        generator.fill("nothing to fill")


def test_words_and_the_tutorials_windows(tmp_path):
    (tmp_path / "my.txt").write_text(LINES * 60)
    words = small(tmp_path / "my.txt", "word-lstm", "model.units=[12, 12]", "codec.unit=word", "fit.batch_size=4")
    report = runs.train(words, tmp_path / "words", quiet=True)
    assert report["unit"] == "word" and report["metrics"]["nats per character"] < report["value"]
    generator = runs.load(str(tmp_path / "words"), "generate")
    assert all(word in LINES for word, _ in generator.suggest("the cat"))
    windows = small(tmp_path / "my.txt", "char-lstm-windows", "model.units=12", "codec.window=8", "fit.epochs=1")
    report = runs.train(windows, tmp_path / "windows", quiet=True)
    generator = runs.load(str(tmp_path / "windows"), "generate")
    ids, _ = generator.codec.encode(LINES)
    alone, _ = generator._step(ids[None, 32:40].astype(np.int32), generator.start(1))
    z = alone[0].astype(np.float64)
    assert generator.nats(ids)[39] == pytest.approx(np.log(np.exp(z).sum()) - z[ids[40]], abs=1e-5)
    assert len(generator.texts("the", 20, Sampling())[0]) == 23


def test_a_model_of_words_starts_at_their_frequencies():
    from seqzoo.tasks.generate import task
    from seqzoo.tasks.generate.batches import Lanes

    chosen = recipe.load("word-lstm", [])
    model = models.word_lstm(vocabulary_size=4, embedding=2, units=(2, 2), bottleneck=2)
    task.initialise(model, Lanes(np.array([1, 1, 1, 2, 2, 3] * 3, np.uint8), 2, 2, None), chosen)
    start = np.exp(model.get_layer("logits").bias.numpy())
    np.testing.assert_allclose(start, np.array([1, 10, 7, 4]) / 22, rtol=1e-6)


def test_a_model_of_both_sides_fills_blanks_and_never_reads_the_word(tmp_path, monkeypatch):
    (tmp_path / "my.txt").write_text(LINES * 150)
    chosen = small(tmp_path / "my.txt", "word-fill", "model.units=16", "codec.window=12", "fit.learning_rate=0.02")
    report = runs.train(chosen, tmp_path / "run", quiet=True)
    assert (
        report["value"] < report["baselines"]["unigram"] and len(report["scores"]) == report["split"]["blanks compared"]
    )
    assert runs.evaluate(str(tmp_path / "run"))["verdict"] == report["verdict"]
    generator = runs.load(str(tmp_path / "run"), "generate")
    assert generator.fill("the ___ sat on the mat .")[0][0] == "cat"
    ids, _ = generator.codec.encode(LINES)
    for other in ("cat", "tree"):  # what stands in a blank changes its neighbours, not itself
        read = ids.astype(np.int32)[None, :7].copy()
        before = generator._step(read, {})[0][0, 2]
        read[0, 3] = generator.codec.vocabulary.index(other)
        np.testing.assert_array_equal(generator._step(read, {})[0][0, 2], before)
    with pytest.raises(UserError, match="fills in, it does not go on"):
        generator.texts("the", 5, Sampling())


def test_training_carries_the_state_from_batch_to_batch():
    model = models.char_lstm(vocabulary_size=9, units=8)
    ids = np.random.default_rng(0).integers(0, 9, (4, 30)).astype(np.int32)
    twin = fit.carrying(model, 4)
    whole = np.asarray(model(ids))
    halves = [np.asarray(twin(ids[:, :17])), np.asarray(twin(ids[:, 17:]))]
    np.testing.assert_allclose(np.concatenate(halves, 1), whole, atol=1e-6)


def test_stateful_graphs_of_any_recurrent_network():
    for build in (models.char_gru, models.char_lstm):
        model = build(vocabulary_size=9, units=8)
        proto = graph.convert(model, states=True)
        ids = np.random.default_rng(0).integers(0, 9, (3, 12)).astype(np.int32)
        assert graph.check(model, proto, [[ids]]) < 1e-5
        codec = TextCodec("character", 5, True, 1, tuple("abcdefghi"))
        mine = Generator(codec, Decision(0.8, ""), Graph(proto.SerializeToString()))
        _, states = mine._step(ids[:, :5], mine.start(3))
        rest, _ = mine._step(ids[:, 5:], states)
        np.testing.assert_allclose(rest, np.asarray(model(ids))[:, 5:], atol=1e-5)


# --- the verb ----------------------------------------------------------------------------------------


@pytest.fixture
def seqzoo(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["seqzoo", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_generate_from_the_command_line(seqzoo, run):
    code, out, _ = seqzoo("generate", run, "--prime", "the cat", "--length", 40, "--temperature", 0.8)
    assert code == 0 and out.startswith("the cat") and len(out) == len("the cat") + 40 + 1
    assert out == seqzoo("generate", run, "--prime", "the cat", "--length", 40)[1]
    several = seqzoo("generate", run, "--prime", "a", "--length", 10, "--temperatures", "0,0.5,100")[1]
    assert several.count("--- temperature") == 3
    four = json.loads(seqzoo("generate", run, "--prime", "", "--length", 10, "--samples", 4, "--json")[1])
    assert len(four) == 4 and all(len(one["text"]) == 10 for one in four)
    assert seqzoo("generate", run, "--suggest", "the cat")[1].count("%") == 3
    assert seqzoo("generate", run, "--fill", "the ___ sat")[1].count("%") == 3
    replaced = seqzoo("generate", run, "--prime", "the Qat", "--replace-unknown", "--length", 5)
    assert replaced[0] == 0 and replaced[1].startswith("the at")


def test_bad_requests(seqzoo, run, tmp_path):
    def fails(result, *words):
        code, out, err = result
        assert code == 2 and "Traceback" not in out + err, result
        assert all(word in err for word in words), err

    fails(seqzoo("generate", run, "--prime", "the QZ"), "does not know: 'Q', 'Z'", "--replace-unknown")
    fails(seqzoo("generate", run, "--temperature", "-1"), "--temperature -1")
    fails(seqzoo("generate", run, "--length", "0"), "--length must be at least 1")
    fails(seqzoo("generate", run, "--temperatures", "0.5,hot"), "numbers separated by commas")
    fails(seqzoo("generate", "nowhere"), "no run or bundle 'nowhere'")
    for name, content, message in (
        ("empty.txt", b"", "is empty"),
        ("short.txt", b"to be or not to be", "too few"),
        ("binary.txt", b"\x89PNG\r\n" + b"text" * 3000, "is not UTF-8"),
    ):
        (tmp_path / name).write_bytes(content)
        fails(seqzoo("train", "char-lstm", "--data", name, "--quiet"), message)
    fails(seqzoo("train", "char-lstm", "--data", "none.txt", "--quiet"), "no such file")
