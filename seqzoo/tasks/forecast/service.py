"""`POST /forecast`: a table of a series in, what comes next out, with calibrated intervals."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, Field

from seqzoo.serve.service import JSON, Question, Service
from seqzoo.tasks.forecast import data, finding
from seqzoo.tasks.forecast.options import DataOptions
from seqzoo.tasks.forecast.panel import Panel
from seqzoo.tasks.forecast.predict import Forecaster
from seqzoo.tasks.forecast.steps import time_text

_OBSERVED = 200  # steps that come back with a forecast
_SERIES = 20


class Table(Question):
    """A table with a column of times and the columns that the model was trained on."""

    csv: str = Field(min_length=1, max_length=2_000_000, description="The text of a CSV file, header first.")
    time: str = Field("", max_length=200, description="The column of times; empty: the only one that looks like it.")
    target: str = Field("", max_length=200, description="The column to forecast; empty: the one of the training.")
    series: str = Field("", max_length=200, description="The column that names the series, where there are many.")
    joint: bool = Field(False, description="Intervals hold whole paths, not each step by itself.")


class Ahead(BaseModel):
    """One series: its newest observed steps, and what comes next.

    A row of `forecast` holds "time", "forecast", and the ends of each interval: "80% low", "80% high".
    """

    series: str
    times: list[str]
    observed: list[float | None]
    forecast: list[dict[str, str | float]]


class Forecasts(BaseModel):
    """Each series of the table, of twenty at most, and what was mended of its time axis."""

    target: str
    step: str
    series: list[Ahead]
    mended: list[str]


def _answer(forecaster: Forecaster, questions: Sequence[Table]) -> list[JSON]:
    return [_forecast(forecaster, question) for question in questions]


def _forecast(forecaster: Forecaster, question: Table) -> JSON:
    panel, mended = _panel(forecaster, question)
    ahead = {one.series: one for one in forecaster.predict(panel, question.joint)}
    shown = []
    for series in panel.series[:_SERIES]:
        end = series.observed
        begin = max(0, end - _OBSERVED)
        rows = finding.rows([ahead[series.name]])
        shown.append({
            "series": series.name,
            "times": [time_text(time, panel.step) for time in series.times[begin:end]],
            "observed": [None if value != value else float(value) for value in series.target[begin:end]],
            "forecast": [
                row | {"time": time_text(np.datetime64(str(row["time"])), panel.step)}
                for row in rows
            ],
        })  # fmt: skip
    return {"target": panel.target, "step": panel.step, "series": shown, "mended": mended}


def _panel(forecaster: Forecaster, question: Table) -> tuple[Panel, list[str]]:
    """The table, checked as a file of one's own is."""
    codec = forecaster.codec
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(question.csv, encoding="utf-8")
        options = DataOptions(
            path=str(path), time=question.time, target=question.target or codec.target_name, known=codec.known,
            past=codec.past, series=question.series, mend=("sort", "few"),
        )  # fmt: skip
        panel, facts = data.panel_of(options)
    mended = facts["mended"]
    return panel, [str(line) for line in mended] if isinstance(mended, list) else []


def _about(forecaster: Forecaster) -> JSON:
    codec = forecaster.codec
    return {"target": codec.target_name, "columns": [*codec.known, *codec.past], "step": codec.step,
            "horizon": codec.horizon, "levels": list(forecaster.levels)}  # fmt: skip


EXAMPLE = {"csv": "time,value\n" + "".join(f"2024-01-{day:02},{20 + day % 7}\n" for day in range(1, 32))}
SERVICE: Service[Forecaster, Table] = Service(Table, Forecasts, EXAMPLE, _answer, about=_about)
