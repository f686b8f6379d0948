"""What is decided before the test part is opened, and how that part is judged: in nats, block by block."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError
from seqzoo.judge import Scores
from seqzoo.report import Section
from seqzoo.room import Judgement
from seqzoo.runtime import Graph
from seqzoo.sampling import Sampling
from seqzoo.tasks.generate import baselines, choosing, score, sections, words
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.data import Splits
from seqzoo.tasks.generate.mixture import Mixture
from seqzoo.tasks.generate.options import DataOptions
from seqzoo.tasks.generate.predict import BLANK, GRAPH, Defaults, Generator
from seqzoo.tasks.generate.text import Text, read
from seqzoo.tasks.generate.training import GenerateRecipe

_BLOCK = 500  # units that are resampled together: the errors within a scene are not independent
_SCORED = 300_000  # units of a long test part that are scored, the first
_PLACES = 500  # blanks at which counted n-grams read both sides: each asks for the whole vocabulary
_REACH = 10  # units: no n-gram reads further


def decide(codec: UnitCodec, files: Mapping[str, bytes], splits: Splits, recipe: GenerateRecipe) -> Generator:
    """The model with the recipe's defaults; its prime only where the text that was learnt has all of its units."""
    prime = "" if codec.unknown_in(recipe.decide.prime) else recipe.decide.prime
    said = recipe.decide
    defaults = Defaults(said.temperature, prime, said.length, said.stop)
    alone = Generator(codec, defaults, Graph(files[GRAPH], threads=1))
    return replace(alone, mixture=choosing.mixture(alone, splits, recipe))


def validate(generator: Generator, splits: Splits) -> float:
    """Nats per unit of the network alone on the validation part, the first of a long one."""
    _, held = splits.ids(generator.codec)
    return float(score.nats(replace(generator, mixture=None), held[:_SCORED]).mean())


def read_other(options: DataOptions, generator: Generator) -> Text:
    """The whole of another text."""
    return read(Path(options.path))


@dataclass(frozen=True)
class _Scored:
    """A text as the model sees it: (n,) ids, (n - 1,) nats of each after the first, and what was left out."""

    ids: np.ndarray
    nats: np.ndarray
    unknown: int
    characters: float


def judge(generator: Generator, splits: Splits | None, test: Text, recipe: GenerateRecipe) -> Judgement:
    """Score the units of a text after its first, beside counted n-grams where there is something to count."""
    codec = generator.codec
    scored = _scored(generator, test)
    ours, others, counts = _against_baselines(generator, splits, scored)
    both = codec.reads == "both"
    rates = _rates(generator)
    bits = baselines.xz(splits.train if splits else None, test)
    made = sections.samples(generator, splits.train) if splits and not both else []
    filled = sections.fills(generator, test) if both else []
    facts = {
        **_facts(codec, splits, scored.unknown, bits),
        **sections.facts(codec, scored.ids, scored.nats, made, filled),
    }
    shown: list[Section] = [sections.passage(codec, scored.ids, scored.nats), *map(sections.sample, made)]
    shown += [*sections.fill_tables(filled), *sections.surprises(codec, scored.ids, scored.nats)]
    return Judgement(
        ours,
        learnt=_learnt(codec, splits),
        baselines=others,
        metrics=_metrics(codec.unit, scored) | _alone(generator, scored.ids),
        counts=counts,
        ms_for_one=rates["ms for one"],
        facts=facts | _mixed(generator.mixture) | _speed(codec.unit, rates),
        sections=shown,
        more={"unit": codec.unit, "compressor": bits, "rates": rates},
    )


def _scored(generator: Generator, text: Text) -> _Scored:
    whole, unknown = generator.codec.encode_all(text)
    if len(whole) < 2:
        raise UserError(f"the text has {len(whole)} {generator.codec.unit}s that the model knows: nothing to score")
    ids = whole[:_SCORED]
    characters = sum(len(piece) for piece in text.pieces()) * len(ids) / len(whole)
    return _Scored(ids, score.nats(generator, ids), unknown, characters)


