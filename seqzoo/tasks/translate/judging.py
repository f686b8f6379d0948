"""What is decided before the test part is opened, and how that part is judged: by BLEU, beside simpler translators."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from seqzoo.judge import Scores
from seqzoo.room import Judgement
from seqzoo.runtime import Graph
from seqzoo.tasks.translate import baselines, sections, swapped
from seqzoo.tasks.translate.codec import PairCodec
from seqzoo.tasks.translate.data import Pairs, Splits, gathered, in_context, near, read, shared
from seqzoo.tasks.translate.datasets import Row
from seqzoo.tasks.translate.decode import Search
from seqzoo.tasks.translate.options import DataOptions
from seqzoo.tasks.translate.predict import BATCH, ENCODER, STEP, Translator, fingerprints
from seqzoo.tasks.translate.score import bleu, further, scores
from seqzoo.tasks.translate.training import TranslateRecipe

_TIMED = 200  # sentences
_CHOSEN_BY, _VALIDATED = 1000, 500  # sources of the validation part, about


def decide(codec: PairCodec, files: Mapping[str, bytes], splits: Splits, recipe: TranslateRecipe) -> Translator:
    """The graphs with the search that is best on validation; it remembers which sources it has learnt from."""
    learnt = fingerprints([*splits.train.sources, *splits.validation.sources])
    encoder, step = (Graph(files[name], threads=1) for name in (ENCODER, STEP))
    some = _some(splits.validation, _CHOSEN_BY)

    def value(search: Search) -> float:
        return _bleu(Translator(codec, search, encoder, step), some)

    searches = [Search(recipe.decide.beam, 1, penalty) for penalty in recipe.decide.length_penalties]
    best = max(searches, key=value) if len(searches) > 1 else searches[0]
    return Translator(codec, best, encoder, step, learnt)


def validate(translator: Translator, splits: Splits) -> float:
    """BLEU of greedy answers to some hundred sources of the validation part."""
    return _bleu(replace(translator, search=replace(translator.search, beam=1)), _some(splits.validation, _VALIDATED))


def _some(pairs: Pairs, count: int) -> Pairs:
    """About so many, evenly spread."""
    return pairs.take(range(0, len(pairs), max(1, len(pairs) // count)))


def _bleu(translator: Translator, pairs: Pairs) -> float:
    said = [answer.text for answer in translator.predict(pairs.sources)]
    return float(bleu(scores(said, pairs).statistics.sum(0)))


def read_other(options: DataOptions, translator: Translator) -> Pairs:
    """All of another file's pairs."""
    rows = read(Path(options.path), options)
    return gathered(in_context(rows, options.turns) if options.turns > 1 else rows)


def judge(translator: Translator, splits: Splits | None, test: Pairs, recipe: TranslateRecipe) -> Judgement:
    """Translate the sources of the test part, and hold it against their references."""
    said = [answer.text for answer in translator.predict(test.sources)]
    ours = scores(said, test)
    others = {name: scores(texts, test) for name, texts in _others(splits, test).items()}
    numbers, signature = further(said, test)
    overlap = shared(splits.train, test) if splits else translator.has_learnt(test.sources)
    lengths = sections.by_length(test, {recipe.name: ours, **others})
    rates = _rates(translator, test)
    return Judgement(
        ours,
        learnt=_learnt(splits),
        baselines=others,
        metrics=numbers,
        counts=_counts(splits, test) | {"test sources that were learnt": int(overlap.sum())},
        ms_for_one=1000 / rates["greedy, one at a time"],
        facts=_facts(translator, splits, ours, overlap, test) | {"signatures": signature, "speed": _speed(rates)},
        sections=[
            *sections.lengths(lengths),
            *sections.worst(test, said, ours),
            *sections.others(translator, test),
            *sections.looked(translator, test, said),
        ],
        more={"by length": {name: [list(point) for point in line] for name, line in lengths.items()}, "rates": rates},
    )


def _others(splits: Splits | None, test: Pairs) -> dict[str, list[str]]:
    """What simpler translators say; they know all that the network saw."""
    found = {baselines.COPY: list(test.sources)}
    if splits is None:
        return found
    seen = splits.train + splits.validation
    found[baselines.MEMORY] = baselines.memory(seen, test.sources)
    found[baselines.WORDS] = baselines.word_by_word(seen, test.sources)
    return found


def _counts(splits: Splits | None, test: Pairs) -> dict[str, int]:
    counts = {"test": len(test), "test references": sum(map(len, test.references))}
    if splits is None:
        return counts
    parts = {"train": splits.train, "validation": splits.validation}
    counts |= {name: len(part) for name, part in parts.items()}
    counts["train pairs"] = sum(map(len, splits.train.references))
    known = {near(text) for _, text in splits.train.each()}
    counts["test references that are targets in train"] = sum(near(text) in known for _, text in test.each())
    return counts


def _learnt(splits: Splits | None) -> str:
    what = "to turn one text into another"
    return what + (f", from {sum(map(len, splits.train.references)):,} pairs" if splits else "")


def _facts(
    translator: Translator, splits: Splits | None, ours: Scores, overlap: np.ndarray, test: Pairs
) -> dict[str, str]:  # fmt: skip
    search = translator.search
    facts = {"search": f"beam {search.beam}, length penalty {search.length_penalty:g}"}
    if overlap.any():
        unseen = float(bleu(ours.statistics[~overlap].sum(0)))
        facts["learnt before"] = (
            f"{overlap.sum():,} of {len(overlap):,} sources stand in the training part; BLEU of the others {unseen:.1f}"
        )
    if splits is None and (warning := translator.doubts(test.sources)):
        facts["warning"] = warning
    if splits is None and (lines := swapped.warnings("", "", [Row(*pair) for pair in test.each()])):
        facts["warning"] = "; ".join(lines)
    return facts


def _rates(translator: Translator, test: Pairs) -> dict[str, float]:
    """Sentences a second: greedily and with the beam, one at a time and many together."""
    some = test.sources[:_TIMED]
    greedy, beam = replace(translator.search, beam=1), translator.search
    asked = {
        "greedy, one at a time": (some[: _TIMED // 4], greedy, 1),
        "beam, one at a time": (some[: _TIMED // 4], beam, 1),
        f"greedy, {BATCH} together": (some, greedy, BATCH),
        f"beam, {BATCH} together": (some, beam, BATCH),
    }
    return {name: _rate(translator, *how) for name, how in asked.items()}


def _rate(translator: Translator, texts: Sequence[str], search: Search, batch: int) -> float:
    started = time.perf_counter()
    for _ in translator.predict(texts, search, batch=batch):
        pass
    return len(texts) / (time.perf_counter() - started)


def _speed(rates: Mapping[str, float]) -> str:
    return "sentences a second: " + "; ".join(f"{rate:,.0f} {name}" for name, rate in rates.items())
