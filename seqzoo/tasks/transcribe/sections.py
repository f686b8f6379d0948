"""What a report shows of a transcriber: sounds to listen to, what it confuses, and for whom it works how well."""

from __future__ import annotations

import io
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqzoo.judge import Metric, Scores, interval, value
from seqzoo.page.sound import png
from seqzoo.report import JSON, Figure, Section, Table
from seqzoo.tasks.transcribe.baselines import WINDOW, log_mel
from seqzoo.tasks.transcribe.score import aligned, word_scores

if TYPE_CHECKING:
    from seqzoo.tasks.transcribe.data import Clips
    from seqzoo.tasks.transcribe.predict import Heard

WER = Metric("WER", kind="share")
_SHOWN, _RATE, _LONGEST = 10, 8000, 6.0  # sounds; samples a second and seconds of them
_FINE = 3.0  # seconds from which on a sound is kept in 8 bits a sample, as telephones do, so that the page stays small
_BANDS, _FRAMES, _DECIBELS = 40, 300, 60.0  # of a spectrogram; what lies so far below its loudest is black
_CONFUSIONS, _SPEAKERS, _CLASSES = 15, 20, 20
_EDGES = (2, 3, 5, 9, 17)  # words of a text from which on it belongs to the next group
_OTHERS = "others"


# --- sounds ------------------------------------------------------------------------------------------


def heard(clips: Clips, said: Sequence[Heard]) -> list[Section]:
    """Ten clips, evenly spread: the spectrogram, what was heard and when, and a player."""
    places = {int(place) for place in np.linspace(0, len(clips) - 1, _SHOWN)} if len(clips) else set()
    return [_sound(clips.samples[i], clips.rate, clips.texts[i], said[i]) for i in sorted(places)]


def _sound(samples: np.ndarray, rate: int, text: str, one: Heard) -> Figure:
    shown = samples[: int(_LONGEST * rate)]
    seconds = len(shown) / rate
    written = one.letters or tuple((word.text, word.start) for word in one.words)
    data: dict[str, JSON] = {
        "sound": wav(shown, rate),
        "kind": "audio/wav",
        "seconds": round(seconds, 3),
        "letters": [[letter, round(float(at), 3)] for letter, at in written if at <= seconds],
        "picture": spectrogram(shown, rate),
    }
    right = one.text == text
    note = "Heard as it was said" if right else f"Heard as “{one.text}”"
    cut = f"; the first {_LONGEST:g} s" if len(shown) < len(samples) else ""
    return Figure(f"“{text}”"[:120], "sound", data, f"{note}, confidence {one.confidence:.0%}{cut}.")


def wav(samples: np.ndarray, rate: int) -> str:
    """A WAV file as base64, at most 48 KB of it: 8 kHz, 16 bits a sample, or 8 (µ-law, G.711) of a longer one.

    Args:
        samples: (n,) float32, at most 6 seconds.
        rate: samples a second.
    """
    import soundfile
    import soxr

    fitting = samples if rate == _RATE else soxr.resample(np.asarray(samples, np.float32), rate, _RATE)
    kind = "PCM_16" if len(fitting) <= _FINE * _RATE else "ULAW"
    file = io.BytesIO()
    soundfile.write(file, np.clip(fitting, -1, 1), _RATE, subtype=kind, format="WAV")
    return b64encode(file.getvalue()).decode()


def spectrogram(samples: np.ndarray, rate: int) -> str:
    """A grey PNG as base64: mel bands, low ones below, by time; see `seqzoo.page.sound.png`."""
    half = round(WINDOW * rate) // 2
    step = max(0.005, len(samples) / rate / _FRAMES)
    energy = log_mel(np.pad(samples, half, "symmetric"), rate, _BANDS, step)  # a window's middle is its moment
    levels = 1 + 10 * (energy - energy.max()) / np.log(10) / _DECIBELS
    return png(np.clip(levels, 0, 1).T[::-1].tolist())


# --- mistakes ----------------------------------------------------------------------------------------


