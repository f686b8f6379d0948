"""Texts to numbers and back, property by property."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.tasks.classify import words
from seqzoo.tasks.classify.codec import WordCodec
from seqzoo.tasks.classify.data import Examples
from seqzoo.tasks.classify.options import CodecOptions
from seqzoo.tasks.classify.words import START, UNKNOWN

TEXTS = ["a good film", "a bad film !", "it's a good one", "bad , bad , bad"]
TRAIN = Examples(TEXTS, ["good", "bad", "good", "bad"], ["f1", "f2", "f3", "f2"])


def fitted(**options):
    return WordCodec.fit(TRAIN, CodecOptions(**options))


def test_words_and_symbols():
    assert words.words("Don’t <br />STOP!!!!! 10/10 😀😀") == ["don't", "stop", "!!!", "10", "/", "10", "😀😀"]
    assert words.words("so ❤️ 👍🏽 👩‍👩‍👧 🇺🇸🇫🇷") == ["so", "❤", "👍", "👩‍👩‍👧", "🇺🇸", "🇫🇷"]
    assert [word for word in words.words("no! ☹️ 3 😀😀") if words.is_emoji(word)] == ["☹", "😀😀"]
    assert words.words("rock'n'roll 'quoted' a_b") == ["rock'n'roll", "'", "quoted", "'", "a", "_", "b"]


@given(st.text())
def test_words_are_never_empty_and_hold_no_space(text):
    for word in words.words(text):
        assert word and word == word.strip()
        assert len(word) <= 60


@given(st.text(), st.integers(2, 12), st.sampled_from(["head", "tail", "head+tail"]))
def test_encoding_has_a_start_and_a_bound(text, tokens, keep):
    codec = fitted(tokens=tokens, keep=keep)
    ids = codec.encode(text)["ids"]
    assert ids.dtype == np.int32
    assert ids[0] == START
    assert 1 <= len(ids) <= tokens
    assert (ids[1:] != 0).all()
    assert len(codec.kept(words.words(text))) == len(ids) - 1


@given(st.lists(st.sampled_from(["a", "good", "bad", "film", "it's", "one"]), max_size=20))
def test_known_words_survive_the_round_trip(chosen):
    codec = fitted(tokens=50)
    assert codec.decode(codec.ids(words.words(" ".join(chosen)))) == chosen


def test_unknown_words_are_unknown_and_not_and():
    codec = fitted()
    assert codec.ids(words.words("a zeppelin film")).tolist()[2] == UNKNOWN
    assert codec.decode(codec.ids(words.words("zeppelin"))) == ["<unknown>"]


@pytest.mark.parametrize(("keep", "expected"), [("head", "1 2 3 4"), ("tail", "7 8 9 10"), ("head+tail", "1 2 9 10")])
def test_which_part_of_a_long_text_is_kept(keep, expected):
    codec = fitted(tokens=5, keep=keep)
    assert codec.kept(words.words("1 2 3 4 5 6 7 8 9 10")) == expected.split()


def test_the_vocabulary_is_the_most_frequent_words_of_train():
    assert fitted(words=5).words == ("bad", "a")
    assert fitted().sizes() == {"vocabulary_size": 3 + 8, "classes": 1}


def test_a_word_must_be_used_in_several_groups():
    assert set(fitted(minimum_groups=2).words) == {"a", "good", "film"}


def test_classes():
    codec = fitted()
    assert codec.classes == ("bad", "good")
    assert codec.encode_labels(["good", "bad"]).tolist() == [1, 0]
    with pytest.raises(UserError, match="unseen in training: 'ugly'"):
        codec.encode_labels(["ugly"])


@pytest.mark.parametrize("ratios", [0, 2])
def test_save_and_load(tmp_path, ratios):
    codec = fitted(ratios=ratios, ratio_groups=1)
    codec.save(tmp_path)
    again = WordCodec.load(tmp_path)
    assert again.to_json() == codec.to_json()
    for ours, theirs in zip(codec.encode("a good, good film"), again.encode("a good, good film"), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "change",
    [{"words": "abc"}, {"words": [1]}, {"classes": ["one"]}, {"tokens": "9"}, {"tokens": 1}, {"extra": 1}],
)
def test_a_damaged_codec_is_refused(tmp_path, change):
    (tmp_path / "codec.json").write_text(json.dumps(fitted().to_json() | change))
    with pytest.raises(UserError, match="damaged"):
        WordCodec.load(tmp_path)
