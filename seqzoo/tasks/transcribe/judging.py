"""What is decided before the test part is opened, and how that part is judged: by words that are wrong."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from seqzoo import calibration
from seqzoo.errors import UserError
from seqzoo.judge import Scores, value
from seqzoo.report import JSON, Figure, Section
from seqzoo.room import Judgement
from seqzoo.runtime import Graph
from seqzoo.tasks.transcribe import augment, baselines, data, sections, timing
from seqzoo.tasks.transcribe.codec import SpeechCodec
from seqzoo.tasks.transcribe.data import Clips, Splits
from seqzoo.tasks.transcribe.language import LetterGrams
from seqzoo.tasks.transcribe.options import CodecOptions, DataOptions
from seqzoo.tasks.transcribe.predict import BATCH, FRONT, GRAPH, STEP, Decision, Heard, Transcriber
from seqzoo.tasks.transcribe.score import further, metric, word_scores
from seqzoo.tasks.transcribe.timing import Timing
from seqzoo.tasks.transcribe.training import TARGET, Strings, TranscribeRecipe

_CHOSEN_BY, _SEED = 300, 97  # recordings of the validation part, about, and how they are varied
_EVEN = 0.5  # nothing is sure that is more likely wrong, however few errors validation has: it holds no noise
_TIMED = 30
_STRINGS, _SHORTEST, _LONGEST = 200, 3, 7  # strings made of single words of the test part
_GAP_S = (0.05, 0.3)


def decide(codec: SpeechCodec, files: Mapping[str, bytes], splits: Splits, recipe: TranscribeRecipe) -> Transcriber:
    """The graphs with the search that is best on validation, and what its confidence means there.

    Validation is heard as training is: varied, and in strings. As they are, recordings of known voices are so easy that
    they could not tell one search from another.
    """
    said = recipe.decide
    graphs = {name: Graph(files[name], threads=1) for name in (GRAPH, FRONT, STEP) if name in files}
    grams = LetterGrams.fit(splits.train.texts, codec.letters, said.order) if said.order else None
    when = Timing.from_json(files[timing.FILE])
    plain = Decision(said.beam, words=splits.words if said.closed else (), abstain=said.abstain)
    ears = Transcriber(codec, plain, when, graphs[GRAPH], graphs.get(FRONT), graphs.get(STEP), grams)
    sounds, texts = _varied(codec, splits.validation, recipe.codec)
    heard = ears.log_probs(sounds)
    decision = _searched(ears, heard, texts, recipe)
    return replace(ears, decision=_calibrated(replace(ears, decision=decision), heard, texts, said.risk))


def validate(ears: Transcriber, splits: Splits) -> float:
    """The word error rate on some hundred recordings of the validation part, as they are."""
    some = _some(splits.validation)
    said = [ears.written(ears.found(one)[0][0]) for one in ears.log_probs(some.samples)]
    return value(word_scores(said, some.texts), metric())


def _some(clips: Clips) -> Clips:
    return clips.take(range(0, len(clips), max(1, len(clips) // _CHOSEN_BY)))


def _varied(codec: SpeechCodec, clips: Clips, options: CodecOptions) -> tuple[list[np.ndarray], list[str]]:
    """Sounds made of recordings as training would hear them, and their texts."""
    sounds, texts = list[np.ndarray](), list[str]()
    for batch in Strings(codec, _some(clips), options, BATCH, seed=_SEED).epoch(0):
        pairs = zip(batch.inputs["samples"], batch.inputs["lengths"], batch.targets[TARGET], strict=True)
        for samples, length, ids in pairs:
            sounds.append(samples[:length])
            texts.append(codec.decode(ids if codec.spelled else [int(ids)]))
    return sounds, texts


def _searched(
    ears: Transcriber, heard: Sequence[np.ndarray], texts: Sequence[str], recipe: TranscribeRecipe
) -> Decision:
    """The weight of the n-grams and the bonus of a letter under which fewest words are wrong."""
    options = [
        replace(ears.decision, weight=weight, bonus=bonus)
        for weight, bonus in product(recipe.decide.weights, recipe.decide.bonuses)
    ]

    def errors(decision: Decision) -> float:
        said = [ears.written(ears.found(one, decision.search)[0][0]) for one in heard]
        return float(word_scores(said, texts).statistics[:, 0].sum())

    return min(options, key=errors) if len(options) > 1 else options[0]


def _calibrated(ears: Transcriber, heard: Sequence[np.ndarray], texts: Sequence[str], risk: float) -> Decision:
    """What the evidence for a text says of its chance to be right, and from which chance on an answer is sure."""
    best = [ears.found(one)[0][0] for one in heard]
    right = np.array([ears.written(ids) == text for ids, text in zip(best, texts, strict=True)])
    evidence = np.array([ears.evidence(one, ids) for one, ids in zip(heard, best, strict=True)])
    slope, intercept = calibration.platt(evidence, right)
    decision = replace(ears.decision, slope=slope, intercept=intercept)
    chances = np.array([decision.chance(x) for x in evidence])
    return replace(decision, confidence=max(_EVEN, calibration.confidence_for_risk(chances, right, risk)))


def read_other(options: DataOptions, ears: Transcriber) -> Clips:
    """All of another manifest, folder or data set.

    Raises:
        UserError: texts that the model cannot write.
    """
    clips = data.read_other(options, ears.codec.rate)
    if foreign := ears.codec.foreign(clips.texts):
        kind = "letters" if ears.codec.spelled else "words"
        listed = " ".join(ears.codec.letters)
        raise UserError(
            f"texts hold {kind} that the model never writes: {', '.join(foreign[:20])} (it writes {listed})"
        )
    return clips


def judge(ears: Transcriber, splits: Splits | None, test: Clips, recipe: TranscribeRecipe) -> Judgement:
    """Transcribe the test part, and hold it against what was said."""
    started = time.perf_counter()
    plain = replace(ears, decision=replace(ears.decision, abstain=""))
    said = list(plain.predict(test.samples))
    factor = (time.perf_counter() - started) / max(1e-9, test.seconds)
    texts, groups = [one.text for one in said], test.groups()
    ours = word_scores(texts, test.texts, groups)
    others = {name: word_scores(guess, test.texts, groups) for name, guess in _others(splits, test).items()}
    numbers = dict(further(texts, test.texts)) | _strings(plain, test, recipe.codec)
    chances, right = _chances(said, test.texts)
    error, bins = calibration.calibration(chances, right)
    ms = _ms_for_one(plain, test)
    facts = _facts(ears, said, right) | {"speed": f"{ms:.1f} ms for one recording, {factor:.4f} of real time"}
    return Judgement(
        ours,
        learnt=_learnt(splits),
        baselines=others,
        metrics=numbers | {"real-time factor": factor, "calibration error": error},
        counts=_counts(splits, test),
        ms_for_one=ms,
        facts=facts,
        sections=[*_sections(ears, test, said), _calibration(error, bins)],
        more=_by_speaker(texts, test),
    )


def _others(splits: Splits | None, test: Clips) -> dict[str, list[str]]:
    """What simpler listeners say; they know all that the network heard."""
    if splits is None:
        return {}
    known = splits.train + splits.validation
    found = {baselines.SILENT: baselines.silent(known, len(test))}
    found[baselines.WARP] = baselines.warp(known, test)
    summary = baselines.summary(known, test)
    return found | ({} if summary is None else {baselines.SUMMARY: summary})


def strings(test: Clips, seed: int = 0) -> Clips:
    """Strings of 3 to 7 recordings of single words, each of one speaker, with short pauses."""
    random = np.random.default_rng(seed)
    speakers, quiet = np.array(test.speakers), CodecOptions()
    found: list[tuple[np.ndarray, str, str]] = []
    names = sorted(set(test.speakers))
    for number in range(_STRINGS):
        speaker = names[number % len(names)]
        places = np.flatnonzero(speakers == speaker)
        chosen = random.choice(places, min(len(places), int(random.integers(_SHORTEST, _LONGEST + 1))), replace=False)
        pauses = [np.zeros(int(test.rate * random.uniform(*_GAP_S)), np.float32) for _ in chosen]
        parts = [part for i, pause in zip(chosen, pauses, strict=True) for part in (pause, test.samples[i])]
        text = " ".join(test.texts[i] for i in chosen)
        found.append((augment.joined([*parts, pauses[0]], test.rate, quiet, random), text, speaker))
    samples, texts, who = (list(column) for column in zip(*found, strict=True))
    return Clips([f"string {i + 1}" for i in range(len(found))], samples, texts, who, test.rate)


def _strings(ears: Transcriber, test: Clips, options: CodecOptions) -> dict[str, float]:
    """How many words of strings are wrong, where the recipe has learnt from strings."""
    if options.joined < 2:
        return {}
    made = strings(test)
    said = [one.text for one in ears.predict(made.samples)]
    return {"WER of strings": value(word_scores(said, made.texts), metric())}


def _chances(said: Sequence[Heard], texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    right = np.array([one.text == text for one, text in zip(said, texts, strict=True)])
    return np.array([one.confidence for one in said]), right


def _ms_for_one(ears: Transcriber, test: Clips) -> float:
    taken = []
    for samples in test.samples[:_TIMED]:
        started = time.perf_counter()
        next(ears.predict([samples]))
        taken.append(time.perf_counter() - started)
    return 1000 * float(np.median(taken))


def _learnt(splits: Splits | None) -> str:
    what = "to write what was said"
    if splits is None:
        return what
    voices = len({name for name in splits.train.speakers if name})
    heard = f"{len(splits.train):,} recordings" + (f" of {voices:,} voices" if voices > 1 else "")
    return f"{what}, from {heard}"


def _counts(splits: Splits | None, test: Clips) -> dict[str, int]:
    counts = {"test": len(test), "words in test": sum(len(text.split()) for text in test.texts)}
    if splits is None:
        return counts
    known = set(splits.train.texts)
    shared = set(splits.train.speakers) & set(test.speakers) - {""}
    return counts | {
        "train": len(splits.train),
        "validation": len(splits.validation),
        "test texts that stand in train": sum(text in known for text in test.texts),
        "voices in test that were heard in training": len(shared),
    }


def _facts(ears: Transcriber, said: Sequence[Heard], right: np.ndarray) -> dict[str, str]:
    decision, sure = ears.decision, np.array([one.sure for one in said])
    wrong = 1 - right[sure].mean() if sure.any() else 0.0
    facts = {
        "sure": f"from confidence {decision.confidence:.2f} on: of {sure.mean():.1%}, wrong in {wrong:.1%} of those",
    }
    if ears.codec.spelled:
        facts["search"] = f"beam {decision.beam}, n-grams {decision.weight:g}, {decision.bonus:+g} a letter"
        if decision.words:
            facts["search"] += f", of {len(decision.words):,} words"
    if ears.streams:
        facts["stream"] = f"a step each {1000 * ears.timing.step_s:.0f} ms, {1000 * ears.timing.delay_s:.0f} ms late"
    return facts


def _sections(ears: Transcriber, test: Clips, said: Sequence[Heard]) -> list[Section]:
    texts = [one.text for one in said]
    found: list[Section] = [*sections.heard(test, said), *sections.substitutions(test.texts, texts)]
    if ears.codec.spelled:
        found += sections.by_length(test.texts, texts)
    else:
        found += sections.by_class(test.texts, texts, ears.codec.letters)
    return [*found, *sections.by_speaker(test, texts)]


def _calibration(error: float, bins: list[dict[str, float]]) -> Figure:
    points: list[JSON] = [[one["confidence"], one["accuracy"]] for one in bins]
    lines: dict[str, JSON] = {"this model": points}
    return Figure(
        "Calibration: does 80 % mean 80 %?",
        "lines",
        {"lines": lines, "x": "confidence", "y": "right", "percent": True, "diagonal": True},
        f"Expected calibration error {error:.3f}; a recording counts as right when every word is.",
    )


def _by_speaker(texts: Sequence[str], test: Clips) -> dict[str, JSON]:
    speakers: Mapping[str, list[int]] = {
        name: [i for i, one in enumerate(test.speakers) if one == name] for name in sorted(set(test.speakers))
    }
    if len(speakers) < 2:
        return {}
    scores = {name: word_scores([texts[i] for i in at], [test.texts[i] for i in at]) for name, at in speakers.items()}
    return {"WER by speaker": {name: _of(one) for name, one in scores.items()}}


def _of(scores: Scores) -> float:
    return value(scores, metric())