def _against_baselines(
    generator: Generator, splits: Splits | None, scored: _Scored
) -> tuple[Scores, dict[str, Scores], dict[str, int]]:
    """Our scores, those of each baseline on the same units, and counts.

    Where both sides are read, only at places that are evenly spread, because counted n-grams ask for so much there.
    """
    test = {"test": len(scored.ids), "unknown in test": scored.unknown}
    codec = generator.codec
    if splits is None:
        return _blocks(scored.nats), {}, test
    train, validation = splits.ids(codec)
    counts, size = {"train": len(train), "validation": len(validation), **test}, len(codec.vocabulary)
    if codec.reads != "both":
        others, order = baselines.nats(train, validation, scored.ids, size)
        if generator.mixture is not None and generator.mixture.weights.cache:
            others[baselines.CACHED] = baselines.with_cache(train, validation, scored.ids, size, order, codec.unit)
        ours, theirs = _blocks(scored.nats), {name: _blocks(each) for name, each in others.items()}
        return ours, theirs, counts | {baselines.ORDER: order}
    last = len(scored.ids) - _REACH - 1
    places = np.unique(np.linspace(_REACH, last, min(_PLACES, last - _REACH + 1)).astype(int))
    others, order = baselines.nats(train, validation, scored.ids, size, places)
    ours, theirs = Scores.mean(scored.nats[places - 1]), {name: Scores.mean(each) for name, each in others.items()}
    return ours, theirs, counts | {baselines.ORDER: order, "blanks compared": len(places)}


def _blocks(nats: np.ndarray) -> Scores:
    return Scores.mean(nats, np.arange(len(nats)) // _BLOCK)


def _metrics(unit: str, scored: _Scored) -> dict[str, float]:
    mean, total = float(scored.nats.mean()), float(scored.nats.sum())
    return {
        f"nats per {unit}": mean,
        f"perplexity per {unit}": float(np.exp(mean)),
        "nats per character": total / scored.characters,
        "bits per character": total / scored.characters / float(np.log(2)),
    }


def _alone(generator: Generator, ids: np.ndarray) -> dict[str, float]:
    """What the network of a mixture would say by itself."""
    if generator.mixture is None:
        return {}
    return {"nats of the network alone": float(score.nats(replace(generator, mixture=None), ids).mean())}


def _mixed(mixture: Mixture | None) -> dict[str, str]:
    if mixture is None:
        return {}
    weights, steps = mixture.weights, mixture.validation
    told = (
        f"weights {weights.network:g} of the network, {weights.counts:g} of the n-grams, {weights.cache:g} of the cache"
    )
    chosen = ", ".join(f"{name} {nats:.4f}" for name, nats in steps.items())
    return {
        "mixture": told,
        "chosen by": f"nats on validation: {chosen}" if steps else "an earlier run; see the recipe",
    }


def _learnt(codec: UnitCodec, splits: Splits | None) -> str:
    what = f"which {codec.unit} {'fits between' if codec.reads == 'both' else 'follows'} others"
    return what + (f", from {len(splits.ids(codec)[0]):,} of them" if splits else "")


def _facts(codec: UnitCodec, splits: Splits | None, unknown: int, bits: Mapping[str, float]) -> dict[str, str]:
    facts = {}
    if splits and "re-split" in str(splits.facts.get("file", "")):
        facts["read"] = str(splits.facts["file"])
    if splits and splits.refit:
        facts["validation"] = "learnt as well; it had chosen the number of epochs before, in a run without it"
    if unknown:
        facts["unknown"] = f"{unknown:,} {codec.unit}s that training never saw"
    return facts | {"xz -9": ", ".join(f"{value:.2f} bits a byte {name}" for name, value in bits.items())}


def _rates(generator: Generator, length: int = 600) -> dict[str, float]:
    """Units a second, for one text and in total for 32 at a time; of a model of both sides, the time of one blank."""
    if generator.codec.reads == "both":
        started = time.perf_counter()
        for _ in range(20):
            words.fill(generator, f"the {BLANK} of the", replace_unknown=True)
        return {"ms for one": 50 * (time.perf_counter() - started)}
    ids, rates = generator.prime("", replace_unknown=True), {}
    for count, name in ((1, "units a second"), (32, "units a second, 32 texts")):
        started = time.perf_counter()
        steps = length if count == 1 else length // 4
        for _ in generator.stream(ids, steps, Sampling(1.0), count):
            pass
        rates[name] = count * steps / (time.perf_counter() - started)
    return {"ms for one": 1000 / rates["units a second"], **rates}


def _speed(unit: str, rates: Mapping[str, float]) -> dict[str, str]:
    if "units a second" not in rates:
        return {"speed": f"{rates['ms for one']:.1f} ms for one blank"}
    one, many = rates["units a second"], rates["units a second, 32 texts"]
    return {"speed": f"{one:,.0f} and {many:,.0f} {unit}s a second, one text and 32"}
