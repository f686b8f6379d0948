"""Word vectors that somebody else has made: a text file of a word and its numbers on each line, as GloVe writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError
from seqzoo.files import reading

_SCALE = 0.25  # standard deviation, as of vectors of our own


def words(path: Path) -> Iterator[str]:
    """The words of a file, in its order: mostly the most frequent first."""
    for _, word, _ in _rows(path):
        yield word


def table(path: Path, places: dict[str, int], size: int, dim: int) -> np.ndarray:
    """(size, dim) float32: the vectors of words at their places, 0 for others; scaled as one.

    A word that the file has in capitals and in small letters takes the first of them.

    Raises:
        UserError: vectors of another length, or what is no number.
    """
    found, seen = np.zeros((size, dim), np.float32), set[int]()
    for number, word, values in _rows(path):
        if len(values) != dim:
            raise UserError(
                f"{path}, line {number}: {len(values)} numbers, and model.embedding_dim = {dim}",
                f"--set model.embedding_dim={len(values)}",
            )
        place = places.get(word, places.get(word.lower()))
        if place is None or place in seen:
            continue
        try:
            found[place] = np.array(values, np.float32)
        except ValueError:
            raise UserError(f"{path}, line {number}: {word!r} is not followed by numbers") from None
        if not np.isfinite(found[place]).all():
            raise UserError(f"{path}, line {number}: {word!r} has numbers that are none")
        seen.add(place)
    if not seen:
        raise UserError(f"{path} has a vector for none of the {len(places):,} words")
    known = found[sorted(seen)]
    return np.asarray(found / (known.std() or 1.0) * _SCALE, np.float32)


def _rows(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Line number, word and numbers; the count and length that word2vec writes first are passed over."""
    with reading(path) as file:
        for number, line in enumerate(file, start=1):
            word, *values = line.rstrip().split(" ")
            if number == 1 and len(values) == 1 and word.isdigit():
                continue
            if len(values) < 2:
                raise UserError(f"{path}, line {number}: a word and its numbers, with a space between each")
            yield number, word, values
