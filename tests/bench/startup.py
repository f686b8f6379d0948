"""How long the doors take to open: whole processes, medians.

Run: python tests/bench/startup.py
"""

import statistics
import subprocess
import sys
import time

SEQZOO = [sys.executable, "-m", "seqzoo"]
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import tensorflow": [sys.executable, "-c", "import tensorflow"],
    "seqzoo --help": [*SEQZOO, "--help"],
    "seqzoo list": [*SEQZOO, "list"],
    "seqzoo classify": [*SEQZOO, "classify", "A slow start, but the ending was superb"],
    "seqzoo classify --run imdb-evidence-bilstm": [*SEQZOO, "classify", "--run", "imdb-evidence-bilstm", "Superb"],
    "seqzoo tag": [*SEQZOO, "tag", "Angela Merkel met Tim Cook in Berlin"],
    "seqzoo transcribe --sample": [*SEQZOO, "transcribe", "--sample"],
    "seqzoo translate": [*SEQZOO, "translate", "I would like a cup of tea"],
    "seqzoo generate --temperature 0.8 (one character)": [*SEQZOO, "generate", "--temperature", "0.8", "--length", "1"],
}


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - started


for command in COMMANDS.values():  # warm the file cache
    seconds(command)
times: dict[str, list[float]] = {name: [] for name in COMMANDS}
for _ in range(5):
    for name, command in COMMANDS.items():
        times[name].append(seconds(command))
medians = {name: statistics.median(values) for name, values in times.items()}
for name, value in medians.items():
    print(f"{name:<50} {value:6.2f} s   1/{medians['import tensorflow'] / value:.1f} of import tensorflow")
