"""Words to numbers. Ids 0, 1 and 2 are padding, an unknown word, and the start of a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

PADDING, UNKNOWN, START = 0, 1, 2
SPECIAL = 3

# Words with inner apostrophes; symbols that are joined into one (a family, a flag); otherwise runs of one and the same
# symbol ("!!!", "...", an emoji).
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s](?:\u200d[^\w\s])+|[\U0001F1E6-\U0001F1FF]{2}|([^\w\s]|_)\1*")
_DRESS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")  # how an emoji is drawn, and the colour of its skin
_EMOJI = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_LONGEST = 60


def words(text: str) -> list[str]:
    """Split a text into lower-case words and symbols; a run of one symbol counts at most three times.

    >>> words("It's <br />GREAT!!!!!")
    ["it's", 'great', '!!!']
    """
    plain = _DRESS.sub("", text.lower().replace("<br />", " ").replace("’", "'"))
    return [_shorten(match.group()) for match in _TOKEN.finditer(plain)]


def _shorten(token: str) -> str:
    return token[:_LONGEST] if token[0].isalnum() or "\u200d" in token else token[:3]


def is_emoji(word: str) -> bool:
    """Whether a word is a picture."""
    return bool(_EMOJI.match(word))


def most_frequent(
    token_lists: Iterable[Sequence[str]],
    limit: int,
    groups: Sequence[str] | None = None,
    minimum_groups: int = 1,
) -> tuple[str, ...]:
    """Return the `limit` most frequent words, ties in alphabetical order.

    With `groups` (one for each text), a word must occur in `minimum_groups` different ones: a word that
    only the reviews of one film use says which film it is, not whether it is good.
    """
    counts: Counter[str] = Counter()
    seen_in: dict[str, set[str]] = {}
    for i, tokens in enumerate(token_lists):
        counts.update(tokens)
        if groups is not None and minimum_groups > 1:
            for word in set(tokens):
                seen_in.setdefault(word, set()).add(groups[i])
    if seen_in:
        counts = Counter({w: n for w, n in counts.items() if len(seen_in[w]) >= minimum_groups})
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(word for word, _ in ranked[:limit])
