"""Letter n-grams and language models speak in probabilities, and survive their files."""

import numpy as np
import pytest

from seqzoo import runs
from seqzoo.errors import UserError
from seqzoo.ngrams import KneserNey
from seqzoo.tasks.transcribe.decode import Search, prefix_beam
from seqzoo.tasks.transcribe.language import FromGenerator, LetterGrams

LETTERS = (" ", *"abcdefghijklmnopqrstuvwxyz")
TEXTS = ["the cat sat on the mat", "the dog sat", "a cat and a dog"] * 3


def spelled(model, text):
    """The log-probability of a text's letters, one after another."""
    state, found = model.begin(), 0.0
    for letter in text:
        column = LETTERS.index(letter) + 1
        found, state = found + model.scores(state)[column], model.advance(state, column)
    return found


def test_letter_grams_are_a_distribution_that_equals_kneser_ney():
    grams = LetterGrams.fit(TEXTS, LETTERS, 4)
    state = grams.begin()
    for letter in "the cat":
        scores = grams.scores(state)
        assert np.exp(scores[1:]).sum() == pytest.approx(1) and scores[0] == 0
        state = grams.advance(state, LETTERS.index(letter) + 1)
        assert len(state) <= 3
    ids = np.array([LETTERS.index(x) for x in " " + " ".join(TEXTS) + " "])
    held = np.array([LETTERS.index(x) for x in "n the mad dog"])
    expected = KneserNey(ids, len(LETTERS), 4).nats(held, 4)[3:]
    found = [-grams.scores(tuple(held[i - 3 : i] + 1))[held[i] + 1] for i in range(4, len(held))]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert spelled(grams, "the cat") > spelled(grams, "tje dat")


def test_words_end_where_words_end():
    grams = LetterGrams.fit(TEXTS, LETTERS, 5)
    after = lambda text: grams.end(tuple(LETTERS.index(x) + 1 for x in text)[-4:])  # noqa: E731
    assert after(" cat") > after(" ca") and grams.end(grams.begin()) == 0.0
    assert LetterGrams.fit(["ab", "ba"], ("a", "b"), 3).begin() == ()


def test_files(tmp_path):
    grams = LetterGrams.fit(TEXTS, LETTERS, 4)
    grams.save(tmp_path)
    again = LetterGrams.load(tmp_path, LETTERS)
    assert spelled(again, "a dog") == spelled(grams, "a dog") and again.begin() == grams.begin()
    with pytest.raises(UserError, match="counts 27 letters, the codec has 2"):
        LetterGrams.load(tmp_path, ("a", "b"))
    (tmp_path / "counts.npz").write_bytes(b"PK no")
    with pytest.raises(UserError, match="damaged"):
        LetterGrams.load(tmp_path, LETTERS)


def test_a_bundle_that_writes_letters_has_its_say():
    letters = (" ", "e", "h", "t", "w", "1")
    model = FromGenerator(runs.load(None, "generate"), letters)
    state = model.begin()
    for letter in "th":
        state = model.advance(state, letters.index(letter) + 1)
    scores = model.scores(state)
    assert scores[0] == 0 and np.exp(scores[1:5]).sum() <= 1 and scores[1:].argmax() == 1
    assert scores[6] == -12 and model.advance(state, 6) is state and model.end(state) == scores[1]
    heard = np.full((6, 7), -9.0)
    heard[0, 4] = heard[2, 3] = heard[1, 0] = heard[3, 0] = heard[5, 0] = -0.01
    heard[4, 2], heard[4, 5] = np.log(0.45), np.log(0.55)  # the, or thw
    assert prefix_beam(heard, Search(), None, letters)[0].ids == (4, 3, 5)
    assert prefix_beam(heard, Search(language=0.5), model, letters)[0].ids == (4, 3, 2)


def test_a_bundle_of_other_units_is_refused():
    class Words:
        class codec:
            vocabulary = ("the", "cat")

    with pytest.raises(UserError, match="does not write the letters"):
        FromGenerator(Words(), LETTERS)
