"""Invented sales, and what makes a recipe small."""

import csv
from pathlib import Path

import numpy as np

STEPS = 700
SMALL = [
    "codec.window=14", "codec.horizon=3", "codec.season=7", "codec.lags=[7]", "codec.calendar=[\"weekday\"]",
    "codec.anchor=season", "model.units=12", "model.dropout=0.0", "fit.average=0", "fit.epochs=3",
    "fit.batch_size=32", "fit.learning_rate=0.01",
]  # fmt: skip


def write_series(path: Path, steps: int = STEPS, stores=("",), seed: int = 0) -> Path:
    """A week's season, a promotion known in advance that lifts sales, noise."""
    random = np.random.default_rng(seed)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["day", "store", "promo", "sales"])
        for number, store in enumerate(stores):
            promo = random.integers(0, 2, steps)
            values = 100 * (1 + number) + 20 * np.sin(np.arange(steps) * 2 * np.pi / 7) + 30 * promo
            values = values + random.normal(0, 2, steps)
            for i in range(steps):
                writer.writerow([np.datetime64("2022-01-01") + i, store, promo[i], f"{values[i]:.3f}"])
    return path


def recipe_on(path: Path, *more: str):
    """The general recipe, small, on a file of invented sales."""
    from seqzoo import recipe

    columns = ['data.dataset=""', f"data.path={path}", "data.time=day", "data.target=sales", 'data.known=["promo"]']
    return recipe.load("series-gru", [*columns, *SMALL, *more])


def small(folder: Path):
    """A recipe that is trained in seconds."""
    return recipe_on(write_series(folder / "sales.csv"))


def other(folder: Path) -> list[str]:
    """Overrides that name other data."""
    path = write_series(folder / "other.csv", steps=60, seed=1)
    return [f"data.path={path}", 'data.dataset=""']


def answer(forecaster):
    """A forecast of the steps after the last observed one."""
    import tempfile
    from dataclasses import replace

    from seqzoo.tasks.forecast import data

    with tempfile.TemporaryDirectory() as folder:
        panel, _ = data.panel_of(recipe_on(write_series(Path(folder) / "a.csv", steps=60)).data)
    series = panel.series[0]
    hidden = np.where(np.arange(60) < 57, series.target, np.nan)
    (found,) = forecaster.predict(replace(panel, series=(replace(series, target=hidden),)))
    return len(found.values) == 3
