"""A report as one self-contained HTML page: no script, nothing fetched."""

from __future__ import annotations

from functools import partial
from typing import Any

from seqzoo import charts


def _page(template: str, **values: Any) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("seqzoo", ".")
    environment = Environment(loader=loader, autoescape=lambda name: True, undefined=StrictUndefined)
    return environment.get_template(template).render(**values)


def to_html(report: dict[str, Any], sizes: dict[str, int]) -> str:
    """Render a training report with its room's template; `sizes` are the bundle's files in bytes."""
    from importlib import import_module

    from markupsafe import Markup

    task = report["task"]
    drawn = import_module(f"seqzoo.tasks.{task}.render").charts(report)
    pictures = {name: Markup(value) if isinstance(value, str) else value for name, value in drawn.items()}
    template = f"tasks/{task}/report.html.jinja"
    return _page(template, title=report["recipe"], r=report, sizes=sizes, charts=pictures, shown=shown)


def shown(metric: str, value: float) -> str:
    """A value as people read it: shares as percent, others with four digits and no exponent for thousands."""
    if metric == "accuracy":
        return f"{value:.2%}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e12 else f"{value:,.4g}"


def curves(report: dict[str, Any]) -> str:
    """The learning curves, as SVG."""
    lines = {
        "training loss": [(row["epoch"], row["loss"]) for row in report["history"]],
        "validation loss": [(row["epoch"], row["val_loss"]) for row in report["history"]],
    }
    return charts.lines(lines, "epoch", "loss", whole=True)


def comparison_html(comparison: dict[str, Any]) -> str:
    """Render a comparison: one picture and one table."""
    from markupsafe import Markup

    rows = [(r["name"], r["value"], tuple(r["interval"]), bool(r["parameters"])) for r in comparison["rows"]]
    metric = comparison["metric"]
    start = floor_of([value for _, value, _, _ in rows]) if metric == "accuracy" else 0.0
    chart = Markup(charts.bars(rows, start, partial(shown, metric)))
    title = "Comparison on " + comparison["data"]
    return _page("compare.html.jinja", title=title, c=comparison, chart=chart, shown=shown)


def floor_of(values: list[float]) -> float:
    """Where bars of shares begin: a round number below the smallest, so that differences can be seen."""
    return max(0.0, int((min(values) - 0.05) * 10) / 10)
