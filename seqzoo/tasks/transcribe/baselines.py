"""What a transcriber has to be better than: the nearest recording, a regression on averages, and no sound at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from seqzoo.tasks.transcribe.data import Clips
from seqzoo.tasks.transcribe.score import errors

WARP = "nearest training clip (dynamic time warping)"
SUMMARY = "averages of the sound + logistic regression"
SILENT = "without sound: the likeliest text"
WINDOW, STEP = 0.032, 0.020  # seconds
_FLOOR = 1e-6  # added to a band's energy
_EACH, _ALL = 20, 600  # training clips that are kept for warping: of a text, and in all
_TOGETHER = 64  # training clips that are warped at a time
_CELLS = 1.5e9  # of all tables: half a minute; where there are more, frames are left out
_CLASSES = 200  # texts that the regression tells apart at most
_FREQUENT, _WORDS, _TEXTS = 20, 3, 1000  # candidates of each kind, words of such, texts that they are held against


def log_mel(samples: np.ndarray, rate: int, bands: int, step: float = STEP) -> np.ndarray:
    """(frames, bands) float64 natural logarithms of the energy in triangular bands, evenly spaced in mel.

    Args:
        samples: (n,) float, at least one window is made of them.
        rate: samples a second.
        bands: of all frequencies up to half the rate.
        step: seconds from one window of `WINDOW` seconds to the next.

    Source: Davis and Mermelstein 1980; the mel scale as in HTK: 2595 log10(1 + f / 700).
    """
    width, hop = round(WINDOW * rate), round(step * rate)
    padded = np.pad(np.asarray(samples, np.float64), (0, max(0, width - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width) / width)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    mels = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), bands + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    hertz = np.arange(1 + width // 2)[:, None] * rate / width
    triangles = np.maximum(0, np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle)))
    return np.log(power @ triangles + _FLOOR)


def mfcc(samples: np.ndarray, rate: int) -> np.ndarray:
    """(frames, 13) float64 cepstral coefficients of 26 bands, a frame each 20 ms; see `log_mel`."""
    from scipy.fft import dct

    return np.asarray(dct(log_mel(samples, rate, 26), norm="ortho")[:, :13])


# --- the nearest training clip -----------------------------------------------------------------------


def warp(train: Clips, test: Clips) -> list[str]:
    """The text of the nearest of at most 600 training clips: the least cost of warping one clip onto the other.

    Coefficients have no mean, so that a microphone's colour does not matter; costs are divided by the frames of both
    clips, so that short ones are not preferred. Very many and long clips are compared by every second frame, or fewer.
    """
    kept = train.take(_spread(train.texts))
    known, asked = _centred(kept), _centred(test)
    cells = float(sum(map(len, known))) * sum(map(len, asked))
    every = int(np.ceil(np.sqrt(cells / _CELLS))) or 1
    known, asked = [one[::every] for one in known], [one[::every] for one in asked]
    lengths = np.array([len(one) for one in known])
    order = np.argsort(lengths, kind="stable")
    parts = [order[start : start + _TOGETHER] for start in range(0, len(order), _TOGETHER)]
    costs = np.empty((len(asked), len(known)))
    for part in parts:
        table = padded([known[i] for i in part])
        for row, one in enumerate(asked):
            costs[row, part] = warped(one, table, lengths[part]) / (len(one) + lengths[part])
    return [kept.texts[i] for i in costs.argmin(1)]


def _centred(clips: Clips) -> list[np.ndarray]:
    found = (mfcc(samples, clips.rate) for samples in clips.samples)
    return [(one - one.mean(0)).astype(np.float32) for one in found]


def _spread(texts: Sequence[str], seed: int = 0) -> list[int]:
    """Places of at most 20 clips of a text and 600 in all, drawn at random: first one of each text, then a second."""
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, int]] = []
    for place in np.random.default_rng(seed).permutation(len(texts)):
        ranked.append((seen[texts[place]], int(place)))
        seen[texts[place]] += 1
    ranked.sort(key=lambda one: one[0])
    return [place for rank, place in ranked[:_ALL] if rank < _EACH]


def padded(clips: Sequence[np.ndarray]) -> np.ndarray:
    """(features, frames, clips) float32: (frames, features) clips beside each other, zeros behind the shorter ones."""
    table = np.zeros((clips[0].shape[1], max(map(len, clips)), len(clips)), np.float32)
    for i, one in enumerate(clips):
        table[:, : len(one), i] = one.T
    return table


def warped(one: np.ndarray, table: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(clips,) float32: the least sum of distances along a path from the first frames of two clips to their last.

    All clips at once, one diagonal of their tables after another. A path moves on in one clip, the other, or both.

    Args:
        one: (frames, features) float32.
        table: (features, frames, clips) float32; see `padded`.
        lengths: (clips,) frames of each that count.

    Source: Sakoe and Chiba 1978, Dynamic programming algorithm optimization for spoken word recognition (P = 0, no
    slope weights).
    """
    rows, columns, clips = len(one), table.shape[1], table.shape[2]
    cost = _distances(one, table).reshape(rows * columns, clips)
    before, last = (np.full((rows + 1, clips), np.inf, np.float32) for _ in range(2))  # row i + 1 of a diagonal: cell i
    before[0] = 0  # the path begins before the first two frames
    ends = np.empty((columns, clips), np.float32)
    for diagonal in range(rows + columns - 1):
        low, high = max(0, diagonal - columns + 1), min(rows, diagonal + 1)
        start, step = diagonal + low * (columns - 1), max(1, columns - 1)  # where (i, diagonal - i) lies in `cost`
        new = np.full_like(last, np.inf)
        best = np.minimum(np.minimum(last[low:high], last[low + 1 : high + 1]), before[low:high])
        new[low + 1 : high + 1] = best + cost[start : start + (high - low) * step : step][: high - low]
        before, last = last, new
        if diagonal >= rows - 1:
            ends[diagonal - rows + 1] = last[rows]
    return np.asarray(ends[lengths - 1, np.arange(clips)])


