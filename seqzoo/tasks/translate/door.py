"""`seqzoo.translate`: what the command line does, from a notebook."""

from __future__ import annotations

from typing import overload

from seqzoo.sampling import Sampling
from seqzoo.tasks.translate.decode import Search
from seqzoo.tasks.translate.predict import Answer, Translator


@overload
def translate(
    texts: str,
    run: str | None = None,
    *,
    beam: int | None = None,
    alternatives: int = 1,
    length_penalty: float | None = None,
    no_repeat: int = 0,
    temperature: float | None = None,
    seed: int = 0,
) -> Answer: ...
@overload
def translate(
    texts: list[str],
    run: str | None = None,
    *,
    beam: int | None = None,
    alternatives: int = 1,
    length_penalty: float | None = None,
    no_repeat: int = 0,
    temperature: float | None = None,
    seed: int = 0,
) -> list[Answer]: ...
def translate(
    texts: str | list[str],
    run: str | None = None,
    *,
    beam: int | None = None,
    alternatives: int = 1,
    length_penalty: float | None = None,
    no_repeat: int = 0,
    temperature: float | None = None,
    seed: int = 0,
) -> Answer | list[Answer]:
    """Translate texts of any length, or answer them: what the model has learnt from pairs.

    Args:
        texts: one text, or several.
        run: a run's folder or a recipe's name; None: the newest run, else the bundle that ships.
        beam: hypotheses that are followed; 1: greedily; None: as the bundle says.
        alternatives: answers for each text, the best first.
        length_penalty: 0: the likeliest answer; more: longer ones; None: as the bundle says.
        no_repeat: never write a run of so many units twice; 0: off.
        temperature: draw answers by their probability instead; 1: as the model believes; None: search.
        seed: of what is drawn.

    Returns:
        An answer for a text, a list for several: `.text`, and `.alternatives` with their scores.

    Raises:
        UserError: no such run, or a number out of range.
    """
    from seqzoo import runs

    translator: Translator = runs.load(run, "translate")
    search = asked(translator.search, beam, alternatives, length_penalty, no_repeat, temperature is not None)
    sampling = None if temperature is None else Sampling(temperature, no_repeat=no_repeat, seed=seed)
    found = translator.predict([texts] if isinstance(texts, str) else texts, search, sampling)
    return next(found) if isinstance(texts, str) else list(found)


def asked(
    usual: Search, beam: int | None, alternatives: int, length_penalty: float | None, no_repeat: int, drawn: bool
) -> Search:
    """The bundle's search with what was said about it; what is drawn needs no beam."""
    if beam is None:
        beam = max(usual.beam, alternatives) if drawn else usual.beam
    penalty = usual.length_penalty if length_penalty is None else length_penalty
    return Search(beam, alternatives, penalty, no_repeat)
