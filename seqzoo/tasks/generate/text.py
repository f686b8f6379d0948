"""Text in files, read in pieces: a stretch of a gigabyte costs no more memory than one of a kilobyte."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from seqzoo.errors import UserError

_PIECE = 1 << 20


@dataclass(frozen=True)
class Text:
    """Byte ranges (file, start, end) of UTF-8 text, one after the other. `len` counts bytes."""

    parts: tuple[tuple[Path, int, int], ...]

    def __len__(self) -> int:
        return sum(end - start for _, start, end in self.parts)

    def pieces(self) -> Iterator[str]:
        """The text in pieces of about a megabyte, carriage returns and byte order marks left out.

        Raises:
            UserError: bytes that are not UTF-8, or that no text has.
        """
        for path, start, end in self.parts:
            decoder = codecs.getincrementaldecoder("utf-8")()
            with _opened(path) as file:
                file.seek(start)
                while start < end:
                    block = file.read(min(_PIECE, end - start))
                    yield _decoded(decoder, block, path, start, start + len(block) == end)
                    start += len(block)

    def tail(self, most: int) -> str:
        """The last `most` bytes, as one string."""
        begin = 1 - most / len(self) if most < len(self) else 0.0
        return "".join(self.cut((begin, 1.0))[1].pieces())

    def cut(self, shares: tuple[float, ...]) -> tuple[Text, ...]:
        """Cut into stretches that end at these shares of the bytes, never inside a character."""
        ends = [self._boundary(round(len(self) * share)) for share in shares]
        return tuple(self._between(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True))

    def _between(self, first: int, last: int) -> Text:
        found, before = [], 0
        for path, start, end in self.parts:
            a, b = max(first - before, 0), min(last - before, end - start)
            if a < b:
                found.append((path, start + a, start + b))
            before += end - start
        return Text(tuple(found))

    def _boundary(self, at: int) -> int:
        """The next place at or after `at` where a character begins."""
        before = 0
        for path, start, end in self.parts:
            if before <= at < before + end - start:
                with _opened(path) as file:
                    file.seek(start + at - before)
                    ahead = file.read(4)
                return at + next((i for i, byte in enumerate(ahead) if byte & 0xC0 != 0x80), len(ahead))
            before += end - start
        return at


def _decoded(decoder: codecs.IncrementalDecoder, block: bytes, path: Path, start: int, final: bool) -> str:
    try:
        text = decoder.decode(block, final)
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: byte {block[error.start]:#04x} near byte {start:,}") from None
    if "\0" in text:
        raise UserError(f"{path} is no text: it holds a zero byte near byte {start:,}")
    return text.replace("\r", "").replace("\ufeff", "")


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def read(path: Path) -> Text:
    """A file, or all files of a folder in the order of their names.

    Raises:
        UserError: nothing there, or nothing in it.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
    elif path.is_file():
        files = [path]
    else:
        raise UserError(f"no such file or folder: {path}", "seqzoo train char-lstm --data my.txt")
    text = Text(tuple((file, 0, _size(file)) for file in files))
    if not len(text):
        raise UserError(f"{path} is empty")
    return text


def _size(path: Path) -> int:
    if path.suffix != ".gz":
        return path.stat().st_size
    with gzip.open(path, "rb") as file:
        return sum(len(block) for block in iter(lambda: file.read(_PIECE), b""))
