"""Answers in bulk: rows a second and peak memory, in one process and in workers.

.venv/bin/python -m tests.bench.bulk RUN [ROWS ...]      RUN: a classifier's bundle; ROWS: 100000 1000000 by default
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.processes import below

WORDS = "great superb awful poor the film was a story with actors and music in it for two hours dull moving".split()


def write(path: Path, rows: int) -> Path:
    """Rows of three to fifteen words."""
    chooser = random.Random(0)
    with pq.ParquetWriter(path, pa.schema([("id", pa.int64()), ("text", pa.string())])) as file:
        for start in range(0, rows, 100_000):
            count = min(100_000, rows - start)
            texts = [" ".join(chooser.choices(WORDS, k=chooser.randint(3, 15))) for _ in range(count)]
            file.write_table(pa.table({"id": range(start, start + count), "text": texts}))
    return path


def memory(root: int) -> float:
    """Megabytes of a process and all below it, what they share counted once."""
    total = 0.0
    for pid in {root} | below(root):
        try:
            total += int((Path("/proc") / str(pid) / "smaps_rollup").read_text().split("Pss:")[1].split()[0]) / 1024
        except (OSError, IndexError):
            continue
    return total


def run(*args: str) -> tuple[str, float]:
    """What a command said last, and its peak memory."""
    process, peak = subprocess.Popen([sys.executable, "-m", "seqzoo", *args], stderr=subprocess.PIPE, text=True), 0.0
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(0.3)
    return process.stderr.read().splitlines()[-1], peak


def main(bundle: str, *counts: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for count in map(int, counts or ("100000", "1000000")):
            source = write(Path(folder) / f"{count}.parquet", count)
            for workers in ((), ("--workers", "1"), ("--workers", "2")):
                said, peak = run("classify", bundle, "--input", str(source), "--output", f"{folder}/out", "--force",
                                 *workers)  # fmt: skip
                print(f"{' '.join(workers) or 'one process':<12} peak {peak:,.0f} MB  {said}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
