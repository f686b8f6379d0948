"""Recipes: closed, flat TOML. One file is one row of the results table."""

from __future__ import annotations

import dataclasses
import inspect
import tomllib
import types
import typing
from dataclasses import dataclass, field
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from seqzoo import registry
from seqzoo.errors import UserError, nearest

_TOP = {"task": str, "title": str, "source": str, "notes": str}


@dataclass(frozen=True)
class Fit:
    """How to train. Times are in epochs; `learning_rate` is the peak when there is a schedule."""

    epochs: int = 5
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 0.001
    schedule: str = "constant"
    warmup_steps: int = 0
    weight_decay: float = 0.0
    clip_norm: float | None = None
    average: float = 0.0
    patience: int | None = None
    reduce_patience: int | None = None
    reduce_factor: float = 0.5

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = [f"fit.{name} must be at least 1" for name in ("epochs", "batch_size") if getattr(self, name) < 1]
        if self.optimizer not in ("adam", "adamw", "rmsprop", "sgd"):
            found.append(f"fit.optimizer = {self.optimizer!r}: {nearest(self.optimizer, _OPTIMIZERS)}")
        if self.schedule not in ("constant", "cosine"):
            found.append(f"fit.schedule = {self.schedule!r}: {nearest(self.schedule, ('constant', 'cosine'))}")
        if self.schedule == "cosine" and self.reduce_patience is not None:
            found.append("fit.reduce_patience needs schedule = 'constant': a schedule sets the rate itself")
        if not self.learning_rate > 0:
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
    metric: str = "accuracy"
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Recipe:
    """A resolved recipe: every number that a run depends on, besides the seed."""

    name: str
    task: str
    title: str = ""
    source: str = ""
    notes: str = ""
    data: Any = None
    codec: Any = None
    architecture: str = ""
    model: dict[str, Any] = field(default_factory=dict)
    fit: Fit = Fit()
    decide: Any = None
    claim: Claim = Claim()

    def to_toml(self) -> str:
        """Write the recipe as TOML that `parse` reads back unchanged."""
        import tomli_w

        table: dict[str, Any] = {key: getattr(self, key) for key in _TOP if getattr(self, key)}
        for key in ("data", "codec"):
            table[key] = _plain(getattr(self, key))
        table["model"] = {"architecture": self.architecture, **_plain(self.model)}
        for key in ("fit", "decide", "claim"):
            table[key] = _plain(getattr(self, key))
        return tomli_w.dumps(table)


def _plain(record: Any) -> dict[str, Any]:
    items = dataclasses.asdict(record) if dataclasses.is_dataclass(record) else record  # type: ignore[arg-type]
    return {k: list(v) if isinstance(v, tuple) else v for k, v in items.items() if v is not None}


def folder() -> Path:
    """The folder of shipped recipes: inside the wheel, or beside the package in a checkout."""
    shipped = Path(str(files("seqzoo"))) / "recipes"
    return shipped if shipped.is_dir() else shipped.parent.parent / "recipes"


def names() -> list[str]:
    """Names of the shipped recipes."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def path_of(name_or_path: str) -> Path:
    """Find a shipped recipe by name, or a user's own by path."""
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise UserError(f"no such recipe file: {path}", "seqzoo copy imdb-bilstm mine.toml")
        return path
    if name_or_path not in names():
        raise UserError(f"unknown recipe {name_or_path!r}: {nearest(name_or_path, names())}", "seqzoo list")
    return folder() / f"{name_or_path}.toml"


def load(name_or_path: str, overrides: typing.Sequence[str] = ()) -> Recipe:
    """Read a recipe, apply `--set table.key=value` overrides, and check all of it.

    Raises:
        UserError: one message that lists every problem found.
    """
    path = path_of(name_or_path)
    return parse(_read(path), path.stem, overrides, where=str(path.name))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}") from None


def raw(name: str) -> dict[str, Any]:
    """The shipped recipe's tables, unchecked: what a listing needs."""
    return _read(path_of(name))


