"""The real texts, found through SEQZOO_DATA: read whole, and what ships keeps its promise on the sealed part."""

import pytest

from seqzoo import recipe, runs
from seqzoo.corridor import evaluate
from seqzoo.report import Report
from seqzoo.tasks.generate import data
from seqzoo.tasks.generate.codec import UnitCodec

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "vocabulary", "least"), [("char-lstm", 65, 900_000), ("word-lstm", 10_000, 1_000_000)]
)
def test_a_text_is_read_whole_and_cut_in_its_order(name, vocabulary, least):
    chosen = recipe.load(name)
    splits = data.load(chosen.data)
    codec = UnitCodec.fit(splits.train, chosen.codec)
    assert len(codec.vocabulary) == vocabulary
    ids, unknown = codec.encode_all(splits.train)
    assert len(ids) >= least and unknown < 0.1 * len(ids)
    parts = [part.tail(40) for part in (splits.train, splits.validation, splits.test.open())]
    assert len(set(parts)) == 3 and splits.facts["licence"] and splits.facts["sha256"]


def test_a_re_split_is_no_secret():
    splits = data.load(recipe.load("word-lstm").data)
    resplit = "train_resplit" in str(splits.train.parts[0][0])
    assert ("re-split" in splits.facts["file"]) == resplit
    assert splits.facts["published file"] == ("no" if resplit else "its publisher gives no hash")


def test_the_shipped_language_model_keeps_its_promise():
    promised = Report.load(runs.shipped()["char-lstm"])
    again = evaluate("char-lstm")
    assert again.value == pytest.approx(promised.value, abs=0.002)  # its weights have half the bits
    assert again.wins and again.value < 1.40


@pytest.mark.filterwarnings("ignore")  # of music21
def test_the_shipped_fiddler_writes_tunes_that_another_program_reads_and_whose_bars_are_full():
    from seqzoo.sampling import Sampling
    from tests.bench.tunes import judged

    generator = runs.load("folk-lstm", "generate")
    made = generator.predict(sampling=Sampling(0.8, seed=5), samples=40)
    read, right, inner = judged(made)
    assert read >= 0.95 and right >= 0.9 and inner > 200
    assert evaluate("folk-lstm").wins
