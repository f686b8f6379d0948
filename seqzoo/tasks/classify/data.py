"""Where labelled texts come from: IMDB, SMS spam, and any CSV, TSV or JSONL file."""

from __future__ import annotations

import re
import sys
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo import fetch
from seqzoo.errors import UserError
from seqzoo.files import read_rows
from seqzoo.registry import dataset, find_dataset
from seqzoo.report import JSON
from seqzoo.room import Sealed
from seqzoo.tasks.classify import words
from seqzoo.tasks.classify.options import DataOptions

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Examples:
    """Texts with their class names, and the group (film, sender, patient) each belongs to, if known."""

    texts: list[str]
    labels: list[str]
    groups: list[str] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def tokens(self) -> list[list[str]]:
        """The words of each text; split once, each word kept once."""
        return [[*map(sys.intern, words.words(text))] for text in self.texts]

    def take(self, indices: Sequence[int] | np.ndarray) -> Examples:
        """The examples at these positions."""
        groups = None if self.groups is None else [self.groups[i] for i in indices]
        return Examples([self.texts[i] for i in indices], [self.labels[i] for i in indices], groups)


@dataclass(frozen=True)
class Splits:
    """Train and validation examples; the test part is sealed, for the report only."""

    train: Examples
    validation: Examples
    test: Sealed[Examples]
    facts: dict[str, JSON] = field(default_factory=dict)


def load(options: DataOptions, quiet: bool = False) -> Splits:
    """Load and split what a recipe's [data] table names; `options.seed` seeds the splits."""
    return _own_file(options) if options.path else _public(options, quiet)


def _own_file(options: DataOptions) -> Splits:
    path = Path(options.path)
    examples = _limit(read_file(path, options), options.limit, options.seed)
    rest, test = split(examples, options.test, options.seed + 1)
    train, validation = split(rest, options.validation / (1 - options.test), options.seed)
    facts: dict[str, JSON] = {"name": path.name, "sha256": fetch.sha256(path), "licence": "your own"}
    return Splits(train, validation, Sealed(lambda: test), facts)