def parse(table: dict[str, Any], name: str, overrides: typing.Sequence[str] = (), where: str = "recipe") -> Recipe:
    """Turn nested tables into a checked Recipe."""
    problems: list[str] = []
    table = {k: dict(v) if isinstance(v, dict) else v for k, v in table.items()}
    for override in overrides:
        _override(table, override, problems)
    task = table.get("task")
    if task not in registry.TASKS:
        problems.append(f"task = {task!r}: {nearest(str(task), registry.TASKS)}")
        _fail(where, problems)
    options = import_module(f"seqzoo.tasks.{task}.options")
    sections = {
        "data": options.Data,
        "codec": options.Codec,
        "decide": options.Decide,
        "fit": Fit,
        "claim": Claim,
    }
    for key in table:
        if key not in _TOP and key not in sections and key != "model":
            problems.append(f"unknown key {key!r}: {nearest(key, [*_TOP, *sections, 'model'])}")
    for key, kind in _TOP.items():
        if key in table and not isinstance(table[key], kind):
            problems.append(f"{key} must be a string")
    records = {k: _record(k, cls, table.get(k, {}), problems) for k, cls in sections.items()}
    architecture, model = _model(table.get("model", {}), str(task), problems)
    _fail(where, problems)
    top = {key: table.get(key, "") for key in _TOP}
    return Recipe(name=name, architecture=architecture, model=model, **top, **records)


def _fail(where: str, problems: list[str]) -> None:
    if problems:
        raise UserError(
            f"{where} has {len(problems)} problem(s):\n  - " + "\n  - ".join(problems),
            "seqzoo show imdb-bilstm",
        )


def _override(table: dict[str, Any], text: str, problems: list[str]) -> None:
    key, equals, value = text.partition("=")
    section, dot, name = key.strip().partition(".")
    if not equals or not dot or not name:
        problems.append(f"--set {text!r}: write table.key=value, for example fit.epochs=3")
        return
    if not isinstance(table.setdefault(section, {}), dict):
        problems.append(f"--set {text!r}: {section!r} is not a table")
        return
    try:
        table[section][name] = tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        table[section][name] = value


def _record(section: str, cls: Any, table: Any, problems: list[str]) -> Any:
    if not isinstance(table, dict):
        problems.append(f"[{section}] must be a table")
        return None
    hints = typing.get_type_hints(cls)
    values = {
        key: _typed(f"{section}.{key}", value, hints[key], problems)
        for key, value in table.items()
        if _known(section, key, hints, problems)
    }
    try:
        record = cls(**values)
        if hasattr(record, "problems"):
            problems.extend(record.problems())
    except TypeError:
        return None  # a wrong type has been reported already
    return record


def _known(section: str, key: str, allowed: typing.Iterable[str], problems: list[str]) -> bool:
    if key in allowed:
        return True
    problems.append(f"unknown key {section}.{key}: {nearest(key, allowed)}")
    return False


def _model(table: dict[str, Any], task: str, problems: list[str]) -> tuple[str, dict[str, Any]]:
    table = dict(table)
    name = table.pop("architecture", "")
    try:
        found = registry.find_architecture(name)
    except UserError as error:
        problems.append(f"model.architecture: {error}")
        return name, {}
    if found.task != task:
        problems.append(f"model.architecture {name!r} is for the task {found.task!r}, not {task!r}")
    keywords = {k: v for k, v in found.keywords.items() if v[1] is not inspect.Parameter.empty}
    return name, {
        key: _typed(f"model.{key}", value, keywords[key][0], problems)
        for key, value in table.items()
        if _known("model", key, keywords, problems)
    }


def _typed(where: str, value: Any, hint: Any, problems: list[str]) -> Any:
    """Check a value against a type hint; integers pass for floats, lists for tuples."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        kinds = [a for a in typing.get_args(hint) if a is not type(None)]
        hint = kinds[0]
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        if isinstance(value, list | tuple):
            return tuple(_typed(where, item, inner, problems) for item in value)
    elif hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    elif isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    problems.append(f"{where} = {value!r} must be {getattr(hint, '__name__', hint)}")
    return value
