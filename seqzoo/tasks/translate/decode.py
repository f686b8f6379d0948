"""A step of a decoder -> whole targets: beam search, of which greedy search is the narrowest, and sampling.

A search follows many sentences at a time, several hypotheses each, as rows of one batch; what has ended leaves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from seqzoo import sampling
from seqzoo.errors import UserError
from seqzoo.sampling import Sampling

Place = int
_NEVER = np.float32(-1e30)


class Step(Protocol):
    """A decoder that remembers what each row has read."""

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """Read (rows,) ids: (rows, size) float32 logits of what is next; the caller may write into them."""
        ...

    def keep(self, rows: np.ndarray, *, constants: bool = True) -> None:
        """Go on with these rows, in this order; `constants` says whether any belongs to another sentence now."""
        ...


@dataclass(frozen=True)
class Search:
    """How an answer is looked for.

    Attributes:
        beam: hypotheses that are followed for each sentence.
        alternatives: of them, how many are wanted.
        length_penalty: the exponent of ((5 + length) / 6) by which a log-probability is divided (Wu et al. 2016).
        no_repeat: never write a run of so many units twice; 0: off.
    """

    beam: int = 4
    alternatives: int = 1
    length_penalty: float = 0.6
    no_repeat: int = 0

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UserError: a number out of range.
        """
        if self.beam < 1:
            raise UserError(f"--beam {self.beam}: 1 (greedily) or more", "--beam 4")
        if not 1 <= self.alternatives <= self.beam:
            raise UserError(
                f"--alternatives {self.alternatives}: at least 1, and at most the beam ({self.beam})",
                f"--beam {max(self.alternatives, 1)} --alternatives {max(self.alternatives, 1)}",
            )
        if not 0 <= self.length_penalty <= 5:
            raise UserError(f"--length-penalty {self.length_penalty:g}: from 0 (none) to 5", "--length-penalty 0.6")
        if self.no_repeat < 0:
            raise UserError(f"--no-repeat {self.no_repeat}: 0 (off) or more")


@dataclass(frozen=True)
class Hypothesis:
    """A target and how likely it is.

    Attributes:
        units: without start and stop.
        logp: nats, the stop included.
        score: `logp`, divided for its length.
        ended: whether it came to a stop before it was cut.
    """

    units: tuple[int, ...]
    logp: float
    score: float
    ended: bool = True


@dataclass
class _Alive:
    """Rows of a search: whose they are, what they wrote, how likely that is."""

    owner: np.ndarray
    made: np.ndarray
    logp: np.ndarray


def beam_search(
    step: Step, longest: np.ndarray, search: Search, start: int = 0, stop: int = 1
) -> list[list[Hypothesis]]:
    """The best hypotheses of each sentence, the best first.

    A hypothesis that ends leaves the beam, which is narrower from then on; a sentence is done when all have ended, or
    when none that goes on can become one of the alternatives.

    Args:
        step: begins with a row for each sentence, of which it has read nothing.
        longest: (n,) int, units that may be written for each.
        search: how.
        start: the unit that is read first, and never written.
        stop: the unit that ends a target.
    """
    if search.beam == 1:
        return [[one] for one in _greedy(step, longest, search, start, stop)]
    n = len(longest)
    found: list[list[Hypothesis]] = [[] for _ in range(n)]
    room = np.full(n, search.beam)
    alive = _Alive(np.arange(n), np.empty((n, 0), np.int64), np.zeros(n))
    last = np.full(n, start)
    while len(alive.owner):
        row, unit, total = _best(alive, _allowed(step(last), alive.made.T, search, start), room, search.beam)
        length = alive.made.shape[1] + 1
        for place in np.flatnonzero(unit == stop):
            owner = int(alive.owner[row[place]])
            found[owner].append(_ended(alive.made[row[place]].tolist(), total[place], search))
            room[owner] -= 1
        goes = unit != stop
        row, unit = row[goes], unit[goes]
        before = alive.owner
        alive = _Alive(before[row], np.concatenate([alive.made[row], unit[:, None]], 1), total[goes])
        if length >= longest.min():
            _cut(alive, found, length, longest, search)
        kept = ~_done(alive, found, room, length, longest, search)[alive.owner]
        alive = _Alive(alive.owner[kept], alive.made[kept], alive.logp[kept])
        row, last = row[kept], unit[kept]
        if len(row) and not np.array_equal(row, np.arange(len(before))):
            step.keep(row, constants=not np.array_equal(before, alive.owner))
    return [sorted(each, key=lambda one: (not one.ended, -one.score))[: search.alternatives] for each in found]


def _greedy(step: Step, longest: np.ndarray, search: Search, start: int, stop: int) -> list[Hypothesis]:
    """The likeliest unit each time: what a beam of one finds, with little between two steps."""
    owner, logp = np.arange(len(longest)), np.zeros(len(longest))
    made: list[np.ndarray] = []  # (rows,) of each step
    found: dict[int, Hypothesis] = {}
    last = np.full(len(longest), start)
    while len(owner):
        logits = _allowed(step(last), made, search, start)
        last = logits.argmax(1)
        top = logits[np.arange(len(last)), last]
        logp -= np.log(np.exp(logits - top[:, None]).sum(1))
        over = (last == stop) | (len(made) + 1 >= longest[owner])
        if over.any():
            for row in np.flatnonzero(over):
                ended = bool(last[row] == stop)
                units = [int(one[row]) for one in (made if ended else [*made, last])]
                found[int(owner[row])] = _ended(units, float(logp[row]), search, ended)
            rows = np.flatnonzero(~over)
            made, owner, logp, last = [one[rows] for one in made], owner[rows], logp[rows], last[rows]
            if len(rows):
                step.keep(rows)
        made.append(last)
    return [found[i] for i in range(len(longest))]


