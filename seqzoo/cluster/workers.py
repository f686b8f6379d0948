"""Training whose batches are shared out to processes, here or on other machines.

The network, its optimizer, checkpoints and the validation stay where the command was typed. For each step workers are
sent the weights and their rows, and send back sums (`seqzoo.fitting.shared`). They remember nothing, so that a worker
that is killed is started again by Ray, asked again, and nothing is lost or done twice.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.cluster import connect
from seqzoo.recipe import NONE, Recipe
from seqzoo.room import Batch, Share, Sums

if TYPE_CHECKING:
    from seqzoo.fitting.shared import Part

_LIVES = 20  # how often a worker is started again


@contextmanager
def team(recipe: Recipe[Any, Any, Any], seed: int, workers: int | None, address: str | None) -> Iterator[Share | None]:
    """Workers for a training, for as long as it lasts: what computes a batch's sums; None if there is no need.

    Raises:
        UserError: no Ray, no cluster, or too few cores.
    """
    if (workers is None and address is None) or recipe.architecture == NONE:
        yield None
        return
    with connect.connected("seqzoo train --workers", workers, address) as count:
        import ray

        kind = ray.remote(num_cpus=1, num_gpus=connect.gpus(count), max_restarts=_LIVES, max_task_retries=_LIVES)
        told = (os.getcwd(), recipe.to_toml(), recipe.name, seed, count)
        members = [kind(Worker).remote(*told, number) for number in range(count)]
        for member in members:
            member.open.remote()
        yield _shared(members)


def _shared(members: Sequence[Any]) -> Share:
    """Share each batch out to the members; what they left of an epoch's states is kept for their next rows."""
    import ray

    left: list[Any] = []

    def share(weights: Sequence[np.ndarray], batch: Batch, step: int, begins: bool) -> Sums:
        from seqzoo.fitting import shared  # not before the data were read: see `corridor.walk`

        sent, parts = ray.put(list(weights)), shared.split(batch, len(members))
        before = [[]] * len(parts) if begins else list(left)
        answers = [
            member.sums.options(num_returns=2).remote(sent, part, [step, number], states)
            for number, (member, part, states) in enumerate(zip(members, parts, before, strict=False))
        ]
        left[:] = [states for _, states in answers]
        return shared.merged(connect.asked([sums for sums, _ in answers]))

    return share


class Worker:
    """One process of the team, number `number` of `count`: opens the recipe's data for its loss, and computes."""

    def __init__(self, folder: str, toml: str, name: str, seed: int, count: int, number: int) -> None:
        self.told, self.share = (folder, toml, name, seed), (count, number)
        self.part: Part | None = None

    def open(self) -> Part:
        """The copy of the network, made when it is first asked for."""
        if self.part is None:
            self.part = self._opened(*self.told)
        return self.part

    def _opened(self, folder: str, toml: str, name: str, seed: int) -> Part:
        from seqzoo import learning, recipe

        connect.stand(folder)
        model, training = learning.prepared(recipe.parse(tomllib.loads(toml), name), seed)
        training.initialise(model)  # it may set what is no weight: mean and deviation of sounds

        from seqzoo.fitting.fit import stateful_twin
        from seqzoo.fitting.shared import Part, rows_of

        if training.train.carried:
            model = stateful_twin(model, rows_of(training.train.rows, *self.share))
        return Part(model, training)

    def sums(
        self, weights: Sequence[np.ndarray], batch: Batch, draw: Sequence[int], states: list[np.ndarray]
    ) -> tuple[Sums, list[np.ndarray]]:
        """See `Part.sums`."""
        return self.open().sums(weights, batch, draw, states)
