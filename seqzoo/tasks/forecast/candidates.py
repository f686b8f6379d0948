"""Who might answer, who does, and how all of them fared: overall, by step ahead, and by period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqzoo.page.text import number
from seqzoo.report import JSON, Figure, Section, Table
from seqzoo.tasks.forecast.answering import BEST
from seqzoo.tasks.forecast.figures import Backtest
from seqzoo.tasks.forecast.panel import Panel
from seqzoo.tasks.forecast.predict import Forecaster
from seqzoo.tasks.forecast.simple import LAST, SEASONAL
from seqzoo.tasks.forecast.stages import NETWORK
from seqzoo.tasks.forecast.steps import time_text
from seqzoo.tasks.forecast.windows import EncodedPanel

Guesses = Mapping[str, np.ndarray]  # (n, horizon) forecasts by name
_NEAREST = 3  # lines drawn beside ours


@dataclass(frozen=True)
class Candidate:
    """One that might answer.

    Attributes:
        name: "theta"; told: what is special about it.
        validation: its mean absolute error there, out of sample; None: it was not asked.
        test: the same on the test part; None: on other data it was not asked.
        weight: how much it has to say in the next forecast, 0 to 1.
    """

    name: str
    told: str
    validation: float | None
    test: float | None
    weight: float


def candidates(forecaster: Forecaster, encoded: EncodedPanel, guesses: Guesses, actual: np.ndarray) -> list[Candidate]:
    """All of them, the one with the most to say first."""
    stage = forecaster.stages[0]
    used = forecaster.how.used(stage)
    seen = dict(zip(used, stage.memory.errors.mean(0).tolist(), strict=True)) if len(stage.memory.errors) else {}
    weights = forecaster.how.weights(forecaster.last, encoded.series)
    found = []
    for name in forecaster.last.names:
        told = "as the recipe has it" if name == NETWORK else forecaster.last.simple[name].told
        error = float(np.abs(guesses[name] - actual).mean()) if name in guesses else None
        found.append(Candidate(name, told, seen.get(name), error, weights.get(name, 0.0)))
    return sorted(found, key=lambda one: (-one.weight, one.validation or 0.0, one.test or 0.0))


def who(found: Sequence[Candidate], forecaster: Forecaster) -> str:
    """Who answers, and why, in one line."""
    if forecaster.how.answer != BEST:
        return f"{forecaster.how.answer} alone, as was asked"
    speaking = [f"{one.name} {one.weight:.0%}" for one in found if one.weight >= 0.01]
    why = "weighted by how near each has been lately, on data that it had not seen"
    if found[0].name == LAST and found[0].weight > 0.99:
        why = "nothing leads it by more than chance allows"
    return f"{', '.join(speaking[:4])}{' ...' if len(speaking) > 4 else ''}: {why}"


def table(found: Sequence[Candidate]) -> Table:
    """Candidates with their errors and weights."""

    def cell(value: float | None) -> str:
        return "" if value is None else number(value)

    rows = [(one.name, one.told, cell(one.validation), cell(one.test), f"{one.weight:.0%}") for one in found]
    note = "Weights are those of the next forecast. Each error is of forecasts of what came later."
    return Table("Who answers", ("", "", "MAE on validation", "MAE on test", "weight"), rows, note, wide=True)


# --- by step and by period ---------------------------------------------------------------------------


def by_step(name: str, tested: Backtest, guesses: Guesses) -> Iterator[Section]:
    """Errors at each step ahead beside the nearest others, and the skill; nothing where there is one step only."""
    ours, others = tested.error_by_step(tested.values), {n: tested.error_by_step(g) for n, g in guesses.items()}
    if len(ours) == 1:
        return
    nearest = sorted(others, key=lambda other: float(np.mean(others[other])))[:_NEAREST]
    shown = {name: ours, **{other: others[other] for other in nearest}}
    lines: dict[str, JSON] = {
        label: [[step, error] for step, error in enumerate(errors, start=1)] for label, errors in shown.items()
    }
    yield Figure("Error by steps ahead", "lines", {"lines": lines, "x": "steps ahead", "y": "MAE", "whole": True})
    naive = naive_of(guesses)
    skill: dict[str, JSON] = {
        label: [[step, 1 - mine / theirs if theirs else 0.0]
                for step, (mine, theirs) in enumerate(zip(errors, others[naive], strict=True), start=1)]
        for label, errors in shown.items() if label != naive
    }  # fmt: skip
    note = "The share of that forecast's error that is gone: 0 is no better, 1 is perfect."
    data: dict[str, JSON] = {"lines": skill, "x": "steps ahead", "y": "skill", "whole": True}
    yield Figure(f"Skill against {naive}, by steps ahead", "lines", data, note)


def naive_of(guesses: Guesses) -> str:
    """The seasonal naive forecast; the last value where there is no season."""
    return next((name for name in guesses if name.startswith(SEASONAL)), LAST)


@dataclass(frozen=True)
class Period:
    """A part of the test part.

    Attributes:
        since: its first moment; n: forecasts.
        ours, best: mean absolute errors, ours and of the best simple forecast, which is named `baseline`.
        once: ours, had nothing been fitted anew since the first of them; None: nothing was.
        skill: against the seasonal naive forecast.
        coverage: of each level.
    """

    since: str
    n: int
    ours: float
    once: float | None
    best: float
    baseline: str
    skill: float
    coverage: tuple[float, ...]


def periods(
    tested: Backtest, guesses: Guesses, cuts: Sequence[np.datetime64], panel: Panel, once: np.ndarray | None
) -> list[Period]:
    """Each of them; the baseline is the one that is best over the whole test part.

    `once`: (n, horizon) what would have been said, had nothing been fitted anew.
    """
    error = {name: np.abs(values - tested.actual).mean(1) for name, values in guesses.items() if name != NETWORK}
    baseline = min(error, key=lambda name: float(error[name].mean()))
    ours, naive = np.abs(tested.values - tested.actual).mean(1), error[naive_of(guesses)]
    number_of = np.searchsorted(np.array(cuts), tested.encoded.times(tested.at), side="right") - 1
    found = []
    for i, cut in enumerate(cuts):
        mine = np.flatnonzero(np.maximum(number_of, 0) == i)
        if not len(mine):
            continue
        held = tuple(row["coverage"] for row in tested.take(mine).coverage)
        mean = [float(one[mine].mean()) for one in (ours, error[baseline], naive)]
        kept = None if once is None else float(np.abs(once[mine] - tested.actual[mine]).mean())
        skill = 1 - mean[0] / mean[2] if mean[2] else 0.0
        found.append(Period(time_text(cut, panel.step), len(mine), mean[0], kept, mean[1], baseline, skill, held))
    return found


def by_period(found: Sequence[Period], levels: Sequence[float]) -> Iterator[Section]:
    """The periods, and their spread; nothing where there is one only."""
    if len(found) < 2:
        return

    def cell(value: float | None) -> str:
        return "" if value is None else number(value)

    change = [one.ours / one.best - 1 if one.best else 0.0 for one in found]
    rows = [
        (one.since, f"{one.n:,}", number(one.ours), cell(one.once), number(one.best), f"{100 * more:+.1f} %",
         f"{one.skill:.1%}", *(f"{held:.1%}" for held in one.coverage))
        for one, more in zip(found, change, strict=True)
    ]  # fmt: skip
    skills, held = [one.skill for one in found], np.array([one.coverage for one in found])
    ends = zip(held.min(0), held.max(0), strict=True)
    rows.append(
        ("spread", "", "", "", "", f"{100 * min(change):+.1f} to {100 * max(change):+.1f} %",
         f"{min(skills):.1%} to {max(skills):.1%}", *(f"{low:.1%} to {high:.1%}" for low, high in ends))
    )  # fmt: skip
    columns = ["from", "forecasts", "MAE", "without refit", found[0].baseline, "difference", "skill",
               *(f"{level:.0%} held" for level in levels)]  # fmt: skip
    note = "Before each, all was fitted anew on everything before it."
    if found[0].once is None:
        note = "All were judged as fitted before the first."
        columns, rows = [*columns[:3], *columns[4:]], [(*row[:3], *row[4:]) for row in rows]
    yield Table("By period", columns, rows, note, wide=True)
