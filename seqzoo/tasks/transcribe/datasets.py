"""Public recordings: spoken digits by people and by machines, the prompts of a telephone system, sentences of a reader.

A loader says what an archive holds, without its sounds; `sounds` reads those that are wanted.
"""

from __future__ import annotations

import csv
import io
import re
import tarfile
import unicodedata
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from seqzoo.errors import UserError
from seqzoo.registry import dataset
from seqzoo.tasks.transcribe import audio

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LARGEST = 1 << 26  # bytes of a member
_DIGIT = re.compile(r"recordings/(\d)_([a-z]+)_(\d+)\.wav$")
_MACHINE = re.compile(r"machines/(\d)_([\w.+-]+)\.(?:ogg|flac|wav)$")


class Entry(NamedTuple):
    """A recording of which only the name, the text and the speaker are known; `test`: it is of the test part."""

    name: str
    text: str
    speaker: str = ""
    test: bool = False


def plain(text: str) -> str:
    """A text as it can be heard: small letters and apostrophes, single spaces."""
    whole = unicodedata.normalize("NFC", text).lower().replace("’", "'")  # an accent is no letter of its own
    kept = (letter if letter.isalpha() or letter == "'" else " " for letter in whole)
    return " ".join(word for word in "".join(kept).split() if word.strip("'"))


def members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, IO[bytes]]]:
    """Read the wanted files of a tar archive, one after another; nothing is unpacked, no link is followed."""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.size <= _LARGEST and wanted(member.name):
                    content = archive.extractfile(member)
                    yield member.name, io.BytesIO(content.read() if content else b"")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise UserError(f"{path} is damaged: {error}", "delete it, then: seqzoo data fetch") from None


def sounds(path: Path, names: Collection[str], rate: int) -> dict[str, np.ndarray]:
    """The recordings of these names in an archive: (n,) float32 at `rate`."""
    known = set(names)
    return {name: audio.decoded(file, name, rate) for name, file in members(path, known.__contains__)}


def _names(path: Path, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    try:
        with tarfile.open(path) as archive:
            found = [match for member in archive if member.isfile() and (match := pattern.search(member.name))]
    except (OSError, EOFError, tarfile.TarError) as error:
        raise UserError(f"{path} is damaged: {error}", "delete it, then: seqzoo data fetch") from None
    yield from found


def _table(path: Path, name: str) -> list[list[str]]:
    """The lines of a list inside an archive, split at tabs or bars."""
    for _, file in members(path, lambda one: one.endswith(name)):
        lines = io.TextIOWrapper(file, "utf-8")
        return list(csv.reader(lines, delimiter="\t" if name.endswith(".tsv") else "|", quoting=csv.QUOTE_NONE))
    raise UserError(f"{path} holds no {name}", "delete it, then: seqzoo data fetch")


@dataset(
    "fsdd", task="transcribe", file="fsdd/free-spoken-digit-dataset.tar.gz", size_mb=13.6, hash="",
    url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz",
    licence="CC BY-SA 4.0",
)  # fmt: skip
def fsdd(path: Path) -> list[Entry]:
    """Spoken digits: each 50 times by each speaker, 8 kHz; the first five are its test part."""
    found = [Entry(match.string, DIGITS[int(match[1])], match[2], int(match[3]) < 5) for match in _names(path, _DIGIT)]
    return sorted(found)


@dataset(
    "digits-machines", task="transcribe", file="recordings/machines.tar.gz", size_mb=3.3, url="", hash="",
    licence="public domain (CC0)", by_hand="it ships with seqzoo: tests/bench/machines.py makes it",
)  # fmt: skip
def digits_machines(path: Path) -> list[Entry]:
    """Spoken digits by voices of machines, many with an accent, each digit once by each voice, 8 kHz."""
    return sorted(Entry(match.string, DIGITS[int(match[1])], match[2]) for match in _names(path, _MACHINE))


@dataset(
    "sentences-machines", task="transcribe", file="recordings/sentences.tar.gz", size_mb=4.4, url="", hash="",
    licence="texts CC BY 2.0 (Tatoeba, manythings.org/anki), sounds public domain (CC0)",
    by_hand="it ships with seqzoo: tests/bench/machines.py makes it",
)  # fmt: skip
def sentences_machines(path: Path) -> list[Entry]:
    """English sentences read by the voices of flite and espeak-ng, 8 kHz."""
    rows = _table(path, "sentences.tsv")
    return [Entry(f"sentences/{name}", text, name[5:].rpartition(".")[0]) for name, text in rows]


@dataset(
    "asterisk", task="transcribe", file="asterisk/asterisk-core-sounds-en.tar.gz", size_mb=17.7, hash="",
    url="https://packages.debian.org/sid/asterisk-core-sounds-en-wav", licence="CC BY-SA 3.0",
    by_hand="it is made of Debian's package asterisk-core-sounds-en-wav, a folder of WAV files and metadata.tsv",
)  # fmt: skip
def asterisk(path: Path) -> list[Entry]:
    """Prompts of the telephone system Asterisk, one voice, 8 kHz; what is no speech is left out."""
    found = []
    for name, text, *_ in _table(path, "metadata.tsv"):
        said = re.sub(r"\b\d\b", lambda match: DIGITS[int(match[0])], text)
        if re.search(r"[<(\[\d]", said) or not plain(said) or not name.endswith(".wav"):
            continue
        found.append(Entry(f"asterisk/wavs/{name}", plain(said), "allison"))
    return sorted(found)


@dataset(
    "ljspeech", task="transcribe", file="ljspeech/LJSpeech-1.1-part.tar", size_mb=22.1, hash="",
    url="https://data.keithito.com/data/speech/LJSpeech-1.1.tar.bz2", licence="public domain",
    by_hand="take any part of the archive's clips, as FLAC or WAV, with its metadata.csv, into a tar",
)  # fmt: skip
def ljspeech(path: Path) -> list[Entry]:
    """Sentences from books of the 19th century, read by one voice, 22 kHz."""
    texts = {row[0]: plain(row[-1]) for row in _table(path, "metadata.csv") if not re.search(r"\d", row[-1])}
    matches = _names(path, re.compile(r"wavs/(LJ[\d-]+)\.(?:flac|wav)$"))
    return sorted(Entry(one.string, texts[one[1]], "linda") for one in matches if texts.get(one[1]))
