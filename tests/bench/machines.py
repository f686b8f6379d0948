"""Recordings by voices of machines, which ship: `python -m tests.bench.machines seqzoo/bundles/recordings`.

Needs flite, espeak-ng, rhvoice (with its English, Polish, Czech, Slovak, Russian, Ukrainian and Esperanto voices) and
libttspico-utils of Debian 13, the data set fra-eng, and a few minutes. Each voice says the ten digits once; voices
differ by synthesizer, accent, timbre, pitch and pace. Voices of other languages read English as it is spelled for
theirs: an accent is learnt from them. A second archive holds English sentences of Tatoeba (CC BY 2.0). The sounds
themselves are no one's property (CC0).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr

from seqzoo.fetch import fetch
from seqzoo.registry import find_dataset
from seqzoo.tasks.transcribe.datasets import DIGITS, plain

RATE, EDGE_S, PEAK = 8000, 0.03, 0.7
COMPRESSION = 0.95  # of Opus, about 16 kbit a second
SENTENCES, WORDS = 1000, (4, 9)
SHORTEST_S, LONGEST_S = 0.12, 1.5
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
TIMBRES = (
    "m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 klatt klatt2 klatt3 klatt4 Alex Alicia Andrea Andy Annie Denis Diogo Gene "
    "Gene2 Henrique Hugo Jacky Lee Marco Mario Michael Mike Nguyen RicishayMax RicishayMax3 adam anika antonio aunty "
    "belinda benjamin boris caleb david ed edward edward2 grandma grandpa gustave iven iven3 john kaukovalta linda "
    "marcelo max michel miguel pablo paul pedro quincy rob robert sandro shelby steph steph3 travis victor zac"
).split()
FLITE = ("kal", "kal16", "awb", "rms", "slt")
PACES = ((100, 100), (80, 90), (125, 105), (95, 115), (110, 82), (70, 100))  # per cent of a voice's own speed and pitch
RHVOICE, PICO = ("alan", "bdl", "clb", "slt"), ("en-US", "en-GB")
ACCENTED = {  # voices, and how they are told to say the digits; where there are several ways, each is heard
    ("michal", "natan"): "zirou łan tu sri|tri|fri for fajw siks sewen ejt najn",
    ("zdenek", "ondro"): "zírou uan tú srí|trí fór fajv siks seven ejt najn",
    ("anna", "aleksandr", "elena", "irina"): "зироу уан ту сри|три фор файв сикс сэвэн эйт найн",
    ("anatol", "natalia"): "зіроу уан ту срі|трі фор файв сікс севен ейт найн",
    ("spomenka",): "ziroŭ ŭan tu sri|tri for fajv siks seven ejt najn",
    ("de-DE",): "siro|zierou uan tu sri|tri for faif|faiw sicks sewen äit|eht nein",
    ("fr-FR",): "zirô ouane tou sri|fri|tri fore faïve sixe sévène éïte|ète naïne",
    ("es-ES",): "siro uan tu sri|tri for faif siks seven eit nain",
    ("it-IT",): "zirou uan tu tri|fri for faiv sics seven eit nain",
}


@dataclass(frozen=True)
class Voice:
    """A name, the command that writes what it says to "{path}", and how it is told to say the digits."""

    name: str
    command: tuple[str, ...]
    digits: tuple[str, ...] = DIGITS

    def say(self, text: str) -> bytes:
        """A WAV file; the text is where the command has it, or comes by stdin."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            command = [part.format(text=text, path=path) for part in self.command]
            subprocess.run(command, input=f"{text}.\n".encode(), capture_output=True, check=True)
            return path.read_bytes()


def voices() -> list[Voice]:
    """About a hundred and sixty, always the same."""
    random, found = np.random.default_rng(0), []
    for name in FLITE:
        for stretch, pitch in ((1.0, 1.0), (0.8, 0.85), (1.25, 1.0), (1.0, 1.2), (1.1, 0.9)):
            tone = {"slt": 170, "rms": 95, "awb": 130}.get(name, 105) * pitch
            sets = ("--setf", f"duration_stretch={stretch}", "--setf", f"int_f0_target_mean={tone:.0f}")
            command = ("flite", "-voice", name, *sets, "-t", "{text}", "-o", "{path}")
            found.append(Voice(f"flite-{name}-{stretch}-{pitch}", command))
    for timbre in TIMBRES:
        for accent in random.choice(ACCENTS, 2, replace=False).tolist():
            pitch, speed = int(random.integers(20, 75)), int(random.integers(110, 190))
            sets = ("-p", str(pitch), "-s", str(speed))
            command = ("espeak-ng", "-v", f"{accent}+{timbre}", *sets, "-w", "{path}", "{text}")
            found.append(Voice(f"espeak-{accent}-{timbre}", command))
    return found


