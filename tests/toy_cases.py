"""The toy room's own tiny data, as each room has them in `tests/tasks/<room>/cases.py`."""

from seqzoo import recipe

RECIPE = """
task = "echo"
[data]
dataset = "echoes"
[model]
architecture = "echo"
[fit]
epochs = 12
batch_size = 16
learning_rate = 0.05
"""


def small(folder):
    (folder / "echo.toml").write_text(RECIPE)
    return recipe.load(str(folder / "echo.toml"))


def other(folder):
    (folder / "other.txt").write_text("abcde\nedcba\naabbccdd\n")
    return ['data.dataset=""', f"data.path={folder / 'other.txt'}"]


def answer(echoer):
    assert echoer.predict(["edcba", "ee"]) == ["eedcb", "ee"]
    return True
