"""Captions: read back as a player would, for words at any time."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from seqzoo.tasks.transcribe.captions import srt
from seqzoo.tasks.transcribe.predict import Word

BLOCK = re.compile(r"(\d+)\n(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})\n(.+)\n")
LENGTHS = st.lists(st.tuples(st.floats(0, 3), st.floats(0.05, 7)), max_size=40)


def read(text):
    """(number, start, end, words) of each caption, as the format is described; nothing may stand between them."""
    found = []
    for block in text.split("\n\n") if text else []:
        whole = BLOCK.fullmatch(block.rstrip("\n") + "\n")
        assert whole, block
        number, *clock, said = whole.groups()
        h1, m1, s1, t1, h2, m2, s2, t2 = map(int, clock)
        assert max(m1, s1, m2, s2) < 60
        start, end = 3600 * h1 + 60 * m1 + s1 + t1 / 1000, 3600 * h2 + 60 * m2 + s2 + t2 / 1000
        found.append((int(number), start, end, said.split()))
    return found


@given(LENGTHS, st.floats(0, 20_000))
def test_no_word_is_lost_and_no_caption_is_long(lengths, begin):
    words, now = [], begin
    for i, (pause, length) in enumerate(lengths):
        words.append(Word(f"w{i}", now + pause, now + pause + length, 1.0))
        now += pause + length
    captions = read(srt(words))
    assert [word for *_, said in captions for word in said] == [word.text for word in words]
    assert [number for number, *_ in captions] == list(range(1, len(captions) + 1))
    times = {word.text: word for word in words}
    for _, start, end, said in captions:
        assert abs(start - times[said[0]].start) < 0.001 and abs(end - times[said[-1]].end) < 0.001
        assert len(said) <= 7 and (end - start <= 5.001 or len(said) == 1)
    for (_, _, end, _), (_, start, _, _) in pairwise(captions):
        assert end <= start + 0.001


def test_a_pause_begins_a_caption_and_seconds_are_rounded_not_cut():
    words = [Word("one", 59.9996, 60.5, 1.0), Word("two", 61.0, 61.2, 1.0), Word("three", 62.1, 62.3, 1.0)]
    assert read(srt(words)) == [(1, 60.0, 61.2, ["one", "two"]), (2, 62.1, 62.3, ["three"])]


def test_a_word_never_ends_before_it_begins():
    assert read(srt([Word("a", 0.013, 0.012, 1.0)])) == [(1, 0.013, 0.013, ["a"])]
