"""Any format becomes one channel at one rate; what is no recording is refused by name."""

import io

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.tasks.transcribe import audio

FULL = {"8.wav": "PCM_U8", "16.flac": "PCM_16", "24.wav": "PCM_24", "32.aiff": "PCM_32", "f.wav": "FLOAT"}


def wave(rate, seconds=0.5, pitch=440.0):
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


@pytest.mark.parametrize(("name", "kind"), [*FULL.items(), ("v.ogg", "VORBIS"), ("m.mp3", "MPEG_LAYER_III")])
def test_formats_and_depths(tmp_path, name, kind):
    soundfile.write(tmp_path / name, wave(16_000), 16_000, subtype=kind)
    found = audio.read(tmp_path / name, 8000)
    assert found.dtype == np.float32 and len(found) == pytest.approx(4000, abs=2)
    middle = slice(500, 3500)
    assert np.abs(found[: len(wave(8000))][middle] - wave(8000)[: len(found)][middle]).max() < 0.05


def test_eight_channels_at_96_khz_are_mixed_and_resampled_as_soxr_does(tmp_path):
    channels = np.stack([wave(96_000, pitch=200 + 50 * i) for i in range(8)], 1)
    soundfile.write(tmp_path / "x.wav", channels, 96_000, subtype="FLOAT")
    expected = soxr.resample(channels.mean(1), 96_000, 8000)
    np.testing.assert_allclose(audio.read(tmp_path / "x.wav", 8000), expected, atol=1e-4)


def test_what_is_no_recording_is_refused_by_name(tmp_path):
    def made(name, content):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    soundfile.write(tmp_path / "whole.flac", np.random.default_rng(0).normal(size=48_000) * 0.1, 16_000)
    soundfile.write(tmp_path / "nothing.wav", wave(8000)[:0], 8000)
    holed = wave(8000)
    holed[7] = np.nan
    soundfile.write(tmp_path / "holed.wav", holed, 8000, subtype="FLOAT")
    whole = (tmp_path / "whole.flac").read_bytes()
    cases = {
        tmp_path / "absent.wav": "no such recording",
        tmp_path: "is a folder",
        made("notes.txt", b"hello"): "is none of .wav .flac",
        made("picture.wav", b"\x89PNG\r\n\x1a\n" + bytes(200)): "picture.wav is not a recording",
        made("empty.wav", b""): "empty.wav is not a recording",
        made("cut.flac", whole[: len(whole) // 2]): "cut.flac is not a recording, or a broken one",
        tmp_path / "nothing.wav": "nothing.wav holds no samples",
        tmp_path / "holed.wav": "holed.wav holds samples that are no numbers",
    }
    for path, said in cases.items():
        with pytest.raises(UserError, match=said):
            audio.read(path, 8000)


@pytest.mark.parametrize("name", ["x.wav", "x.aiff", "x.au", "x.ogg", "x.opus", "x.mp3", "x.flac"])
def test_a_recording_that_breaks_off_is_not_a_shorter_one(tmp_path, name):
    format = {"format": "OGG", "subtype": "OPUS"} if name == "x.opus" else {}
    soundfile.write(tmp_path / name, 0.1 * np.random.default_rng(0).standard_normal(80_000), 16_000, **format)
    assert len(audio.read(tmp_path / name, 16_000)) == 80_000
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"breaks off|broken one"):
        audio.read(tmp_path / name, 16_000)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000])
def test_the_length_that_a_pipe_leaves_open_is_no_break(tmp_path, size):
    soundfile.write(tmp_path / "x.wav", wave(8000), 8000)
    content = bytearray((tmp_path / "x.wav").read_bytes())
    content[40:44] = size.to_bytes(4, "little")  # as programs that write to a pipe leave it
    (tmp_path / "x.wav").write_bytes(content)
    assert len(audio.read(tmp_path / "x.wav", 8000)) == 4000


def test_doubts_are_told():
    assert audio.doubts(wave(8000), 8000) == []
    assert "silent" in audio.doubts(np.zeros(8000, np.float32), 8000)[0]
    assert "clipped" in audio.doubts(np.clip(9 * wave(8000), -1, 1), 8000)[0]
    assert "0.010 s" in audio.doubts(wave(8000)[:80], 8000)[0]


def test_arrays_are_checked_and_resampled():
    assert len(audio.resampled(wave(16_000), 16_000, 8000)) == 4000
    for wrong in (np.empty(0), np.zeros((2, 2)), np.array([1, np.inf])):
        with pytest.raises(UserError):
            audio.resampled(wrong, 8000, 8000)


class Trickle(io.RawIOBase):
    """A pipe that gives what it likes."""

    def __init__(self, content, seed):
        self.content, self.random = content, np.random.default_rng(seed)

    def read(self, size=-1):
        size = min(size, int(self.random.integers(1, 700)))
        part, self.content = self.content[:size], self.content[size:]
        return part


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 3000), st.sampled_from(["s16le", "f32le"]), st.sampled_from([8000, 16_000]), st.integers(0, 9))
def test_a_stream_is_the_whole_whatever_comes_at_once(length, kind, rate, seed):
    sound = 0.3 * np.random.default_rng(seed).standard_normal(length).clip(-3, 3).astype(np.float32)
    dtype, full = audio.KINDS[kind]
    content = (sound * full).astype(dtype)
    stream = Trickle(content.tobytes() + b"x", seed)  # it breaks off within a sample
    found = np.concatenate(list(audio.raw(stream, rate, kind, 8000)))
    expected = content.astype(np.float32) / np.float32(full)
    if rate != 8000:
        expected = soxr.resample(expected, rate, 8000) if length else expected
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_stream_of_other_samples_is_refused():
    content = np.full(100, np.nan, "<f4").tobytes()
    with pytest.raises(UserError, match="no numbers"):
        list(audio.raw(io.BytesIO(content), 8000, "f32le", 8000))
