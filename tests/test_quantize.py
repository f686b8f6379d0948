"""8-bit weights: nearly the same answers from smaller graphs, and kept only where validation allows it."""

import numpy as np
import onnx
import pytest

from seqzoo import corridor, graph, lighter, runs, tasks
from seqzoo.corridor import Work
from seqzoo.graph.quantize import eight_bits, rounded
from seqzoo.judge import Metric
from seqzoo.lighter import Weighed
from seqzoo.report import Report
from seqzoo.runtime import Graph, pad
from tests.conftest import cases, fails
from tests.contracts.test_architectures import small, sounds
from tests.tasks.classify.cases import TINY

WIDE = (*TINY, "model.units=[24]", "model.embedding_dim=24")  # constants that are large enough to be rounded


def network(kind, units=48, *, both=False, carry=()):
    from keras import Input, Model, layers

    ids = Input((None,), dtype="int32", name="ids")
    x = layers.Embedding(60, 32, mask_zero=not carry)(ids)
    one = getattr(layers, kind)(units, return_sequences=True, name="one")
    x = (layers.Bidirectional(one) if both else one)(x)
    return graph.convert(Model(ids, layers.Dense(40, name="logits")(x)), carry=carry)


def texts(count=6, seed=0):
    random = np.random.default_rng(seed)
    return [{"ids": random.integers(1, 60, n).astype(np.int32)} for n in random.integers(1, 30, count)]


def kinds(content):
    return [node.op_type for node in onnx.load_from_string(content).graph.node]


def holds_8_bits(content):
    """Whether any of its constants is of whole numbers in 8 bits."""
    types = {one.data_type for one in onnx.load_from_string(content).graph.initializer}
    return bool(types & {onnx.TensorProto.INT8, onnx.TensorProto.UINT8})


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("half", [False, True])
def test_answers_stay_near_at_a_fraction_of_the_size(kind, both, half):
    proto = network(kind, both=both)
    exact = proto.SerializeToString()
    given = graph.with_half_weights(proto).SerializeToString() if half else exact
    made = eight_bits(given)
    assert len(made) < 0.45 * len(exact)
    assert ("DynamicQuantizeLSTM" in kinds(made)) == (kind == "LSTM")
    one, other = Graph(exact), Graph(made)
    assert (one.inputs, one.outputs) == (other.inputs, other.outputs)
    for example in texts():
        a, b = (run({"ids": example["ids"][None]})[0] for run in (one, other))
        assert 0 < np.abs(a - b).max() < 0.05 * np.abs(a).max() + 0.02


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_padding_still_changes_little(kind):
    """What is beside a text in a batch moves only the scale of what is rounded."""
    run = Graph(eight_bits(network(kind, both=True).SerializeToString()))
    some = texts()
    together = run(pad(some))[0]
    for example, row in zip(some, together, strict=True):
        alone = run(pad([example]))[0][0]
        np.testing.assert_allclose(alone, row[: len(alone)], atol=0.02)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_state_is_carried_through_a_loop(kind):
    run = Graph(eight_bits(network(kind, carry=["one"]).SerializeToString()), threads=1)
    ids = texts(1, seed=5)[0]["ids"]
    whole = run({"ids": ids[None], **run.states(1)})[0][0]
    loop = run.loop(run.states(1))
    stepped = np.stack([loop(ids[None, i])[0].copy() for i in range(len(ids))])
    np.testing.assert_allclose(stepped, whole, atol=0.05)


def test_small_constants_stay_exact():
    made = eight_bits(network("LSTM", units=2).SerializeToString())
    assert "LSTM" in kinds(made) and "DynamicQuantizeLSTM" not in kinds(made)


def test_what_lies_before_a_logarithm_stays_exact():
    """A spectrum: what is quiet counts as much as what is loud."""
    model = small("conv_gru_ctc")
    exact = graph.convert(model)
    made = Graph(eight_bits(exact.SerializeToString()))
    one = sounds(4)
    one["samples"] = one["samples"] * 1e-3
    found, expected = made(one)[0], Graph(exact.SerializeToString())(one)[0]
    assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()


@pytest.mark.parametrize("shape", [(7, 64), (2, 3, 64)])
def test_rounding_is_by_row(shape):
    array = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    array[..., 0, :] *= 100
    whole, scale = rounded(array)
    assert whole.dtype == np.int8 and scale.shape == (*shape[:-1], 1)
    assert (np.abs(whole * scale - array) <= scale / 2 + 1e-6).all()
    assert (rounded(np.zeros(shape, np.float32))[0] == 0).all()


