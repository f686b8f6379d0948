"""The doors open at once: what the command line may import, and which way imports point."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "seqzoo"
HEAVY = {"tensorflow", "keras", "pandas", "sklearn", "onnxruntime", "onnx", "scipy", "yfinance"}

PROBE = """
import sys
from seqzoo.cli import app
try:
    app({args!r})
except SystemExit as stop:
    assert not stop.code, stop.code
print("LOADED", *sorted(set(m.partition(".")[0] for m in sys.modules) & {heavy!r}))
"""


def loaded(*args: str) -> set[str]:
    code = PROBE.format(args=list(args), heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "args", [["--help"], ["list"], ["list", "--json"], ["show", "imdb-bilstm"], ["data", "list"], ["train", "--help"]]
)
def test_light_commands_import_nothing_heavy(args):
    assert loaded(*args) == set()


def test_inference_imports_onnxruntime_only(tiny_run):
    assert loaded("classify", "--run", str(tiny_run), "a great film") == {"onnxruntime"}
    assert loaded("generate", "char-lstm", "--length", "5") == {"onnxruntime"}


def layer(module: str) -> int:
    """The corridor in order: a module may import only from layers at or below its own."""
    order = [
        ["errors", "vocabulary"],
        ["registry", "fetch", "layers"],
        ["runtime", "graph", "graph_layers", "graph_recurrent"],
        ["tasks"],
        ["recipe"],
        ["callbacks", "fit", "bundle", "judge", "charts", "report"],
        ["runs"],
        ["compare", "show", "verbs"],
        ["cli", "__init__", "__main__"],
    ]
    return next(i for i, names in enumerate(order) if module in names)


def imports(path: Path) -> set[str]:
    """Modules of ours that a file imports at its top level."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seqzoo"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return found


def test_imports_point_one_way():
    files = [path for path in PACKAGE.glob("*.py")]
    assert len(files) >= 20
    for path in files:
        for name in imports(path):
            assert layer(name) <= layer(path.stem), f"{path.name} imports {name}"


def test_no_room_imports_a_room():
    rooms = [path for path in (PACKAGE / "tasks").iterdir() if (path / "task.py").is_file()]
    assert rooms
    for room in rooms:
        for path in room.glob("*.py"):
            for other in rooms:
                assert other == room or f"seqzoo.tasks.{other.name}" not in path.read_text(), path


def test_no_pickle_no_eval():
    files = [*PACKAGE.rglob("*.py")]
    assert len(files) >= 28
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not {"pickle", "dill", "joblib", "marshal"} & set(names), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), path
            if isinstance(node, ast.keyword) and node.arg in ("safe_mode", "allow_pickle"):
                assert node.arg == "allow_pickle" and node.value.value is False, path
