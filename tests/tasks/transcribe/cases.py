"""Made-up speech: each letter is a chord of its own, and a voice is how high all chords lie."""

from pathlib import Path

import numpy as np

from seqzoo import recipe

RATE = 8000
WORDS = ("ada", "bead", "cab", "dace")
VOICES = {"low": 0.9, "middle": 1.0, "high": 1.1, "higher": 1.15}
_LETTER_S = 0.09


def tone(text: str, pitch: float = 1.0, seed: int = 0) -> np.ndarray:
    """(n,) float32 at 8 kHz: what a text sounds like."""
    random = np.random.default_rng([seed, len(text), int(pitch * 100)])
    time = np.arange(int(_LETTER_S * RATE)) / RATE
    parts = [np.zeros(400)]
    for letter in text:
        base = 0 if letter == " " else 300 * pitch * 1.35 ** (ord(letter) - ord("a"))
        chord = sum(np.sin(2 * np.pi * base * k * time) / k for k in (1, 2, 3)) if base else 0 * time
        parts.append(0.2 * chord * np.hanning(len(time)) ** 0.3)
    samples = np.concatenate([*parts, np.zeros(400)])
    return (samples + 0.002 * random.standard_normal(len(samples))).astype(np.float32)


def recordings(folder: Path, words=WORDS, each: int = 6, kind: str = "wav") -> Path:
    """A manifest of recordings: each word by each voice, several times."""
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    rows = ["path,text,who"]
    for voice, pitch in VOICES.items():
        for word in words:
            for number in range(each):
                name = f"{word.replace(' ', '_')}_{voice}_{number}.{kind}"
                soundfile.write(folder / name, tone(word, pitch, number), RATE)
                rows.append(f"{name},{word},{voice}")
    path = folder / "manifest.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


OWN = ('data.dataset=""', "data.speaker=who", "data.also=[]", "data.validation=0.2", 'data.held=["middle"]')
_SIZE = ("model.units=24", "model.filters=24", "model.bands=16", "model.coefficients=16")
SMALL = (*_SIZE, "codec.joined=2", "codec.noise=25", "codec.cut=0")


def shrunk(path: Path, name: str, *more: str):
    """A shipped recipe on other recordings, for a few epochs."""
    settings = (f"data.path={path}", "fit.epochs=3", "fit.batch_size=16", "fit.learning_rate=0.01", "codec.passes=1")
    return recipe.load(name, [*OWN, *settings, *more])


def small(folder: Path):
    """A recipe that is trained in seconds."""
    return shrunk(recordings(folder / "sounds"), "digits-ctc", *SMALL)


def other(folder: Path) -> list[str]:
    """Overrides that name other data."""
    path = recordings(folder / "others", words=("bad", "ada"), each=1)
    return [f"data.path={path}", 'data.dataset=""', "data.speaker=who", "data.also=[]", "data.held=[]"]


def answer(transcriber) -> bool:
    """A sound becomes a text, and silence too."""
    one, none = transcriber.predict([tone("bead"), np.zeros(4000, np.float32)])
    return isinstance(one.text, str) and 0 <= one.confidence <= 1 and isinstance(none.text, str)
