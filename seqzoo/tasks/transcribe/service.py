"""`POST /transcribe`: a recording in, what was said out, with the time of each word."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from pydantic import BaseModel, Field

from seqzoo.errors import UserError
from seqzoo.serve.service import JSON, Question, Service
from seqzoo.tasks.transcribe import audio
from seqzoo.tasks.transcribe.predict import Transcriber

LONGEST_S = 60
_SAMPLE = Path(__file__).parents[2] / "bundles" / "recordings"


class Recording(Question):
    """A recording of a minute at most, in any format that libsndfile reads: wav, flac, ogg, mp3."""

    sound: str = Field(min_length=1, description="The file's bytes in Base64.")


class Word(BaseModel):
    """A word that was heard, from `start` to `end` in seconds."""

    text: str
    start: float
    end: float
    confidence: float


class Transcript(BaseModel):
    """What was heard, or the abstention; `doubts` says what about the recording may make it worthless."""

    text: str
    confidence: float
    sure: bool
    seconds: float
    words: list[Word]
    doubts: list[str]


def _answer(ears: Transcriber, questions: Sequence[Recording]) -> list[JSON]:
    sounds = [_sound(question.sound, ears.codec.rate) for question in questions]
    wanted = ("text", "confidence", "sure", "seconds", "words")
    return [
        {name: value for name, value in asdict(heard).items() if name in wanted}
        | {"doubts": audio.doubts(sound, ears.codec.rate)}
        for sound, heard in zip(sounds, ears.predict(sounds), strict=True)
    ]


def _sound(encoded: str, rate: int) -> np.ndarray:
    """(n,) float32 samples of a file's bytes in Base64."""
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError(f"sound is not Base64: {error}", "base64 -w0 recording.wav") from None
    return audio.decoded(io.BytesIO(content), "the sound", rate, LONGEST_S)


def _example() -> JSON:
    first = sorted(_SAMPLE.glob("*.flac"))[0]
    return {"sound": base64.b64encode(first.read_bytes()).decode()}


SERVICE: Service[Transcriber, Recording] = Service(Recording, Transcript, _example(), _answer, together=16)
