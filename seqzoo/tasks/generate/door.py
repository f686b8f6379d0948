"""`seqzoo.generate`, `suggest` and `fill`: what the command line does, from a notebook."""

from __future__ import annotations

from typing import Literal, overload

from seqzoo.sampling import Sampling
from seqzoo.tasks.generate import words
from seqzoo.tasks.generate.predict import Generator


def _loaded(run: str | None) -> Generator:
    from seqzoo import runs

    generator: Generator = runs.load(run, "generate")
    return generator


@overload
def generate(
    prime: str | None = None,
    run: str | None = None,
    *,
    length: int | None = None,
    temperature: float | None = None,
    top_k: int = 0,
    top_p: float = 1.0,
    no_repeat: int = 0,
    seed: int = 0,
    samples: Literal[1] = 1,
    replace_unknown: bool = False,
) -> str: ...
@overload
def generate(
    prime: str | None = None,
    run: str | None = None,
    *,
    length: int | None = None,
    temperature: float | None = None,
    top_k: int = 0,
    top_p: float = 1.0,
    no_repeat: int = 0,
    seed: int = 0,
    samples: int,
    replace_unknown: bool = False,
) -> str | list[str]: ...
def generate(
    prime: str | None = None,
    run: str | None = None,
    *,
    length: int | None = None,
    temperature: float | None = None,
    top_k: int = 0,
    top_p: float = 1.0,
    no_repeat: int = 0,
    seed: int = 0,
    samples: int = 1,
    replace_unknown: bool = False,
) -> str | list[str]:
    """Continue a text, a character or a word at a time.

    Args:
        prime: what it begins with; None: as the bundle says; empty: as after a line end.
        run: a run's folder or a recipe's name; None: the newest run, else the bundle that ships.
        length: characters, or words, to make.
        temperature: 0 takes the likeliest, 1 samples what the model believes; None: the bundle's.
        top_k: choose among the k likeliest; 0: all.
        top_p: choose among the likeliest that together hold this probability.
        no_repeat: never complete a run of so many units that the text holds already; 0: off.
        seed: one seed, one text.
        samples: how many texts.
        replace_unknown: leave out of the prime, or replace, what the model does not know.

    Returns:
        The text, its beginning included; a list of them for several samples.

    Raises:
        UserError: no such run, a number out of range, or a prime that the model cannot read.
    """
    generator = _loaded(run)
    heat = generator.defaults.temperature if temperature is None else temperature
    texts = generator.predict(prime, length, Sampling(heat, top_k, top_p, no_repeat, seed), samples, replace_unknown)
    return texts[0] if samples == 1 else texts


def suggest(
    text: str, run: str | None = None, *, count: int = 3, replace_unknown: bool = False
) -> list[tuple[str, float]]:
    """The likeliest next words of a text with their probabilities, the best first.

    Args:
        text: what stands before them.
        run: a run's folder or a recipe's name; None: the newest run, else the bundle that ships.
        count: how many words.
        replace_unknown: leave out of the text, or replace, what the model does not know.

    Raises:
        UserError: no such run, or a text that the model cannot read.
    """
    return words.suggest(_loaded(run), text, count, replace_unknown)


def fill(
    text: str, run: str | None = None, *, count: int = 3, replace_unknown: bool = False
) -> list[tuple[str, float]]:
    """The likeliest words for the one ___ in a text with their shares, the best first.

    Args:
        text: with one ___ in it.
        run: a run's folder or a recipe's name; None: the newest run, else the bundle that ships.
        count: how many words.
        replace_unknown: leave out of the text, or replace, what the model does not know.

    Raises:
        UserError: no such run, not exactly one ___, or a text that the model cannot read.
    """
    return words.fill(_loaded(run), text, count, replace_unknown)
