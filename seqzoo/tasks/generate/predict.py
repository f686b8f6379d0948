"""A loaded language model, and how it goes on. Neither TensorFlow nor Keras is imported."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from seqzoo import counts
from seqzoo.counts import NGrams
from seqzoo.errors import UserError
from seqzoo.runtime import Arrays, Graph
from seqzoo.sampling import Sampling, chances, choose, forbid, probabilities
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.mixture import Mixture, Reading, Weights

DEFAULTS, GRAPH = "decision.json", "model.onnx"
CHUNK = 2048  # steps read at a time
BLANK = "___"


@dataclass(frozen=True)
class Defaults:
    """How a text is made when nobody says otherwise; `stop` ends it before its length is reached."""

    temperature: float = 0.8
    prime: str = ""
    length: int = 500
    stop: str = ""


@dataclass(frozen=True)
class Memory:
    """What is kept of texts that were read so far.

    Attributes:
        states: (batch, units) float32 by the graph's input names.
        recent: (batch, n) int32, the newest ids, as many as the network reads again.
        readings: of each text, what a mixture has read.
    """

    states: dict[str, np.ndarray]
    recent: np.ndarray
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Generator:
    """A bundle in memory: text in, more text out. Without a mixture the network speaks alone."""

    codec: UnitCodec
    defaults: Defaults
    graph: Graph
    mixture: Mixture | None = None

    @classmethod
    def load(cls, folder: Path) -> Generator:
        """Load a bundle whose files have been checked (`bundle.load_meta`).

        Raises:
            UserError: damaged files.
        """
        from seqzoo import bundle

        codec = UnitCodec.load(folder)
        try:
            values = bundle.read_json(folder, DEFAULTS)
            length, stop = int(values.get("length", 500)), str(values.get("stop", ""))  # before 0.8 there were none
            defaults = Defaults(float(values["temperature"]), str(values["prime"]), length, stop)
            weights = Weights(**values["weights"]) if values.get("weights") else None
            steps = {str(name): float(nats) for name, nats in values.get("validation", {}).items()}
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise UserError(f"{folder}: {DEFAULTS} is damaged: {error}") from None
        graph = Graph(folder / GRAPH, threads=1)
        if graph.inputs[0] != "ids" or graph.output_width != len(codec.vocabulary):
            raise UserError(f"{folder}: the graph and the codec do not fit together")
        ngrams = NGrams.load(folder) if (folder / counts.FILE).is_file() else None
        if weights and weights.counts and (ngrams is None or ngrams.size != len(codec.vocabulary)):
            raise UserError(f"{folder}: the counted n-grams and the codec do not fit together")
        return cls(codec, defaults, graph, Mixture(ngrams, weights, codec.unit, steps) if weights else None)

    def save(self, folder: Path) -> None:
        """Write decision.json, and the n-grams if there are any."""
        decided = asdict(self.defaults)
        if self.mixture:
            decided |= {"weights": asdict(self.mixture.weights), "validation": dict(self.mixture.validation)}
            if self.mixture.ngrams is not None:
                self.mixture.ngrams.save(folder)
        (folder / DEFAULTS).write_text(json.dumps(decided), encoding="utf-8")

    def examples(self) -> list[Arrays]:
        """Four texts of units drawn at random."""
        drawn = np.random.default_rng(0).integers(0, len(self.codec.vocabulary), (4, self.codec.window))
        return [{"ids": row} for row in drawn.astype(np.int32)]

    # --- the graph -----------------------------------------------------------------------------------

    def begin(self, batch: int) -> Memory:
        """The memory of `batch` texts of which nothing was read."""
        readings = tuple(self.mixture.begin() for _ in range(batch)) if self.mixture else ()
        return Memory(self.graph.states(batch), np.empty((batch, 0), np.int32), readings)

    def step(self, ids: np.ndarray, states: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Read (batch, time) ids: logits as the graph gives them, and the states after, by input name."""
        outputs = dict(zip(self.graph.outputs, self.graph({"ids": ids, **states}), strict=True))
        return outputs[self.graph.outputs[0]], {name: outputs[name.removesuffix("_in")] for name in states}

    def read(self, ids: np.ndarray, memory: Memory) -> tuple[np.ndarray, Memory]:
        """(batch, size) logits after (batch, time) more ids, and the memory then; the one before is spent.

        Raises:
            UserError: the model reads both sides, so that it cannot say what comes after.
        """
        if self.codec.reads == "both":
            raise UserError(
                f"this model reads both sides of a {self.codec.unit}: it fills in, it does not go on",
                f'seqzoo generate --fill "To be or not to {BLANK} that is"',
            )
        logits, after = self._network(ids, memory)
        return self.mixed(logits, ids, memory.readings), after

    def ahead(self, unit: int, memory: Memory) -> tuple[np.ndarray, Memory]:
        """(1, size) logits after one unit more that is only tried, and the memory then; the one before stays good."""
        logits, after = self._network(np.array([[unit]], np.int32), memory)
        tried = replace(after, readings=tuple(reading.ahead(unit) for reading in memory.readings))
        return self.mixed(logits, np.empty((1, 0), np.int32), tried.readings), tried

    def _network(self, ids: np.ndarray, memory: Memory) -> tuple[np.ndarray, Memory]:
        if self.codec.reads == "window":
            recent = np.concatenate([memory.recent, ids], 1)[:, -self.codec.window :]
            return self.step(recent, self.graph.states(len(ids)))[0], replace(memory, recent=recent)
        states = memory.states
        for begin in range(0, ids.shape[1], CHUNK):
            logits, states = self.step(ids[:, begin : begin + CHUNK], states)
        return logits[:, -1], replace(memory, states=states)

    def mixed(self, logits: np.ndarray, ids: np.ndarray, readings: Sequence[Reading]) -> np.ndarray:
        """What (batch, size) logits of the network become once each reading has read its row of (batch, time) ids."""
        if self.mixture is None:
            return logits
        for reading, row in zip(readings, ids, strict=True):
            reading.read(row.tolist())
        found = np.empty(logits.shape)
        for i, reading in enumerate(readings):
            found[i] = self.mixture.logits(logits[i], reading)
        return found

    # --- continuing ----------------------------------------------------------------------------------

    def prime(self, text: str, replace_unknown: bool = False) -> np.ndarray:
        """(n,) int32 ids of what a text begins with; of a line end where it is empty.

        Raises:
            UserError: units that the model does not know, unless they may be replaced.
        """
        strange = self.codec.unknown_in(text)
        if strange and not replace_unknown:
            shown = ", ".join(repr(unit) for unit in strange[:10])
            raise UserError(
                f"the prime holds {len(strange)} {self.codec.unit}(s) that the model does not know: {shown}",
                "--replace-unknown leaves them out, or takes the unknown word",
            )
        ids, _ = self.codec.encode(text)
        if not len(ids):
            first = "\n" if "\n" in self.codec.vocabulary else self.codec.vocabulary[0]
            ids, _ = self.codec.encode(first)
        return ids.astype(np.int32)

    def stream(self, ids: np.ndarray, length: int, sampling: Sampling, samples: int = 1) -> Iterator[np.ndarray]:
        """Yield (samples,) int32 ids, `length` times: what follows (n,) `ids`.

        Raises:
            UserError: a number out of range, or weights that are no numbers.
        """
        return (chosen for chosen, _ in self._steps(ids, length, sampling, samples))

    def told(
        self, prime: str | None, length: int | None, sampling: Sampling, replace_unknown: bool = False
    ) -> Iterator[tuple[str, float]]:
        """What the text begins with, then what each step adds to it, up to where it ends by itself.

        Each piece comes with its surprise in bits; the beginning with 0.

        Args:
            prime: what it begins with; None: as the bundle says; empty: as after a line end.
            length: units to make, at most; None: as the bundle says.
            sampling: how each is chosen.
            replace_unknown: leave out or replace what the model does not know in the prime.

        Raises:
            UserError: as `predict`.
        """
        prime = self.defaults.prime if prime is None else prime
        ids = self.prime(prime, replace_unknown)
        begun = ids if prime else ids[:0]
        yield self.codec.decode(begun), 0.0
        stop, text, surprise = self.defaults.stop, "", 0.0

        def units() -> Iterator[int]:
            nonlocal surprise
            yield from map(int, begun)
            for chosen, logits in self._steps(ids, length or self.defaults.length, sampling, 1):
                surprise = bits(logits[0], int(chosen[0]))
                yield int(chosen[0])

        for piece in itertools.islice(self.codec.spelled(units()), len(begun), None):
            yield piece, surprise
            text = (text + piece)[-len(piece) - len(stop) :]
            if stop and stop in text:
                return

    def _steps(
        self, ids: np.ndarray, length: int, sampling: Sampling, samples: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Each step's (samples,) ids, and the (samples, size) logits that they were chosen by."""
        sampling.check()
        streams = chances(sampling.seed, samples)
        made = [list(map(int, ids)) for _ in range(samples)] if sampling.no_repeat else []
        logits, memory = self.read(np.repeat(ids[None], samples, 0), self.begin(samples))
        step = self.graph.loop(memory.states) if memory.states else None
        for left in range(length - 1, -1, -1):
            if sampling.no_repeat:
                logits = forbid(logits, made, sampling.no_repeat)
            p = probabilities(logits, sampling)
            chosen = choose(p, np.array([stream.random() for stream in streams])).astype(np.int32)
            yield chosen, logits
            for row, unit in zip(made, chosen, strict=True) if made else ():
                row.append(int(unit))
            if not left:
                return
            if step:
                logits = self.mixed(step(chosen), chosen[:, None], memory.readings)
            else:
                logits, memory = self.read(chosen[:, None], memory)

    def predict(
        self,
        prime: str | None = None,
        length: int | None = None,
        sampling: Sampling | None = None,
        samples: int = 1,
        replace_unknown: bool = False,
    ) -> list[str]:
        """`samples` whole texts, the prime included.

        Args:
            prime: what they begin with; None: as the bundle says; empty: as after a line end.
            length: units to make, at most where the bundle's texts end by themselves; None: as the bundle says.
            sampling: how each is chosen; None: by the bundle's temperature.
            samples: how many texts.
            replace_unknown: leave out or replace what the model does not know in the prime.

        Raises:
            UserError: a number out of range, or a prime that the model cannot read.
        """
        length = self.defaults.length if length is None else length
        if length < 1 or samples < 1:
            raise UserError(
                f"--{'length' if length < 1 else 'samples'} must be at least 1", "seqzoo generate --length 500"
            )
        prime = self.defaults.prime if prime is None else prime
        ids = self.prime(prime, replace_unknown)
        made = np.stack([*self.stream(ids, length, sampling or Sampling(self.defaults.temperature), samples)], 1)
        return [self._ended(self.codec.decode([*(ids if prime else ()), *row]), len(prime)) for row in made]

    def _ended(self, text: str, begun: int) -> str:
        """A text up to where it ends by itself, after so many characters that were given."""
        place = text.find(self.defaults.stop, begun) if self.defaults.stop else -1
        return text if place < 0 else text[:place]


def bits(logits: np.ndarray, unit: int) -> float:
    """The surprise at a unit: its negative logarithmic probability (base 2) under (size,) logits."""
    top = logits.max()
    return float((top + np.log(np.exp(logits - top).sum()) - logits[unit]) / np.log(2))