# --- kept or not -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "before", "after", "kept"),
    [
        (Metric("accuracy", higher_is_better=True, kind="share"), 0.9, 0.8981, True),
        (Metric("accuracy", higher_is_better=True, kind="share"), 0.9, 0.8979, False),
        (Metric("WER", kind="share"), 0.1, 0.1019, True),
        (Metric("WER", kind="share"), 0.1, 0.1021, False),
        (Metric("BLEU", higher_is_better=True, full=100.0), 40.0, 39.81, True),
        (Metric("BLEU", higher_is_better=True, full=100.0), 40.0, 39.79, False),
        (Metric("nats"), 1.5, 1.5029, True),
        (Metric("nats"), 1.5, 1.5031, False),
        (Metric("MAE"), 1000.0, 900.0, True),
        (Metric("MAE"), 1.0, float("nan"), False),
    ],
)
def test_less_than_a_fifth_of_a_point_may_be_lost(metric, before, after, kept):
    weighed = Weighed(metric, before, after, 4000, 1000)
    assert weighed.kept is kept and weighed.told.startswith("kept" if kept else "not kept")


@pytest.mark.parametrize("task", sorted(tasks.ROOMS))
def test_every_room_measures_a_predictor_on_validation_and_answers_from_8_bits(task, trained, tmp_path):
    folder, room = trained(task), tasks.open_room(task)
    recipe = runs.recipe_of(folder)
    splits = room.load(recipe.data, True)
    exact = room.predictor(folder)
    value = room.validate(exact, splits)
    assert np.isfinite(value) and value >= 0
    for path in folder.iterdir():
        if path.is_file():
            content = path.read_bytes()
            (tmp_path / path.name).write_bytes(eight_bits(content) if path.suffix == ".onnx" else content)
    rounded = room.predictor(tmp_path)
    assert cases(task).answer(rounded)
    assert room.validate(rounded, splits) == pytest.approx(value, abs=0.1 * (lighter.full(room.metric) or value))
    room.open_test(splits)  # it is sealed still


def quantized(folder, make, **work):
    return corridor.train(make(folder), folder / "run", Work(quiet=True, quantize=True, **work))


def wide(folder):
    from seqzoo import recipe
    from tests.tasks.classify.cases import write_reviews

    return recipe.load("imdb-bilstm", [*WIDE, "fit.epochs=2", f"data.path={write_reviews(folder / 'reviews.csv')}"])


def test_a_run_with_8_bit_weights_says_so_and_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(lighter, "allowed", lambda metric, value: 1.0)
    said = []
    report = quantized(tmp_path, wide, say=said.append)
    folder = tmp_path / "run"
    assert "kept, less than 0.2 points worse: accuracy" in report.facts[lighter.NAME]
    assert any(line.startswith(lighter.NAME) for line in said) and lighter.NAME in (folder / "report.html").read_text()
    numbers = Report.load(folder).more["eight_bits"]
    assert numbers["kept"] and numbers["bytes_after"] < numbers["bytes_before"]
    assert (folder / "model.onnx").stat().st_size == numbers["bytes_after"]
    assert "DynamicQuantizeLSTM" in kinds((folder / "model.onnx").read_bytes())
    assert corridor.evaluate(str(folder)).value == pytest.approx(report.value)


def test_what_validation_does_not_allow_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(lighter, "allowed", lambda metric, value: -1.0)
    report = quantized(tmp_path, wide)
    assert report.facts[lighter.NAME].startswith("not kept") and not report.more["eight_bits"]["kept"]
    assert "LSTM" in kinds((tmp_path / "run" / "model.onnx").read_bytes())


@pytest.mark.slow
def test_refits_have_8_bits_too_and_nothing_leaks(tmp_path, monkeypatch):
    """Those of what was judged, and of what answers; what comes later moves no scale (`leak.prove`)."""
    from tests.tasks.forecast.cases import recipe_on, write_series

    monkeypatch.setattr(lighter, "allowed", lambda metric, value: 1e9)

    def make(folder):
        more = ("model.units=24", "fit.epochs=2", 'decide.answer="network"')
        return recipe_on(write_series(folder / "sales.csv"), *more)

    report = quantized(tmp_path, make)
    assert report.facts[lighter.NAME]
    graphs = [path.read_bytes() for path in (tmp_path / "run").glob("*.onnx") if "trees" not in path.name]
    assert len(graphs) > 1 and all(map(holds_8_bits, graphs)) and report.more["eight_bits"]["kept"]


def test_the_command_asks_for_it_and_a_resumed_run_remembers(seqzoo, tmp_path, monkeypatch):
    """The walk is not walked: what it is asked for is looked at."""
    from seqzoo import corridor as walked

    asked = []

    def walk(chosen, folder, work):
        asked.append(work.quantize)
        runs.working_folder(folder, chosen, work.seed, work.resume, work.quantize)
        raise KeyboardInterrupt

    monkeypatch.setattr(walked, "train", walk)
    for more in ([], ["--quantize"], ["--resume"]):
        assert seqzoo("train", "spam-bilstm", "--out", tmp_path / "run", *more)[0] == 130
    assert asked == [False, True, True]


def test_without_a_network_there_is_nothing_to_round(seqzoo, tmp_path):
    from tests.tasks.forecast.cases import write_series

    path = write_series(tmp_path / "s.csv", 100)
    sets = ["--set", "model.architecture=none", "--data", path, "--time", "day", "--target", "sales"]
    fails(seqzoo("train", "series-gru", "--quantize", *sets), "no network", "--quantize")
