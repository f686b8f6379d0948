"""A loaded language model: continue, score, suggest, fill. Neither TensorFlow nor Keras is imported."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.errors import UserError
from seqzoo.runtime import Graph
from seqzoo.tasks.generate import decode
from seqzoo.tasks.generate.codec import TextCodec
from seqzoo.tasks.generate.decode import Sampling

States = dict[str, np.ndarray]
_CHUNK = 2048  # steps scored at a time
BLANK = "___"
_BEAM, _WORDS = 30, 200


@dataclass(frozen=True)
class Decision:
    """How a text is made when the command line does not say."""

    temperature: float
    prime: str


@dataclass(frozen=True)
class Generator:
    """A bundle in memory: text in, more text out."""

    codec: TextCodec
    decision: Decision
    graph: Graph

    @classmethod
    def load(cls, folder: Path) -> Generator:
        """Load a bundle whose files have been checked (`bundle.load_meta`).

        Raises:
            UserError: damaged files.
        """
        from seqzoo import bundle

        codec = TextCodec.load(folder)
        try:
            values = bundle.read_json(folder, "decision.json")
            decision = Decision(float(values["temperature"]), str(values["prime"]))
        except (TypeError, ValueError, KeyError) as error:
            raise UserError(f"{folder}: decision.json is damaged: {error}") from None
        graph = Graph(folder / "model.onnx", threads=1)
        generator = cls(codec, decision, graph)
        if graph.inputs[0] != "ids" or graph.size != len(codec.vocabulary):
            raise UserError(f"{folder}: the graph and the codec do not fit together")
        return generator

    # --- the graph -----------------------------------------------------------------------------------

    def start(self, batch: int) -> States:
        """The states before a text: zeros, (batch, units) float32 by input name."""
        return {name: np.zeros((batch, self.graph.width(name)), np.float32) for name in self.graph.inputs[1:]}

    def _step(self, ids: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """Read (batch, time) ids: logits as the graph gives them, and the states after."""
        logits, *after = self.graph({"ids": ids, **states})
        return logits, {f"{name}_in": value for name, value in zip(self.graph.outputs[1:], after, strict=True)}

    def _read(self, ids: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """(batch, size) logits after (batch, time) ids, and the states."""
        if self.codec.targets == "between":
            raise UserError(
                f"this model reads both sides of a {self.codec.unit}: it fills in, it does not go on",
                f'seqzoo generate --fill "To be or not to {BLANK} that is"',
            )
        if self.codec.targets == "last":
            return self._step(ids[:, -self.codec.window :], self.start(len(ids)))[0], states
        for begin in range(0, ids.shape[1], _CHUNK):
            logits, states = self._step(ids[:, begin : begin + _CHUNK], states)
        return logits[:, -1], states

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
        """Yield (samples,) ids, `length` times: what follows `ids`.

        Raises:
            UserError: a number out of range, or weights that are no numbers.
        """
        sampling.check()
        streams = decode.chances(sampling.seed, samples)
        read = np.repeat(ids[None], samples, 0)
        made = [list(map(int, ids)) for _ in range(samples)] if sampling.no_repeat else []
        logits, states = self._read(read, self.start(samples))
        step = self.graph.loop(states) if self.codec.targets == "each" else None
        for left in range(length - 1, -1, -1):
            if sampling.no_repeat:
                logits = decode.forbid(logits, made, sampling.no_repeat)
            p = decode.probabilities(logits, sampling)
            chosen = decode.choose(p, np.array([stream.random() for stream in streams])).astype(np.int32)
            yield chosen
            for row, unit in zip(made, chosen, strict=True) if made else ():
                row.append(int(unit))
            if not left:
                return
            if step:
                logits = step(chosen)
            else:
                read = np.concatenate([read, chosen[:, None]], 1)[:, -self.codec.window :]
                logits, states = self._read(read, states)

    def texts(self, prime: str, length: int, sampling: Sampling, samples: int = 1) -> list[str]:
        """`samples` whole texts, the prime included."""
        ids = self.prime(prime)
        made = np.stack(list(self.stream(ids, length, sampling, samples)), 1)
        start = ids if prime else ids[:0]
        return [self.codec.decode([*start, *row]) for row in made]

    # --- scoring -------------------------------------------------------------------------------------

    def nats(self, ids: np.ndarray) -> np.ndarray:
        """(n - 1,) float64: -log p of each id after the first, given all before it (and after it, if "between")."""
        if self.codec.targets != "each":
            return self._windowed_nats(ids) if self.codec.targets == "last" else self._nats_between(ids)
        states, parts = self.start(1), []
        for begin in range(0, len(ids) - 1, _CHUNK):
            piece = np.asarray(ids[begin : begin + _CHUNK + 1], np.int32)
            logits, states = self._step(piece[None, :-1], states)
            parts.append(_nats(logits[0], piece[1:]))
        return np.concatenate(parts)

    def _windowed_nats(self, ids: np.ndarray) -> np.ndarray:
        """Each id from the window before it, as the model was taught; shorter windows at the beginning."""
        window, parts = self.codec.window, []
        for i in range(1, min(window, len(ids))):
            logits, _ = self._step(np.asarray(ids[None, :i], np.int32), self.start(1))
            parts.append(_nats(logits, ids[i : i + 1]))
        for begin in range(window, len(ids), 256):
            ends = np.arange(begin, min(begin + 256, len(ids)))
            read = np.asarray(ids[ends[:, None] + np.arange(-window, 0)], np.int32)
            logits, _ = self._step(read, self.start(len(read)))
            parts.append(_nats(logits, ids[ends]))
        return np.concatenate(parts)

    def _nats_between(self, ids: np.ndarray) -> np.ndarray:
        """Each id from both sides, a window at a time, as the model was taught; a line end stands after the last."""
        ids, parts = np.append(ids, self.prime("", replace_unknown=True)).astype(np.int32), []
        for begin in range(0, len(ids) - 2, self.codec.window):
            piece = ids[begin : begin + self.codec.window + 2]
            parts.append(_nats(self._step(piece[None], {})[0][0], piece[1:-1]))
        return np.concatenate(parts)

    # --- suggesting ----------------------------------------------------------------------------------

    def suggest(self, text: str, count: int = 3) -> list[tuple[str, float]]:
        """The likeliest next words with their probabilities, the best first.

        A model of characters spells words out, the likeliest beginnings first.
        """
        ids = self.prime(text)
        if self.codec.unit != "character":
            logits, _ = self._read(ids[None], self.start(1))
            return self._likeliest(logits, count)
        if text and text[-1].isalnum():
            ids = np.append(ids, self.prime(" "))
        return self._spelt(ids, count)

    def _likeliest(self, logits: np.ndarray, count: int) -> list[tuple[str, float]]:
        """The words, not the symbols, with the highest of (1, size) logits."""
        p = decode.probabilities(logits, Sampling(1.0))[0]
        words = [(self.codec.vocabulary[i], float(p[i])) for i in np.argsort(-p)]
        return [pair for pair in words if pair[0][0].isalnum()][:count]

    def _spelt(self, ids: np.ndarray, count: int) -> list[tuple[str, float]]:
        """Whole words after `ids` by best-first search; a word ends where another kind of character follows."""
        letters = np.array([unit.isalnum() or unit in "'’" for unit in self.codec.vocabulary])
        logits, states = self._read(ids[None], self.start(1))
        waiting: list[tuple[float, str, np.ndarray, States]] = [(-1.0, "", logits, states)]
        found: list[tuple[str, float]] = []
        for _ in range(_BEAM * count):
            best = sorted((p for _, p in found), reverse=True)[:count]
            if not waiting or (len(best) == count and -waiting[0][0] < best[-1]):
                break
            negative, word, logits, states = heapq.heappop(waiting)
            p = decode.probabilities(logits, Sampling(1.0))[0] * -negative
            if word:
                found.append((word, float(p[~letters].sum())))
            for i in np.argsort(-np.where(letters, p, 0))[:_BEAM]:
                if letters[i] and p[i] > 1e-4:
                    ahead, after = self._step(np.array([[i]], np.int32), states)
                    spelt = word + self.codec.vocabulary[i]
                    heapq.heappush(waiting, (-float(p[i]), spelt, ahead[:, -1], after))
        return sorted(found, key=lambda pair: -pair[1])[:count]

    def fill(self, text: str, count: int = 3, replace_unknown: bool = False) -> list[tuple[str, float]]:
        """The likeliest words for the one ___ in a text, weighed by what stands on both of its sides.

        A model of both sides reads them once. Others read forward: words that are likely after the left side are
        weighed by how likely they make the right one; the shares are among the words that were weighed.

        Raises:
            UserError: not exactly one ___.
        """
        if text.count(BLANK) != 1:
            raise UserError(f"--fill needs exactly one {BLANK}", f'--fill "To be or not to {BLANK} that is"')
        left, right = text.split(BLANK)
        if self.codec.targets == "between":
            before, after = self.prime(left, replace_unknown), self.prime(right, replace_unknown)
            logits, _ = self._step(np.concatenate([before, [0], after])[None].astype(np.int32), {})
            return self._likeliest(logits[:, len(before) - 1], count)
        words = [word for word, _ in self.suggest(left.rstrip(), _WORDS if self.codec.unit != "character" else _BEAM)]
        totals = [-self.nats(self.prime(f"{left}{word}{right}", replace_unknown)).sum() for word in words]
        shares = np.exp(np.array(totals) - max(totals))
        ranked = sorted(zip(words, shares / shares.sum(), strict=True), key=lambda pair: -pair[1])
        return [(word, float(share)) for word, share in ranked[:count]]


def _nats(logits: np.ndarray, ids: Any) -> np.ndarray:
    """(n,) -log p of the ids, from (n, size) logits."""
    z = logits.astype(np.float64)
    top = z.max(1)
    every = top + np.log(np.exp(z - top[:, None]).sum(1))
    return np.asarray(every - z[np.arange(len(z)), np.asarray(ids, np.int64)])


def longest_shared(made: str, read: str) -> str:
    """The longest stretch of `made` that `read` holds as well: what was learnt by heart."""
    best = ""
    for start in range(len(made)):
        while start + len(best) < len(made) and made[start : start + len(best) + 1] in read:
            best = made[start : start + len(best) + 1]
    return best


def by_line(codec: TextCodec, ids: Sequence[int] | np.ndarray, nats: np.ndarray) -> list[tuple[str, float]]:
    """(line, its mean nats): `nats[i]` belongs to `ids[i + 1]`."""
    ends = [i for i, unit in enumerate(ids) if codec.vocabulary[int(unit)] == "\n"]
    lines = []
    for first, last in zip([0, *(end + 1 for end in ends)], [*ends, len(ids)], strict=True):
        if last - first > 1:
            mean = float(nats[max(first - 1, 0) : last - 1].mean())
            lines.append((codec.decode(ids[first:last]), mean))
    return lines
