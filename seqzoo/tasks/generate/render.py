"""What people look at: rows for the terminal, charts for the page."""

from __future__ import annotations

from functools import partial
from typing import Any

from seqzoo import charts as draw
from seqzoo.report import curves, shown


def charts(report: dict[str, Any]) -> dict[str, Any]:
    """SVG charts by name."""
    rows: list[Any] = [(report["recipe"], report["value"], tuple(report["interval"]), True)]
    rows += [(n, v, tuple(report["baseline intervals"][n]), False) for n, v in report["baselines"].items()]
    return {"comparison": draw.bars(rows, 0.0, partial(shown, report["metric"])), "curves": curves(report)}


def rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What the terminal shows besides the metric, the baselines and the training."""
    found = []
    if report["unknown"]:
        found.append(("unknown", f"{report['unknown']:,} {report['unit']}s that training never saw"))
    if "compressor" in report:
        found.append(
            (
                "xz -9",
                "{alone:.2f} bits a byte alone, {after training:.2f} after training".format(**report["compressor"]),
            )
        )
    for name in ("most surprising", "least surprising"):
        found += [(f"{name} line", f"{nats:.2f} nats: {line[:60]}") for line, nats in report["lines"][name][:2]]
    found += [(f"{one['word']}?", f"{one['text'][:80]}  {_guessed(one)}") for one in report.get("fills", [])[:4]]
    if report.get("samples"):
        longest = max(report["samples"], key=lambda sample: int(sample["by heart"]))
        said = f"at most {longest['by heart']} characters in a row, at temperature {longest['temperature']:g}"
        found.append(("learnt by heart", said))
    if "units a second" in report.get("speed", {}):
        speed = report["speed"]
        both = f"{speed['units a second']:,.0f} and {speed['units a second, 32 texts']:,.0f}"
        found.append(("speed", f"{both} {report['unit']}s a second, one text and 32"))
    return found


def _guessed(one: dict[str, Any]) -> str:
    return ", ".join(f"{word} {p:.0%}" for word, p in one["guesses"])
