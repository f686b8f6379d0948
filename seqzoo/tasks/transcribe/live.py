"""Sounds that go on: from a pipe or a microphone, and the text as it comes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from seqzoo.errors import UserError, nearest, needs
from seqzoo.tasks.transcribe import audio

if TYPE_CHECKING:
    import numpy as np

    from seqzoo.tasks.transcribe.stream import Stream


def piped(known: int, rate: int | None, kind: str) -> Iterator[np.ndarray]:
    """Chunks of samples from standard input, at the `known` rate of the bundle.

    Raises:
        UserError: another kind of samples, or a keyboard.
    """
    if kind not in audio.KINDS:
        raise UserError(f"--kind {kind}: {nearest(kind, audio.KINDS)}", "seqzoo transcribe --stream - --kind s16le")
    if sys.stdin.isatty():
        raise UserError("a stream comes through a pipe, and standard input is the keyboard", _record(known))
    return audio.raw(sys.stdin.buffer, rate or known, kind, known)


def _record(rate: int) -> str:
    return f"arecord -t raw -f S16_LE -r {rate} | seqzoo transcribe --stream - --rate {rate}"


def listened(known: int, rate: int | None) -> Iterator[np.ndarray]:
    """Chunks from the microphone, at the `known` rate of the bundle, until Ctrl-C.

    Raises:
        UserError: there is none, or it has another rate.
    """
    try:
        with needs("--microphone", "microphone"):
            import sounddevice
    except OSError as error:  # the package is here, the system's library is not
        raise UserError(f"there is no microphone to listen to: {error}", "apt install libportaudio2") from None
    given = rate or known
    size, convert = given // 10, audio.Rate(given, known)
    try:
        with sounddevice.InputStream(given, size, channels=1, dtype="float32") as device:
            while True:
                yield convert(device.read(size)[0][:, 0])
    except sounddevice.PortAudioError as error:  # some devices have one rate only
        hint = "seqzoo transcribe --microphone --rate 48000"
        raise UserError(f"the microphone cannot be used: {error}", hint) from None


def follow(text: Stream, chunks: Iterator[np.ndarray]) -> None:
    """Show the text as it comes: on a terminal one line that changes, elsewhere a line for each finished word.

    Raises:
        UserError: nothing came, or samples that are no numbers; what was heard before is shown.
    """
    show = _Line() if sys.stdout.isatty() else _Words()
    heard = 0
    try:
        for chunk in chunks:
            heard += len(chunk)
            show.now(text.feed(chunk))
    except (KeyboardInterrupt, UserError) as stop:
        if heard:
            show.end(text.end())
        if isinstance(stop, UserError):
            raise
        raise typer.Exit(130) from None
    if not heard:
        raise UserError("the stream held no samples", _record(8000))
    show.end(text.end())


class _Line:
    """One line that is written anew."""

    def __init__(self) -> None:
        self._shown = ""

    def now(self, text: str) -> None:
        if text != self._shown:
            width = max(20, shutil.get_terminal_size().columns - 1)
            print("\r" + text[-width:].ljust(min(width, len(self._shown))), end="", flush=True)
            self._shown = text

    def end(self, text: str) -> None:
        self.now(text)
        print()


class _Words:
    """A line for each word that nothing changes any more: once two more have begun."""

    def __init__(self) -> None:
        self._told = 0  # letters of the text that were told

    def now(self, text: str) -> None:
        self._tell(text, 2)

    def end(self, text: str) -> None:
        self._tell(text, 0)

    def _tell(self, text: str, kept: int) -> None:
        words = text[self._told :].split()
        for word in words[: max(0, len(words) - kept)]:
            print(word, flush=True)
            self._told = text.index(word, self._told) + len(word)
