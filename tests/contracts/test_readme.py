"""What the README says runs: its Python examples, its first command's file, its links and pictures."""

import json
import re
import sys
from pathlib import Path

import pytest

from seqzoo import recipe
from tests.tasks.classify.cases import write_reviews
from tests.tasks.forecast.cases import write_series

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_there_are_examples():
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("code", EXAMPLES, ids=["answer", "train", "forecast"])
def test_a_python_example_runs(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_reviews(tmp_path / "reviews.csv", rows=80)
    write_series(tmp_path / "sales.csv", steps=300)
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out and ("keras" in sys.modules or code is not EXAMPLES[1])


def test_every_recipe_was_measured_and_has_its_row():
    assert set(json.loads((recipe.folder() / "results.json").read_text())) == set(recipe.names())
    for name in recipe.names():
        assert f"| `{name}` |" in README, f"{name}: run tests/bench/results.py"


def test_pictures_and_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", README)
    for target in filter(None, (one for pair in targets for one in pair)):
        assert (ROOT / target).exists(), target
    headings = {re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-")
                for line in README.splitlines() if line.startswith("#")}  # fmt: skip
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings
