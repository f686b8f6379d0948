"""What is decided (nothing), and how the test part is judged: by spans that are whole and of the right kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from seqzoo.report import JSON
from seqzoo.room import Judgement
from seqzoo.runtime import Graph
from seqzoo.tasks.tag import baselines, predict, schemes, score, sections
from seqzoo.tasks.tag.codec import TagCodec
from seqzoo.tasks.tag.data import Sentences, Splits, read_own, together
from seqzoo.tasks.tag.options import DataOptions
from seqzoo.tasks.tag.predict import GRAPH, Tagger
from seqzoo.tasks.tag.schemes import Span
from seqzoo.tasks.tag.score import span_scores
from seqzoo.tasks.tag.training import TagRecipe


def decide(codec: TagCodec, files: Mapping[str, bytes], splits: Splits, recipe: TagRecipe) -> Tagger:
    """The graph with its codec: the likeliest legal tags need no decision."""
    return Tagger(codec, Graph(files[GRAPH]))


def validate(tagger: Tagger, splits: Splits) -> float:
    """F1 of spans on the validation part; of plain tags the share of right words."""
    said = [tagger.codec.spans(one) for one in tagger.numbers(splits.validation.words)]
    return score.f1(said, splits.validation.spans())


def read_other(options: DataOptions, tagger: Tagger) -> Sentences:
    """All sentences of another file.

    Raises:
        UserError: tags that the model does not know, or of another kind than its own.
    """
    found = read_own(options)[0]
    for tags in found.tags:
        tagger.codec.encode_tags(tags)
    return found


def judge(tagger: Tagger, splits: Splits | None, test: Sentences, recipe: TagRecipe) -> Judgement:
    """Tag the test part, beside simpler taggers that know all that the network knew."""
    numbers = tagger.numbers(test.words)
    said = [tagger.codec.spans(one) for one in numbers]
    true, groups = test.spans(), _groups(test)
    known = together(splits.train, splits.validation) if splits else None
    others = baselines.said(known, test) if known else {}
    ms, rate = predict.speed(tagger, test.words)
    return Judgement(
        span_scores(said, true, groups),
        learnt=_learnt(tagger.codec, splits),
        baselines={name: span_scores(spans, true, groups) for name, spans in others.items()},
        metrics=_metrics(test, said, true, known),
        counts=_counts(splits, test, true),
        ms_for_one=ms,
        facts=_facts(test, others, known) | {"speed": f"{ms:.1f} ms for one sentence, {rate:,.0f} a second"},
        sections=sections.all_of(tagger, test, said, true, known),
        more=_by_kind(said, true),
    )


def _groups(test: Sentences) -> np.ndarray | None:
    """Documents, where they hold several sentences."""
    return test.documents if len(np.unique(test.documents)) < len(test) else None


def _learnt(codec: TagCodec, splits: Splits | None) -> str:
    kinds = codec.kinds
    named = ", ".join(kinds[:-1]) + f" and {kinds[-1]}" if 1 < len(kinds) <= 6 else f"{len(kinds)} kinds of words"
    return f"to mark {named}" + (f" from {len(splits.train):,} sentences" if splits else "")


def _metrics(
    test: Sentences, said: Sequence[Sequence[Span]], true: Sequence[Sequence[Span]], known: Sentences | None
) -> dict[str, float]:
    found: dict[str, float] = {}
    if not test.plain:
        found["F1 of surface forms"] = score.surface_f1(test.words, said, true)
        found["macro F1"] = float(np.mean([row[2] for row in score.by_kind(said, true).values()]))
    found["accuracy of words"] = score.word_accuracy(_tags(test, said), test.tags)
    if known is not None:
        accuracy, count = _on_unknown(test, said, known)
        if count:
            found["accuracy of unknown words"] = accuracy
    return found


def _tags(test: Sentences, said: Sequence[Sequence[Span]]) -> list[list[str]]:
    """Each word's tag, as the test part has them."""
    pairs = zip(said, test.words, strict=True)
    return [schemes.written(spans, len(words), test.scheme) for spans, words in pairs]


def _on_unknown(test: Sentences, said: Sequence[Sequence[Span]], known: Sentences) -> tuple[float, int]:
    """The share of right tags among words that nobody knew, and how many these are."""
    seen = {word.lower() for words in known.words for word in words}
    return score.unknown_accuracy(test.words, _tags(test, said), test.tags, lambda word: word.lower() in seen)


def _counts(splits: Splits | None, test: Sentences, true: Sequence[Sequence[Span]]) -> dict[str, int]:
    seen = {"train": len(splits.train), "validation": len(splits.validation)} if splits else {}
    counts = seen | {"test": len(test), "words in test": sum(map(len, test.words))}
    return counts if test.plain else counts | {"names in test": sum(map(len, true))}


def _facts(
    test: Sentences,
    others: Mapping[str, Sequence[Sequence[Span]]],
    known: Sentences | None,
) -> dict[str, str]:
    if known is None:
        return {}
    if baselines.FEATURES not in others:
        return {"not measured": f"{baselines.FEATURES}: pip install 'seqzoo[crf]'"}
    if not test.plain:
        return {}
    accuracy, count = _on_unknown(test, others[baselines.FEATURES], known)
    return {"unknown words": f"{count:,} of the test part; {baselines.FEATURES}: {accuracy:.1%} of them right"}


def _by_kind(said: Sequence[Sequence[Span]], true: Sequence[Sequence[Span]]) -> dict[str, JSON]:
    return {"F1 by kind": {kind: row[2] for kind, row in score.by_kind(said, true).items()}}
