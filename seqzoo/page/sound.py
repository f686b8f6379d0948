"""A sound: what is heard and when, over its spectrogram, and a player. All of it stands in the page itself."""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple, TypedDict

from seqzoo.page import axes
from seqzoo.page.axes import LETTER, WIDTH, Scale, finite, label

KINDS = ("audio/wav", "audio/ogg", "audio/flac", "audio/mpeg")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_PNG = "iVBORw0KGgo"  # how every PNG begins, in base64
_TALL, _ROW, _ROWS, _TICKS = 96.0, 15.0, 2, 20.0


class Sound(TypedDict):
    """Data of "sound".

    Attributes:
        sound: a file of the kind `kind` (one of `KINDS`), as base64; empty: no player.
        seconds: how long it is.
        letters: what was heard, and when, in seconds: letters, or words, blanks between words.
        picture: the spectrogram as base64 of a grey PNG, the louder the brighter, low tones below; see `png`.
    """

    sound: str
    kind: str
    seconds: float
    letters: Sequence[tuple[str, float]]
    picture: str


class _Mark(NamedTuple):
    """A text, and the moment it belongs to, in units of the picture."""

    text: str
    x: float


def sound(data: Sound, title: str) -> str:
    """Draw the spectrogram in the page's colours, what was heard above it, seconds and a player below it.

    What is no base64 of its kind is left out; without a length, nothing is drawn.
    """
    seconds = finite(data["seconds"])
    if seconds is None or seconds <= 0:
        return ""
    across = Scale(0.0, seconds, 0.0, float(WIDTH))
    marks, rows = _written(data["letters"], across)
    top = _ROW * rows * bool(marks) + 6
    strokes = (f'<path class="zero" d="M{mark.x:.1f},{top - 4:.1f}v8"/>' for mark in marks)
    texts = _texts(marks, rows, top - 8)
    parts = [_spectrogram(data["picture"], top), *strokes, *texts, _seconds(across, top)]
    heard = "".join(text for text, _ in data["letters"])
    told = f"{title}: spectrogram of {seconds:.2g} seconds" + (f", heard as {heard}" if heard else "")
    return axes.svg("".join(parts), top + _TALL + _TICKS, told) + _player(data, title)


def png(levels: Sequence[Sequence[float]]) -> str:
    """Rows of numbers from 0, black, to 1, white, as base64 of a PNG with 16 shades of grey; the first row is on top.

    Source: W3C, Portable Network Graphics (third edition): signature, IHDR, IDAT, IEND.
    """
    rows = [bytes(17 * round(15 * min(1.0, max(0.0, finite(v) or 0.0))) for v in row) for row in levels]
    packed = zlib.compress(b"".join(b"\0" + row for row in rows), 9)  # each row begins with its filter: none
    size = struct.pack(">2I5B", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", packed), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks)
    return b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


def _spectrogram(picture: str, top: float) -> str:
    """The grey picture is a mask: the page gives the colour, in the light and in the dark."""
    place = f'x="0" y="{top:.1f}" width="{WIDTH}" height="{_TALL:g}"'
    frame = f'<rect class="quiet" {place}/>'
    if not picture.startswith(_PNG) or not _BASE64.fullmatch(picture):
        return frame
    name = f"sound-{zlib.crc32(picture.encode()):08x}"
    image = f'<image {place} preserveAspectRatio="none" href="data:image/png;base64,{picture}"/>'
    mask = f'<mask id="{name}" maskUnits="userSpaceOnUse" {place}>{image}</mask>'
    return f'{frame}{mask}<rect class="loud" {place} mask="url(#{name})"/>'


def _written(letters: Sequence[tuple[str, float]], across: Scale) -> tuple[list[_Mark], int]:
    """Letters above their moments; where they would cover each other, words that begin there; and how many rows."""
    words: list[list[_Mark]] = [[]]
    for text, at in letters:
        moment = finite(at)
        if moment is not None and text.strip():
            words[-1].append(_Mark(text, min(max(across(moment), across.start), across.end)))
        elif words[-1]:
            words.append([])
    single = [mark for word in words for mark in word]
    if all(b.x - a.x >= LETTER * len(a.text) for a, b in pairwise(single)):
        return single, 1
    return [_Mark("".join(mark.text for mark in word), word[0].x) for word in words if word], _ROWS


def _texts(marks: Sequence[_Mark], rows: int, bottom: float) -> Iterator[str]:
    """Each text in the lowest row where it does not cover the one before, its first letter above its moment."""
    ends = [0.0] * rows
    for mark in marks:
        wide = min(LETTER * len(mark.text), float(WIDTH))
        left = min(max(mark.x - LETTER / 2, 0.0), WIDTH - wide)
        row = next((row for row, end in enumerate(ends) if left >= end), ends.index(min(ends)))
        ends[row] = left + wide + (rows > 1) * LETTER / 2
        yield label(left + wide / 2, bottom - _ROW * row, mark.text, "label strong", "middle")


def _seconds(across: Scale, top: float) -> str:
    parts = []
    for value in axes.round_numbers(0.0, across.high, 6):
        at = min(max(across(value), 4.0), across.end - 14.0)
        parts.append(label(at, top + _TALL + 14, f"{value:g} s" if value else "0", "tick", "middle"))
    return "".join(parts)


def _player(data: Sound, title: str) -> str:
    if data["kind"] not in KINDS or not data["sound"] or not _BASE64.fullmatch(data["sound"]):
        return ""
    place = f'src="data:{data["kind"]};base64,{data["sound"]}"'
    return f'<audio controls="" preload="none" aria-label="{escape(title)}" {place}></audio>'
