"""`seqzoo.tag`: texts in, tags and spans out, from a notebook as from the command line."""

from __future__ import annotations

from typing import overload

from seqzoo.tasks.tag.predict import Tagged, Tagger


@overload
def tag(texts: str, run: str | None = None) -> Tagged: ...
@overload
def tag(texts: list[str], run: str | None = None) -> list[Tagged]: ...
@overload
def tag(texts: list[list[str]], run: str | None = None) -> list[Tagged]: ...
def tag(texts: str | list[str] | list[list[str]], run: str | None = None) -> Tagged | list[Tagged]:
    """Mark names in texts, or say which part of speech each word is.

    Args:
        texts: one text; several; or sentences that are split into words already.
        run: a run's folder or a recipe's name; None: the newest run, else the bundle that ships.

    Returns:
        For a text its words, their tags and the spans that they mark, `.spans[0].text`; a list for several.

    Raises:
        UserError: no such run, or a sentence without a word.
    """
    from seqzoo import runs
    from seqzoo.errors import UserError

    tagger: Tagger = runs.load(run, "tag")
    if isinstance(texts, str):
        return next(tagger.predict([texts]))
    words = [one for one in texts if isinstance(one, list)]
    if not words:
        return list(tagger.predict(one for one in texts if isinstance(one, str)))
    if len(words) < len(texts) or not all(words) or not all(all(one) for one in words):
        raise UserError("sentences that are split have at least one word each, and no empty one")
    return list(tagger.read(words))
