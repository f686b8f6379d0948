"""Pairs of made-up sentences: each word has one translation, and the order turns around."""

from itertools import product
from pathlib import Path

from seqzoo import recipe

WORDS = {"red": "rouge", "big": "grand", "cat": "chat", "dog": "chien", "tree": "arbre", "sees": "voit", "has": "a"}


def said(source):
    """What a sentence becomes."""
    return " ".join(WORDS[word] for word in source.split()[::-1])


def sources():
    """Ninety-six sentences of two to four words."""
    things = ["cat", "dog", "tree"]
    nouns = [*things, *(f"{how} {what}" for how, what in product(["red", "big"], things))]
    return [f"{who} {does} {what}" for who, does, what in product(nouns, ["sees", "has"], nouns)][:96]


def written(folder: Path, pairs=None) -> Path:
    """A file of pairs."""
    path = folder / "pairs.tsv"
    rows = pairs or [(source, said(source)) for source in sources()]
    path.write_text("en\tfr\n" + "".join(f"{source}\t{target}\n" for source, target in rows), "utf-8")
    return path


OWN = ('data.dataset=""', "data.source=en", "data.target=fr", "data.validation=0.1", "data.test=0.1")
SMALL = ("codec.source_units=300", "codec.target_units=300", "model.units=32", "model.embedding=24")


def shrunk(path: Path, name: str, *more: str):
    """A shipped recipe on other pairs, for two epochs."""
    return recipe.load(name, [*OWN, f"data.path={path}", "fit.epochs=2", "fit.batch_size=16", *more])


def small(folder: Path):
    """A recipe that is trained in seconds."""
    return shrunk(written(folder), "fra-eng-attention", *SMALL)


def other(folder: Path) -> list[str]:
    """Overrides that name other data."""
    path = folder / "other.tsv"
    path.write_text("en\tfr\ncat sees dog\tchien voit chat\nbig dog\tchien grand\n")
    return [f"data.path={path}", 'data.dataset=""', "data.source=en", "data.target=fr"]


def answer(translator) -> bool:
    """A sentence becomes a text, and no letter stays as it is."""
    one, none = translator.predict(["big cat sees dog", "😀 !"])
    return isinstance(one.text, str) and one.known and none.text == "😀 !" and not none.known
