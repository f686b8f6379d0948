"""A loaded translator: sentences in, sentences out. Neither TensorFlow nor Keras is imported."""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError
from seqzoo.runtime import Arrays, Graph, pad, windows
from seqzoo.sampling import Sampling
from seqzoo.tasks.translate import decode, swapped
from seqzoo.tasks.translate.codec import START, STOP, PairCodec, joined
from seqzoo.tasks.translate.data import near
from seqzoo.tasks.translate.decode import Hypothesis, Search

DECISION, ENCODER, STEP, LEARNT = "decision.json", "encoder.onnx", "step.onnx", "learnt.npz"
BATCH = 64  # sentences that are followed at a time
WINDOW = 1024  # texts that are held in memory at a time
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_EXAMPLES = ("Thank you.", "I see the dog.", "Where is my book?")
_COLUMN = 1  # of the logits: column i is of id i + 1


@dataclass(frozen=True)
class Answer:
    """What a text becomes.

    Attributes:
        text: the best; the source itself where nothing of it is known.
        score: nats for each unit, about: see `decode.Hypothesis`.
        alternatives: others with their scores, the best first, `text` included.
        known: whether the source holds a letter that the model has seen.
    """

    text: str
    score: float
    alternatives: tuple[tuple[str, float], ...] = ()
    known: bool = True


