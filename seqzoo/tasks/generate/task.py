"""The room's stages: batches, loss, judging in nats, and the record TASK that the corridor walks."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import judge
from seqzoo.recipe import Recipe
from seqzoo.runtime import Graph
from seqzoo.tasks.generate import baselines, data, predict
from seqzoo.tasks.generate.batches import Lanes, Windows
from seqzoo.tasks.generate.codec import TextCodec
from seqzoo.tasks.generate.decode import Sampling
from seqzoo.tasks.generate.predict import Decision, Generator
from seqzoo.tasks.generate.text import Text

METRIC = "nats"
_BLOCK = 500  # units that are resampled together: the errors within a scene are not independent
_TEMPERATURES = (0.2, 0.5, 0.8, 1.2)
_SAMPLE = 400
_COUNTED = 5_000_000  # training words whose frequencies a model starts from, the first
_SCORED = 300_000  # units of a long test part that are scored, the first
_PLACES = 500  # blanks at which counted n-grams read both sides: each asks for the whole vocabulary


def batches(codec: TextCodec, splits: data.Splits, recipe: Recipe, seed: int) -> tuple[Any, Any]:
    """Training and validation batches: lanes of the text, or windows; see `Data.refit`."""
    size = recipe.fit.batch_size
    (train, _), (held, _) = codec.encode_all(splits.train), codec.encode_all(splits.validation)
    if splits.facts["refit"]:
        train = np.concatenate([train, held])
    if codec.targets != "each":
        between = codec.targets == "between"
        stride = codec.window if between else codec.stride
        windows = Windows(train, codec.window, stride, size, seed, between)
        return windows, Windows(held, codec.window, stride, 256, None, between)
    lanes = max(1, min(size, min(len(train), len(held)) // (2 * codec.window)))  # each at least two windows long
    return Lanes(train, codec.window, lanes, seed), Lanes(held, codec.window, lanes, None)


def initialise(model: Any, train: Any, recipe: Recipe) -> None:
    """Start a model of words at how often each occurs: else it learns little else in its first million words."""
    if recipe.codec.unit != "character":
        bias = model.get_layer("logits").bias
        counts = np.bincount(train.ids[:_COUNTED], minlength=bias.shape[0]) + 1.0
        bias.assign(np.log(counts / counts.sum()))


def objective(codec: TextCodec) -> dict[str, Any]:
    """Nats for each unit."""
    import keras

    return {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}


# --- judging -----------------------------------------------------------------------------------------


def evaluate(generator: Generator, text: Text) -> dict[str, Any]:
    """Score the units of a text after its first."""
    codec = generator.codec
    whole, unknown = codec.encode_all(text)
    ids = whole[:_SCORED]
    ours = generator.nats(ids)
    characters = sum(len(piece) for piece in text.pieces()) * len(ids) / len(whole)
    lines = list({line: (line, nats) for line, nats in predict.by_line(codec, ids, ours)}.values())
    lines.sort(key=lambda pair: -pair[1])
    return {
        "metric": METRIC,
        "unit": codec.unit,
        "value": float(ours.mean()),
        "interval": list(judge.interval(ours, _blocks(len(ours)))),
        "n": len(ours),
        "unknown": unknown,
        "metrics": {
            f"nats per {codec.unit}": float(ours.mean()),
            f"perplexity per {codec.unit}": float(np.exp(ours.mean())),
            "nats per character": float(ours.sum() / characters),
            "bits per character": float(ours.sum() / characters / np.log(2)),
        },
        "lines": {"most surprising": lines[:8], "least surprising": lines[-8:][::-1]},
    }


def _ids(codec: TextCodec, splits: data.Splits) -> list[np.ndarray]:
    """Training, validation, and what is scored of the test part."""
    parts = [codec.encode_all(part)[0] for part in (splits.train, splits.validation, splits.open_test())]
    return [*parts[:2], parts[2][:_SCORED]]


def _blocks(n: int, size: int = _BLOCK) -> list[str]:
    return [str(block) for block in np.arange(n) // size]


def _beside(generator: Generator, parts: list[np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, Any]]:
    """(n,) nats of the test part, the baselines' on the same units, and facts about the baselines.

    Where both sides are read, only at places that are evenly spread: each stands for the block around it.
    """
    size, test = len(generator.codec.vocabulary), parts[2]
    ours = generator.nats(test)
    if generator.codec.targets != "between":
        return ours, *baselines.nats(parts, size)
    reach = 10  # no n-gram reads further
    places = np.linspace(reach, len(test) - reach - 1, min(_PLACES, len(test) - 2 * reach)).astype(int)
    others, facts = baselines.nats(parts, size, places)
    return ours[places - 1], others, facts | {"blanks compared": len(places)}


def verdict(ours: np.ndarray, others: dict[str, np.ndarray], block: int = _BLOCK) -> judge.Verdict:
    """Hold (n,) nats against the best baseline's: a win has fewer, by a paired test over blocks of text."""
    best = min(others, key=lambda name: float(others[name].mean()))
    theirs, blocks = others[best], _blocks(len(ours), block)
    p = judge.paired_p(ours, theirs, blocks)
    difference = float(ours.mean() - theirs.mean())
    low, high = judge.interval(ours - theirs, blocks)
    wins = difference < 0 and p < 0.05
    words = (
        f"{'beats' if wins else 'does not beat'} the best baseline, {best}: {ours.mean():.4f} nats against "
        f"{theirs.mean():.4f}, difference {difference:+.4f} [{low:+.4f}, {high:+.4f}], p "
        f"{'< 0.001' if p < 0.001 else f'= {p:.3f}'}, n = {len(ours):,}"
    )
    return judge.Verdict(best, float(ours.mean()), float(theirs.mean()), difference, (low, high), p, wins, words)


