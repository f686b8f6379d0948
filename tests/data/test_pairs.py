"""The room `translate` on the published pairs."""

import numpy as np
import pytest

from seqzoo import recipe, registry
from seqzoo.corridor import Work, train
from seqzoo.tasks.translate import data
from seqzoo.tasks.translate.codec import PairCodec
from seqzoo.tasks.translate.data import gathered, near, shared
from seqzoo.tasks.translate.options import CodecOptions, DataOptions

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def rows():
    from seqzoo import fetch

    found = registry.find_dataset("fra-eng")
    return list(found.load(fetch.fetch(found)))


@pytest.fixture(scope="module")
def splits():
    return data.load(DataOptions(dataset="fra-eng"), True)


def test_the_pairs_are_all_there_and_each_on_one_side(rows, splits):
    assert len(rows) == 142_787
    test = splits.test.open()
    parts = (splits.train, splits.validation, test)
    assert sum(map(len, parts)) == len({row.source for row in rows}) == 98_659
    assert not shared(splits.train, test).any() and not shared(splits.train, splits.validation).any()
    assert len({near(row.source) for row in rows}) == sum(len(set(part.groups)) for part in parts)
    assert sum(len(refs) for part in parts for refs in part.references) == len({(r.source, r.target) for r in rows})


def test_a_split_by_pairs_would_leak(rows):
    """What the tutorials do: a random twentieth of the pairs, of which many sources stand in the rest as well."""
    order = np.random.default_rng(0).permutation(len(rows))
    test, rest = order[: len(rows) // 20], order[len(rows) // 20 :]
    known = {near(rows[i].source) for i in rest}
    leaked = np.mean([near(rows[i].source) in known for i in test])
    assert leaked > 0.3, leaked


def test_every_published_line_comes_back_whole(rows, splits):
    codec = PairCodec.fit(splits.train, CodecOptions())
    assert codec.sizes() == {"source_units": 3000, "target_units": 3000}
    for row in rows[::7]:
        assert codec.decode(codec.encode_target(row.target)) == row.target
        assert codec.source.decode(codec.source.encode(row.source)) == row.source
        assert "".join(codec.parts(row.source)) == row.source


def test_the_source_s_ten_thousand_pairs_have_its_symbols(rows):
    """Keras' lstm_seq2seq counts 71 and 93 symbols in its first 10,000 pairs, start and stop included."""
    codec = PairCodec.fit(gathered(rows[:10_000]), CodecOptions(unit="character"))
    assert codec.sizes() == {"source_units": 71, "target_units": 93}
    assert registry.build("lstm_translator", {}, codec.sizes()).count_params() == 718_173


@pytest.mark.slow
def test_a_short_training_beats_the_source_itself(tmp_path):
    small = [
        "data.limit=12000",
        "fit.epochs=3",
        "model.units=128",
        "model.embedding=96",
        "fit.warmup_steps=50",
        "fit.average=0.0",
    ]
    report = train(recipe.load("fra-eng-attention", small), tmp_path / "run", Work(quiet=True))
    assert report.value > report.baselines["the source itself"].value
    assert report.counts["test sources that were learnt"] == 0 and report.onnx_difference < 1e-4
