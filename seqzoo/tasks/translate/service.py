"""`POST /translate`: a text in, another language out, with what was looked at for each word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel, Field

from seqzoo.serve.service import JSON, Question, Service
from seqzoo.tasks.translate.predict import Answer, Translator, by_words


class Text(Question):
    """A text to translate."""

    text: str = Field(min_length=1, max_length=2000)
    beam: int | None = Field(None, ge=1, le=12, description="Hypotheses that are followed; 1: greedily.")
    explain: bool = Field(False, description="Also say which words were looked at for each word.")


class Attention(BaseModel):
    """Of a sentence: shares[i][j] of the attention for target[i] went to source[j]."""

    source: list[str]
    target: list[str]
    shares: list[list[float]]


class Translation(BaseModel):
    """A text in the other language; the source itself where nothing of it is `known`."""

    text: str
    score: float
    known: bool
    attention: list[Attention] | None = None


def _answer(translator: Translator, questions: Sequence[Text]) -> list[JSON]:
    """Those who want the same beam are answered together."""
    found: list[JSON] = [{}] * len(questions)
    for beam in {question.beam for question in questions}:
        rows = [i for i, question in enumerate(questions) if question.beam == beam]
        search = replace(translator.search, beam=beam or translator.search.beam, alternatives=1)
        answers = translator.predict([questions[i].text for i in rows], search)
        for i, answer in zip(rows, answers, strict=True):
            looked = {"attention": _looked(translator, questions[i])} if questions[i].explain else {}
            found[i] = _said(answer) | looked
    return found


def _said(answer: Answer) -> JSON:
    return {"text": answer.text, "score": answer.score, "known": answer.known}


def _looked(translator: Translator, question: Text) -> list[JSON]:
    """What was looked at, sentence by sentence; nothing, where the model does not look at single words."""
    search = replace(translator.search, beam=question.beam or translator.search.beam, alternatives=1)
    found = []
    for part in (part.strip() for part in translator.codec.parts(question.text) if translator.codec.knows(part)):
        (answer,) = translator.predict([part], search)
        weights = translator.attention(part, answer.text) if answer.text else None
        if weights is not None:
            target, source, shares = by_words(translator.codec, part, answer.text, weights)
            found.append({"source": source, "target": target, "shares": shares.astype(float).round(4).tolist()})
    return found


EXAMPLE = {"text": "I would like a cup of tea", "explain": True}
SERVICE: Service[Translator, Text] = Service(Text, Translation, EXAMPLE, _answer, together=32)