def of_people(name: str, pace: tuple[int, int], digits: tuple[str, ...] = DIGITS) -> Voice:
    """A voice of RHVoice or of pico: statistics of one person's recordings."""
    speed, pitch = pace
    if "-" in name:
        said = f"<pitch level='{pitch}'><speed level='{speed}'>{{text}}.</speed></pitch>"
        return Voice(f"pico-{name}-{speed}-{pitch}", ("pico2wave", "-l", name, "-w", "{path}", said), digits)
    command = ("RHVoice-test", "-p", name, "-r", str(speed), "-t", str(pitch), "-o", "{path}")
    return Voice(f"rhvoice-{name}-{speed}-{pitch}", command, digits)


def others() -> list[Voice]:
    """About a hundred more for the digits, most of them with the accents of other languages."""
    found, random = [of_people(name, pace) for name in RHVOICE + PICO for pace in PACES], np.random.default_rng(2)
    for names, spelled in ACCENTED.items():
        ways = [word.split("|") for word in spelled.split()]
        for name in names:
            for number in random.permutation(len(PACES))[:4].tolist():
                found.append(of_people(name, PACES[number], tuple(way[number % len(way)] for way in ways)))
    return found


def trimmed(wave: bytes, longest_s: float = LONGEST_S) -> np.ndarray | None:
    """(n,) float32 at 8 kHz, near silence cut off at both ends; None: too short, too long or nothing."""
    samples, rate = soundfile.read(io.BytesIO(wave), dtype="float32")
    samples = soxr.resample(samples, rate, RATE)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak < 0.01:
        return None
    loud = np.flatnonzero(np.abs(samples) > 0.02 * peak)
    edge = int(EDGE_S * RATE)
    samples = samples[max(0, loud[0] - edge) : loud[-1] + edge] * (PEAK / peak)
    return samples if SHORTEST_S <= len(samples) / RATE <= longest_s else None


def spoken(voice: Voice) -> list[np.ndarray] | None:
    """The ten digits of a voice; None: one of them failed."""
    found = [trimmed(voice.say(word)) for word in voice.digits]
    return None if any(one is None for one in found) else found  # type: ignore[return-value]


def sentences() -> list[tuple[str, Voice]]:
    """English sentences of Tatoeba, none twice, each with a voice; every second one is flite's clearest."""
    random, data = np.random.default_rng(1), find_dataset("fra-eng")
    texts = sorted({row.source for row in data.load(fetch(data))})
    fit = [
        one
        for one in texts
        if WORDS[0] <= len(one.split()) <= WORDS[1] and plain(one).isascii() and not re.search(r"\d", one)
    ]
    chosen = random.choice(fit, SENTENCES, replace=False).tolist()
    known = voices()
    clear = [voice for voice in known if voice.name.startswith("flite-slt")]
    picked = [
        (clear if i % 2 else known)[int(random.integers(len(clear if i % 2 else known)))] for i in range(SENTENCES)
    ]
    return list(zip(chosen, picked, strict=True))


def write(target: Path, members: dict[str, bytes]) -> None:
    """Write an archive whose bytes depend on its members alone."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    print(f"{target.name}: {len(members)} members, {target.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


def packed(samples: np.ndarray) -> bytes:
    """A recording as Ogg Opus."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format="OGG", subtype="OPUS", compression_level=COMPRESSION)
    return buffer.getvalue()


def main(folder: Path) -> None:
    """Write both archives."""
    every, seen = voices() + others(), set()
    told = sentences()
    with ThreadPoolExecutor(2) as pool:
        heard = list(pool.map(spoken, every))
        said = list(pool.map(lambda one: trimmed(one[1].say(one[0]), 12.0), told))
    digits = {}
    for voice, ten in zip(every, heard, strict=True):
        mark = ten and hashlib.sha256(np.concatenate(ten).tobytes()).hexdigest()
        if ten and mark not in seen:
            seen.add(mark)
            digits |= {f"machines/{digit}_{voice.name}.ogg": packed(one) for digit, one in enumerate(ten)}
    write(folder / "machines.tar.gz", digits)
    rows, sounds = [], {}
    for number, ((text, voice), samples) in enumerate(zip(told, said, strict=True)):
        if samples is not None:
            name = f"{number:04}_{voice.name}.ogg"
            rows.append(f"{name}\t{plain(text)}")
            sounds[f"sentences/{name}"] = packed(samples)
    write(folder / "sentences.tar.gz", {"sentences/sentences.tsv": "\n".join(rows).encode()} | sounds)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
