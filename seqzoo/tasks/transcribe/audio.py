"""Recordings as samples: any format that libsndfile reads, mixed to one channel, at the rate that is wanted."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from seqzoo.errors import UserError

FORMATS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64")
KINDS = {"s16le": ("<i2", 32_768.0), "f32le": ("<f4", 1.0)}
LONGEST_S = 6 * 3600
SLOWEST, FASTEST = 1000, 400_000  # samples a second
_BLOCK = 1 << 18  # frames that are read at a time
_SILENT, _FULL, _CLIPPED = 1e-3, 0.999, 1e-3
_SHORT_S = 0.1
_SLACK = 64  # bytes by which headers of whole files are wrong
_OPEN_END = 0x7FFFF000  # from here on a header says that the length was not known when it was written
_DECLARED = re.compile(r"^\s*(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", re.M)
_PAGE, _LAST_PAGE = 1 << 16, 4  # bytes of the longest Ogg page, and the flag of a stream's last one
_CONVERT = "ffmpeg -i INPUT OUTPUT.wav"


def read(path: Path, rate: int) -> np.ndarray:
    """The recording in a file: (n,) float32, about -1 to 1, one channel, `rate` samples a second.

    Raises:
        UserError: there is no such file, it is none or a broken one, or it holds nothing.
    """
    if not path.exists():
        raise UserError(f"no such recording: {path}")
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a recording", "seqzoo transcribe recording.wav")
    if path.suffix.lower() not in FORMATS:
        known = " ".join(FORMATS)
        raise UserError(f"{path.name}: {path.suffix or 'no ending'} is none of {known}", _CONVERT)
    try:
        with path.open("rb") as file:
            return decoded(file, path.name, rate)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from None


def decoded(file: IO[bytes], name: str, rate: int, longest_s: int = LONGEST_S) -> np.ndarray:
    """The same of an open file, of so many seconds at most.

    Raises:
        UserError: it is no recording, a broken one, or it holds nothing.
    """
    import soundfile

    try:
        with soundfile.SoundFile(file) as sound:
            _check(sound, name, longest_s)
            samples = np.concatenate([*_mixed(sound, name, rate), np.empty(0, np.float32)])
            broken = sound.frames > sound.tell() or _cut(sound, file)
    except (soundfile.SoundFileError, ValueError, TypeError) as error:
        reason = str(error).split(": ")[-1].rstrip(".")
        raise UserError(f"{name} is not a recording, or a broken one: {reason}", _CONVERT) from None
    if broken or not len(samples):
        said = "breaks off" if len(samples) else "holds no samples"
        raise UserError(f"{name} {said}", "leave it out, or record it again")
    return samples


def _check(sound: Any, name: str, longest_s: int) -> None:
    if not SLOWEST <= sound.samplerate <= FASTEST:
        raise UserError(f"{name}: {sound.samplerate} samples a second are no recording", _CONVERT)
    if sound.frames > longest_s * sound.samplerate and sound.seekable():
        most = f"{longest_s // 3600} hours" if longest_s >= 3600 else f"{longest_s} seconds"
        raise UserError(f"{name} is longer than {most}: cut it")


def _cut(sound: Any, file: IO[bytes]) -> bool:
    """Whether the file ends before its header says so; libsndfile reads such files as shorter ones."""
    if sound.format == "OGG":
        start = max(0, file.seek(0, os.SEEK_END) - _PAGE)
        file.seek(start)
        page = file.read().rpartition(b"OggS")[2]
        return len(page) < 2 or not page[1] & _LAST_PAGE
    declared = _DECLARED.search(sound.extra_info)
    return declared is not None and _SLACK < int(declared[1]) - int(declared[2]) and int(declared[1]) < _OPEN_END


def _mixed(sound: Any, name: str, rate: int) -> Iterator[np.ndarray]:
    """Blocks of the mean of all channels, resampled."""
    convert = Rate(sound.samplerate, rate)
    for block in sound.blocks(_BLOCK, dtype="float32", always_2d=True):
        mean = block.mean(1, dtype=np.float32)
        if not np.isfinite(mean).all():
            raise UserError(f"{name} holds samples that are no numbers", _CONVERT)
        yield convert(mean)
    yield convert(np.empty(0, np.float32), last=True)


class Rate:
    """Samples that come at one rate, at another; nothing is done where they are the same."""

    def __init__(self, given: int, wanted: int) -> None:
        self._stream: Any = None
        if given != wanted:
            import soxr

            self._stream = soxr.ResampleStream(given, wanted, 1, dtype="float32")

    def __call__(self, samples: np.ndarray, last: bool = False) -> np.ndarray:
        """(n,) float32 more, and whether they are the last: (m,) float32."""
        if self._stream is None:
            return samples
        return np.asarray(self._stream.resample_chunk(samples, last=last), np.float32)


def resampled(samples: np.ndarray, given: int, wanted: int) -> np.ndarray:
    """(n,) float32 samples at another rate.

    Raises:
        UserError: they are no sound: empty, of another shape, not numbers.
    """
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 1 or not len(samples):
        raise UserError(f"a sound is a row of samples, not an array of shape {samples.shape}")
    if not np.isfinite(samples).all():
        raise UserError("a sound holds samples that are no numbers")
    return Rate(given, wanted)(samples, last=True)


def doubts(samples: np.ndarray, rate: int) -> list[str]:
    """What about (n,) samples may make the answer worthless, in words."""
    peak = float(np.abs(samples).max(initial=0.0))
    found = []
    if peak < _SILENT:
        found.append("it is silent")
    if peak >= _FULL and (share := float((np.abs(samples) >= _FULL).mean())) > _CLIPPED:
        found.append(f"{share:.1%} of it are clipped: it was recorded too loud")
    if len(samples) < _SHORT_S * rate:
        found.append(f"it lasts {len(samples) / rate:.3f} s")
    return found


def raw(stream: BinaryIO, given: int, kind: str, wanted: int, chunk_s: float = 0.1) -> Iterator[np.ndarray]:
    """Samples without a header from a stream, as they come: (n,) float32 at the rate that is wanted.

    Args:
        stream: read until it ends; a last sample that is cut off is dropped.
        given: its samples a second.
        kind: "s16le" or "f32le".
        wanted: samples a second of what comes out.
        chunk_s: at most so many seconds are waited for.

    Raises:
        UserError: samples that are no numbers.
    """
    dtype, full = KINDS[kind]
    size, convert, rest = np.dtype(dtype).itemsize, Rate(given, wanted), b""
    want = max(1, round(chunk_s * given)) * size
    read_some = getattr(stream, "read1", stream.read)
    while got := read_some(want):
        whole = len(rest + got) // size * size
        content, rest = (rest + got)[:whole], (rest + got)[whole:]
        samples = np.frombuffer(content, dtype).astype(np.float32) / np.float32(full)
        if not np.isfinite(samples).all():
            raise UserError("the stream holds samples that are no numbers", "say what it holds: --kind s16le")
        yield convert(samples)
    yield convert(np.empty(0, np.float32), last=True)
