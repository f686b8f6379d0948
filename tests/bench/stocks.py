"""Ten periods of the sample prices: does a stock recipe ever beat yesterday's price, and is it ever far worse?

Run: python tests/bench/stocks.py [RECIPE ...]
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from seqzoo import recipe
from seqzoo.corridor import Work, train

PERIODS = [
    ("AAPL", 2000, 2006), ("AAPL", 2003, 2009), ("AAPL", 2007, 2013), ("MSFT", 2000, 2006), ("MSFT", 2003, 2009),
    ("MSFT", 2007, 2013), ("IBM", 2000, 2006), ("IBM", 2003, 2009), ("IBM", 2007, 2013), ("GOOG", 2006, 2012),
]  # fmt: skip

for name in sys.argv[1:] or ["stock-gru", "stock-lstm", "stock-stacked-gru"]:
    ratios, wins = [], 0
    for ticker, start, end in PERIODS:
        sets = [f"data.ticker={ticker}", "data.source=sample", f'data.start="{start}-01-01"', f'data.end="{end}-01-01"']
        with tempfile.TemporaryDirectory() as folder:
            report = train(recipe.load(name, sets), Path(folder) / "run", Work(quiet=True))
        ratios.append(report.value / report.baselines["last value"].value)
        wins += report.wins
        print(
            f"{name} {ticker} {start}-{end}: {ratios[-1]:.4f} of yesterday's price's error; {report.verdict.words}",
            flush=True,
        )
    print(f"{name}: {wins} wins of {len(PERIODS)}, error {min(ratios):.4f} to {max(ratios):.4f} of yesterday's price's")
