"""`seqzoo.forecast`: a frame in, a frame out, by the model that the command line would answer from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo.door import Value, kept, overrides
from seqzoo.tasks.forecast import finding
from seqzoo.tasks.forecast.finding import Asked

if TYPE_CHECKING:
    import pandas as pd


def forecast(
    data: str | Path | pd.DataFrame | None = None,
    *,
    time: str = "",
    target: str = "",
    horizon: int | None = None,
    ticker: str | None = None,
    run: str | Path | None = None,
    known: Sequence[str] = (),
    past: Sequence[str] = (),
    series: str = "",
    every: str | None = None,
    mend: Sequence[str] = (),
    model: str | None = None,
    joint: bool = False,
    periods: int | None = None,
    recipe: str | None = None,
    settings: Mapping[str, Value] | None = None,
    seed: int = 0,
    quiet: bool = True,
) -> pd.DataFrame:
    """Say what comes next, with intervals; a model is trained where none is there for these data.

    Args:
        data: a file, or a frame, which is written to `runs/data` first; None: `ticker`, or the data of `run`.
        time: the column of times; empty: the only one that looks like it.
        target: the column to forecast; empty: the only one of numbers.
        horizon: steps ahead; None: the recipe's, or one season.
        ticker: a stock, instead of data.
        run: a run's folder or a recipe's name that answers whatever the data; None: the model trained on them.
        known: columns that are known in advance, over the horizon.
        past: columns that are known up to now.
        series: the column that names the series, where there are many.
        every: resample to this step: "1h", "1D".
        mend: of the time axis: "sort", "duplicates", "gaps", "few"; empty: order, and what is rare.
        model: who answers: "network", "theta" ...; None: the best that validation finds.
        joint: the intervals hold whole paths, not single steps.
        periods: parts of the test part, with everything fitted anew before each.
        recipe: to train; None: the usual one.
        settings: what differs from the recipe: {"fit.epochs": 3}.
        seed: of a training.
        quiet: no progress.

    Returns:
        A row for each step: series (where they have names), time, forecast, "80% low", "80% high", ... Its `attrs` hold
        who answers ("who"), the verdict in words, whether the best baseline was beaten ("wins"), and the model's
        folder ("run").

    Raises:
        UserError: data that cannot be used, or no such run.
    """
    import pandas as pd

    named = {"time": time, "target": target, "series": series, "ticker": ticker, "every": every}
    lists = {"known": list(known), "past": list(past), "mend": list(mend)}
    about: dict[str, object] = {key: value for key, value in (named | lists).items() if value}
    if data is not None:
        about["path"] = str(kept(data))
    asked = Asked(about, None if run is None else str(run), recipe, horizon, overrides(settings), seed, model=model,
                  periods=periods)  # fmt: skip
    answered = finding.answer(asked, quiet=quiet)
    table = pd.DataFrame(finding.rows(answered.forecasts(joint)))
    verdict = answered.report.verdict
    who = answered.report.facts.get("who answers", "")
    table.attrs = {"who": who, "verdict": verdict.words if verdict else "", "wins": answered.report.wins,
                   "run": str(answered.folder)}  # fmt: skip
    return table
