"""A report as one self-contained HTML page: no script, nothing fetched."""

from __future__ import annotations

from typing import Any

from seqzoo import charts


def _page(template: str, **values: Any) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("seqzoo", ".")
    environment = Environment(loader=loader, autoescape=lambda name: True, undefined=StrictUndefined)
    return environment.get_template(template).render(**values)


def to_html(report: dict[str, Any], sizes: dict[str, int]) -> str:
    """Render a training report; `sizes` are the bundle's files in bytes."""
    from markupsafe import Markup

    curves = {
        "training loss": [(row["epoch"], row["loss"]) for row in report["history"]],
        "validation loss": [(row["epoch"], row["val_loss"]) for row in report["history"]],
    }
    rows: list[Any] = [(report["recipe"], report["value"], tuple(report["interval"]), True)]
    rows += [(name, value, None, False) for name, value in report["baselines"].items()]
    start = _start([value for _, value, _, _ in rows])
    bins = [(row["confidence"], row["accuracy"]) for row in report["calibration"]]
    lengths = [(f"{r['from']}–{r['to']} words", r["accuracy"], None, True) for r in report["by length"]]
    drawn = {
        "comparison": charts.bars(rows, start),
        "curves": charts.lines(curves, "epoch", "loss", whole=True),
        "calibration": charts.lines({"this model": bins}, "confidence", "accuracy", percent=True, diagonal=True),
        "lengths": charts.bars(lengths, _start([value for _, value, _, _ in lengths])),
    }
    pictures: dict[str, Any] = {name: Markup(svg) for name, svg in drawn.items()}
    return _page("run.html.jinja", title=report["recipe"], r=report, sizes=sizes, charts={**pictures, "start": start})


def comparison_html(comparison: dict[str, Any]) -> str:
    """Render a comparison: one picture and one table."""
    from markupsafe import Markup

    rows = [(r["name"], r["value"], tuple(r["interval"]), bool(r["parameters"])) for r in comparison["rows"]]
    chart = Markup(charts.bars(rows, _start([value for _, value, _, _ in rows])))
    title = "Comparison on " + comparison["data"]
    return _page("compare.html.jinja", title=title, c=comparison, chart=chart)


def _start(values: list[float]) -> float:
    """Where bars of shares begin: a round number below the smallest, so that differences can be seen."""
    return max(0.0, int((min(values) - 0.05) * 10) / 10)
