"""Raw text -> words, with the places they stand at; and what a word is looked up by.

Ids 0 and 1 are padding and an unknown word.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PADDING, UNKNOWN = 0, 1
SPECIAL = 2
_LONGEST = 200  # letters of a word that are looked at

# Addresses, names and marks of social media stay whole; so do abbreviations with inner stops, numbers with theirs,
# and words with inner hyphens or apostrophes; other symbols stand alone, in runs of one and the same.
_WORD = re.compile(
    r"""
    (?:https?://|www\.)[^\s<>"']+ | [\w.+-]+@[\w-]+(?:\.[\w-]+)+ | [@\#]\w+
    | [:;=8]['-]?[()DPpoO/\\|]+(?!\w) | <3+
    | \d+(?:[.,:/]\d+)+ | (?:[^\W\d_]\.){2,} | (?:Mr|Mrs|Ms|Dr|St|Jr|Sr|Prof|vs|etc|Inc|Corp|Ltd|Co)\.(?=\s)
    | \w+(?:['’-]\w+)* | (?P<run>[^\w\s])(?P=run)*
    """,
    re.VERBOSE,
)
# Treebanks split "don't" into "do" and "n't", "it's" into "it" and "'s".
_CLITIC = re.compile(r"(?i)(.+)(n['’]t|['’](?:s|m|d|re|ve|ll))$")
_JOINED = re.compile(r"(?i)(can)(not)$|(gon|wan)(na)$|(got)(ta)$")


class Token(NamedTuple):
    """A word, and where it stands: text[start:end]."""

    text: str
    start: int
    end: int


def split(text: str) -> list[Token]:
    """Split a text into words as treebanks do, by rules alone; offsets are kept.

    >>> [token.text for token in split("I don't think Dr. Who's in the U.S.!!")]
    ['I', 'do', "n't", 'think', 'Dr.', 'Who', "'s", 'in', 'the', 'U.S.', '!!']
    """
    found: list[Token] = []
    for match in _WORD.finditer(text):
        found += _parts(match.group(), match.start())
    return found


def _parts(word: str, start: int) -> list[Token]:
    """A word and what is written together with it."""
    match = _CLITIC.fullmatch(word) or _JOINED.fullmatch(word)
    if match is None:
        return [Token(word, start, start + len(word))]
    head = next(part for part in match.groups() if part)
    middle = start + len(head)
    return [Token(head, start, middle), Token(word[len(head) :], middle, start + len(word))]


def known_as(word: str, lower: bool) -> str:
    """What a word is looked up by: addresses and names of users are alike, and where `lower`, case and digits too."""
    if word.startswith(("http://", "https://", "www.")):
        return "http"
    if len(word) > 1 and word[0] == "@":
        return "@"
    word = word[:_LONGEST].replace("’", "'")
    return re.sub(r"\d", "0", word.lower()) if lower else word
