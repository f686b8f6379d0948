"""Every registered architecture: documented size, output, a golden value, and the same answer in ONNX."""

import inspect
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from seqzoo import graph, registry
from seqzoo.runtime import Graph, pad

registry.open_all()
NAMES = sorted(registry.ARCHITECTURES)
WRITERS = [name for name in NAMES if registry.ARCHITECTURES[name].task == "translate"]  # two graphs each
HEARERS = [name for name in NAMES if registry.ARCHITECTURES[name].task == "transcribe"]  # of samples of any length
READERS = [
    name for name in NAMES if registry.ARCHITECTURES[name].task in ("classify", "tag")
]  # of sequences of any length
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "forward.json").read_text())
TOLERANCE = 1e-5


@cache
def documented(name):
    """Build at the documented sizes; a count without its embedding is marked by vocabulary_size 0."""
    found = registry.ARCHITECTURES[name]
    sizes = dict(found.sizes)
    without_embedding = sizes.get("vocabulary_size") == 0
    if without_embedding:
        sizes["vocabulary_size"] = 50
    return found, registry.build(name, {}, sizes), without_embedding


def small(name, classes=1, vocabulary=None):
    found = registry.ARCHITECTURES[name]
    if found.task != "classify":
        fewer = {"vocabulary_size": vocabulary} if vocabulary and "vocabulary_size" in found.sizes else {}
        return registry.build(name, {}, found.sizes | fewer)
    sizes = {"vocabulary_size": 50, "classes": classes}
    if "evidence" in found.sizes:
        sizes["evidence"] = 3
    return registry.build(name, {}, sizes)


def batch(model, size, seed=0, longest=40):
    """Right-padded examples of mixed lengths, one of them a single token."""
    random = np.random.default_rng(seed)
    lengths = random.integers(1, longest, size)
    lengths[0] = 1
    first, *others = model.inputs
    tables = [one.input_dim for one in model._flatten_layers() if type(one).__name__ == "Embedding"]
    known = min(50, *tables, 50)
    examples = []
    for n in lengths:
        ids = random.integers(1, known, n).astype(np.int32)
        extra = {
            t.name: random.integers(1, known, (n, *t.shape[2:])).astype(np.int32)
            if t.dtype == "int32"
            else random.normal(size=(n, t.shape[-1])).astype(np.float32)
            for t in others
        }
        examples.append({first.name: ids} | extra)
    return examples


def inputs(model, size, seed=0, longest=40):
    """One batch: texts of mixed lengths, or windows."""
    if model.inputs[0].name == "samples":
        return sounds(size, seed)
    if model.inputs[0].dtype == "int32":
        return pad(batch(model, size, seed, longest), 4)  # a model of both sides needs three steps
    random = np.random.default_rng(seed)
    steps = (longest, model.outputs[0].shape[1])
    shapes = [(size, t.shape[1] or n, t.shape[-1]) for n, t in zip(steps, model.inputs, strict=False)]
    return {t.name: random.normal(size=s).astype(np.float32) for t, s in zip(model.inputs, shapes, strict=True)}


def sounds(size, seed=0):
    """Noise of mixed lengths, one of them a single window at 16 kHz."""
    random = np.random.default_rng(seed)
    lengths = random.integers(400, 4000, size).astype(np.int32)
    lengths[0] = 400
    noise = [{"samples": 0.1 * random.standard_normal(n).astype(np.float32)} for n in lengths]
    return pad(noise) | {"lengths": lengths}


def keras_answer(model, arrays):
    given = [arrays[t.name] for t in model.inputs]
    answer = model(given if len(given) > 1 else given[0], training=False)
    return np.asarray(answer[0] if isinstance(answer, list) else answer)


def test_every_architecture_has_a_golden_row_and_no_other():
    assert set(GOLDEN) == set(NAMES)


def test_every_builder_of_every_room_is_registered():
    files = [*(Path(registry.__file__).parent / "tasks").glob("*/models.py"), Path(__file__).parents[1] / "toy.py"]
    assert len(NAMES) == sum(path.read_text().count("@architecture(") for path in files)