def substitutions(texts: Sequence[str], said: Sequence[str]) -> list[Section]:
    """The words that were most often taken for others, left out, or made up."""
    pairs = [pair for text, one in zip(texts, said, strict=True) for pair in aligned(text.split(), one.split())]
    wrong = Counter(pair for pair in pairs if pair[0] != pair[1])
    rows = [(truth or "–", answer or "–", f"{n:,}") for (truth, answer), n in wrong.most_common(_CONFUSIONS)]
    left_out, made_up = (sum(n for pair, n in wrong.items() if pair[side] is None) for side in (1, 0))
    words = sum(truth is not None for truth, _ in pairs)
    note = (
        f"Of {words:,} words {wrong.total() - left_out - made_up:,} were taken for others, {left_out:,} left out; "
        f"{made_up:,} were made up. “–”: none."
    )
    columns = ("said", "heard", "times")
    return [Table("The most frequent word errors", columns, rows, note, wide=True)] if rows else []


def by_class(texts: Sequence[str], said: Sequence[str], classes: Sequence[str]) -> list[Section]:
    """Which of the classes were taken for which: in their order, the twenty said most often; the rest are others."""
    known = {text for text, _ in Counter(texts).most_common(_CLASSES)}
    names = [name for name in classes if name in known]
    rows, columns = (_named(some, known) for some in (texts, said))
    counts = Counter(zip(rows, columns, strict=True))
    down, across = ([*names, *([_OTHERS] if _OTHERS in some else [])] for some in (rows, columns))
    totals = Counter(rows)
    data: dict[str, JSON] = {
        "rows": down,
        "columns": across,
        "values": [[counts[a, b] / totals[a] for b in across] for a in down],
        "shown": [[f"{counts[a, b]:,}" if counts[a, b] else "" for b in across] for a in down],
    }
    title = "What was said by rows, what was heard by columns"
    return [Figure(title, "heatmap", data, wide=len(across) > 6)] if len(names) > 1 else []


def _named(texts: Sequence[str], known: set[str]) -> list[str]:
    return [text if text in known else _OTHERS for text in texts]


# --- for whom, and how long --------------------------------------------------------------------------


def by_length(texts: Sequence[str], said: Sequence[str]) -> list[Section]:
    """The word error rate of texts of about the same number of words."""
    lengths = np.array([len(text.split()) for text in texts])
    group = np.digitize(lengths, _EDGES)
    places = [np.flatnonzero(group == g) for g in range(len(_EDGES) + 1)]
    scores = word_scores(said, texts)
    rows = [_bar(_words(lengths[some]), some, scores) for some in places if len(some)]
    data: dict[str, JSON] = {"rows": rows, "kind": "share"}
    return [Figure("Word error rate by length", "bars", data, _WHISKERS)] if len(rows) > 1 else []


def _words(lengths: np.ndarray) -> str:
    low, high = int(lengths.min()), int(lengths.max())
    return f"{low} word{'s' * (high != 1)}" if low == high else f"{low}–{high} words"


def by_speaker(clips: Clips, said: Sequence[str]) -> list[Section]:
    """The word error rate of each speaker, the worst first; nothing where only one is known."""
    spoken = Counter(name for name in clips.speakers if name)
    scores = word_scores(said, clips.texts)
    speakers = np.array(clips.speakers)
    of_each = {name: np.flatnonzero(speakers == name) for name, _ in spoken.most_common(_SPEAKERS)}
    worst = sorted(of_each, key=lambda name: -value(Scores(scores.statistics[of_each[name]]), WER))
    rows = [_bar(name, of_each[name], scores) for name in worst]
    data: dict[str, JSON] = {"rows": rows, "kind": "share"}
    return [Figure("Word error rate by speaker", "bars", data, _WHISKERS)] if len(rows) > 1 else []


_WHISKERS = "Whiskers are 95 % intervals."


def _bar(name: str, places: np.ndarray, scores: Scores) -> dict[str, JSON]:
    """A row of "bars": the rate over some clips, beside how many they are."""
    some = Scores(scores.statistics[places])
    clips = f"{len(places):,} clip{'s' * (len(places) != 1)}"
    return {"name": f"{name}, {clips}", "value": value(some, WER), "interval": interval(some, WER), "ours": True}
