"""The real texts, found through SEQZOO_DATA: read whole, and what ships keeps its promise on the sealed part."""

import json

import pytest

from seqzoo import recipe, runs
from seqzoo.tasks.generate import data
from seqzoo.tasks.generate.codec import TextCodec

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "vocabulary", "least"), [("char-lstm", 65, 900_000), ("word-lstm", 10_000, 1_000_000)]
)
def test_a_text_is_read_whole_and_cut_in_its_order(name, vocabulary, least):
    chosen = recipe.load(name)
    splits = data.load(chosen.data)
    codec = TextCodec.fit(splits.train, chosen.codec)
    assert len(codec.vocabulary) == vocabulary
    ids, unknown = codec.encode_all(splits.train)
    assert len(ids) >= least and unknown < 0.1 * len(ids)
    parts = [part.tail(40) for part in (splits.train, splits.validation, splits.open_test())]
    assert len(set(parts)) == 3 and splits.facts["licence"] and splits.facts["sha256"]


def test_the_shipped_language_model_keeps_its_promise():
    promised = json.loads((runs.shipped()["char-lstm"] / "report.json").read_text())
    found = runs.evaluate("char-lstm")
    assert found["value"] == pytest.approx(promised["value"], abs=0.002)  # its weights have half the bits
    assert found["verdict"]["wins"] and found["value"] < 1.40
