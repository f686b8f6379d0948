"""What is exported says what the bundle says, in every room; what cannot be exported is refused and leaves nothing."""

import json
import subprocess
import sys

import numpy as np
import onnx
import pytest

from seqzoo import export, runs, tasks
from seqzoo.errors import UserError
from seqzoo.export import exporting, litert, parts
from seqzoo.runtime import Graph, pad
from tests.conftest import fails

ROOMS = sorted(tasks.ROOMS)
PADDED = ("classify", "echo", "tag", "translate")
FILES = {"README.md", "run.py", "codec.json"}


LONG = ("transcribe", "translate")  # of several graphs
CASES = [
    pytest.param(task, to, marks=[pytest.mark.slow] if task in LONG and to == "litert" else [])
    for task in ROOMS
    for to in sorted(export.TARGETS)
]


@pytest.mark.parametrize(("task", "to"), CASES)
def test_what_is_exported_says_what_the_bundle_says(task, to, trained, tmp_path):
    folder, out = trained(task), tmp_path / "out"
    told = export.export(str(folder), to, out)
    found = parts.graphs(folder)
    assert {f"{name}.onnx" for name in told.differences} == set(found)
    assert all(0 <= one <= exporting.TOLERANCE for one in told.differences.values())
    assert FILES <= {path.name for path in out.iterdir()}
    page = (out / "README.md").read_text()
    assert all(f"`{name}`" in page for graph in found.values() for name in (*graph.inputs, *graph.outputs))
    assert told.tested in page and task in page
    for name in told.differences:
        with np.load(out / f"sample-{name}.npz") as sample:
            feeds = dict(sample)
        assert set(feeds) == set(found[f"{name}.onnx"].inputs)
        again, graph = opened(to, out, name)(feeds), found[f"{name}.onnx"]
        (example,) = parts.unpadded(feeds, padded=task in PADDED)
        for key, expected in parts.named(graph, feeds if parts.states(graph) else pad([example])).items():
            there = again[key][tuple(map(slice, expected.shape))]  # what follows is padding's
            np.testing.assert_allclose(there, expected, atol=2e-5 * max(1, np.abs(expected).max()))


def opened(to, out, name):
    from seqzoo.export import saved_model

    if to == "onnx":
        graph = Graph(out / f"{name}.onnx")
        return lambda feeds: parts.named(graph, feeds)
    return saved_model.opened(out / name) if to == "savedmodel" else litert.opened(out / f"{name}.tflite")


@pytest.mark.parametrize("name", sorted(runs.shipped()))
def test_a_shipped_bundle_becomes_onnx_with_its_papers(name, tmp_path):
    told = export.export(name, "onnx", tmp_path / "out")
    for part in told.differences:
        props = {one.key: one.value for one in onnx.load(tmp_path / "out" / f"{part}.onnx").metadata_props}
        assert props["recipe"] == name and {"task", "seqzoo", "data_licence", "weights_sha256"} <= set(props)
    if name == "imdb-bilstm":
        assert json.loads(props["classes"]) == ["negative", "positive"]


