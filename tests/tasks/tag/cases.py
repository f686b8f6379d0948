"""Made-up sentences in which names stand, and what makes a recipe small."""

import random
from pathlib import Path

from seqzoo import recipe

FIRST = "Ann Bob Cleo Dan Eva".split()
LAST = "Stone River Field Hill".split()
TOWNS = "Rome Oslo Lima Cairo".split()
FILLER = "then we met and saw a big dog near the old house with many more people".split()


def sentence(chooser) -> list[tuple[str, str]]:
    """Words with their tags, in IOB2."""
    found = [(chooser.choice(FILLER), "O") for _ in range(chooser.randint(1, 6))]
    found.append((chooser.choice(FIRST), "B-PER"))
    if chooser.random() < 0.5:
        found.append((chooser.choice(LAST), "I-PER"))
    found += [(chooser.choice(FILLER), "O") for _ in range(chooser.randint(0, 3))]
    if chooser.random() < 0.7:
        found += [("in", "O"), (chooser.choice(TOWNS), "B-LOC")]
    return [*found, (".", "O")]


def write_conll(path: Path, count: int = 160, seed: int = 0, each: int = 4) -> Path:
    """A file of sentences, `each` to a document."""
    chooser, lines = random.Random(seed), []
    for number in range(count):
        if number % each == 0:
            lines += ["-DOCSTART- O", ""]
        lines += [f"{word} {tag}" for word, tag in sentence(chooser)] + [""]
    path.write_text("\n".join(lines), "utf-8")
    return path


TINY = (
    'data.dataset=""',
    "data.texts=[]",
    "codec.more=0",
    "codec.letters=12",
    "model.embedding_dim=12",
    "model.filters=8",
    "model.letter_dim=8",
    "model.units=12",
    "model.dropout=0.0",
    "fit.epochs=6",
    "fit.batch_size=8",
    "fit.learning_rate=0.02",
    "fit.schedule=constant",
    "fit.average=0.0",
)


def shrunk(path: Path, name: str, *more: str):
    """A shipped recipe on other sentences."""
    return recipe.load(name, [*TINY, f"data.path={path}", *more])


def small(folder: Path):
    """A recipe that is trained in seconds."""
    return shrunk(write_conll(folder / "names.conll"), "ner-bilstm-crf")


def other(folder: Path) -> list[str]:
    """Overrides that name other data."""
    return [f"data.path={write_conll(folder / 'other.conll', 40, seed=1)}", 'data.dataset=""']


def answer(tagger):
    return [one.tags for one in tagger.predict(["we met Ann Stone in Rome ."])]
