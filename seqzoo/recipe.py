"""Recipes: closed, flat TOML. One file is one row of the results table."""

from __future__ import annotations

import dataclasses
import inspect
import tomllib
import typing
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Generic, TypeVar

from seqzoo import options, registry, tasks
from seqzoo.errors import UserError, nearest
from seqzoo.options import Claim, Fit

NONE = "none"  # the architecture of a recipe without a network
_TOP = {"task": str, "title": str, "source": str, "notes": str}


D = TypeVar("D")
C = TypeVar("C")
X = TypeVar("X")


@dataclass(frozen=True)
class Recipe(Generic[D, C, X]):
    """A resolved recipe: every number that a run depends on, besides the seed.

    `data`, `codec` and `decide` are the room's own tables.
    """

    name: str
    task: str
    data: D
    codec: C
    decide: X
    title: str = ""
    source: str = ""
    notes: str = ""
    architecture: str = ""
    model: dict[str, Any] = field(default_factory=dict)
    fit: Fit = field(default_factory=Fit)
    claim: Claim = field(default_factory=Claim)

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


def load(name_or_path: str, overrides: typing.Sequence[str] = ()) -> Recipe[Any, Any, Any]:
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


def parse(
    table: dict[str, Any], name: str, overrides: typing.Sequence[str] = (), where: str = "recipe"
) -> Recipe[Any, Any, Any]:
    """Turn nested tables into a checked Recipe."""
    problems: list[str] = []
    table = {k: dict(v) if isinstance(v, dict) else v for k, v in table.items()}
    for override in overrides:
        _override(table, override, problems)
    task = table.get("task")
    if task not in tasks.ROOMS:
        problems.append(f"task = {task!r}: {nearest(str(task), tasks.ROOMS)}")
        _fail(where, problems)
    room = tasks.part(str(task), "options")
    _own_data(table, overrides, getattr(room, "OF_DATA_SET", ()))
    sections = {
        "data": room.DataOptions,
        "codec": room.CodecOptions,
        "decide": room.DecideOptions,
        "fit": Fit,
        "claim": Claim,
    }
    if isinstance(table.get("codec"), dict):
        table["codec"] = _renamed(table["codec"], getattr(room, "RENAMED", {}))
    for key in table:
        if key not in _TOP and key not in sections and key != "model":
            problems.append(f"unknown key {key!r}: {nearest(key, [*_TOP, *sections, 'model'])}")
    for key, kind in _TOP.items():
        if key in table and not isinstance(table[key], kind):
            problems.append(f"{key} must be a string")
    records = {k: options.record(k, cls, table.get(k, {}), problems) for k, cls in sections.items()}
    architecture, model = _model(table.get("model", {}), str(task), problems)
    _fail(where, problems)
    top = {key: table.get(key, "") for key in _TOP}
    return Recipe(name=name, architecture=architecture, model=model, **top, **records)


def _own_data(table: dict[str, Any], overrides: typing.Sequence[str], of_data_set: typing.Sequence[str]) -> None:
    """Where a file of one's own takes a data set's place, what was said of the set alone goes with it."""
    said = {override.partition("=")[0].strip() for override in overrides}
    if "data.path" in said and isinstance(table.get("data"), dict):
        for key in of_data_set:
            if f"data.{key}" not in said:
                table["data"].pop(key, None)


def _renamed(table: dict[str, Any], names: dict[str, tuple[str, dict[str, str]]]) -> dict[str, Any]:
    """A table of an older recipe under today's names: old name -> (new name, {old value: new value})."""
    found = {}
    for key, value in table.items():
        new, values = names.get(key, (key, {}))
        found[new] = values.get(value, value) if isinstance(value, str) else value
    return found


def _fail(where: str, problems: list[str]) -> None:
    if problems:
        raise UserError(
            f"{where} has {len(problems)} problem(s):\n  - " + "\n  - ".join(problems),
            f"seqzoo show {Path(where).stem}" if Path(where).stem in names() else "seqzoo list",
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


def _model(table: dict[str, Any], task: str, problems: list[str]) -> tuple[str, dict[str, Any]]:
    table = dict(table)
    name = table.pop("architecture", "")
    if name == NONE and getattr(tasks.part(task, "options"), "NETWORK_OPTIONAL", False):
        return name, {}  # sizes of a network that is not there
    try:
        found = registry.find_architecture(name)
    except UserError as error:
        problems.append(f"model.architecture: {error}")
        return name, {}
    if found.task != task:
        problems.append(f"model.architecture {name!r} is for the task {found.task!r}, not {task!r}")
    keywords = {k: v for k, v in found.keywords.items() if v[1] is not inspect.Parameter.empty}
    return name, {
        key: options.typed(f"model.{key}", value, keywords[key][0], problems)
        for key, value in table.items()
        if options.known("model", key, keywords, problems)
    }
