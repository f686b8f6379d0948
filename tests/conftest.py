"""What the tests share: a small labelled file, and one tiny run of each room."""

import fcntl
import gc
import io
import os
import sys
from importlib import import_module
from pathlib import Path

import curl_cffi  # noqa: F401  (yfinance's transport must be loaded before TensorFlow)
import hypothesis
import pytest

from seqzoo import tasks
from tests.tasks.classify.cases import write_reviews

hypothesis.settings.register_profile("steady", deadline=None)  # a busy machine is no bug
hypothesis.settings.load_profile("steady")
tasks.ROOMS["echo"] = "tests.toy"  # a fourth room, which the corridor has never heard of
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
gc.set_threshold(50_000)  # most of the time goes to TensorFlow's tracing, which makes many small objects


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reviews(tmp_path_factory.mktemp("data") / "reviews.csv")


def cases(task):
    """A room's own tiny data: a `small` recipe on them, `other` data, an `answer` to check."""
    return import_module("tests.toy_cases" if task == "echo" else f"tests.tasks.{task}.cases")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory):
    """Gives a room's run, trained when it is first asked for, once for all processes; do not change it: copy it."""
    from seqzoo.corridor import Work, train

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def run(task: str) -> Path:
        folder = shared / "trained" / task
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "run").is_dir():
                train(cases(task).small(folder), folder / "run", Work(quiet=True))
        return folder / "run"

    return run


@pytest.fixture(scope="session")
def tiny_run(trained) -> Path:
    """A trained bundle of `classify`."""
    return trained("classify")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def seqzoo(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder; returns (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    from seqzoo import cli

    def run(*args, stdin=None):
        monkeypatch.setattr(sys, "argv", ["seqzoo", *map(str, args)])
        piped = (
            io.TextIOWrapper(io.BytesIO(stdin))
            if isinstance(stdin, bytes)
            else None
            if stdin is None
            else io.StringIO(stdin)
        )
        monkeypatch.setattr(sys, "stdin", Terminal() if piped is None else piped)
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def fails(result, *words):
    """One clear message, exit code 2, no traceback."""
    code, out, err = result
    assert code == 2, (code, out, err)
    assert "Traceback" not in err + out
    for word in words:
        assert word in err, err