@dataclass(frozen=True)
class Translator:
    """A bundle in memory: two graphs, one that reads a sentence and one that writes a unit."""

    codec: PairCodec
    search: Search
    encoder: Graph
    step: Graph
    learnt: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint32))

    @classmethod
    def load(cls, folder: Path) -> Translator:
        """Load a bundle whose files have been checked (`bundle.load_meta`).

        Raises:
            UserError: damaged files.
        """
        from seqzoo import bundle

        codec = PairCodec.load(folder)
        try:
            values = bundle.read_json(folder, DECISION)
            search = Search(int(values["beam"]), 1, float(values["length_penalty"]))
            search.check()
        except (TypeError, ValueError, KeyError) as error:
            raise UserError(f"{folder}: {DECISION} is damaged: {error}") from None
        encoder, step = Graph(folder / ENCODER, threads=1), Graph(folder / STEP, threads=1)
        fits = encoder.inputs == ["source"] and {"target", *encoder.outputs} == set(step.inputs)
        if not fits or step.output_width != codec.sizes()["target_units"]:
            raise UserError(f"{folder}: the graphs and the codec do not fit together")
        return cls(codec, search, encoder, step, _learnt(folder))

    def save(self, folder: Path) -> None:
        """Write decision.json, and what was learnt from."""
        np.savez_compressed(folder / LEARNT, sources=self.learnt)
        decided = {name: value for name, value in asdict(self.search).items() if name in ("beam", "length_penalty")}
        (folder / DECISION).write_text(json.dumps(decided), encoding="utf-8")

    def examples(self) -> list[Arrays]:
        """Three sentences and what they become, as ids."""
        said = [answer.text for answer in self.predict(_EXAMPLES)]
        pairs = [
            {"source": self.codec.encode(source), "target": self.codec.encode_target(target)[:-1]}
            for source, target in zip(_EXAMPLES, said, strict=True)
        ]
        return [pair for pair in pairs if len(pair["source"])]

    # --- many texts ----------------------------------------------------------------------------------

    def predict(
        self, texts: Iterable[str], search: Search | None = None, sampling: Sampling | None = None, batch: int = BATCH
    ) -> Iterator[Answer]:
        """Translate a stream of texts of any length, in constant memory.

        Args:
            texts: sentences, or whole paragraphs: they are cut into sentences and put together again.
            search: how; None: as the bundle says.
            sampling: draw `search.alternatives` answers instead, by their probability.
            batch: sentences that are followed at a time.

        Raises:
            UserError: a number out of range.
        """
        search = search or self.search
        search.check()
        if sampling:
            sampling.check()
        for window in windows(texts, WINDOW):
            yield from self._window(window, search, sampling, batch)

    def _window(self, texts: Sequence[str], search: Search, sampling: Sampling | None, batch: int) -> Iterator[Answer]:
        cut = [self.codec.parts(text) if self.codec.knows(text) else [] for text in texts]
        parts = list(dict.fromkeys(part.strip() for one in cut for part in one if self.codec.knows(part)))
        found = dict(zip(parts, self._sentences(parts, search, sampling, batch), strict=True))
        for text, one in zip(texts, cut, strict=True):
            yield self._answer(text, one, found)

    def _answer(self, text: str, parts: Sequence[str], found: dict[str, list[Hypothesis]]) -> Answer:
        if not parts:
            return Answer(text, 0.0, ((text, 0.0),), known=False)
        some = [found.get(part.strip(), []) for part in parts]
        deepest = max(map(len, some))
        alternatives = []
        for rank in range(deepest):
            chosen = [each[min(rank, len(each) - 1)] if each else None for each in some]
            said = [self.written(one) if one else part.strip() for one, part in zip(chosen, parts, strict=True)]
            scores = [one.score for one in chosen if one]
            alternatives.append((joined(parts, said), float(np.mean(scores))))
        return Answer(*alternatives[0], tuple(alternatives))

    def _sentences(
        self, sentences: Sequence[str], search: Search, sampling: Sampling | None, batch: int
    ) -> list[list[Hypothesis]]:
        """Hypotheses of each sentence; those of one length stand beside each other, so that nothing is padded."""
        sources = [self.codec.encode(sentence) for sentence in sentences]
        batches = self._alike(sources, batch)
        found: list[list[Hypothesis]] = [[]] * len(sources)

        def translated(rows: Sequence[int]) -> list[list[Hypothesis]]:
            return self.decode([sources[i] for i in rows], search, sampling)

        if len(batches) > 1:
            with ThreadPoolExecutor(os.cpu_count()) as cores:  # each graph runs on one
                answered = list(cores.map(translated, batches))
        else:
            answered = [translated(rows) for rows in batches]
        for rows, some in zip(batches, answered, strict=True):
            for i, hypotheses in zip(rows, some, strict=True):
                found[i] = hypotheses
        return found

    @staticmethod
    def _alike(sources: Sequence[np.ndarray], batch: int) -> list[list[int]]:
        """Places of sources of one length, at most so many in a batch, the longest first."""
        order = sorted(range(len(sources)), key=lambda i: -len(sources[i]))
        same = (list(places) for _, places in groupby(order, key=lambda i: len(sources[i])))
        return [places[i : i + batch] for places in same for i in range(0, len(places), batch)]

    # --- what one should know of them ----------------------------------------------------------------

    def has_learnt(self, texts: Sequence[str]) -> np.ndarray:
        """(n,) bool: whether the model was trained on each, but for case and symbols; one in 50,000 is wrong."""
        places = np.searchsorted(self.learnt, asked := fingerprint_each(texts))
        return np.asarray(np.append(self.learnt, 0)[places] == asked) & (places < len(self.learnt))

    def doubts(self, texts: Sequence[str]) -> str:
        """What speaks for texts that are in the language one translates into; nothing, where nothing does."""
        if self.codec.unit != "subword":
            return ""
        sides = (sum(len(side.encode(text)) for text in texts) for side in (self.codec.source, self.codec.target))
        return swapped.lengths(texts, *sides)

    # --- ids -----------------------------------------------------------------------------------------

    def decode(
        self, sources: Sequence[np.ndarray], search: Search, sampling: Sampling | None = None
    ) -> list[list[Hypothesis]]:
        """Hypotheses of sources as ids, all followed at once; units are columns of the logits."""
        known = self.encode(sources)
        longest = np.array([self.longest(len(source)) for source in sources])
        start, stop = START - _COLUMN, STOP - _COLUMN
        if sampling is None:
            return decode.beam_search(self._loop(known), longest, search, start, stop)
        each = search.alternatives
        rows = np.repeat(np.arange(len(sources)), each)
        seeds = [[sampling.seed, zlib.crc32(source.tobytes()), n] for source in sources for n in range(each)]
        loop = self._loop({name: array[rows] for name, array in known.items()})
        drawn = decode.sample(loop, longest[rows], sampling, seeds, start, stop)
        return [drawn[i : i + each] for i in range(0, len(drawn), each)]

    def written(self, hypothesis: Hypothesis) -> str:
        """Its text; what would command a terminal, and the line ends that are none of ours, become blanks."""
        return _CONTROLS.sub(" ", self.codec.decode(unit + _COLUMN for unit in hypothesis.units))

    def encode(self, sources: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """What the step begins with and looks at, by its inputs' names."""
        padded = pad([{"source": source} for source in sources])
        return dict(zip(self.encoder.outputs, self.encoder(padded), strict=True))

    def longest(self, units: int) -> int:
        """Units that may be written for a source of so many."""
        return min(2 * self.codec.longest, 2 * units + 10)

    def _loop(self, known: dict[str, np.ndarray]) -> _Shifted:
        states = {name: array for name, array in known.items() if name.removesuffix("_in") in self.step.outputs}
        constants = {name: array for name, array in known.items() if name not in states}
        return _Shifted(self.step.loop(states, constants))

    def attention(self, source: str, target: str) -> np.ndarray | None:
        """(steps, time) weights: what was looked at while a target was written; None: the model does not look.

        The last step is the stop.
        """
        if "attention" not in self.step.outputs:
            return None
        known = self.encode([self.codec.encode(source)])
        rows = []
        for unit in self.codec.encode_target(target)[:-1]:
            outputs = dict(
                zip(self.step.outputs, self.step({"target": np.array([[unit]], np.int32), **known}), strict=True)
            )
            known |= {name: outputs[name.removesuffix("_in")] for name in known if name.removesuffix("_in") in outputs}
            rows.append(outputs["attention"][0, 0])
        return np.stack(rows)

    def explain(self, text: str, search: Search | None = None) -> list[tuple[str, dict[str, float]]]:
        """Each word of a text's translation with the shares of attention that the source's words got, the most first.

        Nothing, where the model does not look at single words.
        """
        search = replace(search or self.search, alternatives=1)
        parts = [part.strip() for part in self.codec.parts(text) if self.codec.knows(part)]
        found = []
        for part, (best,) in zip(parts, self._sentences(parts, search, None, BATCH), strict=True):
            said = self.written(best)
            weights = self.attention(part, said)
            if weights is not None and said:
                found += _by_share(*by_words(self.codec, part, said, weights))
        return found


def by_words(
    codec: PairCodec, source: str, target: str, weights: np.ndarray
) -> tuple[list[str], list[str], np.ndarray]:
    """(steps, time) weights of units as (target words, source words): summed over a source word, meant over a target's.

    The stop is left out.
    """
    rows = _words([codec.target.decode([unit]) for unit in codec.target.encode(target)])
    columns = _words(codec.spelled(source))
    across = np.stack([weights[:, places].sum(1) for _, places in columns], 1)
    table = np.stack([across[places].mean(0) for _, places in rows])
    return [word for word, _ in rows], [word for word, _ in columns], table


def _words(units: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Units as words with the places of their units: each begins after a blank; a symbol is a word of its own."""
    found: list[tuple[str, list[int]]] = []
    for place, unit in enumerate(units):
        inside = found and unit[:1].isalnum() and found[-1][0][-1:].isalnum()
        if inside:
            found[-1] = (found[-1][0] + unit, [*found[-1][1], place])
        else:
            found.append((unit.strip(), [place]))
    return found


def _by_share(rows: Sequence[str], columns: Sequence[str], table: np.ndarray) -> list[tuple[str, dict[str, float]]]:
    order = np.argsort(-table, axis=1, kind="stable")
    return [
        (word, {columns[i]: round(float(shares[i]), 4) for i in places})
        for word, shares, places in zip(rows, table, order, strict=True)
    ]


class _Shifted:
    """A loop that is fed columns of its logits: ids less one."""

    def __init__(self, loop: decode.Step) -> None:
        self._loop = loop

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        return self._loop(ids + _COLUMN)

    def keep(self, rows: np.ndarray, *, constants: bool = True) -> None:
        self._loop.keep(rows, constants=constants)


def fingerprint_each(texts: Sequence[str]) -> np.ndarray:
    """(n,) uint32 of each text, but for case, symbols and blanks."""
    return np.array([zlib.crc32(near(text).encode("utf-8", "replace")) for text in texts], np.uint32)


def fingerprints(texts: Sequence[str]) -> np.ndarray:
    """Those of many texts, sorted, each once."""
    return np.unique(fingerprint_each(texts))


def _learnt(folder: Path) -> np.ndarray:
    try:
        with np.load(folder / LEARNT, allow_pickle=False) as saved:
            return np.asarray(saved["sources"], np.uint32)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{folder}: {LEARNT} is missing or damaged: {error}") from None
