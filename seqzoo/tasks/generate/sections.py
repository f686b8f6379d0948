"""What a report shows of a language model: texts it made, blanks it filled, what surprised it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqzoo.report import JSON, Figure, Table, Text
from seqzoo.sampling import Sampling
from seqzoo.tasks.generate import score, words
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.predict import BLANK, Generator
from seqzoo.tasks.generate.text import Text as Source

_TEMPERATURES = (0.2, 0.5, 0.8, 1.2)
_SAMPLE = 400  # units
_COMPARED = 20_000_000  # bytes of training text in which a sample's stretches are looked for, the last
_PASSAGE = 1500  # units shown in colour
_LINES = 8  # most and least surprising ones


@dataclass(frozen=True)
class Sample:
    """A text that was made, and the longest stretch of it that training held as well."""

    temperature: float
    text: str
    shared: str


@dataclass(frozen=True)
class Filled:
    """A text with a blank, the word that stood there, and guesses with their shares."""

    text: str
    word: str
    guesses: list[tuple[str, float]]

    @property
    def guessed(self) -> str:
        """The guesses in words."""
        return ", ".join(f"{word} {share:.0%}" for word, share in self.guesses)


def samples(generator: Generator, train: Source) -> list[Sample]:
    """A text at each of the tutorial's temperatures."""
    read = train.tail(_COMPARED)
    prime = generator.defaults.prime
    made = []
    for temperature in _TEMPERATURES:
        (text,) = generator.predict(prime, _SAMPLE, Sampling(temperature))
        made.append(Sample(temperature, text, score.longest_shared(text[len(prime) :], read)))
    return made


def sample(made: Sample) -> Text:
    """A text that was made, for the page."""
    note = f"{len(made.shared)} characters in a row stand in the training text as well: “{made.shared}”"
    return Text(f"Temperature {made.temperature:g}", made.text, note)


def fills(generator: Generator, test: Source, count: int = 12) -> list[Filled]:
    """Blanks in lines of the test part."""
    lines = [line.split() for line in test.tail(200_000).splitlines()]
    lines = [line for line in lines if 8 <= len(line) <= 25]
    random, filled = np.random.default_rng(0), []
    for place in random.permutation(len(lines))[:count]:
        line = lines[place]
        blank = int(random.choice([i for i, word in enumerate(line) if word.isalnum()] or [1]))
        text = " ".join([*line[:blank], BLANK, *line[blank + 1 :]])
        filled.append(Filled(text, line[blank], words.fill(generator, text, replace_unknown=True)))
    return filled


def fill_tables(filled: Sequence[Filled]) -> list[Table]:
    """The blanks as a table, if there are any."""
    rows = [(one.text, one.word, one.guessed) for one in filled]
    note = "The baselines read both sides too, at blanks that are evenly spread over the test part."
    return (
        [Table("Blanks of the test part", ("text", "the word", "three guesses"), rows, note, wide=True)] if rows else []
    )


def _by_surprise(codec: UnitCodec, ids: np.ndarray, nats: np.ndarray) -> list[tuple[str, float]]:
    """Different lines and their mean nats, the most surprising first."""
    lines = {line: (line, mean) for line, mean in score.by_line(codec, ids, nats)}
    return sorted(lines.values(), key=lambda pair: -pair[1])


def surprises(codec: UnitCodec, ids: np.ndarray, nats: np.ndarray) -> list[Table]:
    """The most and the least surprising lines of the test part."""
    lines = _by_surprise(codec, ids, nats)
    return [
        Table(f"The {name} surprising lines of the test part", ("line", f"nats per {codec.unit}"),
              [(line, f"{mean:.2f}") for line, mean in some])
        for name, some in (("most", lines[:_LINES]), ("least", lines[-_LINES:][::-1])) if some
    ]  # fmt: skip


def passage(codec: UnitCodec, ids: np.ndarray, nats: np.ndarray) -> Figure:
    """A passage of the test part, from the beginning of a line on, each unit with its nats."""
    stretch = ids[: _PASSAGE // 2]
    ends = [i for i, unit in enumerate(stretch) if codec.vocabulary[int(unit)] == "\n"]
    first = ends[0] + 1 if ends else 1
    each = nats[first - 1 : first - 1 + _PASSAGE]
    spelled = codec.spelled(ids[first : first + len(each)])
    pieces: list[list[JSON]] = [[piece, round(float(value), 3)] for piece, value in zip(spelled, each, strict=True)]
    note = f"A passage of the test part: how many nats each {codec.unit} cost, given what the model had read."
    return Figure("Surprise over a passage", "passage", {"pieces": pieces, "unit": "nats"}, note, wide=True)


def facts(
    codec: UnitCodec, ids: np.ndarray, nats: np.ndarray, made: Sequence[Sample], filled: Sequence[Filled]
) -> dict[str, str]:
    """The short lines of all this."""
    lines = _by_surprise(codec, ids, nats)
    ends = {"most": lines[0], "least": lines[-1]} if lines else {}
    told = {f"{name} surprising line": f"{mean:.2f} nats: {line[:60]}" for name, (line, mean) in ends.items()}
    told |= {f"{one.word}?": f"{one.text[:80]}  {one.guessed}" for one in filled[:4]}
    if made:
        longest = max(made, key=lambda one: len(one.shared))
        told["learnt by heart"] = (
            f"at most {len(longest.shared)} characters in a row, at temperature {longest.temperature:g}"
        )
    return told
