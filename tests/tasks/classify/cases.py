"""Invented reviews, and what makes a recipe small."""

import csv
import random
from pathlib import Path

GOOD = "great superb lovely wonderful brilliant moving".split()
BAD = "awful poor dull terrible boring weak".split()
FILLER = "the film was a story with actors and music in it , for two hours .".split()


def write_reviews(path: Path, rows: int = 240, classes: int = 2, seed: int = 0) -> Path:
    """Write invented reviews: text, label and film; the words of the class decide the label."""
    chooser = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["review", "stars", "film"])
        for i in range(rows):
            kind = i % classes
            words = [chooser.choice(FILLER) for _ in range(chooser.randint(2, 40))]
            telling = [BAD, GOOD, FILLER][kind]
            for _ in range(chooser.randint(1, 3)):
                words.insert(chooser.randrange(len(words)), chooser.choice(telling))
            writer.writerow([" ".join(words), ["bad", "good", "plain"][kind], f"film {chooser.randrange(40)}"])
    return path


TINY = [
    'data.dataset=""',
    "data.text=review",
    "data.label=stars",
    "data.group=film",
    "codec.tokens=32",
    "model.embedding_dim=8",
    "model.architecture=lstm_classifier",  # one layer: the contracts hold every architecture
    "model.units=[6]",
    "model.embedding_dropout=0.0",
    "decide.risk=0.4",
    "fit.epochs=8",
    "fit.batch_size=16",
    "fit.learning_rate=0.02",
    "fit.schedule=constant",
    "fit.average=0.0",
]


def small(folder: Path):
    """A recipe on invented reviews that is trained in seconds."""
    from seqzoo import recipe

    return recipe.load("imdb-bilstm", [*TINY, f"data.path={write_reviews(folder / 'reviews.csv')}"])


def other(folder: Path) -> list[str]:
    """Overrides that name other data."""
    return [f"data.path={write_reviews(folder / 'other.csv', seed=1)}", 'data.dataset=""', "data.group="]


def answer(classifier):
    return [one.label for one in classifier.predict(["a superb film"])]
