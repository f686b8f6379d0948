"""Where series come from: public data sets, prices, a generated sine, and any CSV or Parquet file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seqzoo import fetch
from seqzoo.errors import UserError
from seqzoo.registry import find_dataset
from seqzoo.report import JSON
from seqzoo.room import Sealed
from seqzoo.tasks.forecast import datasets, table  # noqa: F401  (data sets are registered)
from seqzoo.tasks.forecast.axis import check_axis
from seqzoo.tasks.forecast.options import DataOptions
from seqzoo.tasks.forecast.panel import Panel, Series, columns_of, resampled
from seqzoo.tasks.forecast.steps import time_text

Facts = dict[str, JSON]
_SHOWN = 6


@dataclass(frozen=True)
class Splits:
    """The time axis in three parts. `train` and `seen` (train and validation) never hold a test value.

    Attributes:
        train: everything before `ends[0]`.
        seen: everything before `ends[1]`.
        test: the whole panel, sealed, for the report only.
        ends: where training and validation end.
    """

    train: Panel
    seen: Panel
    test: Sealed[Panel]
    ends: tuple[np.datetime64, np.datetime64]
    facts: Facts = field(default_factory=dict)


def load(options: DataOptions, quiet: bool = False) -> Splits:
    """Load what a recipe's [data] table names and cut it in time.

    Raises:
        UserError: data that cannot be used.
    """
    panel, facts = panel_of(options, quiet=quiet)
    return split(panel, options, facts)


def panel_of(options: DataOptions, *, quiet: bool = False) -> tuple[Panel, Facts]:
    """The whole panel, checked, and where it comes from.

    Raises:
        UserError: data that cannot be used.
    """
    if options.path:
        path = Path(options.path)
        panel, mended = from_columns(table.read(path), options)
        return panel, {"name": path.name, "sha256": fetch.sha256(path), "licence": "your own", "mended": mended}
    data = find_dataset(options.dataset)
    if not data.file:
        panel, facts = data.load(options)
        return panel, {"name": data.name, "licence": data.licence, "mended": []} | facts
    path = fetch.fetch(data, quiet=quiet)
    panel, mended = from_columns(*data.load(path, options))
    return panel, fetch.facts(data, path) | {"mended": mended}


def from_columns(columns: table.Columns, options: DataOptions) -> tuple[Panel, list[str]]:
    """Columns of text -> a checked panel, and what was mended.

    Raises:
        UserError: a missing column, a value that is no number or time, or a time axis that may not be mended.
    """
    time_name = options.time or table.find_time(columns)
    texts = table.column(columns, time_name, "the time")
    target = options.target or table.find_target(columns, [time_name, options.series, *options.known, *options.past])
    stamps, note = table.times(texts, time_name)
    wanted = (target, *options.known, *options.past)
    values = {name: table.numbers(table.column(columns, name, "a series"), name) for name in wanted}
    if options.every and options.every[0] == "0":
        raise UserError("data.every must be a step such as 1h")
    everything = np.arange(len(stamps))
    names = table.column(columns, options.series, "the series") if options.series else [""] * len(stamps)
    owners = np.array(names)
    checked, mended = [], [note] if note else []
    for owner in sorted(set(names)):
        mine = everything[owners == owner]
        part = {name: column[mine] for name, column in values.items()}
        rows = Series(owner, stamps[mine], part[target], columns_of(options.known, part, len(mine)),
                      columns_of(options.past, part, len(mine)))  # fmt: skip
        if options.every:
            rows = resampled(rows.take(np.argsort(rows.times, kind="stable")), options.every)
        series, step, done = check_axis(rows, options.mend)
        mended += done
        checked.append((series, step))
    steps = sorted({step for _, step in checked})
    if len(steps) > 1:
        raise UserError(f"the series have different steps: {', '.join(steps)}", "--set data.every=1D")
    panel = Panel(tuple(series for series, _ in checked), target, tuple(options.known), tuple(options.past), steps[0])
    _check_numbers(panel)
    return panel, mended


def _check_numbers(panel: Panel) -> None:
    for one in panel.series:
        for kind, names in (("known", panel.known), ("past", panel.past)):
            matrix = getattr(one, kind)[: one.observed]
            for i, name in enumerate(names):
                missing = int(np.isnan(matrix[:, i]).sum())
                if missing:
                    raise UserError(
                        f"column {name!r} has {missing:,} missing value(s) (first at row "
                        f"{int(np.flatnonzero(np.isnan(matrix[:, i]))[0]) + 1})",
                        "--mend gaps interpolates the target; fill or leave out other columns",
                    )


def split(panel: Panel, options: DataOptions, facts: Facts) -> Splits:
    """Cut the time axis: validation before the last share, which is test.

    Raises:
        UserError: a series that begins after training ends.
    """
    first, last = min(one.times[0] for one in panel.series), panel.last
    span = (last - first).astype("m8[s]").astype(np.int64)
    validation, test = (
        first + np.timedelta64(round(span * share), "s")
        for share in (1 - options.test - options.validation, 1 - options.test)
    )
    train, seen = panel.before(validation), panel.before(test)
    empty = [one.name for one in train.series if len(one) < 2]
    if empty:
        raise UserError(f"{len(empty)} series begin after the training part ends: {', '.join(empty[:5])}")
    more: Facts = {
        "mended": _in_short(facts.get("mended")),
        "steps": len(panel),
        "series": len(panel.series),
        "step": panel.step,
        "from": _stamp(first),
        "to": _stamp(last),
        "train ends": time_text(validation, panel.step),
        "validation ends": time_text(test, panel.step),
        "fingerprint": panel.fingerprint(),
    }
    return Splits(train, seen, Sealed(lambda: panel), (validation, test), facts | more)


def _in_short(mended: JSON) -> str:
    lines = [str(line) for line in mended] if isinstance(mended, list) else []
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(lines[:_SHOWN]) + more or "nothing"


def _stamp(time: np.datetime64) -> str:
    """A time of the data, exactly; midnights as dates."""
    return str(time).removesuffix("T00:00:00")
