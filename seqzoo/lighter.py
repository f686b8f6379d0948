"""Whether a network's weights may be rounded to 8 bits: only if it loses less than .2 points on validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from seqzoo.judge import Metric
from seqzoo.page.text import number
from seqzoo.page.words import size
from seqzoo.report import JSON, Report

_POINTS = 0.002
NAME = "8-bit weights"


@dataclass(frozen=True)
class Weighed:
    """A network before and after its weights were rounded.

    Attributes:
        metric: what it was measured by, on the validation part only.
        before, after: its values.
        bytes_before, bytes_after: of all graphs.
    """

    metric: Metric
    before: float
    after: float
    bytes_before: int
    bytes_after: int

    @property
    def lost(self) -> float:
        """How much worse it is; below 0: better."""
        return self.before - self.after if self.metric.higher_is_better else self.after - self.before

    @property
    def kept(self) -> bool:
        """Whether that is less than is allowed."""
        return self.lost < allowed(self.metric, self.before)

    @property
    def told(self) -> str:
        """What happened, in a line."""
        before, after = (number(value, self.metric.kind) for value in (self.before, self.after))
        most = f"{100 * _POINTS:g} points" if full(self.metric) else f"{_POINTS:.1%}"
        verdict = f"kept, less than {most} worse" if self.kept else f"not kept, {most} or more worse"
        sizes = f"graphs {size(self.bytes_before)}, then {size(self.bytes_after)}"
        return f"{verdict}: {self.metric.name} on validation {before}, then {after}; {sizes}"

    def on(self, report: Report) -> Report:
        """A report that says so, to people and to programs."""
        numbers: dict[str, JSON] = {name: value for name, value in vars(self).items() if name != "metric"}
        return replace(
            report,
            facts={**report.facts, NAME: self.told},
            more={**report.more, "eight_bits": numbers | {"kept": self.kept}},
        )


def full(metric: Metric) -> float:
    """The value of an answer without a fault; 0 where there is none, as of nats."""
    return 1.0 if metric.kind == "share" else metric.full


def allowed(metric: Metric, value: float) -> float:
    """What .2 points of a metric are: of a hundred where it has a highest value, else .2 percent of its value."""
    return _POINTS * (full(metric) or abs(value))


def weight(files: Mapping[str, bytes]) -> int:
    """Bytes of the graphs among a bundle's files."""
    return sum(len(content) for name, content in files.items() if name.endswith(".onnx"))
