"""The real sentences: read whole, in their schemes, and what ships keeps its promise."""

import re

import pytest

from seqzoo import fetch, recipe, runs
from seqzoo.corridor import evaluate
from seqzoo.registry import find_dataset
from seqzoo.report import Report
from seqzoo.tasks.tag import conll, data, schemes
from seqzoo.tasks.tag.options import DataOptions
from seqzoo.tasks.tag.words import split

pytestmark = pytest.mark.data
NAMES = {"wnut17": 3394, "wikigold": 1696, "btc": 7338, "ud-ewt": 12_544}


@pytest.mark.parametrize("name", NAMES)
def test_a_set_is_read_whole_and_documents_stay_whole(name):
    splits = data.load(DataOptions(name))
    test = splits.test.open()
    parts = [splits.train, splits.validation]
    if name in ("wikigold", "ud-ewt"):
        assert not set(splits.train.documents.tolist()) & set(splits.validation.documents.tolist())
        assert len(set(splits.train.documents.tolist())) < len(splits.train) / 2
    if name in ("wikigold", "btc"):
        parts.append(test)
    else:
        assert len(test) == {"wnut17": 1009, "ud-ewt": 2001}[name]
    assert sum(map(len, parts)) == NAMES[name]
    for part in (*parts, test):
        assert part.plain == (name == "ud-ewt")
        assert all(not schemes.illegal(tags, part.scheme) for tags in part.tags)
    assert splits.facts["licence"] and splits.facts["sha256"]


def test_wikigold_is_in_iob1_without_a_single_b():
    found = conll.read(fetch.here(find_dataset("wikigold")))
    assert schemes.detected(one.tags for one in found) == "IOB1"
    assert not any(tag.startswith("B-") for one in found for tag in one.tags)


def test_raw_text_is_split_as_the_treebank_splits_it():
    """Sentences of the treebank's dev part, as their authors wrote them, into words by rules: nearly its own words."""
    content = fetch.here(find_dataset("ud-ewt-dev")).read_text("utf-8")
    right = said = there = 0
    for block in content.split("\n\n"):
        match = re.search(r"^# text = (.*)$", block, re.MULTILINE)
        if match is None:
            continue
        true, place = set(), 0
        for line in block.splitlines():
            columns = line.split("\t")
            if columns[0].isdigit() and (found := match[1].find(columns[1], place)) >= 0:
                true.add((found, found + len(columns[1])))
                place = found + len(columns[1])
        ours = {(one.start, one.end) for one in split(match[1])}
        right, said, there = right + len(true & ours), said + len(ours), there + len(true)
    assert 2 * right / (said + there) > 0.97


def test_the_shipped_tagger_keeps_its_promise():
    promised = Report.load(runs.shipped()["ner-bilstm-crf"])
    again = evaluate("ner-bilstm-crf")
    assert again.value == pytest.approx(promised.value, abs=0.01)  # its weights have half the bits
    assert again.wins and recipe.load("ner-bilstm-crf").data.dataset == "wnut17"
