"""Logits -> the next unit: temperature, top-k, top-p, and a guard against repetition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqzoo.errors import UserError


@dataclass(frozen=True)
class Sampling:
    """How the next unit is chosen.

    Attributes:
        temperature: 0 takes the likeliest; 1 samples what the model believes.
        top_k: only among the k likeliest; 0: all.
        top_p: only among the likeliest that together hold this probability.
        no_repeat: never complete a run of so many units that the text holds already; 0: off.
        seed: one seed, one text.
    """

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    no_repeat: int = 0
    seed: int = 0

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UserError: a number out of range.
        """
        if not self.temperature >= 0:
            raise UserError(f"--temperature {self.temperature:g}: 0 (the likeliest) or more", "--temperature 0.8")
        if self.top_k < 0 or self.no_repeat < 0:
            raise UserError("--top-k and --no-repeat are 0 (off) or more")
        if self.seed < 0:
            raise UserError(f"--seed {self.seed}: 0 or more")
        if not 0 < self.top_p <= 1:
            raise UserError(f"--top-p {self.top_p:g}: above 0, and at most 1 (off)")


def probabilities(logits: np.ndarray, sampling: Sampling) -> np.ndarray:
    """(batch, size) float32 logits -> (batch, size) float64 that sum to 1.

    Raises:
        UserError: logits that are no numbers: damaged weights.
    """
    z = logits.astype(np.float64)
    top = np.maximum.reduce(z, axis=1, keepdims=True)  # `z.max` takes twice as long, and this is done for each unit
    if not math.isfinite(top[0, 0] if len(top) == 1 else top.sum()):
        raise UserError("the network answers NaN: its weights are damaged", "seqzoo train char-lstm")
    if sampling.temperature == 0:
        return np.asarray(np.eye(z.shape[1])[z.argmax(1)])
    z -= top
    z /= sampling.temperature
    if 0 < sampling.top_k < z.shape[1]:
        least = np.partition(z, -sampling.top_k, axis=1)[:, -sampling.top_k, None]
        z[z < least] = -np.inf
    np.exp(z, out=z)
    z /= np.add.reduce(z, axis=1, keepdims=True)
    return _nucleus(z, sampling.top_p) if sampling.top_p < 1 else z


def _nucleus(p: np.ndarray, share: float) -> np.ndarray:
    """Keep the fewest units that together hold `share`, at least one (Holtzman et al. 2020)."""
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, 1)
    kept = np.cumsum(ranked, 1) - ranked < share
    out = np.zeros_like(p)
    np.put_along_axis(out, order, np.where(kept, ranked, 0), 1)
    return np.asarray(out / out.sum(1, keepdims=True))


def choose(p: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """(batch,) int: the unit on which each chance in [0, 1) falls."""
    sums = p.cumsum(1)
    total = sums[:, -1]
    drawn = np.minimum(chances * total, np.nextafter(total, 0))  # below the total, so on a unit that has a chance
    return np.asarray((sums > drawn[:, None]).argmax(1))


def chances(seed: int, samples: int, start: int = 0) -> list[np.random.Generator]:
    """A stream of chances for each sample: the first of five samples is the text of one."""
    return [np.random.Generator(np.random.PCG64([seed, start + i])) for i in range(samples)]


def forbid(logits: np.ndarray, made: Sequence[Sequence[int]], run: int) -> np.ndarray:
    """Logits in which no text can complete a run of `run` units that it holds already."""
    out = logits.copy()
    for row, ids in enumerate(made):
        tail = tuple(ids[-run + 1 :]) if run > 1 else ()
        for i in range(len(ids) - run + 1):
            if tuple(ids[i : i + run - 1]) == tail:
                out[row, ids[i + run - 1]] = -1e9
    return out
