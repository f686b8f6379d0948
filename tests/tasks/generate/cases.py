"""A few lines over and over, and what makes a recipe small."""

from pathlib import Path

from seqzoo import recipe

LINES = "the cat sat on the mat .\na dog ran to the big tree !\nthe dog sat on the cat .\na cat ran to the mat !\n"


def written(folder: Path, times: int = 150) -> Path:
    """A text of `times` times four lines."""
    path = folder / "my.txt"
    path.write_text(LINES * times)
    return path


def shrunk(path: Path, name: str, *more: str):
    """A shipped recipe on another text, for two epochs of short windows."""
    return recipe.load(name, ['data.dataset=""', f"data.path={path}", "fit.epochs=2", "codec.window=20", *more])


SMALL = ("model.units=24", "fit.batch_size=8", "codec.counts=4")


def small(folder: Path):
    """A recipe that is trained in seconds."""
    return shrunk(written(folder), "char-lstm", *SMALL)


def other(folder: Path) -> list[str]:
    """Overrides that name other data."""
    (folder / "other.txt").write_text("the cat sat on the dog .\nqqq\n" * 5)
    return [f"data.path={folder / 'other.txt'}", 'data.dataset=""']


def answer(generator) -> bool:
    """A text goes on from its beginning, by as many characters as were asked for."""
    (text,) = generator.predict("the cat", 20)
    return text.startswith("the cat") and len(text) == 27
