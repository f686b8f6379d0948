"""What the tests share: a small labelled file, and one tiny run trained on it."""

import os
from pathlib import Path

import curl_cffi  # noqa: F401  (yfinance's transport must be loaded before TensorFlow)
import hypothesis
import pytest

from seqzoo import tasks
from tests.tasks.classify.cases import TINY, write_reviews

hypothesis.settings.register_profile("steady", deadline=None)  # a busy machine is no bug
hypothesis.settings.load_profile("steady")
tasks.ROOMS["echo"] = "tests.toy"  # a fourth room, which the corridor has never heard of
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reviews(tmp_path_factory.mktemp("data") / "reviews.csv")


@pytest.fixture(scope="session")
def tiny_recipe(reviews: Path):
    from seqzoo import recipe

    return recipe.load("imdb-bilstm", [*TINY, f"data.path={reviews}"])


@pytest.fixture(scope="session")
def tiny_run(tiny_recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained bundle; do not change it: copy it."""
    from seqzoo.corridor import Work, train

    out = tmp_path_factory.mktemp("runs") / "tiny"
    train(tiny_recipe, out, Work(quiet=True))
    return out
