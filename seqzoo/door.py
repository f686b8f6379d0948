"""The door for notebooks: what the command line does, with frames of pandas in and values out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo import flags, recipe, runs
from seqzoo.report import Report

if TYPE_CHECKING:
    import keras
    import pandas as pd

Value = str | int | float | bool | list[str] | list[int] | list[float] | None


@dataclass(frozen=True)
class Run:
    """A trained run: its folder, and what is in it. In a notebook it shows its report."""

    folder: Path

    @property
    def report(self) -> Report:
        """What was measured, and the verdict."""
        return Report.load(self.folder)

    @property
    def model(self) -> keras.Model:
        """The Keras model, to look at or to train on. Imports TensorFlow.

        Raises:
            UserError: the bundle holds none (those that ship do not), or it was changed.
        """
        from seqzoo import bundle, registry
        from seqzoo.errors import UserError

        bundle.load_meta(self.folder)
        path = self.folder / "model.keras"
        if not path.is_file():
            raise UserError(f"{self.folder} holds no Keras model, only ONNX graphs", "seqzoo train RECIPE")
        import keras

        registry.open_layers()
        return keras.saving.load_model(path, compile=False)

    def predict(self, *given: Any, **options: Any) -> Any:
        """Answer as this run's task does: see `predict` of Classifier, Forecaster or Generator."""
        found = runs.load(str(self.folder)).predict(*given, **options)
        return list(found) if isinstance(found, Iterator) else found

    def plot(self) -> Page:
        """The report's first picture, to be shown in a notebook.

        Raises:
            UserError: the report has none.
        """
        from seqzoo.errors import UserError
        from seqzoo.page import html
        from seqzoo.report import Figure

        figure = next((one for one in self.report.sections if isinstance(one, Figure)), None)
        if figure is None:
            raise UserError(f"the report of {self.folder} holds no picture")
        return Page(html.alone(figure), 420)

    def _repr_html_(self) -> str:
        return Page((self.folder / "report.html").read_text(encoding="utf-8"), 760)._repr_html_()


@dataclass(frozen=True)
class Page:
    """A page that a notebook shows in a frame of its own, `height` pixels high."""

    html: str
    height: int

    def _repr_html_(self) -> str:
        from html import escape

        return f'<iframe srcdoc="{escape(self.html)}" style="width:100%;height:{self.height}px;border:0"></iframe>'


def train(
    name: str,
    data: str | Path | pd.DataFrame | None = None,
    *,
    settings: Mapping[str, Value] | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    quiet: bool = True,
    quantize: bool = False,
    **columns: str,
) -> Run:
    """Train a recipe into a judged, portable bundle.

    Args:
        name: of a recipe, or a .toml file.
        data: your own file, or a frame, which is written to `runs/data` first; None: the recipe's.
        settings: what differs from the recipe: {"fit.epochs": 3}.
        seed: of weights, dropout and order.
        out: the run's folder; None: runs/NAME.
        quiet: no progress.
        quantize: 8-bit weights, kept only if validation loses less than .2 points.
        columns: of the data: text="review", label="stars", time="ds", target="y" ...

    Raises:
        UserError: recipe, data or folder that cannot be used.
    """
    from seqzoo.corridor import Work
    from seqzoo.corridor import train as walk

    path = None if data is None else str(kept(data))
    chosen = recipe.load(name, [*overrides(settings), *flags.own_data(path, columns)])
    folder = Path(out) if out else runs.new_folder(chosen.name)
    walk(chosen, folder, Work(seed, quiet=quiet, quantize=quantize))
    return Run(folder)


def overrides(settings: Mapping[str, Value] | None) -> list[str]:
    """What differs from a recipe, {"fit.epochs": 3}, as the command line has it: "fit.epochs=3"."""
    lines = []
    for key, value in (settings or {}).items():
        table, _, name = key.partition(".")
        lines += flags.overrides(table, {name: value})
    return lines


def kept(data: str | Path | pd.DataFrame) -> Path:
    """The path of a file; a frame becomes a CSV in `runs/data`, named by its content."""
    if isinstance(data, str | Path):
        return Path(data)
    numbered = data.index.name is None and data.index.dtype.kind == "i"  # an index that only counts is no column
    text = data.to_csv(index=not numbered, index_label=str(data.index.name or "time"))
    path = runs.RUNS / "data" / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.csv"
    if not path.is_file():
        from seqzoo.files import writing

        path.parent.mkdir(parents=True, exist_ok=True)
        with writing(path) as file:
            file.write(text)
    return path


def load(run: str | Path | None = None) -> Any:
    """Load a bundle to predict with, as its task does: a Classifier, a Forecaster or a Generator. No TensorFlow.

    Raises:
        UserError: no such run, or one that cannot be trusted.
    """
    return runs.load(None if run is None else str(run))


def evaluate(run: str | Path | None = None, data: str | Path | pd.DataFrame | None = None, **columns: str) -> Report:
    """Judge a bundle again: on its own sealed test part, or on all rows of other data.

    Raises:
        UserError: no such run, or data that cannot be used.
    """
    from seqzoo.corridor import evaluate as judge_again

    path = None if data is None else str(kept(data))
    return judge_again(None if run is None else str(run), flags.own_data(path, columns))