def _public(options: DataOptions, quiet: bool) -> Splits:
    data = find_dataset(options.dataset)
    path = fetch.fetch(data, quiet=quiet)
    try:
        examples, open_test = data.load(path, options)
    except (OSError, EOFError, tarfile.TarError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is damaged: {error}", f"delete it, then: seqzoo data fetch {data.name}") from None
    train, validation = split(examples, options.validation, options.seed)
    return Splits(train, validation, Sealed(open_test), dict(fetch.facts(data, path)))


def split(examples: Examples, share: float, seed: int) -> tuple[Examples, Examples]:
    """Cut `share` of the examples off, at random, seeded: stratified by class, whole groups together.

    Raises:
        UserError: too few examples of a class, or too few groups, to have one on both sides.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold, train_test_split

    labels = np.array(examples.labels)
    if examples.groups is None:
        names, counts = np.unique(labels, return_counts=True)
        if counts.min() < 2:
            raise UserError(f"class {str(names[counts.argmin()])!r} has one example; a split needs at least two")
        size = max(round(share * len(labels)), len(names))
        left, right = train_test_split(np.arange(len(labels)), test_size=size, random_state=seed, stratify=labels)
    else:
        folds = max(2, round(1 / share))
        if len(set(examples.groups)) < folds:
            raise UserError(f"{len(set(examples.groups))} groups cannot be split {1 - share:.0%} / {share:.0%}")
        chooser = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        left, right = next(chooser.split(labels, labels, examples.groups))
    return examples.take(np.sort(left)), examples.take(np.sort(right))


def overlap(left: Examples, right: Examples) -> dict[str, int]:
    """Count texts of `right` that also stand in `left`, and the groups they share."""
    known = {" ".join(text.lower().split()) for text in left.texts}
    duplicates = sum(" ".join(text.lower().split()) in known for text in right.texts)
    return {"duplicates": duplicates, "shared groups": len(set(left.groups or ()) & set(right.groups or ()))}


def _limit(examples: Examples, limit: int, seed: int) -> Examples:
    if not limit or limit >= len(examples):
        return examples
    return split(examples, limit / len(examples), seed)[1] if examples.groups is None else _whole(examples, limit, seed)


def _whole(examples: Examples, limit: int, seed: int) -> Examples:
    import numpy as np

    return examples.take(np.sort(np.random.default_rng(seed).permutation(len(examples))[:limit]))


# --- public data sets --------------------------------------------------------------------------------


@dataset(
    "imdb",
    task="classify",
    url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    file="imdb/aclImdb_v1.tar.gz",
    hash="md5:7c2ac02c03563afcf9b574c7e56c153a",
    size_mb=84.1,
    licence="none stated; cite Maas et al. 2011",
)
def imdb(path: Path, options: DataOptions) -> tuple[Examples, Callable[[], Examples]]:
    """50,000 film reviews, positive or negative; train and test share (almost) no film."""
    train = _limit(_read_imdb(path, "train"), options.limit, options.seed)
    return train, lambda: _limit(_read_imdb(path, "test"), options.limit, options.seed)


_MEMBER = re.compile(r"aclImdb/(train|test)/(?:(pos|neg)/(\d+)_\d+\.txt|urls_(pos|neg)\.txt)")


def _read_imdb(path: Path, part: str) -> Examples:
    """Read one part from the archive without unpacking it; the film of review i is line i of the urls."""
    texts: dict[tuple[str, int], str] = {}
    films: dict[str, list[str]] = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            match = _MEMBER.fullmatch(member.name)
            if match is None or match[1] != part or not member.isfile():
                continue
            file = archive.extractfile(member)
            content = file.read().decode("utf-8") if file else ""
            if match[4]:
                films[match[4]] = re.findall(r"tt\d+", content)
            else:
                texts[match[2], int(match[3])] = content
    if not texts:
        raise UserError(f"{path} holds no {part} reviews in the published layout")
    keys = sorted(texts)
    names = {"pos": "positive", "neg": "negative"}
    groups = [films[kind][i] for kind, i in keys] if len(films) == 2 else None
    return Examples([texts[key] for key in keys], [names[kind] for kind, _ in keys], groups)


@dataset(
    "sms-spam",
    task="classify",
    url="https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
    file="spam/SMSSpamCollection",
    hash="",  # UCI publishes none
    size_mb=0.2,
    licence="CC BY 4.0",
)
def sms_spam(path: Path, options: DataOptions) -> tuple[Examples, Callable[[], Examples]]:
    """5,574 English text messages, ham or spam; test is a seeded fifth."""
    rows = [line.partition("\t") for line in path.read_text(encoding="utf-8").splitlines() if "\t" in line]
    examples = Examples([text for _, _, text in rows], [label for label, _, _ in rows])
    rest, test = split(_limit(examples, options.limit, options.seed), options.test, seed=228)
    return rest, lambda: test


@dataset(
    "tweeteval", task="classify", url="https://github.com/cardiffnlp/tweeteval/tree/main/datasets/sentiment",
    file="tweeteval/sentiment_part.tsv", hash="", size_mb=1.3, licence="research use; cite Rosenthal et al. 2017",
    by_hand="write the texts and their labels (negative, neutral, positive) as a TSV with the columns text and label",
)  # fmt: skip
def tweeteval(path: Path, options: DataOptions) -> tuple[Examples, Callable[[], Examples]]:
    """Tweets of SemEval 2017: negative, neutral or positive; test is a seeded fifth."""
    known = read_file(path, DataOptions(path=str(path), text="text", label="label"))
    rest, test = split(_limit(known, options.limit, options.seed), options.test, seed=2017)
    return rest, lambda: test


# --- a user's own file -------------------------------------------------------------------------------


def read_file(path: Path, options: DataOptions) -> Examples:
    """Read a labelled file; rows without a text or a label are refused with their numbers.

    Raises:
        UserError: missing file or column, wrong encoding, empty or single-class data.
    """
    columns = [options.text, options.label, *([options.group] if options.group else [])]
    texts, labels, groups, empty = [], [], [], []
    for number, row in enumerate(read_rows(path, columns), start=1):
        text, label = row[options.text], row[options.label]
        if not text.strip() or not label.strip() or label.strip().lower() == "nan":
            empty.append(number)
            continue
        texts.append(text)
        labels.append(label.strip())
        groups.append(row.get(options.group, ""))
    if empty:
        shown = ", ".join(map(str, empty[:5])) + (" ..." if len(empty) > 5 else "")
        raise UserError(f"{path}: {len(empty)} row(s) have no text or no label: {shown}", "remove or complete them")
    if not texts:
        raise UserError(f"{path} holds no rows")
    if len(set(labels)) < 2:
        raise UserError(f"{path}: column {options.label!r} holds one class only ({labels[0]!r}); two are needed")
    if len(set(labels)) > max(2, min(1000, len(labels) / 2)):
        raise UserError(f"{path}: column {options.label!r} holds {len(set(labels))} classes in {len(labels)} rows")
    return Examples(texts, labels, groups if options.group else None)
