"""Words with times as captions, in the format that players read (SubRip)."""

from __future__ import annotations

from collections.abc import Sequence

from seqzoo.tasks.transcribe.predict import Word

_WORDS, _SECONDS, _PAUSE_S = 7, 5.0, 0.8


def srt(words: Sequence[Word]) -> str:
    """Captions of at most seven words and five seconds, cut where somebody pauses."""
    found = []
    for number, some in enumerate(_cut(words), start=1):
        text = " ".join(word.text for word in some)
        found.append(f"{number}\n{_clock(some[0].start)} --> {_clock(max(some[0].start, some[-1].end))}\n{text}\n")
    return "\n".join(found)


def _cut(words: Sequence[Word]) -> list[list[Word]]:
    found: list[list[Word]] = []
    for word in words:
        last = found[-1] if found else []
        full = len(last) >= _WORDS or (last and word.end - last[0].start > _SECONDS)
        if not last or full or word.start - last[-1].end > _PAUSE_S:
            found.append([word])
        else:
            last.append(word)
    return found


def _clock(seconds: float) -> str:
    """Hours, minutes, seconds and thousandths: 00:01:02,345."""
    thousandths = round(1000 * max(0.0, seconds))
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02},{rest % 1000:03}"
