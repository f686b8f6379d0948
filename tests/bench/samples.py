"""The three recordings that ship for `seqzoo transcribe --sample`: digits of a voice that no training hears.

Run: SEQZOO_DATA=... python -m tests.bench.samples    (Free Spoken Digit Dataset, george, CC BY-SA 4.0)
"""

from pathlib import Path

import numpy as np
import soundfile

from seqzoo.tasks.transcribe import data
from seqzoo.tasks.transcribe.datasets import DIGITS
from seqzoo.tasks.transcribe.options import DataOptions

OUT = Path(__file__).parents[2] / "seqzoo" / "bundles" / "recordings"
STRINGS = {
    "one-two-three": "one two three",
    "four-oh-nine": "four zero nine",
    "two-seven-five-eight": "two seven five eight",
}
GAP_S = 0.12

if __name__ == "__main__":
    clips = data.load(DataOptions("fsdd", held=("george",)), quiet=True).test.open()
    first = {
        DIGITS[int(name.rpartition("/")[2][0])]: i for i, name in enumerate(clips.names) if name.endswith("_0.wav")
    }
    gap = np.zeros(int(GAP_S * clips.rate), np.float32)
    for name, text in STRINGS.items():
        parts = [part for word in text.split() for part in (gap, clips.samples[first[word]])]
        soundfile.write(OUT / f"sample-{name}.flac", np.concatenate([*parts, gap]), clips.rate)