def _allowed(logits: np.ndarray, made: Iterable[np.ndarray], search: Search, start: int) -> np.ndarray:
    """Logits without the start, and without what would repeat a run; `made` are (rows,) units of each step."""
    logits[:, start] = _NEVER
    if not search.no_repeat or not (steps := list(made)):
        return logits
    return sampling.forbid(logits, np.stack(steps, 1).tolist(), search.no_repeat)


def _normalizers(logits: np.ndarray) -> np.ndarray:
    """(rows, size) logits -> (rows,) what is subtracted to make them log-probabilities."""
    top = logits.max(1)
    return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(1)))


def _best(alive: _Alive, logits: np.ndarray, room: np.ndarray, beam: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of what each sentence's rows may write next the best, as many as it has room for: row, unit, total."""
    size = logits.shape[1]
    most = min(beam, size)
    units = np.argpartition(logits, size - most, axis=1)[:, size - most :]
    rows = np.arange(len(units))[:, None]
    totals = (alive.logp[:, None] + logits[rows, units] - _normalizers(logits)[:, None]).ravel()
    units = units.ravel()
    order = np.lexsort((units, -totals, np.repeat(alive.owner, most)))
    order = order[totals[order] > _NEVER / 2]
    whose = alive.owner[order // most]
    first = np.searchsorted(whose, whose)  # owners are sorted
    chosen = order[np.arange(len(order)) - first < room[whose]]
    return chosen // most, units[chosen], totals[chosen]


def _penalty(length: int | np.ndarray, search: Search) -> float | np.ndarray:
    return ((5 + length) / 6) ** search.length_penalty


def _ended(made: Sequence[int], total: float, search: Search, ended: bool = True) -> Hypothesis:
    score = float(total / _penalty(len(made) + ended, search))
    return Hypothesis(tuple(made), float(total), score, ended)


def _done(
    alive: _Alive, found: Sequence[Sequence[Hypothesis]], room: np.ndarray, length: int, longest: np.ndarray,
    search: Search,
) -> np.ndarray:  # fmt: skip
    """(n,) bool: no room is left, the end is reached, or nothing that goes on can become better than what ended."""
    done = (room < 1) | (length >= longest)
    hope = np.full(len(room), -np.inf)
    np.maximum.at(hope, alive.owner, alive.logp / _penalty(longest[alive.owner] + 1, search))
    for owner in map(int, np.flatnonzero(~done & (room < search.beam))):
        scores = sorted((one.score for one in found[owner]), reverse=True)
        if len(scores) >= search.alternatives and scores[search.alternatives - 1] >= hope[owner]:
            done[owner] = True
    return done


def _cut(
    alive: _Alive, found: Sequence[list[Hypothesis]], length: int, longest: np.ndarray, search: Search
) -> None:  # fmt: skip
    """What has reached its longest without an end is kept as it is, behind what ended."""
    for place in np.flatnonzero(length >= longest[alive.owner]):
        found[int(alive.owner[place])].append(
            _ended(alive.made[place].tolist(), alive.logp[place], search, ended=False)
        )


def sample(
    step: Step, longest: np.ndarray, how: Sampling, seeds: Sequence[Sequence[int]], start: int = 0, stop: int = 1
) -> list[Hypothesis]:
    """One target for each row, each unit drawn by its probability.

    Args:
        step: begins with a row for each.
        longest: (n,) int, units that may be written.
        how: temperature and the like; its own seed is not used.
        seeds: of each row: what stands beside it changes nothing.
        start: the unit that is read first, and never written.
        stop: the unit that ends a target.
    """
    streams = [np.random.default_rng(list(seed)) for seed in seeds]
    alive = _Alive(np.arange(len(longest)), np.empty((len(longest), 0), np.int64), np.zeros(len(longest)))
    found: dict[int, Hypothesis] = {}
    last = np.full(len(longest), start)
    while len(alive.owner):
        logits = _allowed(step(last), alive.made.T, Search(no_repeat=how.no_repeat), start)
        chances = np.array([streams[owner].random() for owner in alive.owner])
        unit = sampling.choose(sampling.probabilities(logits, how), chances)
        alive.logp = alive.logp + logits[np.arange(len(unit)), unit] - _normalizers(logits)
        goes = (unit != stop) & (alive.made.shape[1] + 1 < longest[alive.owner])
        for place in np.flatnonzero(~goes):
            ended = bool(unit[place] == stop)
            made = alive.made[place] if ended else np.append(alive.made[place], unit[place])
            found[int(alive.owner[place])] = Hypothesis(
                tuple(map(int, made)), float(alive.logp[place]), float(alive.logp[place]), ended
            )
        rows = np.flatnonzero(goes)
        made = np.concatenate([alive.made[rows], unit[rows, None]], 1)
        if len(rows) and len(rows) < len(alive.owner):
            step.keep(rows)
        alive, last = _Alive(alive.owner[rows], made, alive.logp[rows]), unit[rows]
    return [found[i] for i in range(len(longest))]
