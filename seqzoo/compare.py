"""Several recipes on the same data, split and seeds: one table, one picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from seqzoo import judge, recipe
from seqzoo.corridor import Work, train
from seqzoo.errors import UserError
from seqzoo.judge import Metric, Scores
from seqzoo.recipe import Recipe
from seqzoo.report import JSON, Report
from seqzoo.tasks import open_room


@dataclass(frozen=True)
class Row:
    """A recipe (with parameters) or a baseline: the mean value over seeds, interval and p of seed 0."""

    name: str
    value: float
    interval: tuple[float, float]
    scores: Scores
    parameters: int | None = None
    seconds: float | None = None
    ms: float | None = None


def compare(
    names: Sequence[str], overrides: Sequence[str], seeds: int, out: Path, *, quiet: bool = False
) -> dict[str, JSON]:
    """Train each recipe with each seed into `out`, and write compare.html and compare.json there.

    The first recipe's [data] and epochs hold for all of them: one split, one budget. A run that `out` holds
    already, of the same resolved recipe and seed, is used again.

    Raises:
        UserError: fewer than two recipes, or recipes on different data.
    """
    if len(set(names)) < 2 or seeds < 1:
        raise UserError("a comparison needs two recipes and a seed", "seqzoo compare imdb-bilstm imdb-gru")
    first, *others = [recipe.load(name, overrides) for name in dict.fromkeys(names)]
    _check_comparable(first, others)
    chosen = [first, *(replace(one, data=first.data, fit=replace(one.fit, epochs=first.fit.epochs)) for one in others)]
    reports = {one.name: [_run(one, seed, out, quiet) for seed in range(seeds)] for one in chosen}
    result = _table(reports, open_room(first.task).metric)
    from seqzoo.page import html

    (out / "compare.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    (out / "compare.html").write_text(html.comparison(result), encoding="utf-8")
    return result


def _check_comparable(first: Recipe[Any, Any, Any], others: Sequence[Recipe[Any, Any, Any]]) -> None:
    if len({(one.task, one.data.dataset, one.data.path) for one in [first, *others]}) > 1:
        raise UserError("these recipes read different data; give all of them one file with --data FILE")
    for name in open_room(first.task).comparable:
        if len({getattr(one.codec, name) for one in [first, *others]}) > 1:
            said = getattr(first.codec, name)
            raise UserError(f"these recipes differ in codec.{name}", f"--set codec.{name}={said}")


def _run(chosen: Recipe[Any, Any, Any], seed: int, out: Path, quiet: bool) -> Report:
    folder = out / f"{chosen.name}-{seed}"
    known = folder / "recipe.toml"
    if known.is_file() and known.read_text(encoding="utf-8") == chosen.to_toml():
        return Report.load(folder)
    return train(chosen, folder, Work(seed, quiet=quiet))


def _table(reports: Mapping[str, Sequence[Report]], metric: Metric) -> dict[str, JSON]:
    """Rows from the best to the worst.

    A forecaster with a long window can be asked from fewer origins than one with a short window: the last ones, which
    all share, count.
    """
    first = next(iter(reports.values()))[0]
    rows = [
        Row(name, mean(one.value for one in found), found[0].interval, _scores(found[0]), found[0].parameters,
            mean(one.training_seconds for one in found), found[0].ms_for_one)
        for name, found in reports.items()
    ]  # fmt: skip
    rows += [Row(n, one.value, one.interval, first.baseline_scores[n]) for n, one in first.baselines.items()]
    shared = min(len(row.scores.statistics) for row in rows)
    rows = [_shortened(row, shared, metric) for row in rows]
    rows.sort(key=lambda row: row.value, reverse=metric.higher_is_better)
    return {
        "metric": metric.name,
        "kind": metric.kind,
        "data": first.data["name"],
        "n": first.n if len(_scores(first).statistics) == shared else shared,
        "seeds": len(reports[first.recipe]),
        "rows": [_cells(row, rows[0], metric) for row in rows],
    }


def _scores(report: Report) -> Scores:
    if report.scores is None:
        raise UserError(f"{report.recipe}: its report holds no scores to compare; train it again")
    return report.scores


def _shortened(row: Row, shared: int, metric: Metric) -> Row:
    if len(row.scores.statistics) == shared:
        return row
    sums = row.scores.statistics[-shared:]
    last = replace(row.scores, statistics=sums, groups=np.arange(shared))
    return replace(row, scores=last, value=judge.value(last, metric))


def _cells(row: Row, best: Row, metric: Metric) -> dict[str, JSON]:
    p = None if row is best else judge.paired_p(best.scores, row.scores, metric)
    return {"name": row.name, "parameters": row.parameters, "value": row.value, "interval": list(row.interval),
            "seconds": row.seconds, "ms": row.ms, "p": p}  # fmt: skip
