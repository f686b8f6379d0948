"""Warnings with evidence: a column that is in another language than its name says, rows whose sides changed places."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol


class _Row(Protocol):
    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...


class Language(NamedTuple):
    """A language by its names and its most frequent words."""

    name: str
    called: tuple[str, ...]
    words: frozenset[str]


def _language(name: str, called: str, words: str) -> Language:
    return Language(name, tuple(called.split()), frozenset(words.split()))


LANGUAGES = (
    _language("English", "en eng english", "the to of and is you that it he was for i with this my not have what"),
    _language("French", "fr fra fre french français", "le la les de des est je que et un une il pas ne vous pour ce à"),
    _language("German", "de deu ger german deutsch", "der die das und ist ich nicht ein eine zu sie er es mit wir den"),
    _language("Spanish", "es spa spanish español", "el la los de que y es no un una en lo por se me con su para"),
    _language("Italian", "it ita italian italiano", "il la di che è e non un una mi lo sono per ho con i del si"),
    _language("Portuguese", "pt por portuguese português", "o a os de que e é não um uma eu em para ele ela com do se"),
    _language("Dutch", "nl nld dut dutch nederlands", "de het een van en is ik niet dat je hij in op te zijn voor"),
)
_ENOUGH = 50  # words of a column
_LEAST = 0.05  # share of the words that speaks for a language
_CLEAR = 2.0  # times as many words of one language as of the other
_VOTES = 6.0  # nats by which a side looks like the other column
_READ = 20_000  # rows whose words are counted, evenly spread


def words(text: str) -> list[str]:
    """Lower-case words."""
    return re.findall(r"[^\W\d_]+", text.lower())


def warnings(source: str, target: str, rows: Sequence[_Row]) -> list[str]:
    """What looks wrong with two columns of these names."""
    stride = max(1, len(rows) // _READ)
    sides = [
        Counter(word for row in rows[::stride] for word in words(getattr(row, side))) for side in ("source", "target")
    ]
    found = [line for name, counts in zip((source, target), sides, strict=True) if (line := _misnamed(name, counts))]
    return found + _exchanged(rows, *sides)


def _misnamed(column: str, counts: Counter[str]) -> str:
    """What speaks against a column's name, if it names a language."""
    named = next((language for language in LANGUAGES if column.lower() in language.called), None)
    total = sum(counts.values())
    if named is None or total < _ENOUGH:
        return ""
    share = {one.name: sum(counts[word] for word in one.words) / total for one in LANGUAGES}
    best = max(share, key=lambda name: share[name])
    if best == named.name or share[best] < max(_LEAST, _CLEAR * share[named.name]):
        return ""
    other = next(one for one in LANGUAGES if one.name == best)
    seen = ", ".join(word for word, _ in counts.most_common() if word in other.words)[:40]
    return (
        f"column {column!r} reads like {best}: {share[best]:.0%} of its words are {seen} and the like, "
        f"and {share[named.name]:.0%} frequent words of {named.name}; are the columns swapped?"
    )


def _exchanged(rows: Sequence[_Row], source: Counter[str], target: Counter[str]) -> list[str]:
    """Rows of which each side looks like the other column, by the words that are more frequent there."""
    if len(rows) < _ENOUGH:
        return []

    def vote(text: str) -> float:
        """Positive: like the sources."""
        return sum(math.log((source[word] + 0.5) / (target[word] + 0.5)) for word in words(text))

    places = [i for i, row in enumerate(rows) if vote(row.source) < -_VOTES and vote(row.target) > _VOTES]
    if not places:
        return []
    first = rows[places[0]]
    return [
        f"{len(places):,} of {len(rows):,} rows seem to have their sides swapped, for example row {places[0] + 1}: "
        f"{first.source[:40]!r} beside {first.target[:40]!r}"
    ]


def lengths(texts: Iterable[str], as_source: int, as_target: int) -> str:
    """What speaks for texts that are in the language one translates into: they need far fewer units as a target."""
    said = sum(map(len, texts))
    if said < 40 or as_target > 0.75 * as_source:
        return ""
    return (
        f"this reads like what the model translates into, not from: {as_source:,} units as a source, "
        f"{as_target:,} as a target"
    )
