"""A zoo of recurrent sequence models for Keras, with a command line.

    classifier = seqzoo.load("imdb-bilstm")
    report = seqzoo.train(seqzoo.load_recipe("imdb-bilstm"), Path("runs/mine"))

Names are resolved on first use, so that `import seqzoo` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "load": ("runs", "load"),
    "train": ("runs", "train"),
    "evaluate": ("runs", "evaluate"),
    "build": ("registry", "build"),
    "list_recipes": ("recipe", "names"),
    "load_recipe": ("recipe", "load"),
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'seqzoo' has no attribute {name!r}")
    module, attribute = _PUBLIC[name]
    return getattr(import_module(f"seqzoo.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
