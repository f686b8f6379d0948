"""What page and terminal say in the same words: the sentence at the top, amounts, sizes, dates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seqzoo.judge import Verdict
from seqzoo.page.text import number
from seqzoo.report import JSON, Report

_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?(?![\d:.])")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:00(?![\d.:]))?")
_LISTED = 6  # entries of a list
_LEVEL = 0.05


class Lead(NamedTuple):
    """The sentence at the top: what was learnt, the advice (nothing without a verdict), and its reason."""

    learnt: str
    advice: str
    reason: str


def lead(report: Report) -> Lead:
    """What was learnt from what, and whether to use it."""
    name = report.data.get("name")
    learnt = f"has learnt {report.learnt}" if report.learnt else f"was trained on {name}" if name else "was judged"
    verdict = report.verdict
    if verdict is None:
        return Lead(learnt, "", "It was not held against baselines.")
    if verdict.wins:
        return Lead(learnt, "Use it:", f"it beats {verdict.baseline} by {_by(report, verdict)}.")
    if verdict.p < _LEVEL:
        reason = f"{verdict.baseline} is better by {_by(report, verdict)}."
    else:
        both = f"{number(verdict.theirs, report.kind)} against {number(verdict.ours, report.kind)}"
        reason = f"{verdict.baseline} may be as good ({both}); {report.n:,} {report.items} do not tell them apart."
    return Lead(learnt, "Do not use it where the best baseline will do:", reason)


def _by(report: Report, verdict: Verdict) -> str:
    """The size of a difference with its interval, in points or in the metric."""
    sign = 1 if verdict.difference >= 0 else -1
    low, high = sorted(sign * end for end in verdict.interval)
    if report.kind == "share":
        return f"{_rounded(100 * abs(verdict.difference))} points [{_rounded(100 * low)}, {_rounded(100 * high)}]"
    share = f" ({abs(verdict.difference / verdict.theirs):.1%})" if verdict.theirs else ""
    return f"{_rounded(abs(verdict.difference))} [{_rounded(low)}, {_rounded(high)}] in {report.metric}{share}"


def _rounded(value: float) -> str:
    return number(float(f"{value:.3g}"))


def measure(report: Report) -> str:
    """The metric and its unit."""
    return f"{report.metric} ({report.unit})" if report.unit and report.unit != report.metric else report.metric


def paired(report: Report, name: str) -> tuple[float, float]:
    """The interval of ours minus a baseline's; reports of format 1 know it for the best baseline only."""
    between, verdict = report.baselines[name].between, report.verdict
    known = between[0] != between[1] or verdict is None or verdict.baseline != name
    return between if known or verdict is None else verdict.interval


def size(count: int) -> str:
    """Bytes, as people read them."""
    for unit, bytes_of in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= bytes_of:
            return f"{count / bytes_of:.3g} {unit}" if count < 1000 * bytes_of else f"{count / bytes_of:,.0f} {unit}"
    return f"{count} B"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours."""
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def milliseconds(value: float) -> str:
    """Two digits are enough for a time that another machine changes."""
    return f"{value:.2g} ms" if value < 10 else f"{value:,.0f} ms"


def dated(text: str) -> str:
    """A text whose dates carry no midnight and no T."""
    return _MOMENT.sub(r"\1 \2", _MIDNIGHT.sub(r"\1", text))


def plain(value: JSON) -> str:
    """Any JSON value, as a cell of a table."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, str):
        return dated(value) or "–"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {plain(one)}" for name, one in value.items()) or "none"
    return listed(value)


def listed(values: Sequence[JSON]) -> str:
    """The first few entries of a list, and how many more."""
    more = [f"and {len(values) - _LISTED:,} more"] if len(values) > _LISTED else []
    return "; ".join([*map(plain, values[:_LISTED]), *more]) or "none"


def p_value(p: float | None) -> str:
    """A p-value; nothing where there is none."""
    return "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"
