"""What people look at: rows for the terminal, charts for the page."""

from __future__ import annotations

from typing import Any

from seqzoo import charts as draw
from seqzoo.report import curves, floor_of


def charts(report: dict[str, Any]) -> dict[str, Any]:
    """SVG charts by name, and where the bars start."""
    rows: list[Any] = [(report["recipe"], report["value"], tuple(report["interval"]), True)]
    rows += [(name, value, None, False) for name, value in report["baselines"].items()]
    start = floor_of([value for _, value, _, _ in rows])
    bins = [(row["confidence"], row["accuracy"]) for row in report["calibration"]]
    lengths = [(f"{r['from']}–{r['to']} words", r["accuracy"], None, True) for r in report["by length"]]
    return {
        "comparison": draw.bars(rows, start),
        "curves": curves(report),
        "calibration": draw.lines({"this model": bins}, "confidence", "accuracy", percent=True, diagonal=True),
        "lengths": draw.bars(lengths, floor_of([value for _, value, _, _ in lengths])),
        "start": start,
    }


def rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What the terminal shows besides the metric, the baselines and the training."""
    found = []
    abstention = report["abstention"]
    if abstention["label"]:
        found.append(
            (
                abstention["label"],
                f"below confidence {abstention['confidence']:.2f}: answers {abstention['coverage']:.1%} of texts, "
                f"wrong in {abstention['risk']:.1%} of those",
            )
        )
    if "speed" in report:
        speed = report["speed"]
        said = f"{speed['ms for one']:.1f} ms for one text, {speed['texts a second']:,.0f} texts a second"
        found.append(("speed", said))
    for pair in ("validation in train", "test in train"):
        if "split" in report:
            found.append((pair, ", ".join(f"{count} {what}" for what, count in report["split"][pair].items())))
    return found
