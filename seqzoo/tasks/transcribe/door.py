"""`seqzoo.transcribe`: what the command line does, from a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, overload

from seqzoo.errors import UserError
from seqzoo.tasks.transcribe.predict import Heard, Transcriber

if TYPE_CHECKING:
    import numpy as np

    from seqzoo.tasks.transcribe.decode import Search
    from seqzoo.tasks.transcribe.language import Scorer

    Sound = str | Path | np.ndarray

_WEIGHT = 0.5  # of a language model where the bundle has none of its own


@overload
def transcribe(
    recordings: Sound,
    run: str | None = None,
    *,
    rate: int | None = None,
    beam: int | None = None,
    language_model: str | None = None,
    weight: float | None = None,
    hot: Sequence[str] = (),
) -> Heard: ...
@overload
def transcribe(
    recordings: list[Sound],
    run: str | None = None,
    *,
    rate: int | None = None,
    beam: int | None = None,
    language_model: str | None = None,
    weight: float | None = None,
    hot: Sequence[str] = (),
) -> list[Heard]: ...
def transcribe(
    recordings: Sound | list[Sound],
    run: str | None = None,
    *,
    rate: int | None = None,
    beam: int | None = None,
    language_model: str | None = None,
    weight: float | None = None,
    hot: Sequence[str] = (),
) -> Heard | list[Heard]:
    """Write down what is said in recordings.

    Args:
        recordings: the path of a file, or (n,) float samples from -1 to 1; one, or a list.
        run: a run's folder or a recipe's name; None: the newest run, else the bundle that ships.
        rate: samples a second of arrays; None: the bundle's own.
        beam: hypotheses that are followed; None: as the bundle says.
        language_model: a run of a model that writes letters, which has its say; None: the bundle's own n-grams.
        weight: how much a say; None: as the bundle says.
        hot: words to expect.

    Returns:
        For a recording what was heard: `.text`, `.confidence`, `.words` with times; a list for several.

    Raises:
        UserError: no such run, a recording that cannot be read, or a number out of range.
    """
    from seqzoo import runs
    from seqzoo.tasks.transcribe import audio

    ears: Transcriber = runs.load(run, "transcribe")
    search, scorer = asked(ears, beam, language_model, weight, hot)
    several = recordings if isinstance(recordings, list) else [recordings]
    given = ears.codec.rate if rate is None else rate
    if not audio.SLOWEST <= given <= audio.FASTEST:
        raise UserError(f"rate={given}: from {audio.SLOWEST:,} to {audio.FASTEST:,} samples a second")
    sounds = (_sound(one, given, ears.codec.rate) for one in several)
    found = list(ears.predict(sounds, search, scorer))
    return found if isinstance(recordings, list) else found[0]


def _sound(one: Sound, given: int, wanted: int) -> np.ndarray:
    """(n,) float32 samples at the rate that is wanted, of a file or an array."""
    from seqzoo.tasks.transcribe import audio

    if isinstance(one, str | Path):
        return audio.read(Path(one), wanted)
    dtype = getattr(one, "dtype", None)
    if getattr(dtype, "kind", "") != "f":  # whole numbers would be taken for a sound that is far too loud
        said = dtype or type(one).__name__
        raise UserError(f"a recording is a path, or an array of fractions from -1 to 1, not of {said}")
    return audio.resampled(one, given, wanted)


def asked(
    ears: Transcriber, beam: int | None, language_model: str | None, weight: float | None, hot: Sequence[str]
) -> tuple[Search, Scorer | None]:
    """The bundle's search with what was said about it, and the language model that was named.

    Raises:
        UserError: a number out of range, no such model, or something that could have no say.
    """
    from seqzoo import runs
    from seqzoo.tasks.transcribe.language import FromGenerator

    usual = ears.search
    search = replace(usual, beam=usual.beam if beam is None else beam, hot=tuple(word.lower() for word in hot))
    if weight is not None:
        search = replace(search, language=weight)
    elif language_model and not search.language:
        search = replace(search, language=_WEIGHT)
    search.check()
    _check_say(ears, search, language_model, weight)
    if language_model is None:
        return search, None
    return search, FromGenerator(runs.load(language_model, "generate"), ears.codec.letters)


def _check_say(ears: Transcriber, search: Search, language_model: str | None, weight: float | None) -> None:
    """Refuse what would change no answer, rather than pass over it."""
    codec = ears.codec
    if not codec.spelled and (search.hot or language_model or weight):
        raise UserError("this model chooses among whole words: nothing else has a say in it", "seqzoo train digits-ctc")
    if weight and language_model is None and ears.grams is None:
        hint = f"seqzoo transcribe recording.wav --language-model char-lstm --weight {weight:g}"
        raise UserError("--weight is of a language model, and this bundle has none", hint)
    for word in search.hot:
        if not word or " " in word or codec.foreign([word]):
            letters = " ".join(letter for letter in codec.letters if letter != " ")
            hint = "seqzoo transcribe recording.wav --hot WORD --hot ANOTHER"
            raise UserError(f"--hot {word!r}: one word, of the letters that the model writes: {letters}", hint)
