"""Recordings as they might have been: other voices, rooms and microphones, and strings made of several.

Only training hears them. What is drawn depends on the generator alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqzoo.tasks.transcribe.options import CodecOptions

PER_LETTER_S = 0.05  # a recording is never made shorter than this
_FRAME_S, _SEARCH_S = 0.03, 0.006
_POINTS = 8  # of a random frequency response
_HUSH = (-5.0, -2.5)  # powers of ten: the amplitude of what fills silence, as quiet and noisy rooms have it


def varied(
    samples: np.ndarray, letters: int, rate: int, options: CodecOptions, random: np.random.Generator
) -> np.ndarray:
    """One recording as another voice, at another pace, through another microphone: (n,) float32 -> (m,) float32.

    Args:
        samples: what was recorded.
        letters: of its text: it gets no shorter than they can be told apart.
        rate: samples a second.
        options: how much of what.
        random: the only source of chance.
    """
    least = PER_LETTER_S * rate * max(1, letters)
    if options.cut:
        samples = cut(samples, int(min(options.cut * rate, max(0.0, len(samples) - least) / 2)), random)
    fastest = max(1.0, len(samples) / least)
    for share, change in ((options.speed, resampled), (options.tempo, stretched)):
        factor = min(fastest, 1 + random.uniform(-share, share)) if share else 1.0
        if factor != 1:
            samples = change(samples, factor, rate)
            fastest = max(1.0, fastest / factor)
    if options.colour:
        samples = coloured(samples, random.uniform(-options.colour, options.colour, _POINTS))
    if options.gain:
        samples = samples * np.float32(10 ** (random.uniform(-options.gain, options.gain) / 20))
    return samples


def cut(samples: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    """Without up to so many samples at each end; an end is left alone a third of the time."""
    begin, end = (max(0, int(most * random.uniform(-0.5, 1))) for _ in range(2))
    return samples[begin : len(samples) - end]


def resampled(samples: np.ndarray, factor: float, rate: int) -> np.ndarray:
    """Faster and higher by a factor, as a tape that runs too fast."""
    places = np.arange(0, len(samples) - 1, factor)
    return np.asarray(np.interp(places, np.arange(len(samples)), samples), np.float32)


def stretched(samples: np.ndarray, factor: float, rate: int) -> np.ndarray:
    """Faster by a factor, as high as before: frames are laid over each other where they fit best.

    Source: Verhelst and Roelands 1993, WSOLA.
    """
    frame, reach = int(_FRAME_S * rate) // 2 * 2, int(_SEARCH_S * rate)
    hop = frame // 2
    if len(samples) < 2 * frame:
        return samples
    padded = np.pad(samples, (reach, frame + 2 * reach))
    window = np.hanning(frame + 1)[:-1]
    steps = int(len(samples) / factor) // hop
    out = np.zeros((steps + 1) * hop + frame, np.float64)
    expected = padded[reach : reach + frame]
    for step in range(steps):
        near = padded[int(step * hop * factor) :][: frame + 2 * reach]
        if len(near) < frame + 2 * reach:
            break
        place = int(np.correlate(near, expected, "valid").argmax()) if step else reach
        out[step * hop :][:frame] += window * near[place : place + frame]
        after = int(step * hop * factor) + place + hop
        expected = padded[after : after + frame]
        if len(expected) < frame:
            break
    return out[: max(frame, int(len(samples) / factor))].astype(np.float32)


def coloured(samples: np.ndarray, decibels: np.ndarray) -> np.ndarray:
    """Through a filter whose response is drawn through these points, evenly spaced from 0 to half the rate."""
    size = 1 << (len(samples) - 1).bit_length()
    spectrum = np.fft.rfft(samples, size)
    response = np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, len(decibels)), decibels)
    return np.fft.irfft(spectrum * 10 ** (response / 20), size)[: len(samples)].astype(np.float32)


def joined(
    parts: Sequence[np.ndarray], rate: int, options: CodecOptions, random: np.random.Generator
) -> np.ndarray:  # fmt: skip
    """Recordings one after another, near silence around each, and noise over all: (m,) float32."""
    pieces = [_hush(rate, options.silence, random)]
    for part in parts:
        pieces += [part, _hush(rate, options.silence, random)]
    whole = np.concatenate(pieces)
    return noisy(whole, options.noise, random) if options.noise else whole


def _hush(rate: int, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Nearly nothing, for at most so long; half the time for much less."""
    length = int(rate * seconds * random.uniform() ** 2)
    return np.asarray(10 ** random.uniform(*_HUSH) * random.standard_normal(length), np.float32)


def noisy(samples: np.ndarray, decibels: float, random: np.random.Generator) -> np.ndarray:
    """With white to brown noise at least so far, and up to 40 dB further, under the voice."""
    noise = random.standard_normal(len(samples))
    spectrum = np.fft.rfft(noise)
    spectrum /= np.maximum(np.arange(len(spectrum)), 8.0) ** random.uniform(0, 1)
    noise = np.fft.irfft(spectrum, len(samples))
    loud = np.sqrt(np.mean(samples**2)) / max(1e-9, np.sqrt(np.mean(noise**2)))
    under = 10 ** (-(decibels + random.uniform(0, 40)) / 20)
    return np.asarray(samples + loud * under * noise, np.float32)
