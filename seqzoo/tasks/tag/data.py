"""Where tagged sentences come from: public sets and CoNLL files, checked, in one scheme, whole documents together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seqzoo import fetch
from seqzoo.errors import UserError, listing
from seqzoo.registry import find_dataset
from seqzoo.report import JSON
from seqzoo.room import Sealed
from seqzoo.tasks.tag import conll, datasets, schemes
from seqzoo.tasks.tag.conll import Sentence
from seqzoo.tasks.tag.options import DataOptions
from seqzoo.tasks.tag.schemes import PLAIN


@dataclass(frozen=True)
class Sentences:
    """Words and their tags, in IOB2 or plain.

    Attributes:
        words, tags: of each sentence, as many of one as of the other.
        documents: (n,) numbers that sentences of one document share.
        plain: each word has a tag of its own; otherwise tags mark spans.
    """

    words: list[list[str]]
    tags: list[list[str]]
    documents: np.ndarray
    plain: bool

    def __len__(self) -> int:
        return len(self.words)

    def take(self, indices: Sequence[int] | np.ndarray) -> Sentences:
        """The sentences at these positions."""
        words, tags = ([column[i] for i in indices] for column in (self.words, self.tags))
        return Sentences(words, tags, self.documents[np.asarray(indices, int)], self.plain)

    @property
    def scheme(self) -> str:
        """Of `tags`."""
        return PLAIN if self.plain else "IOB2"

    def spans(self) -> list[list[schemes.Span]]:
        """What is marked in each sentence."""
        return [schemes.each(tags, self.scheme) for tags in self.tags]


@dataclass(frozen=True)
class Splits:
    """Sentences to learn from and to choose by; the test part is sealed.

    `texts` are sets of further paragraphs without tags; `vectors` is a file of word vectors, or nothing.
    """

    train: Sentences
    validation: Sentences
    test: Sealed[Sentences]
    texts: tuple[str, ...] = ()
    vectors: str = ""
    facts: dict[str, JSON] = field(default_factory=dict)

    def paragraphs(self, quiet: bool = True) -> Iterator[list[str]]:
        """Read the words of the further texts, a paragraph at a time."""
        for name in self.texts:
            yield from datasets.words_of(name, fetch.fetch(find_dataset(name), quiet=quiet))


def load(options: DataOptions, quiet: bool = False) -> Splits:
    """Read and split what a recipe's [data] table names; `options.seed` seeds the splits.

    Raises:
        UserError: files that cannot be used, or too few documents.
    """
    known, facts = read_own(options) if options.path else _public(options.dataset, quiet)
    if options.limit and options.limit < len(known):
        known = known.take(np.sort(np.random.default_rng(options.seed).permutation(len(known))[: options.limit]))
    for name in options.texts:
        data = find_dataset(name)
        facts = facts | {f"words are known from {name}": dict(fetch.facts(data, fetch.fetch(data, quiet=quiet)))}
    if options.vectors:
        path = Path(options.vectors)
        if not path.is_file():
            raise UserError(f"no such file: {path}", "--vectors FILE: a word and its numbers on each line")
        facts = facts | {"word vectors": {"name": path.name, "sha256": fetch.sha256(path)}}
    own_test = None if options.path else datasets.TEST.get(options.dataset)
    if own_test:
        sealed = Sealed(lambda: _public(own_test, quiet)[0])
        train, validation = split(known, options.validation, options.seed)
    else:
        rest, test = split(known, options.test, options.seed + 1)
        sealed = Sealed(lambda: test)
        train, validation = split(rest, options.validation / (1 - options.test), options.seed)
    return Splits(train, validation, sealed, options.texts, options.vectors, facts)


def split(known: Sentences, share: float, seed: int) -> tuple[Sentences, Sentences]:
    """Cut about `share` of the sentences off, whole documents, drawn at random.

    Raises:
        UserError: too few documents to have one on both sides.
    """
    names, counts = np.unique(known.documents, return_counts=True)
    if len(names) < 2:
        raise UserError(f"{len(names)} document(s) cannot be split: empty lines part sentences, -DOCSTART- documents")
    order = np.random.default_rng(seed).permutation(len(names))
    enough = int(np.searchsorted(np.cumsum(counts[order]), share * len(known))) + 1
    away = np.isin(known.documents, names[order[: min(enough, len(names) - 1)]])
    return known.take(np.flatnonzero(~away)), known.take(np.flatnonzero(away))


def _public(name: str, quiet: bool) -> tuple[Sentences, dict[str, JSON]]:
    data = find_dataset(name)
    path = fetch.fetch(data, quiet=quiet)
    found, facts = checked(data.load(path), name, "detect", repair=True), dict[str, JSON](fetch.facts(data, path))
    for more in datasets.SECTIONS.get(name, ()):
        further, said = _public(more, quiet)
        found, facts = together(found, further), facts | {f"and {more}": said}
    return found, facts


def together(first: Sentences, second: Sentences) -> Sentences:
    """Both, their documents told apart."""
    documents = np.concatenate([first.documents, second.documents + first.documents.max() + 1])
    return Sentences(first.words + second.words, first.tags + second.tags, documents, first.plain)


def read_own(options: DataOptions) -> tuple[Sentences, dict[str, JSON]]:
    """All sentences of a file of one's own: CoNLL, or CoNLL-U with its parts of speech.

    Raises:
        UserError: it cannot be read, or tags are illegal in their scheme: their lines are listed.
    """
    path, word, tag = Path(options.path), options.word, options.tag
    if path.suffix.lower() == ".conllu" and (word, tag) == (0, -1):
        word, tag = 1, conll.COLUMNS_U["upos"]
    found = checked(conll.read(path, word, tag, repair=options.repair), str(path), options.scheme, options.repair)
    return found, {"name": path.name, "sha256": fetch.sha256(path), "licence": "your own"}


def checked(sentences: Sequence[Sentence], name: str, scheme: str, repair: bool) -> Sentences:
    """Sentences of any scheme as those of ours.

    Sentences of a file that names no documents stand for themselves.

    Raises:
        UserError: illegal tags, unless they are to be repaired.
    """
    tags = [one.tags for one in sentences]
    scheme = schemes.detected(tags) if scheme == "detect" else scheme
    if not repair:
        _refuse_illegal(sentences, name, scheme)
    plain = scheme == PLAIN
    if not plain:
        tags = [schemes.written(schemes.spans(one), len(one), "IOB2") for one in tags]
    documents = np.array([one.document for one in sentences])
    if len(set(documents.tolist())) < 2:
        documents = np.arange(len(sentences))
    return Sentences([one.words for one in sentences], tags, documents, plain)


def _refuse_illegal(sentences: Sequence[Sentence], name: str, scheme: str) -> None:
    found = [
        f"line {one.line + i}: {one.tags[i]} after {one.tags[i - 1] if i else 'nothing'}"
        for one in sentences
        for i in schemes.illegal(one.tags, scheme)
    ]
    if found:
        raise UserError(
            f"{name}: {len(found)} tag(s) are illegal in {scheme}:{listing(found)}",
            "--set data.repair=true reads each as the beginning of a span; --scheme names another scheme",
        )
