"""With Ray: a sweep, a training and a bulk, and processes that are killed in the middle."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqzoo.cluster import record, sweep
from tests.cluster.test_bulk import answers, expected, texts
from tests.processes import below

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SURROUNDINGS = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}


def start(folder, *args):
    command = [sys.executable, "-m", "seqzoo", *map(str, args)]
    return subprocess.Popen(command, cwd=folder, env=SURROUNDINGS, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)  # fmt: skip


def done(process, killed=False):
    """What a command said; nothing of it is Ray's, unless a worker was killed: then Ray says so."""
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert "Traceback" not in said and (killed or not re.search(r"\bray\b|raylet", said)), said
    return said


def called(pid):
    """What a process is called; nothing once it has gone."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text()
    except OSError:
        return ""


def kill_a_worker(root, name):
    """Kill -9 the first worker that does what `name` says."""
    os.kill(next(pid for pid in sorted(below(root)) if name in called(pid)), signal.SIGKILL)


def until(ready, process, seconds=200):
    end = time.monotonic() + seconds
    while not ready():
        assert process.poll() is None and time.monotonic() < end, process.communicate()[0] if process.poll() else "late"
        time.sleep(0.05)


def kill(process):
    """Kill -9 the driver; its workers go with it, and Ray's own agents a little later."""
    started = [pid for pid in below(process.pid) if "Agent" not in called(pid)]
    process.kill()
    process.communicate()
    end = time.monotonic() + 60
    while left := [pid for pid in started if called(pid)]:
        assert time.monotonic() < end, left
        time.sleep(0.2)


def test_a_sweep_survives_the_death_of_a_worker_and_of_its_driver(tmp_path):
    ask = ("sweep", "sine-rnn", "--over", "fit.learning_rate=log(1e-4,1e-1)", "model.units=int(4,40)", "--trials", 12,
           "--set", "fit.epochs=8", "--workers", 2, "--out", "out")  # fmt: skip
    out = tmp_path / "out"
    first = start(tmp_path, *ask)
    until(lambda: len(record.ended(out)) >= 2, first)
    kill_a_worker(first.pid, "ray::ImplicitFunc")
    until(lambda: len(record.ended(out)) >= 6, first)
    kill(first)
    known = (out / record.TRIALS).read_bytes()
    said = done(start(tmp_path, "sweep", "sine-rnn", "--resume", "--workers", 2, "--out", "out"))
    assert (out / record.TRIALS).read_bytes().startswith(known)
    trials = record.ended(out)
    assert [one.trial for one in trials] == list(range(12))
    assert not [one for one in trials if one.ended == "failed"] and [one for one in trials if one.ended == "stopped"]
    best = min(trials, key=lambda one: one.loss)
    from seqzoo.report import Report

    assert min(row["val_loss"] for row in Report.load(out / "best").history) == pytest.approx(best.loss, rel=1e-4)
    assert (out / sweep.PAGE).is_file() and not (out / sweep.NOTES).exists() and "12" in said


def weights(folder):
    import keras

    return keras.saving.load_model(folder / "model.keras", compile=False).get_weights()


def apart(one, other):
    return max(np.abs(a - b).max() for a, b in zip(weights(one), weights(other), strict=True))


def test_two_workers_give_the_weights_of_one_process_whoever_is_killed(tmp_path):
    ask = ("train", "sine-rnn", "--set", "fit.epochs=12", "--out")
    done(start(tmp_path, *ask, "one"))
    done(start(tmp_path, *ask, "two", "--workers", 2))
    for name in ("worker", "driver"):
        process = start(tmp_path, *ask, name, "--workers", 2)
        history = tmp_path / f"{name}.training" / "history.csv"
        until(lambda: history.is_file() and len(history.read_text().splitlines()) > 3, process)  # noqa: B023
        if name == "worker":
            kill_a_worker(process.pid, "ray::Worker")
        else:
            kill(process)
            process = start(tmp_path, "train", "sine-rnn", "--resume", "--out", name, "--workers", 2)
        done(process, killed=True)
    found = {name: apart(tmp_path / "one", tmp_path / name) for name in ("two", "worker", "driver")}
    print(found)
    assert max(found.values()) < 1e-5


def test_states_are_carried_by_each_worker_for_its_own_rows(tmp_path):
    (tmp_path / "text.txt").write_text("".join(texts(200)))
    ask = ("train", "char-lstm", "--data", "text.txt", "--set", "fit.epochs=2", "--set", "fit.batch_size=7",
           "--set", "model.units=12", "--set", "model.dropout=0.0", "--set", "codec.window=20", "--out")  # fmt: skip
    done(start(tmp_path, *ask, "one"))
    done(start(tmp_path, *ask, "two", "--workers", 2))
    assert apart(tmp_path / "one", tmp_path / "two") < 1e-5


def test_answers_of_workers_are_those_of_one_process_in_the_same_order(tmp_path, tiny_run):
    said = texts(20_000)
    pq.write_table(pa.table({"n": range(20_000), "text": said}), tmp_path / "in.parquet", row_group_size=3000)
    told = done(start(tmp_path, "classify", tiny_run, "--input", "in.parquet", "--output", "out", "--workers", 2))
    assert "20,000 rows" in told and len(told.splitlines()) == 2
    assert pq.read_table(tmp_path / "out")["n"].to_pylist() == list(range(20_000))
    assert answers(tmp_path / "out") == expected(tiny_run, said)


@pytest.fixture
def cluster():
    """Ray as an administrator starts it, elsewhere; what ends is this one, not whatever else runs here."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--port=26379",
               "--num-cpus=3", "--include-dashboard=false", "--object-store-memory=200000000"]  # fmt: skip
    head = subprocess.Popen(command, cwd="/", env={**SURROUNDINGS, "RAY_USAGE_STATS_ENABLED": "0"},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    assert any("Ray runtime started" in line for line in head.stdout)
    yield "auto"
    for pid in (head.pid, *below(head.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    head.communicate()


def test_the_same_commands_join_a_cluster(tmp_path, tiny_run, cluster):
    pq.write_table(pa.table({"text": texts(500)}), tmp_path / "in.parquet")
    done(start(tmp_path, "classify", tiny_run, "--input", "in.parquet", "--output", "out", "--address", cluster))
    assert answers(tmp_path / "out") == expected(tiny_run, texts(500))
    said = done(start(tmp_path, "sweep", "sine-rnn", "--over", "codec.window=8,16", "--trials", 2, "--address", cluster,
                      "--set", "fit.epochs=1"))  # fmt: skip
    assert "2 trained" in said
    done(start(tmp_path, "train", "sine-rnn", "--set", "fit.epochs=1", "--workers", 2, "--address", cluster))
