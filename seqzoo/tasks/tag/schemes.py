"""Tags of words <-> spans, in the schemes that files are written in.

IOB2: a span begins with B- and goes on with I-. IOB1: B- only where a span of the same kind ends just before. BIOES:
the last word has E-, the only one S-; BILOU writes L- and U- for these. Plain: each word has a tag of its own, as parts
of speech, and is a span by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"
PLAIN = "plain"
SCHEMES = ("IOB1", "IOB2", "BIOES", PLAIN)
_TAG = re.compile(r"([BIOESLU])-(.+)", re.DOTALL)
_ALIKE = {"L": "E", "U": "S"}


class Span(NamedTuple):
    """Words from `start` to `end`, which is not one of them, and what they are."""

    start: int
    end: int
    kind: str


def parted(tag: str) -> tuple[str, str]:
    """The letter of a tag's place in its span, and the kind: "B-PER" -> ("B", "PER"); nothing for O."""
    match = _TAG.fullmatch(tag)
    return (_ALIKE.get(match[1], match[1]), match[2]) if match else (OUTSIDE, "")


def detected(sentences: Iterable[Sequence[str]]) -> str:
    """The scheme in which most spans are written as it demands."""
    begun_b = begun_i = 0
    letters = set[str]()
    for tags in sentences:
        before = (OUTSIDE, "")
        for tag in tags:
            here = parted(tag)
            if here[0] == OUTSIDE and tag != OUTSIDE:
                return PLAIN
            letters.add(here[0])
            if here[1] and here[1] != before[1]:
                begun_b += here[0] == "B"
                begun_i += here[0] == "I"
            before = here
    if letters & {"E", "S"}:
        return "BIOES"
    return "IOB2" if begun_b >= begun_i else "IOB1"


def follows(before: str, after: str, scheme: str) -> bool:
    """Whether a tag may stand after another; "" is what lies before the first word and after the last."""
    if scheme == PLAIN:
        return True
    (a, kind), (b, other) = parted(before), parted(after)
    if scheme == "BIOES":
        return (b in "IE" and kind == other) if a in "BI" else b in "OBS"
    if scheme == "IOB1":
        return b in "OI" or (a in "BI" and kind == other)
    return b in "OB" or (a in "BI" and kind == other)


def illegal(tags: Sequence[str], scheme: str) -> list[int]:
    """Places of words whose tag may not stand there; the last word's where a span may not end."""
    found = [i for i, (a, b) in enumerate(zip(["", *tags], tags, strict=False)) if not follows(a, b, scheme)]
    if tags and not follows(tags[-1], "", scheme) and len(tags) - 1 not in found:
        found.append(len(tags) - 1)
    return found


def spans(tags: Sequence[str]) -> list[Span]:
    """What the tags mark, whichever scheme of spans they are in; what breaks a rule begins a span.

    Source: the reading of CoNLL 2003's `conlleval`, which seqeval follows.
    """
    found: list[Span] = []
    start, kind = -1, ""
    for i, (letter, here) in enumerate([*map(parted, tags), (OUTSIDE, "")]):
        goes_on = start >= 0 and letter in "IE" and here == kind
        if start >= 0 and not goes_on:
            found.append(Span(start, i, kind))
            start = -1
        if letter != OUTSIDE and start < 0:
            start, kind = i, here
        if letter in "ES":
            found.append(Span(start, i + 1, kind))
            start = -1
    return found


def each(tags: Sequence[str], scheme: str) -> list[Span]:
    """The spans of a sentence; of a plain scheme each word is one."""
    return [Span(i, i + 1, tag) for i, tag in enumerate(tags)] if scheme == PLAIN else spans(tags)


def written(marked: Iterable[Span], length: int, scheme: str) -> list[str]:
    """The tags of so many words: what `each` reads.

    Args:
        marked: spans that do not overlap; of a plain scheme one for each word.
        length: of the sentence, in words.
        scheme: in which they are written.
    """
    if scheme == PLAIN:
        return [span.kind for span in marked]
    tags, before = [OUTSIDE] * length, Span(-1, -1, "")
    for span in sorted(marked):
        for i in range(span.start, span.end):
            tags[i] = f"I-{span.kind}"
        if scheme != "IOB1" or (before.end == span.start and before.kind == span.kind):
            tags[span.start] = f"B-{span.kind}"
        if scheme == "BIOES":
            tags[span.end - 1] = f"{'E' if span.end - span.start > 1 else 'S'}-{span.kind}"
        before = span
    return tags


def names(tags: Iterable[str], scheme: str) -> tuple[str, ...]:
    """All tags that a scheme needs for what occurs in these, in alphabetical order, O first."""
    if scheme == PLAIN:
        return tuple(sorted(set(tags)))
    kinds = sorted({kind for _, kind in map(parted, tags) if kind})
    letters = "BIES" if scheme == "BIOES" else "BI"
    return (OUTSIDE, *(f"{letter}-{kind}" for kind in kinds for letter in letters))