def test_the_script_runs_without_seqzoo(trained, tmp_path):
    export.export(str(trained("generate")), "onnx", tmp_path / "out")
    script = tmp_path / "out" / "run.py"
    assert "import seqzoo" not in script.read_text()
    done = subprocess.run([sys.executable, "-I", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "model: logits float32" in done.stdout


def test_a_cell_carries_its_states_on(trained, tmp_path):
    """The LiteRT cell of a language model, fed its own states, follows the graph through a text."""
    folder = trained("generate")
    told = export.export(str(folder), "litert", tmp_path / "out")
    assert any("one step" in note for note in told.notes)
    cell, generator = litert.opened(tmp_path / "out" / "model.tflite"), runs.load(str(folder))
    states, loop = generator.graph.states(1), generator.graph.loop(generator.graph.states(1))
    for unit in generator.prime("the cat sat on the"):
        found = cell({"ids": np.array([[unit]], np.int32), **states})
        np.testing.assert_allclose(found["logits"][:, 0], loop(np.array([unit])), atol=1e-5)
        states = {name: found[name.removesuffix("_in")] for name in states}


def test_a_saved_model_takes_any_batch_and_any_time(trained, tmp_path):
    from seqzoo.export import saved_model

    folder = trained("generate")
    export.export(str(folder), "savedmodel", tmp_path / "out")
    run, graph = saved_model.opened(tmp_path / "out" / "model"), Graph(folder / "model.onnx")
    for batch, time in ((1, 1), (3, 17)):
        feeds = {"ids": np.ones((batch, time), np.int32), **graph.states(batch)}
        for name, expected in parts.named(graph, feeds).items():
            np.testing.assert_allclose(run(feeds)[name], expected, atol=1e-5)


def test_steps_fix_the_shape(tiny_run, tmp_path):
    told = export.export(str(tiny_run), "litert", tmp_path / "out", steps=48)
    assert "48 steps of ids" in told.notes[0]
    with np.load(tmp_path / "out" / "sample-model.npz") as sample:
        assert sample["ids"].shape == (1, 48)


@pytest.mark.slow
def test_8_bit_weights_are_exported_exact_and_the_page_says_how_far_they_are(tmp_path, monkeypatch):
    from seqzoo import lighter
    from tests.test_quantize import quantized, wide

    monkeypatch.setattr(lighter, "allowed", lambda metric, value: 1.0)
    quantized(tmp_path, wide)
    assert export.export(str(tmp_path / "run"), "onnx", tmp_path / "copy").differences == {"model": 0.0}
    told = export.export(str(tmp_path / "run"), "savedmodel", tmp_path / "out")
    assert told.differences["model"] <= exporting.TOLERANCE and "8 bits" in (tmp_path / "out" / "README.md").read_text()


# --- refusals ----------------------------------------------------------------------------------------


def test_what_differs_is_refused_and_leaves_nothing(tiny_run, tmp_path, monkeypatch):
    from seqzoo.export import onnx_files

    right = onnx_files.write

    def wrong(*given):
        run = right(*given)
        return lambda feeds: {name: value + 1e-3 for name, value in run(feeds).items()}

    monkeypatch.setattr(onnx_files, "write", wrong)
    with pytest.raises(UserError, match=r"differs from the bundle's by .* on .*nothing is written"):
        export.export(str(tiny_run), "onnx", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_kept_unless_forced(seqzoo, tiny_run, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    fails(seqzoo("export", tiny_run, "--out", out), "exists already", "--force")
    fails(seqzoo("export", tiny_run, "--out", out, "--force"), "holds no export", "--out")  # what is no export stays
    assert (out / "mine.txt").exists()
    (out / "mine.txt").rename(out / "run.py")
    code, said, _ = seqzoo("export", tiny_run, "--out", out, "--force")
    assert code == 0 and "differs from the bundle by at most" in said and (out / "run.py").read_text() != "mine"
    assert json.loads(seqzoo("export", tiny_run, "--out", out, "--force", "--json")[1])["to"] == "onnx"


def test_a_bundle_without_a_keras_model_says_what_to_train(seqzoo, tmp_path):
    for to in ("savedmodel", "litert"):
        fails(seqzoo("export", "imdb-bilstm", "--to", to, "--out", tmp_path / "x"), "seqzoo train imdb-bilstm", "onnx")
    assert not list(tmp_path.iterdir())


def test_other_refusals(seqzoo, tiny_run, tmp_path):
    fails(seqzoo("export", tiny_run, "--to", "tflite", "--out", tmp_path / "x"), "tflite", "litert")
    fails(seqzoo("export", tiny_run, "--to", "onnx", "--steps", "9", "--out", tmp_path / "x"), "--steps")
    fails(seqzoo("export", "nobody", "--out", tmp_path / "x"), "nobody")


@pytest.mark.slow
def test_a_layer_that_cannot_be_converted_is_named(tmp_path):
    import keras
    import tensorflow as tf

    class Odd(keras.layers.Layer):
        def call(self, x):
            return tf.cast(tf.strings.length(tf.strings.as_string(x)), "float32")

    ids = keras.Input((None,), dtype="int32", name="ids")
    x = keras.layers.Embedding(9, 4, name="embedding")(ids)
    model = keras.Model(ids, keras.layers.Dense(2, name="logits")(Odd(name="odd")(x)))
    part = parts.Part("model.onnx", Graph(network()), {}, [{"ids": np.ones((1, 5), np.int32)}])
    with pytest.raises(UserError, match=r"layer 'odd' \(Odd\) cannot be written for LiteRT; it would need"):
        litert.write(model, part, tmp_path / "x.tflite")


def network():
    from tests.test_quantize import network as written

    return written("LSTM", units=2).SerializeToString()


def test_the_interpreter_is_asked_for_by_its_extra(seqzoo, tiny_run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    fails(seqzoo("export", tiny_run, "--to", "litert", "--out", tmp_path / "x"), "--to litert", "seqzoo[litert]")
    assert not (tmp_path / "x").exists()
