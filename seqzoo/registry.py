"""What the zoo knows by name: architectures and data sets. What is registered is what is listed."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from seqzoo import tasks
from seqzoo.errors import UserError, nearest

if TYPE_CHECKING:
    import keras

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Architecture:
    """A documented network: a builder whose defaults are the documented numbers.

    `parameters` is the documented count at `sizes`, the data-dependent sizes it was counted with. `parallel`: its
    layers read in both directions and are narrow: the directions run beside each other, a core for each.
    """

    name: str
    task: str
    source: str
    parameters: int
    sizes: dict[str, int]
    build: Callable[..., keras.Model]
    parallel: bool = False

    @property
    def keywords(self) -> dict[str, tuple[Any, Any]]:
        """The builder's keywords: name -> (type, default); required ones have `inspect.Parameter.empty`."""
        hints = get_type_hints(self.build, localns={"keras": SimpleNamespace(Model=Any)})  # without importing it
        signature = inspect.signature(self.build).parameters.values()
        return {p.name: (hints[p.name], p.default) for p in signature}


@dataclass(frozen=True)
class Dataset:
    """A public data set: where it comes from, under which licence, and how to load it.

    `by_hand` says what to do at `url` where no address gives the file itself (an account, an export).
    """

    name: str
    task: str
    url: str
    file: str
    hash: str
    size_mb: float
    licence: str
    description: str
    load: Callable[..., Any]
    by_hand: str = ""


ARCHITECTURES: dict[str, Architecture] = {}
DATASETS: dict[str, Dataset] = {}


def architecture(
    *, task: str, source: str, parameters: int, parallel: bool = False, **sizes: int
) -> Callable[[Function], Function]:
    """Register a builder function under its own name. `sizes`: what `parameters` was counted with."""

    def register(build: Function) -> Function:
        name = build.__name__
        if name in ARCHITECTURES:
            raise ValueError(f"architecture {name!r} is registered twice")
        ARCHITECTURES[name] = Architecture(name, task, source, parameters, sizes, build, parallel)
        return build

    return register


def dataset(
    name: str, *, task: str, url: str, file: str, hash: str, size_mb: float, licence: str, by_hand: str = ""
) -> Callable[[Function], Function]:
    """Register a loader. `file` is its path below the data folder, `hash` as pooch writes it."""

    def register(load: Function) -> Function:
        if name in DATASETS:
            raise ValueError(f"data set {name!r} is registered twice")
        description = (load.__doc__ or "").strip().splitlines()[0]
        DATASETS[name] = Dataset(name, task, url, file, hash, size_mb, licence, description, load, by_hand)
        return load

    return register


def open_all() -> None:
    """Import every room's declarations (pure Python: no Keras, no pandas)."""
    for task in tasks.ROOMS:
        tasks.part(task, "models")
        tasks.part(task, "data")


def open_layers() -> None:
    """Import every room's own layers, so that Keras can load models that have them."""
    for task in tasks.ROOMS:
        with contextlib.suppress(ModuleNotFoundError):
            tasks.part(task, "layers")


def find_architecture(name: str) -> Architecture:
    """Return the architecture of that name; a UserError names the nearest one."""
    open_all()
    if name not in ARCHITECTURES:
        raise UserError(f"unknown architecture {name!r}: {nearest(name, ARCHITECTURES)}", "seqzoo list")
    return ARCHITECTURES[name]


def find_dataset(name: str) -> Dataset:
    """Return the data set of that name; a UserError names the nearest one."""
    open_all()
    if name not in DATASETS:
        raise UserError(f"unknown data set {name!r}: {nearest(name, DATASETS)}", "seqzoo data list")
    return DATASETS[name]


def build(name: str, options: dict[str, Any], sizes: dict[str, int]) -> keras.Model:
    """Build a network from a recipe's options and the codec's sizes.

    Raises:
        UserError: the codec lacks a size that the builder needs, or has one that it cannot use.
    """
    found = find_architecture(name)
    needed = {key for key, (_, default) in found.keywords.items() if default is inspect.Parameter.empty}
    missing, foreign = needed - set(sizes), set(sizes) - set(found.keywords)
    if missing or foreign:
        said = f"needs {', '.join(sorted(missing))}" if missing else f"cannot use {', '.join(sorted(foreign))}"
        raise UserError(f"{name} {said} from the codec: see the recipe's [codec] table", f"seqzoo show {name}")
    return found.build(**sizes, **options)
