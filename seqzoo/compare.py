"""Several recipes on the same data, split and seeds: one table, one picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

from seqzoo import recipe, runs
from seqzoo.errors import UserError
from seqzoo.tasks import open_room

HIGHER_IS_BETTER = ("accuracy",)


def compare(
    names: Sequence[str], overrides: Sequence[str], seeds: int, out: Path, *, quiet: bool = False
) -> dict[str, Any]:
    """Train each recipe with each seed into `out`, and write compare.html and compare.json there.

    The first recipe's [data] and epochs hold for all of them: one split, one budget. A run that `out` holds
    already, of the same resolved recipe and seed, is used again.

    Raises:
        UserError: fewer than two recipes, or recipes on different data.
    """
    if len(set(names)) < 2 or seeds < 1:
        raise UserError("a comparison needs two recipes and a seed", "seqzoo compare imdb-bilstm imdb-gru")
    first, *others = [recipe.load(name, overrides) for name in dict.fromkeys(names)]
    if len({(one.task, one.data.dataset, one.data.path) for one in [first, *others]}) > 1:
        raise UserError("these recipes read different data; give all of them one file with --data FILE")
    if len({getattr(one.codec, "horizon", 0) for one in [first, *others]}) > 1:
        raise UserError("these recipes look differently far ahead", f"--set codec.horizon={first.codec.horizon}")
    chosen = [first, *(replace(one, data=first.data, fit=replace(one.fit, epochs=first.fit.epochs)) for one in others)]
    reports = {one.name: [_run(one, seed, out, quiet) for seed in range(seeds)] for one in chosen}
    result = _table(reports, seeds)
    from seqzoo.report import comparison_html

    (out / "compare.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    (out / "compare.html").write_text(comparison_html(result), encoding="utf-8")
    return result


def _run(chosen: recipe.Recipe, seed: int, out: Path, quiet: bool) -> dict[str, Any]:
    folder = out / f"{chosen.name}-{seed}"
    known = folder / "recipe.toml"
    if known.is_file() and known.read_text(encoding="utf-8") == chosen.to_toml():
        return dict(json.loads((folder / "report.json").read_text(encoding="utf-8")))
    return runs.train(chosen, folder, seed=seed, quiet=quiet)


def _table(reports: dict[str, list[dict[str, Any]]], seeds: int) -> dict[str, Any]:
    """Rows from the best to the worst; the value is the mean over seeds, interval and p those of seed 0.

    A forecaster with a long window can be asked from fewer origins than one with a short window: the last ones, which
    all share, count.
    """
    first = next(iter(reports.values()))[0]
    shared = min(len(report["scores"]) for found in reports.values() for report in found)

    def fair(value: float, scores: Sequence[float]) -> float:
        return value if len(scores) == shared else mean(scores[-shared:])

    rows = [
        {
            "name": name,
            "parameters": found[0]["parameters"],
            "value": mean(fair(report["value"], report["scores"]) for report in found),
            "interval": found[0]["interval"],
            "seconds": mean(report["training seconds"] for report in found),
            "ms": found[0]["speed"]["ms for one"],
            "scores": found[0]["scores"],
        }
        for name, found in reports.items()
    ]
    rows += [
        {
            "name": name,
            "parameters": None,
            "value": fair(value, first["baseline scores"][name]),
            "interval": first["baseline intervals"][name],
            "seconds": None,
            "ms": None,
            "scores": first["baseline scores"][name],
        }
        for name, value in first["baselines"].items()
    ]
    rows.sort(key=lambda row: row["value"], reverse=first["metric"] in HIGHER_IS_BETTER)
    best = rows[0]["scores"][-shared:]
    for row in rows:
        scores = row.pop("scores")[-shared:]
        row["p"] = open_room(first["task"]).paired_p(best, scores, first) if row is not rows[0] else None
    return {
        "metric": first["metric"],
        "data": first["data"]["name"],
        "n": first["n"] if len(first["scores"]) == shared else shared,
        "seeds": seeds,
        "rows": rows,
    }
