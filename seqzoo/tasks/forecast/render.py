"""What people look at: rows for the terminal, charts for the page."""

from __future__ import annotations

from functools import partial
from typing import Any

from seqzoo import charts as draw
from seqzoo.report import curves, shown


def charts(report: dict[str, Any]) -> dict[str, Any]:
    """SVG charts by name."""
    ahead = range(1, len(report["by step"]) + 1)
    nearest = sorted(report["baselines"], key=lambda name: float(report["baselines"][name]))[:3]
    lines = {report["recipe"]: report["by step"], **{name: report["baselines by step"][name] for name in nearest}}
    steps = {name: list(zip(map(float, ahead), values, strict=True)) for name, values in lines.items()}
    rows: list[Any] = [(report["recipe"], report["value"], tuple(report["interval"]), True)]
    rows += [(n, v, tuple(report["baseline intervals"][n]), False) for n, v in report["baselines"].items()]
    return {
        "comparison": draw.bars(rows, 0.0, partial(shown, report["metric"])),
        "example": _example(report),
        "curves": curves(report),
        "steps": draw.lines(steps, "steps ahead", "MAE", whole=True) if len(ahead) > 1 else "",
    }


def _example(report: dict[str, Any]) -> str:
    example = report["example"]
    before = example["before"][-max(30, 2 * len(example["came"])) :]
    came = [(float(i - len(before) + 1), value) for i, value in enumerate([*before, *example["came"]])]
    now = (0.0, before[-1])

    def column(number: int) -> list[tuple[float, float]]:
        return [now, *((float(h), row[number]) for h, row in enumerate(example["columns"], start=1))]

    bands = [(column(1 + 2 * i), column(2 + 2 * i)) for i in range(len(report["intervals"]))]
    drawn = {"forecast": column(0), "what came": came}
    return draw.lines(drawn, "steps from the origin", report["target"], whole=True, bands=bands)


def rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What the terminal shows besides the metric, the baselines and the training."""
    found = [
        (f"{row['level']:.0%} interval", f"holds {row['coverage']:.1%} of what came, {row['width']:,.4g} wide")
        for row in report["intervals"]
    ]
    if report["trust"] < 1:
        found.append(("trusted", f"{report['trust']:.0%} of the network's returns, as validation says"))
    if "free run" in report:
        run = report["free run"]
        said = f"{run['ours']:.2%} of the amplitude off over {run['steps']} steps; AR(2) {run['AR(2)']:.2%}"
        found.append(("fed back to itself", said))
    if "speed" in report:
        found.append(("speed", f"{report['speed']['ms for one']:.1f} ms for one forecast"))
    return found
