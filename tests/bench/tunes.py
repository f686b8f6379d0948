"""Whether tunes that a model writes are tunes: read by music21, their bars counted, what they know by heart.

Run: SEQZOO_DATA=... python tests/bench/tunes.py RUN [COUNT]
"""

import re
import sys
import warnings
from itertools import pairwise

from seqzoo import runs
from seqzoo.sampling import Sampling
from seqzoo.tasks.generate import data, score
from seqzoo.tasks.generate.options import DataOptions

warnings.simplefilter("ignore")
FEWEST = 8  # notes of a tune


def bars(tune: str) -> list[bool]:
    """Whether the notes of each inner bar sum to the metre; bars at repeats, where an upbeat is split off, not counted.

    Raises:
        Exception: music21 cannot read it, or finds no notes.
    """
    from music21 import converter

    stream = converter.parse(tune.strip(), format="abc")
    if len(stream.recurse().notes) < FEWEST:
        raise ValueError("no tune")
    measures = list(stream.recurse().getElementsByClass("Measure"))
    inner = [
        one
        for before, one in pairwise(measures)
        if one is not measures[-1] and not (before.rightBarline or one.leftBarline or one.rightBarline)
    ]
    return [abs(one.duration.quarterLength - one.barDuration.quarterLength) < 1e-6 for one in inner]


def notes(tune: str) -> str:
    """The lines of notes, without the head."""
    return "".join(line for line in tune.splitlines() if line[1:2] != ":")


def judged(tunes: list[str]) -> tuple[float, float, int]:
    """The share that can be read, the share of inner bars that are right, and how many bars."""
    read, right = 0, list[bool]()
    for tune in tunes:
        try:
            right += bars(tune)
            read += 1
        except Exception as error:
            print(f"not read: {type(error).__name__}: {str(error)[:80]}", file=sys.stderr)
    return read / len(tunes), sum(right) / max(1, len(right)), len(right)


def main(run: str, count: int = 100) -> None:
    generator = runs.load(run, "generate")
    splits = data.load(DataOptions(dataset="nottingham"))
    known = "".join(splits.train.pieces())
    real = [tune for tune in re.split(r"\n\n+", "".join(splits.validation.pieces())) if tune.startswith("X:")]
    for heat in (0.6, generator.defaults.temperature, 1.0):
        made = generator.predict(None, None, Sampling(heat, seed=1), count)
        whole = [tune for tune in made if len(tune) < generator.defaults.length]
        parsed, right, inner = judged(made)
        heart = [len(score.longest_shared(notes(tune), notes(known))) for tune in made]
        print(
            f"temperature {heat:g}: {parsed:.1%} of {count} tunes are read, {right:.1%} of {inner:,} inner bars right, "
            f"{len(whole)} end by themselves, by heart {sorted(heart)[count // 2]} characters, {max(heart)} at most"
        )
    parsed, right, inner = judged(real)
    held = [len(score.longest_shared(notes(tune), notes(known))) for tune in real]
    print(
        f"real tunes of validation: {parsed:.1%} of {len(real)} are read, {right:.1%} of {inner:,} inner bars right, "
        f"{sorted(held)[len(held) // 2]} characters (median) stand in training as well"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100)
