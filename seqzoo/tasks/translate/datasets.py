"""Public pairs: sentences of Tatoeba in two languages, and turns of plays."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from seqzoo.errors import UserError
from seqzoo.registry import dataset

_MEMBER = "fra.txt"
_LARGEST = 1 << 28  # bytes of text
_SCENE = 40  # speeches that stay on one side of a split


class Row(NamedTuple):
    """A pair as it stands in a file, and the dialogue it belongs to, if that is known."""

    source: str
    target: str
    dialogue: str = ""


@dataset(
    "fra-eng", task="translate", file="fra-eng/fra-eng.zip", size_mb=3.0,
    url="https://www.manythings.org/anki/fra-eng.zip", hash="", licence="CC BY 2.0 (Tatoeba, manythings.org/anki)",
)  # fmt: skip
def fra_eng(path: Path) -> Iterator[Row]:
    """English sentences with their French translations, from Tatoeba: 142,787 pairs in the edition of 2017."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_MEMBER).file_size > _LARGEST:
                raise UserError(f"{path}: {_MEMBER} is too large")
            text = archive.read(_MEMBER).decode("utf-8")
    except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise UserError(f"{path} is damaged: {error}", "delete it, then: seqzoo data fetch fra-eng") from None
    for line in text.split("\n"):
        cells = line.split("\t")  # later editions name the authors in a third column
        if len(cells) > 1 and cells[0].strip() and cells[1].strip():
            yield Row(cells[0].strip(), cells[1].strip())


@dataset(
    "shakespeare-turns", task="translate", file="shakespeare/shakespeare.txt", size_mb=1.1,
    url="https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt", hash="",
    licence="public domain",
)  # fmt: skip
def shakespeare_turns(path: Path) -> Iterator[Row]:
    """What is said and what is answered in a megabyte of Shakespeare's plays, 7,000 speeches."""
    said = re.findall(r"^[A-Z][^\n:]{0,30}:\n(.+?)(?:\n\n|\Z)", path.read_text(encoding="utf-8"), re.M | re.S)
    for number, (speech, answer) in enumerate(pairwise(" ".join(one.split()) for one in said)):
        yield Row(speech, answer, str(number // _SCENE))
