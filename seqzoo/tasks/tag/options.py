"""What a recipe of this room may say: pure data, no heavy imports."""

from __future__ import annotations

from dataclasses import dataclass

from seqzoo.errors import nearest
from seqzoo.options import Flag, parts_of

TEXTS = ("imdb", "sms-spam", "tweeteval", "wikitext-2", "wikitext-2-valid")
READ = ("detect", "IOB1", "IOB2", "BIOES", "plain")
WRITTEN = ("BIOES", "IOB2")
FLAGS = {
    "word": Flag("Its column of words, from 0."),
    "tag": Flag("Its column of tags; -1: the last."),
    "scheme": Flag("How its tags are written.", "SCHEME"),
    "vectors": Flag("Word vectors, as GloVe writes them.", "FILE"),
}


@dataclass(frozen=True)
class DataOptions:
    """Which sentences.

    Attributes:
        dataset, path: a registered data set, or a CoNLL file of one's own.
        word, tag: columns of one's own file, from 0; below 0 from the end.
        scheme: in which tags are written: IOB1, IOB2, BIOES, plain for parts of speech, or "detect".
        repair: read an illegal tag as the beginning of a span, instead of refusing the file.
        texts: data sets of plain text in whose sentences words are met, without tags; for word vectors.
        vectors: a file of word vectors to begin with: a word and its numbers on each line.
        limit: so many sentences; 0 for all.
        validation, test: shares of the documents; a data set with its own test part has no use for test.
    """

    dataset: str = ""
    path: str = ""
    word: int = 0
    tag: int = -1
    scheme: str = "detect"
    repair: bool = False
    texts: tuple[str, ...] = ()
    vectors: str = ""
    limit: int = 0
    validation: float = 0.1
    test: float = 0.15
    seed: int = 0

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = parts_of("documents", self, 0.6)
        if self.scheme not in READ:
            found.append(f"data.scheme = {self.scheme!r}: {nearest(self.scheme, READ)}")
        found += [f"data.texts: {name!r}: {nearest(name, TEXTS)}" for name in self.texts if name not in TEXTS]
        if self.limit < 0:
            found.append("data.limit must be 0 (all sentences) or more")
        return found


@dataclass(frozen=True)
class CodecOptions:
    """How words become numbers, and in which scheme spans are learnt.

    Attributes:
        words: size of the vocabulary at most, padding and the unknown word included.
        minimum: a word must occur so often in the tagged sentences; rarer ones are unknown.
        lower: words are looked up in small letters, digits as one; their letters still tell.
        letters: of a word that are read, the first and the last ones of a longer word; 0: words alone.
        scheme: in which the network learns spans: BIOES or IOB2.
        vectors: start the embedding from word vectors of all the texts (see `seqzoo.vectors`), where no file has any.
        more: so many words that occur in `data.texts` alone join the vocabulary, the most frequent ones, or the first
            ones of `data.vectors`.
    """

    words: int = 10_000
    minimum: int = 1
    lower: bool = True
    letters: int = 0
    scheme: str = "BIOES"
    vectors: bool = False
    more: int = 0

    def problems(self) -> list[str]:
        """List what is out of range."""
        found = []
        if self.words < 3:
            found.append("codec.words must be at least 3 (two ids are padding and unknown)")
        if self.minimum < 1 or self.more < 0:
            found.append("codec.minimum must be at least 1, codec.more at least 0")
        if self.letters and not 4 <= self.letters <= 60:
            found.append("codec.letters must be 0 or lie between 4 and 60")
        if self.scheme not in WRITTEN:
            found.append(f"codec.scheme = {self.scheme!r}: {nearest(self.scheme, WRITTEN)}")
        return found


@dataclass(frozen=True)
class DecideOptions:
    """How tags are chosen: always the likeliest sequence that is legal. Nothing to decide."""

    def problems(self) -> list[str]:
        """None."""
        return []
