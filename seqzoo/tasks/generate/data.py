"""Where texts come from: public data sets, a file, a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seqzoo import fetch
from seqzoo.errors import UserError
from seqzoo.registry import dataset, find_dataset
from seqzoo.report import JSON
from seqzoo.room import Sealed
from seqzoo.tasks.generate import text, tunes
from seqzoo.tasks.generate.codec import UnitCodec
from seqzoo.tasks.generate.options import DataOptions
from seqzoo.tasks.generate.text import Text

Found = tuple[Path, Text, Path | None]  # a data set's file, the text to cut, and a test part of its own
_RESPLIT = "train_resplit.txt.gz"


@dataclass(frozen=True)
class Splits:
    """One text in three stretches, in its own order: what is judged comes after all that was learnt.

    Attributes:
        refit: validation is learnt as well; see `DataOptions.refit`.
    """

    train: Text
    validation: Text
    test: Sealed[Text]
    refit: bool = False
    facts: dict[str, JSON] = field(default_factory=dict)
    _ids: dict[UnitCodec, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def ids(self, codec: UnitCodec) -> tuple[np.ndarray, np.ndarray]:
        """(n,) ids of training and of validation; each text is encoded once."""
        if codec not in self._ids:
            self._ids[codec] = (codec.encode_all(self.train)[0], codec.encode_all(self.validation)[0])
        return self._ids[codec]


def load(options: DataOptions, quiet: bool = False) -> Splits:
    """Find what a recipe's [data] table names and cut it.

    Raises:
        UserError: no such text, or too little of it.
    """
    whole, own_test, facts = _own(Path(options.path)) if options.path else _public(options.dataset, quiet)
    train_share = 1 - options.validation - (0 if own_test else options.test)
    train, validation, last = whole.cut((train_share, train_share + options.validation, 1.0))
    test = own_test or last
    if min(map(len, (train, validation, test))) < 100:
        raise UserError(f"{facts['name']}: {len(whole):,} bytes are too few to train, validate and test on")
    sizes = {"train bytes": len(train), "validation bytes": len(validation), "test bytes": len(test)}
    refit = bool(options.refit and options.dataset)
    return Splits(train, validation, Sealed(lambda: test), refit, {**facts, "refit": refit, **sizes})


def _own(path: Path) -> tuple[Text, Text | None, dict[str, JSON]]:
    whole = text.read(path)
    facts: dict[str, JSON] = {"name": path.name, "licence": "your own"}
    return whole, None, facts | ({"sha256": fetch.sha256(path)} if path.is_file() else {})


def _public(name: str, quiet: bool) -> tuple[Text, Text | None, dict[str, JSON]]:
    data = find_dataset(name)
    path, whole, test = data.load(quiet)
    facts: dict[str, JSON] = {**fetch.facts(data, path), "file": path.name}
    if path.name == _RESPLIT:
        facts["file"] = f"{path.name}, a re-split of the training part, not the published file"
    own_test = text.read(test) if test else None
    return whole, own_test, facts | ({"test sha256": fetch.sha256(test)} if test else {})


# --- public data sets --------------------------------------------------------------------------------


@dataset(
    "shakespeare", task="generate", file="shakespeare/shakespeare.txt", size_mb=1.1,
    url="https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
    hash="", licence="public domain",
)  # fmt: skip
def shakespeare(quiet: bool) -> Found:
    """A megabyte of Shakespeare's plays (Karpathy's selection)."""
    path = fetch.fetch(find_dataset("shakespeare"), quiet=quiet)
    return path, text.read(path), None


_WIKITEXT = "https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2/"


@dataset(
    "wikitext-2", task="generate", file="wikitext2/train.txt", size_mb=10.8,
    url=_WIKITEXT + "train.txt", hash="", licence="CC BY-SA 4.0",
)  # fmt: skip
def wikitext(quiet: bool) -> Found:
    """Two million words of Wikipedia's good articles, separated by blanks; judged on the official validation part."""
    resplit = fetch.folder() / "wikitext2" / _RESPLIT
    train = resplit if resplit.is_file() else fetch.fetch(find_dataset("wikitext-2"), quiet=quiet)
    return train, text.read(train), fetch.fetch(find_dataset("wikitext-2-valid"), quiet=quiet)


@dataset(
    "wikitext-2-valid", task="generate", file="wikitext2/valid.txt", size_mb=1.1,
    url=_WIKITEXT + "valid.txt", hash="", licence="CC BY-SA 4.0",
)  # fmt: skip
def wikitext_valid(quiet: bool) -> Found:
    """The validation part of WikiText-2."""
    path = fetch.fetch(find_dataset("wikitext-2-valid"), quiet=quiet)
    return path, text.read(path), None


@dataset(
    "nottingham", task="generate", file="nottingham/jigs.abc", size_mb=0.4, hash="",
    url="https://github.com/jukedeck/nottingham-dataset/tree/master/ABC_cleaned",
    licence="GPL-3, a collection of traditional tunes",
    by_hand="put all .abc files of the collection into the folder",
)  # fmt: skip
def nottingham(quiet: bool) -> Found:
    """The Nottingham collection: a thousand British and American folk tunes in ABC notation."""
    path = fetch.fetch(find_dataset("nottingham"), quiet=quiet)
    return path, tunes.read(path.parent), None
