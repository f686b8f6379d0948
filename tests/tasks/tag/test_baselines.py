"""Simple taggers, on sentences where one knows what they must say."""

import numpy as np

from seqzoo.tasks.tag import baselines, score
from seqzoo.tasks.tag.conll import read
from seqzoo.tasks.tag.data import Sentences, checked
from seqzoo.tasks.tag.schemes import Span
from tests.tasks.tag.cases import write_conll


def sentences(*rows, plain=False):
    words, tags = ([[pair.split("/")[i] for pair in row.split()] for row in rows] for i in (0, 1))
    return Sentences(words, tags, np.arange(len(rows)), plain)


def test_each_word_has_its_most_frequent_tag():
    known = sentences("a/X b/Y", "a/X c/Z", "a/Y d/Z", plain=True)
    test = sentences("A/X e/X", plain=True)
    assert baselines.frequent(known, test) == [[Span(0, 1, "X"), Span(1, 2, "Z")]]


def test_the_longest_known_name_is_marked_unless_it_mostly_is_none():
    known = sentences("New/B-L York/I-L Times/O", "New/B-O York/I-O Times/I-O", "May/B-P", "May/O", "May/O")
    test = sentences("x/O New/O York/O Times/O May/O New/O York/O")
    assert baselines.listed(known, test) == [[Span(1, 4, "O"), Span(5, 7, "L")]]


def test_the_features_learn_names(tmp_path):
    known = checked(read(write_conll(tmp_path / "a")), "a", "IOB2", False)
    test = checked(read(write_conll(tmp_path / "b", 40, seed=5)), "b", "IOB2", False)
    found = baselines.said(known, test)
    assert list(found) == [baselines.FREQUENT, baselines.LIST, baselines.FEATURES]
    assert score.f1(found[baselines.FEATURES], test.spans()) > 0.95


def test_shapes():
    assert baselines.shape("McDonald's") == "XxXx'x" and baselines.shape("A-10") == "X-0"
    assert all("w=bob" in one for one in baselines.described(["Bob"]))