@dataclass(frozen=True)
class Judged:
    """How texts are made by default, and the report, ready to be saved."""

    decision: Decision
    report: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write decision.json."""
        (folder / "decision.json").write_text(json.dumps(asdict(self.decision)), encoding="utf-8")


def judge_model(graph: bytes, codec: TextCodec, splits: data.Splits, recipe: Recipe) -> Judged:
    """Unseal the test part, score it beside the baselines, and write samples."""
    decision = Decision(recipe.decide.temperature, recipe.decide.prime)
    generator = Generator(codec, decision, Graph(graph, threads=1))
    test = splits.open_test()
    report = evaluate(generator, test)
    ids = _ids(codec, splits)
    ours, others, facts = _beside(generator, ids)
    between = codec.targets == "between"
    block = 1 if between else _BLOCK
    report["baselines"] = {name: float(nats.mean()) for name, nats in others.items()}
    report["baseline intervals"] = {
        name: list(judge.interval(nats, _blocks(len(nats), block))) for name, nats in others.items()
    }
    report["compressor"] = baselines.xz(splits.train, test)
    report["verdict"] = verdict(ours, others, block).to_json()
    report["scores"] = _by_block(ours, block)
    report["baseline scores"] = {name: _by_block(nats, block) for name, nats in others.items()}
    report["samples"] = [] if between else samples(generator, splits.train)
    report["fills"] = fills(generator, test) if between else []
    report["speed"] = speed(generator)
    report["split"] = dict(zip(("train", "validation", "test"), map(len, ids), strict=True)) | facts
    return Judged(decision, report)


def _by_block(nats: np.ndarray, block: int) -> list[float]:
    """The mean nats of each block, in order: what later paired tests need."""
    index = np.arange(len(nats)) // block
    return [float(f"{mean:.6g}") for mean in np.bincount(index, nats) / np.bincount(index)]


def paired_p(ours: list[float], theirs: list[float], report: dict[str, Any]) -> float:
    """The p-value of "no difference" of two models' nats, as `_by_block` wrote them."""
    return judge.paired_p(np.array(ours), np.array(theirs), [str(i) for i in range(len(ours))])


def samples(generator: Generator, train: Text) -> list[dict[str, Any]]:
    """A text at each of the tutorial's temperatures, and the longest stretch of it that training held as well."""
    read = train.tail(20_000_000)
    prime = generator.decision.prime
    prime = "" if generator.codec.unknown_in(prime) else prime
    found = []
    for temperature in _TEMPERATURES:
        (made,) = generator.texts(prime, _SAMPLE, Sampling(temperature))
        shared = predict.longest_shared(made[len(prime) :], read)
        found.append({"temperature": temperature, "text": made, "by heart": len(shared), "stretch": shared})
    return found


def fills(generator: Generator, test: Text, count: int = 12) -> list[dict[str, Any]]:
    """Blanks in lines of the test part, the word that stood there, and three guesses."""
    lines = [line.split() for line in test.tail(200_000).splitlines()]
    lines = [words for words in lines if 8 <= len(words) <= 25]
    random, found = np.random.default_rng(0), []
    for place in random.permutation(len(lines))[:count]:
        words = lines[place]
        blank = int(random.choice([i for i, word in enumerate(words) if word.isalnum()] or [1]))
        text = " ".join([*words[:blank], predict.BLANK, *words[blank + 1 :]])
        found.append({"text": text, "word": words[blank], "guesses": generator.fill(text, replace_unknown=True)})
    return found


def speed(generator: Generator, length: int = 600) -> dict[str, float]:
    """Units a second, for one text and in total for 32 at a time; of a model of both sides, the time of one blank."""
    if generator.codec.targets == "between":
        started = time.perf_counter()
        for _ in range(20):
            generator.fill(f"the {predict.BLANK} of the", replace_unknown=True)
        return {"ms for one": 50 * (time.perf_counter() - started)}
    ids, rates = generator.prime("", replace_unknown=True), {}
    for count, name in ((1, "units a second"), (32, "units a second, 32 texts")):
        started = time.perf_counter()
        steps = length if count == 1 else length // 4
        for _ in generator.stream(ids, steps, Sampling(1.0), count):
            pass
        rates[name] = count * steps / (time.perf_counter() - started)
    return {"ms for one": 1000 / rates["units a second"], **rates}


def evaluate_bundle(generator: Generator, recipe: Recipe, other_data: bool) -> dict[str, Any]:
    """Judge a loaded bundle on its recipe's sealed test part, or on the whole of another text."""
    from seqzoo.tasks.generate import text

    if other_data:
        return evaluate(generator, text.read(Path(recipe.data.path)))
    splits = data.load(recipe.data)
    report = evaluate(generator, splits.open_test())
    ids = _ids(generator.codec, splits)
    ours, others, _ = _beside(generator, ids)
    report["baselines"] = {name: float(nats.mean()) for name, nats in others.items()}
    block = 1 if generator.codec.targets == "between" else _BLOCK
    return report | {"verdict": verdict(ours, others, block).to_json()}


@dataclass(frozen=True)
class Task:
    """What the corridor asks of a room: one function for each stage."""

    load: Any
    fit_codec: Any
    batches: Any
    initialise: Any
    objective: Any
    judge: Any
    evaluate_bundle: Any
    paired_p: Any
    predictor: Any
    states: bool = True


TASK = Task(
    load=data.load,
    fit_codec=TextCodec.fit,
    batches=batches,
    initialise=initialise,
    objective=objective,
    judge=judge_model,
    evaluate_bundle=evaluate_bundle,
    paired_p=paired_p,
    predictor=Generator.load,
)
