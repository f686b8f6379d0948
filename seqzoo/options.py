"""What options may be: the tables of training and claims, and the checker that reads any table."""

from __future__ import annotations

import math
import types
import typing
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from seqzoo.errors import nearest


class Flag(NamedTuple):
    """A flag for a field of [data]: its help, and what it takes; a column is one of a file of one's own."""

    help: str
    takes: str = "COLUMN"


class Parts(Protocol):
    """What every [data] table says: where the data are, and which shares are kept to choose by and to test on."""

    @property
    def dataset(self) -> str:
        """A registered data set, or nothing."""
        ...

    @property
    def path(self) -> str:
        """A file of one's own, or nothing."""
        ...

    @property
    def validation(self) -> float:
        """A share."""
        ...

    @property
    def test(self) -> float:
        """A share."""
        ...


def parts_of(what: str, data: Parts, most: float) -> list[str]:
    """List what is out of range there; a share is one of `what`, and below `most`."""
    found = [] if bool(data.dataset) != bool(data.path) else ["data needs either dataset or path"]
    shares = {"validation": data.validation, "test": data.test}
    return found + [
        f"data.{name} is a share of the {what}: above 0 and below {most}"
        for name, share in shares.items()
        if not 0 < share < most
    ]


@dataclass(frozen=True)
class Fit:
    """How to train. Times are in epochs; `learning_rate` is the peak when there is a schedule.

    `clip_norm` of 0: gradients are not clipped; `patience` of None: all epochs are trained.
    """

    epochs: int = 5
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 0.001
    schedule: str = "constant"
    warmup_steps: int = 0
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    average: float = 0.0
    patience: int | None = None
    reduce_patience: int | None = None
    reduce_factor: float = 0.5

    def problems(self) -> list[str]:
        """List what is out of range."""
        at_least_1 = ("epochs", "batch_size", "patience", "reduce_patience")
        at_least_0 = ("warmup_steps", "weight_decay", "clip_norm")
        limits = {**dict.fromkeys(at_least_1, 1), **dict.fromkeys(at_least_0, 0)}
        given = {name: getattr(self, name) for name in limits}
        found = [
            f"fit.{name} must be at least {limits[name]}"
            for name, value in given.items()
            if value is not None and not value >= limits[name]
        ]
        if self.optimizer not in _OPTIMIZERS:
            found.append(f"fit.optimizer = {self.optimizer!r}: {nearest(self.optimizer, _OPTIMIZERS)}")
        if self.schedule not in ("constant", "cosine"):
            found.append(f"fit.schedule = {self.schedule!r}: {nearest(self.schedule, ('constant', 'cosine'))}")
        if self.schedule == "cosine" and self.reduce_patience is not None:
            found.append("fit.reduce_patience needs schedule = 'constant': a schedule sets the rate itself")
        if not 0 < self.learning_rate < math.inf:
            found.append("fit.learning_rate must be above 0")
        if not 0 <= self.average < 1:
            found.append("fit.average (of the weights) must be at least 0 and below 1")
        if not 0 < self.reduce_factor < 1:
            found.append("fit.reduce_factor must lie between 0 and 1")
        return found


_OPTIMIZERS = ("adam", "adamw", "rmsprop", "sgd")


@dataclass(frozen=True)
class Claim:
    """What the source promises, unproved: the report prints it beside the measured number."""

    text: str = ""
    metric: str = ""
    low: float | None = None
    high: float | None = None


def record(section: str, cls: Any, table: Any, problems: list[str]) -> Any:
    """Read a table into a dataclass; what is wrong is added to `problems`."""
    if not isinstance(table, dict):
        problems.append(f"[{section}] must be a table")
        return None
    hints = typing.get_type_hints(cls)
    values = {
        key: typed(f"{section}.{key}", value, hints[key], problems)
        for key, value in table.items()
        if known(section, key, hints, problems)
    }
    try:
        record = cls(**values)
        if hasattr(record, "problems"):
            problems.extend(record.problems())
    except TypeError:
        return None  # a wrong type has been reported already
    return record


def known(section: str, key: str, allowed: typing.Iterable[str], problems: list[str]) -> bool:
    """Whether a key is allowed; if not, the nearest one is named."""
    if key in allowed:
        return True
    problems.append(f"unknown key {section}.{key}: {nearest(key, allowed)}")
    return False


def typed(where: str, value: Any, hint: Any, problems: list[str]) -> Any:
    """Check a value against a type hint; integers pass for floats, lists for tuples."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        kinds = [a for a in typing.get_args(hint) if a is not type(None)]
        hint = kinds[0]
    if typing.get_origin(hint) is tuple:
        inner, *more = typing.get_args(hint)
        if isinstance(value, list | tuple):
            if more != [...] and len(value) != 1 + len(more):
                problems.append(f"{where} = {list(value)!r} must be {1 + len(more)} numbers")
            return tuple(typed(where, item, inner, problems) for item in value)
    elif hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    elif isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    problems.append(f"{where} = {value!r} must be {getattr(hint, '__name__', hint)}")
    return value
