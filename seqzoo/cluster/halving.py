"""Which trials are stopped early: successive halving, asynchronous, so that nobody waits for anybody.

Source: Li et al. 2020, A system for massively parallel hyperparameter tuning (ASHA).
"""

from __future__ import annotations

_KEPT = 3  # of so many trials that reach a rung, one goes on


class Halving:
    """Rungs at epochs that grow threefold: who reaches one goes on if it is in the best third of all who have.

    Args:
        epochs: of a whole training: rungs lie at a ninth and a third of it, or thereabouts.
    """

    def __init__(self, epochs: int) -> None:
        self.reached: dict[int, dict[int, float]] = {}
        rung = max(1, epochs // _KEPT**2)
        while 2 * rung <= epochs:
            self.reached[rung] = {}
            rung *= _KEPT

    def stops(self, trial: int, epoch: int, loss: float) -> bool:
        """Whether a trial ends at this epoch, its lowest validation loss being `loss`.

        The first few at a rung go on: nothing is known yet of what can be reached.
        """
        if epoch not in self.reached:
            return False
        here = self.reached[epoch]
        here[trial] = loss
        if len(here) < _KEPT:
            return False
        return sorted(here.values()).index(loss) >= max(1, len(here) // _KEPT)