def _distances(one: np.ndarray, table: np.ndarray) -> np.ndarray:
    """(frames of one, frames of the table, clips) Euclidean distances."""
    flat = table.reshape(table.shape[0], -1)
    squares = (one**2).sum(1)[:, None] + (flat**2).sum(0) - 2 * (one @ flat)
    return np.asarray(np.sqrt(np.maximum(squares, 0, out=squares), out=squares))


# --- averages ----------------------------------------------------------------------------------------


def summary(train: Clips, test: Clips) -> list[str] | None:
    """Whole texts told apart by averages; None: the test has other texts than training, or there are too many."""
    known = set(train.texts)
    if not (2 <= len(known) <= _CLASSES and set(test.texts) <= known):
        return None
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    seen, asked = (np.stack([averages(one, part.rate) for one in part.samples]) for part in (train, test))
    return [str(text) for text in model.fit(seen, train.texts).predict(asked)]


def averages(samples: np.ndarray, rate: int) -> np.ndarray:
    """(104,) float64: mean, deviation, 10th and 90th percentile of 13 coefficients and of their changes."""
    found = mfcc(samples, rate)
    both = np.concatenate([found, np.diff(found, axis=0, prepend=found[:1])], 1)
    return np.concatenate([both.mean(0), both.std(0), *np.percentile(both, [10, 90], axis=0)])


# --- without sound -----------------------------------------------------------------------------------


def silent(train: Clips, count: int) -> list[str]:
    """So many times the one text that makes the fewest word errors in training, the most frequent of several.

    Whole texts and runs of up to three words are tried: of open texts, a short frequent word does best.
    """
    texts = Counter(train.texts)
    tried = [text for text, _ in texts.most_common(_FREQUENT)]
    for size in range(1, _WORDS + 1):
        runs = Counter(run for text, times in texts.items() for run in [*_runs(text, size)] * times)
        tried += [text for text, _ in runs.most_common(_FREQUENT)]
    held = [(text.split(), times) for text, times in texts.most_common(_TEXTS)]

    def wrong(text: str) -> int:
        said = text.split()
        each = ((errors(words, said), times) for words, times in held)
        return sum(times * (one.substitutions + one.deletions + one.insertions) for one, times in each)

    return [min(dict.fromkeys(tried), key=wrong)] * count


def _runs(text: str, size: int) -> Iterator[str]:
    words = text.split()
    return (" ".join(words[i : i + size]) for i in range(len(words) - size + 1))
