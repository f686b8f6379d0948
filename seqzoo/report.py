"""The report of a run: one typed record that terminal, JSON and page render without knowing the room."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

from seqzoo.errors import UserError
from seqzoo.judge import Scores, Verdict

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
FORMAT = 2
FILE = "report.json"


@dataclass(frozen=True)
class Figure:
    """A picture: `data` are the arguments of the function of `seqzoo.page.charts` that `kind` names."""

    title: str
    kind: Literal["lines", "bars", "heatmap", "passage", "timeline", "sound"]
    data: Mapping[str, JSON]
    note: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of text under headings."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Text:
    """A text, its blanks and line ends kept."""

    title: str
    text: str
    note: str = ""
    wide: bool = False


Section = Figure | Table | Text
_SECTIONS: dict[str, type[Figure] | type[Table] | type[Text]] = {"figure": Figure, "table": Table, "text": Text}


@dataclass(frozen=True)
class Measured:
    """A baseline's value of the metric with its 95 % interval; ours minus its, with the interval of that.

    The intervals of two models that are scored on the same examples may overlap where their difference is certain.
    """

    value: float
    interval: tuple[float, float]
    difference: float = 0.0
    between: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Report:
    """What one run learnt, from what, and how well.

    Attributes:
        subject: what the sentences are about, where it is not the recipe's network; see `name`.
        recipe, title, source, task, architecture, parameters, seed, created, machine: where it comes from.
        claim: what the source promises, unproved.
        metric, unit, kind, higher_is_better: what `value` is; `kind` is "share" or "number".
        value, interval, n: measured on n test examples, with a 95 % interval.
        learnt: ends the sentence "... has learnt".
        baselines: each on the same examples; verdict: against the best of them, None where there are none.
        metrics: further numbers; counts: examples of each part, and the like.
        scores, baseline_scores: sums that a later paired test needs.
        data: name, sha256, licence, whether it is the published file.
        history: a row for each epoch; times in seconds.
        facts, sections, more: what the room adds for terminal, page and programs.
    """

    recipe: str
    task: str
    metric: str
    value: float
    interval: tuple[float, float]
    n: int
    title: str = ""
    source: str = ""
    architecture: str = ""
    subject: str = ""
    parameters: int = 0
    seed: int = 0
    created: str = ""
    machine: str = ""
    claim: str = ""
    unit: str = ""
    kind: str = "number"
    higher_is_better: bool = False
    items: str = "examples"
    learnt: str = ""
    baselines: Mapping[str, Measured] = field(default_factory=dict)
    verdict: Verdict | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    scores: Scores | None = None
    baseline_scores: Mapping[str, Scores] = field(default_factory=dict)
    data: Mapping[str, JSON] = field(default_factory=dict)
    history: Sequence[Mapping[str, float]] = ()
    training_seconds: float = 0.0
    total_seconds: float = 0.0
    ms_for_one: float | None = None
    onnx_difference: float = 0.0
    weights_sha256: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    more: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the sentences and pictures call what was measured."""
        return self.subject or self.recipe

    @property
    def wins(self) -> bool:
        """Whether the best baseline is beaten."""
        return self.verdict is not None and self.verdict.wins

    def to_json(self) -> dict[str, JSON]:
        """Every field as JSON values; a section is {"figure": {...}}, {"table": {...}} or {"text": {...}}."""
        kinds = {kind: name for name, kind in _SECTIONS.items()}
        special: dict[str, JSON] = {
            "sections": [{kinds[type(one)]: asdict(one)} for one in self.sections],
            "scores": self.scores.to_json() if self.scores else None,
            "baseline_scores": {name: one.to_json() for name, one in self.baseline_scores.items()},
            "verdict": self.verdict.to_json() if self.verdict else None,
            "baselines": {name: asdict(one) for name, one in self.baselines.items()},
        }
        plain: dict[str, JSON] = {f.name: getattr(self, f.name) for f in fields(self)}
        return {"format": FORMAT, **plain, **special}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Report:
        """Rebuild a report; one of format 1 keeps what both formats share.

        Raises:
            ValueError, TypeError, KeyError: it is none.
        """
        plain: dict[str, Any] = dict(values) if values.get("format") == FORMAT else _of_format_1(values)
        baselines = plain.get("baselines") or {}
        kept = plain.get("baseline_scores") or {}
        read = {
            "interval": tuple(plain["interval"]),
            "verdict": Verdict.from_json(plain["verdict"]) if plain.get("verdict") else None,
            "scores": Scores.from_json(plain["scores"]) if plain.get("scores") else None,
            "baseline_scores": {name: Scores.from_json(one) for name, one in kept.items()},
            "baselines": {name: _measured(one) for name, one in baselines.items()},
            "sections": [_SECTIONS[k](**content) for one in plain["sections"] for k, content in one.items()],
        }
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in plain.items() if name in known} | read)

    def save(self, folder: Path) -> None:
        """Write report.json."""
        (folder / FILE).write_text(json.dumps(self.to_json(), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Report:
        """Read a run's report.json.

        Raises:
            UserError: missing or damaged.
        """
        try:
            return cls.from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(f"{folder}: {FILE} is missing or damaged: {error}") from None


def _measured(values: Mapping[str, Any]) -> Measured:
    pairs = {name: (float(values[name][0]), float(values[name][1])) for name in ("interval", "between")}
    return Measured(float(values["value"]), pairs["interval"], float(values["difference"]), pairs["between"])


def _of_format_1(old: Mapping[str, Any]) -> dict[str, Any]:
    """Names of 0.3.0 and before: words with blanks, the rest of a room's keys beside them."""
    between = old.get("baseline intervals", {})
    new = {
        "claim": old.get("claim", {}).get("text", ""),
        "counts": {name: value for name, value in old.get("split", {}).items() if isinstance(value, int)},
        "baselines": {
            name: {
                "value": value,
                "interval": between.get(name, (value, value)),
                "difference": old["value"] - value,
                "between": (old["value"] - value,) * 2,
            }
            for name, value in old.get("baselines", {}).items()
        },
        "training_seconds": old.get("training seconds", 0.0),
        "total_seconds": old.get("total seconds", 0.0),
        "onnx_difference": old.get("onnx difference", 0.0),
        "weights_sha256": old.get("weights sha256", ""),
        "ms_for_one": old.get("speed", {}).get("ms for one"),
        "kind": "share" if old["metric"] == "accuracy" else "number",
        "higher_is_better": old["metric"] == "accuracy",
        "scores": None,
        "baseline_scores": {},
        "sections": [],
    }
    return {**old, **new}