@pytest.mark.parametrize("name", NAMES)
def test_only_a_network_with_two_narrow_directions_runs_them_beside_each_other(name):
    import keras

    both = [layer for layer in documented(name)[1].layers if isinstance(layer, keras.layers.Bidirectional)]
    narrow = bool(both) and max(layer.forward_layer.units for layer in both) <= 128
    assert narrow or not registry.ARCHITECTURES[name].parallel


@pytest.mark.parametrize("name", NAMES)
def test_documented_parameter_count(name):
    found, model, without_embedding = documented(name)
    counted = model.count_params()
    if without_embedding:
        counted -= model.get_layer("embedding").count_params()
    assert counted == found.parameters


@pytest.mark.parametrize("name", NAMES)
def test_output_shape_and_golden_forward_value(name):
    model = small(name)
    for weight in model.weights:
        if weight.dtype == "float32":
            values = np.cos(np.arange(np.prod(weight.shape), dtype=np.float64)).reshape(weight.shape)
            weight.assign(0.1 * values)
    out = keras_answer(model, inputs(model, 4))
    assert all(n in (None, m) for n, m in zip(model.outputs[0].shape[1:], out.shape[1:], strict=True))
    found = [float(f"{value:.8g}") for value in out.reshape(4, -1)[:, 0]]
    assert name in GOLDEN, f"new? add to tests/golden/forward.json:  {json.dumps(name)}: {found}"
    np.testing.assert_allclose(found, GOLDEN[name], atol=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WRITERS])
def test_onnx_equals_keras(name):
    model = small(name, classes=3, vocabulary=50)
    batches = [inputs(model, size, seed=size, longest=20) for size in (1, 256)]
    assert graph.check(model, graph.convert(model), batches, TOLERANCE) <= TOLERANCE


@pytest.mark.parametrize("name", WRITERS)
def test_onnx_equals_keras_at_each_step(name):
    from seqzoo.room import Batch
    from seqzoo.tasks.translate import training

    found = registry.ARCHITECTURES[name]
    model = registry.build(name, {}, {"source_units": 60, "target_units": 50})
    assert set(found.sizes) == {"source_units", "target_units"}
    batches = [Batch(inputs(model, size, seed=size, longest=15), {}) for size in (1, 70)]
    assert training.graphs(model, None, batches).difference <= TOLERANCE


@pytest.mark.parametrize("name", READERS)
def test_padding_changes_no_answer(name):
    model = small(name)
    examples = batch(model, 6, longest=12)
    together = keras_answer(model, pad(examples, 20))
    run = Graph(graph.convert(model).SerializeToString())
    for example, row in zip(examples, together, strict=True):
        alone = run(pad([example]))[0][0]
        np.testing.assert_allclose(alone, row[: len(alone)], atol=TOLERANCE)


@pytest.mark.parametrize("name", HEARERS)
def test_what_lies_beside_a_sound_in_a_batch_changes_nothing(name):
    model, together = small(name), sounds(6, seed=3)
    answers = keras_answer(model, together)
    for row, samples, length in zip(answers, *together.values(), strict=True):
        alone = keras_answer(model, {"samples": samples[None, :length], "lengths": np.array([length], np.int32)})[0]
        np.testing.assert_allclose(row[: len(alone)], alone, atol=TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
def test_docstring_and_defaults(name):
    found = registry.ARCHITECTURES[name]
    assert "Reference:" in (inspect.getdoc(found.build) or "")
    required = {k for k, (_, default) in found.keywords.items() if default is inspect.Parameter.empty}
    assert required <= set(found.sizes) <= set(found.keywords)


def test_a_name_cannot_be_registered_twice():
    with pytest.raises(ValueError, match="twice"):
        registry.architecture(task="classify", source="", parameters=0)(registry.ARCHITECTURES[NAMES[0]].build)
