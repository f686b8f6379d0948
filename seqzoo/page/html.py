"""A report as one self-contained page: nothing is fetched, and without script only the zoom of timelines is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from seqzoo.page import charts, compared, rows, tables, words
from seqzoo.page.text import number
from seqzoo.report import JSON, Figure, Report, Section, Table, Text

FILE = "report.html"


class Tile(NamedTuple):
    """A number in large type, what it is, and more of it in small type."""

    value: str
    name: str
    more: str = ""


class Facts(NamedTuple):
    """A small table of names and values."""

    title: str
    rows: Sequence[tuple[str, str]]


def page(report: Report, sizes: Mapping[str, int]) -> str:
    """Render a report, whatever its room; `sizes` are the bundle's files in bytes."""
    return rendered(
        "report.html.jinja",
        title=report.recipe,
        report=report,
        about=_about(report),
        lead=words.lead(report),
        tiles=_tiles(report),
        baselines=_baselines(report),
        sections=[*_curves(report.history), *(one for one in report.sections if not tables.small(one))],
        small=[one for one in report.sections if tables.small(one)],
        zoomable=_zoomable(report.sections),
        details=[facts for facts in _details(report, sizes) if facts.rows],
    )


def alone(figure: Figure) -> str:
    """A page of one figure: what a notebook shows in a frame."""
    return rendered("figure.html.jinja", title=figure.title, figure=figure, zoomable=_zoomable([figure]))


def _zoomable(sections: Sequence[Section]) -> bool:
    return any(kind_of(section) == "timeline" for section in sections)


def comparison(result: Mapping[str, JSON]) -> str:
    """Render a comparison: one picture and one table."""
    told = cast(compared.Compared, result)
    bars: list[rows.Bar] = [
        {"name": row["name"], "value": row["value"], "interval": row["interval"], "ours": row["parameters"] is not None}
        for row in told["rows"]
    ]
    values = [row["value"] for row in told["rows"]]
    near = [bar for bar, v in zip(bars, values, strict=True) if abs(v - values[0]) < rows.CLOSE * max(map(abs, values))]
    return rendered(
        "compare.html.jinja",
        title=f"Comparison on {told['data']}",
        told=told,
        zoomable=False,
        picture=rows.bars({"rows": bars, "kind": told["kind"]}),
        near=rows.bars({"rows": near, "kind": told["kind"]}) if 1 < len(near) < len(bars) else "",
        table=Table("", compared.columns(told), compared.cells(told)),
    )


def rendered(template: str, **values: object) -> str:
    """Fill in one of the package's templates."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("seqzoo", "page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.globals |= {"draw": charts.draw, "aligned": tables.aligned, "kind_of": kind_of, "dated": words.dated}
    return environment.get_template(template).render(**values)


def escaped(text: str) -> str:
    """A text as it stands in the page."""
    from jinja2 import Template

    return str(Template("{{ text|e }}").render(text=text))


def kind_of(section: Section) -> str:
    """Which part of the template shows a section."""
    return "text" if isinstance(section, Text) else "table" if isinstance(section, Table) else section.kind


def _about(report: Report) -> list[str]:
    """Where it comes from, in a line."""
    seed = f"seed {report.seed}" if report.created else ""
    name = report.data.get("name")
    data = f"data: {name}" if name else ""
    return [
        text for text in (report.title, report.source, report.architecture, data, seed, report.created[:10]) if text
    ]


def _tiles(report: Report) -> list[Tile]:
    interval = f"95 % interval {compared.between(report.interval, report.kind)}"
    found = [Tile(number(report.value, report.kind), f"{words.measure(report)}, n = {report.n:,}", interval)]
    if report.verdict:
        found.append(Tile(number(report.verdict.theirs, report.kind), "best baseline", report.verdict.baseline))
    if report.claim:
        found.append(Tile(report.claim, "what the source claims"))
    if report.parameters:
        found.append(Tile(f"{report.parameters:,}", "parameters"))
    if report.training_seconds:
        epochs = f"training, {len(report.history)} epoch{'s' * (len(report.history) != 1)}"
        found.append(Tile(words.duration(report.training_seconds), epochs, report.machine))
    if report.ms_for_one is not None:
        found.append(Tile(words.milliseconds(report.ms_for_one), "for one answer"))
    return found


class Baselines(NamedTuple):
    """Pictures beside the baselines, either of them empty, and what to say of them."""

    bars: str
    differences: str
    note: str


def _baselines(report: Report) -> Baselines | None:
    """Bars; where a baseline is so close that bars hide it, the difference with its interval."""
    if not report.baselines:
        return None
    values = [report.value, *(one.value for one in report.baselines.values())]
    longest = max(map(abs, values)) or 1.0
    close = [
        rows.Difference(name, one.difference, words.paired(report, name))
        for name, one in report.baselines.items()
        if abs(one.difference) < rows.CLOSE * longest
    ]
    bars: list[rows.Bar] = [{"name": report.name, "value": report.value, "interval": report.interval, "ours": True}]
    bars += [{"name": n, "value": one.value, "interval": one.interval} for n, one in report.baselines.items()]
    better = 1 if report.higher_is_better else -1
    unit = "points" if report.kind == "share" else words.measure(report)
    side = ", to the right is better" if report.higher_is_better else ", to the left is better"
    return Baselines(
        "" if len(close) == len(report.baselines) else rows.bars({"rows": bars, "kind": report.kind}),
        rows.differences(close, report.kind, better),
        f"{report.name} minus each baseline in {unit}{side}",
    )


def _curves(history: Sequence[Mapping[str, float]]) -> list[Figure]:
    """The loss by epoch, and each metric that was followed beside it."""
    names = [name for name in history[0] if f"val_{name}" in history[0]] if history else []
    return [Figure(f"Learning curves: {name}", "lines", _curve(name, history), _best(name, history))
            for name in sorted(names, key=lambda name: name != "loss")]  # fmt: skip


def _curve(name: str, history: Sequence[Mapping[str, float]]) -> dict[str, JSON]:
    lines = {
        title: [[row["epoch"], row[key]] for row in history if key in row]
        for title, key in (("training", name), ("validation", f"val_{name}"))
    }
    return {"lines": lines, "x": "epoch", "y": name, "whole": True, "percent": name == "accuracy"}


def _best(name: str, history: Sequence[Mapping[str, float]]) -> str:
    if name != "loss":
        return ""
    best = min(history, key=lambda row: row["val_loss"])
    return f"The validation loss was lowest after epoch {best['epoch']:.0f}: {number(best['val_loss'])}."


def _details(report: Report, sizes: Mapping[str, int]) -> list[Facts]:
    """Everything else, as small tables."""
    values = report.metrics.items()
    metrics = [(name, number(v, report.kind if name == report.metric else "number")) for name, v in values]
    if report.onnx_difference:
        metrics.append(("ONNX against Keras, largest difference", f"{report.onnx_difference:.1e}"))
    if report.total_seconds:
        metrics.append(("the whole run", words.duration(report.total_seconds)))
    return [
        Facts("Numbers", metrics),
        Facts("Facts", [(name, words.dated(text)) for name, text in report.facts.items()]),
        Facts(f"Parts, {report.items}", [(name, f"{count:,}") for name, count in report.counts.items()]),
        Facts("Data", [(name, words.plain(value)) for name, value in report.data.items()]),
        Facts("Bundle", [(name, words.size(count)) for name, count in sizes.items()]),
    ]
