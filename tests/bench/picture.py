"""Draw the README's pictures: what the terminal shows, as SVG.

Run: python tests/bench/picture.py
"""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURES = {
    "classify": [
        ["classify", "--sample"],
        ["classify", "--explain", "Wooden acting and a dull plot, but the music is wonderful."],
    ],
    "generate": [["generate", "--length", "400", "--seed", "7"], ["generate", "--suggest", "I love"]],
    "translate": [
        ["translate", "I would like a cup of tea.", "--alternatives", "3"],
        ["translate", "Do you know what time it is?", "--explain"],
    ],
    "forecast": [["forecast", "--ticker", "AAPL", "--source", "sample", "--horizon", "5"]],
}
ROOT = Path(__file__).parents[2]
environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": "104", "TERM": "xterm-256color"}


def draw(name: str, commands: list[list[str]]) -> None:
    """Run the commands and write .github/NAME.svg."""
    console = Console(record=True, width=104, quiet=False, file=io.StringIO(), force_terminal=True)
    for command in commands:
        shown = " ".join(f'"{word}"' if " " in word else word for word in command)
        console.print(Text(f"$ seqzoo {shown}", "bold green"))
        done = subprocess.run(
            [sys.executable, "-m", "seqzoo", *command], capture_output=True, text=True, check=True, cwd=ROOT,
            env=environment, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        console.print(Text.from_ansi(done.stdout))
    svg = console.export_svg(title="seqzoo", theme=MONOKAI)
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)  # fetch no fonts
    (ROOT / ".github" / f"{name}.svg").write_text(svg, encoding="utf-8")


for name, commands in PICTURES.items():
    draw(name, commands)
