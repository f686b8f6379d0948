"""Where texts come from: public data sets, a file, a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqzoo import fetch
from seqzoo.errors import UserError
from seqzoo.registry import dataset, find_dataset
from seqzoo.tasks.generate import text
from seqzoo.tasks.generate.options import Data
from seqzoo.tasks.generate.text import Text


@dataclass(frozen=True)
class Splits:
    """One text in three stretches, in its own order: what is judged comes after all that was learnt.

    Attributes:
        open_test: unseals the last one, for the report only.
    """

    train: Text
    validation: Text
    open_test: Callable[[], Text]
    facts: dict[str, Any] = field(default_factory=dict)


def load(options: Data, *, quiet: bool = False) -> Splits:
    """Find what a recipe's [data] table names and cut it.

    Raises:
        UserError: no such text, or too little of it.
    """
    if options.path:
        path = Path(options.path)
        whole, test = text.read(path), None
        facts: dict[str, Any] = {"name": path.name, "licence": "your own"}
        if path.is_file():
            facts["sha256"] = fetch.sha256(path)
    else:
        data = find_dataset(options.dataset)
        path, own_test = data.load(quiet)
        whole, test = text.read(path), text.read(own_test) if own_test else None
        facts = fetch.facts(data, path) | ({"test sha256": fetch.sha256(own_test)} if own_test else {})
    train_share = 1 - options.validation - (0 if test else options.test)
    train, validation, last = whole.cut((train_share, train_share + options.validation, 1.0))
    test = test or last
    if min(map(len, (train, validation, test))) < 100:
        raise UserError(f"{facts['name']}: {len(whole):,} bytes are too few to train, validate and test on")
    sizes = {f"{name} bytes": len(part) for name, part in
             {"train": train, "validation": validation, "test": test}.items()}  # fmt: skip
    sealed, facts["refit"] = test, bool(options.refit and options.dataset)
    return Splits(train, validation, lambda: sealed, facts | sizes)


# --- public data sets --------------------------------------------------------------------------------


@dataset(
    "shakespeare", task="generate", file="shakespeare/shakespeare.txt", size_mb=1.1,
    url="https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
    hash="", licence="public domain",
)  # fmt: skip
def shakespeare(quiet: bool) -> tuple[Path, Path | None]:
    """A megabyte of Shakespeare's plays (Karpathy's selection)."""
    return fetch.fetch(find_dataset("shakespeare"), quiet=quiet), None


_WIKITEXT = "https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2/"


@dataset(
    "wikitext-2", task="generate", file="wikitext2/train.txt", size_mb=10.8,
    url=_WIKITEXT + "train.txt", hash="", licence="CC BY-SA 4.0",
)  # fmt: skip
def wikitext(quiet: bool) -> tuple[Path, Path | None]:
    """Two million words of Wikipedia's good articles, separated by blanks; judged on the official validation part."""
    resplit = fetch.folder() / "wikitext2" / "train_resplit.txt.gz"
    train = resplit if resplit.is_file() else fetch.fetch(find_dataset("wikitext-2"), quiet=quiet)
    return train, fetch.fetch(find_dataset("wikitext-2-valid"), quiet=quiet)


@dataset(
    "wikitext-2-valid", task="generate", file="wikitext2/valid.txt", size_mb=1.1,
    url=_WIKITEXT + "valid.txt", hash="", licence="CC BY-SA 4.0",
)  # fmt: skip
def wikitext_valid(quiet: bool) -> tuple[Path, Path | None]:
    """The validation part of WikiText-2."""
    return fetch.fetch(find_dataset("wikitext-2-valid"), quiet=quiet), None
