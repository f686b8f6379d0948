"""A zoo of recurrent sequence models for Keras, with a command line.

    run = seqzoo.train("imdb-bilstm", data=frame, text="review", label="stars")
    answer = seqzoo.classify("A slow start, but the ending was superb")
    table = seqzoo.forecast(frame, time="ds", target="y", horizon=24)
    french = seqzoo.translate("I would like a cup of tea").text
    digits = seqzoo.transcribe("recording.wav").text
    names = seqzoo.tag("Angela Merkel met Tim Cook in Berlin").spans

Names are resolved on first use, so that `import seqzoo` costs nothing.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqzoo.door import Run, evaluate, load, train
    from seqzoo.errors import UserError
    from seqzoo.recipe import load as load_recipe
    from seqzoo.recipe import names as list_recipes
    from seqzoo.registry import build
    from seqzoo.report import Report
    from seqzoo.tasks.classify.door import classify
    from seqzoo.tasks.forecast.door import forecast
    from seqzoo.tasks.generate.door import fill, generate, suggest
    from seqzoo.tasks.tag.door import tag
    from seqzoo.tasks.transcribe.door import transcribe
    from seqzoo.tasks.translate.door import translate

# ONNX Runtime (1.29 and later) reports to its makers which models are loaded, unless it is told not to.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "Report",
    "Run",
    "UserError",
    "build",
    "classify",
    "evaluate",
    "fill",
    "forecast",
    "generate",
    "list_recipes",
    "load",
    "load_recipe",
    "suggest",
    "tag",
    "train",
    "transcribe",
    "translate",
]

_WHERE = {
    "Report": ("report", "Report"),
    "Run": ("door", "Run"),
    "UserError": ("errors", "UserError"),
    "build": ("registry", "build"),
    "classify": ("tasks.classify.door", "classify"),
    "evaluate": ("door", "evaluate"),
    "fill": ("tasks.generate.door", "fill"),
    "forecast": ("tasks.forecast.door", "forecast"),
    "generate": ("tasks.generate.door", "generate"),
    "list_recipes": ("recipe", "names"),
    "load": ("door", "load"),
    "load_recipe": ("recipe", "load"),
    "suggest": ("tasks.generate.door", "suggest"),
    "tag": ("tasks.tag.door", "tag"),
    "train": ("door", "train"),
    "transcribe": ("tasks.transcribe.door", "transcribe"),
    "translate": ("tasks.translate.door", "translate"),
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'seqzoo' has no attribute {name!r}")
    module, attribute = _WHERE[name]
    return getattr(import_module(f"seqzoo.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
