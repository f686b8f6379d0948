"""Raw text -> words: places are kept, and the rules are those of treebanks."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.tasks.tag.words import known_as, split


@given(st.text(max_size=80))
def test_words_stand_where_they_say(text):
    found = split(text)
    assert all(text[one.start : one.end] == one.text and one.text for one in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    covered = {i for one in found for i in range(one.start, one.end)}
    assert all(i in covered for i, letter in enumerate(text) if letter.isalnum())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("They don't know it's Bob's.", "They do n't know it 's Bob 's ."),
        ("I cannot, gonna go", "I can not , gon na go"),
        ("See https://a.b/c?d=1 and x@y.org!", "See https://a.b/c?d=1 and x@y.org !"),
        ("@you #win :-) <3", "@you #win :-) <3"),
        ("At 3.5 or 1,000 in the U.S. today", "At 3.5 or 1,000 in the U.S. today"),
        ("Mr. Smith, e.g. Ann-Marie", "Mr. Smith , e.g. Ann-Marie"),
        ("wait... what?!", "wait ... what ? !"),
        ("“quoted”", "“ quoted ”"),
        ("", ""),
        ("   \n\t", ""),
    ],
)
def test_plain_cases(text, words):
    assert [one.text for one in split(text)] == words.split()


def test_words_are_looked_up_alike():
    assert known_as("@bob", True) == "@" and known_as("http://x", False) == "http"
    assert known_as("Room42", True) == "room00" and known_as("Room42", False) == "Room42"
    assert known_as("don’t", True) == "don't"
