"""Simpler translators: IBM Model 1 against its textbook loop, the nearest source against a search of all."""

from collections import defaultdict

import numpy as np
import pytest

from seqzoo.tasks.translate import baselines
from seqzoo.tasks.translate.baselines import Model1
from seqzoo.tasks.translate.data import Pairs
from tests.tasks.translate.cases import WORDS, said, sources

TEXTBOOK = [("das Haus", "the house"), ("das Buch", "the book"), ("ein Buch", "a book")]


def textbook(pairs, rounds):
    """t(e | f) as the algorithm is written in Koehn 2010, figure 4.3, with an empty source word."""
    read = [(["", *baselines.words(f)], baselines.words(e)) for f, e in pairs]
    targets = {e for _, es in read for e in es}
    t = defaultdict(lambda: 1 / len(targets))
    for _ in range(rounds):
        count, total = defaultdict(float), defaultdict(float)
        for fs, es in read:
            for e in es:
                norm = sum(t[e, f] for f in fs)
                for f in fs:
                    count[e, f] += t[e, f] / norm
                    total[f] += t[e, f] / norm
        t = defaultdict(float, {(e, f): c / total[f] for (e, f), c in count.items()})
    return t


@pytest.mark.parametrize("rounds", [1, 5])
def test_model_1_is_the_textbook_s(rounds):
    model = Model1(TEXTBOOK, rounds)
    expected = textbook(TEXTBOOK, rounds)
    sources, targets = list(model.sources), list(model.targets)
    found = {(targets[t], sources[s]): p for (s, t), p in zip(model.cells, model.p, strict=True)}
    assert set(found) == set(expected)
    for key, p in found.items():
        assert p == pytest.approx(expected[key])


def test_probabilities_of_a_word_sum_to_one_and_the_right_one_wins():
    model = Model1([(source, said(source)) for source in sources()])
    np.testing.assert_allclose(np.bincount(model.cells[:, 0], model.p), 1)
    assert {word: model.best()[word] for word in ("cat", "tree", "red")} == {
        w: WORDS[w] for w in ("cat", "tree", "red")
    }


def test_word_by_word_keeps_order_and_unknown_words():
    pairs = Pairs(["the cat", "the dog", "a cat", "a dog"], [["le chat"], ["le chien"], ["un chat"], ["un chien"]], [])
    assert baselines.word_by_word(pairs, ["The zebra, a cat."]) == ["Le zebra, un chat."]
    assert baselines.written(["l'", "eau", "est", "(", "ici", ")", "."]) == "L'eau est ( ici)."


def test_the_memory_answers_with_the_nearest_source():
    train = Pairs(["I like tea", "You like coffee", "He drinks milk"], [["un", "x"], ["deux"], ["trois"]], [])
    assert baselines.memory(train, ["Do you like coffee?", "he drinks"]) == ["deux", "trois"]
    assert baselines.memory(train, train.sources) == ["un", "deux", "trois"]
