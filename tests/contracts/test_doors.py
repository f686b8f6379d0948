"""The doors open at once: what the command line may import, and which way imports point."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqzoo import tasks

PACKAGE = Path(__file__).parents[2] / "seqzoo"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted(path.parent for path in (PACKAGE / "tasks").glob("*/room.py"))
HEAVY = {
    "tensorflow",
    "keras",
    "pandas",
    "sklearn",
    "onnxruntime",
    "onnx",
    "scipy",
    "statsmodels",
    "yfinance",
    "jinja2",
    "tokenizers",
    "sacrebleu",
    "soundfile",
    "soxr",
}

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
    "args",
    [
        ["--help"],
        ["list"],
        ["list", "--json"],
        ["show", "imdb-bilstm"],
        ["data", "list"],
        ["train", "--help"],
        ["export", "--help"],
    ],
)
def test_light_commands_import_nothing_heavy(args):
    assert loaded(*args) == set()


def test_inference_imports_onnxruntime_only(tiny_run):
    assert loaded("classify", str(tiny_run), "a great film") == {"onnxruntime"}
    assert loaded("generate", "char-lstm", "--length", "5") == {"onnxruntime"}
    assert loaded("translate", "Thank you.") == {"onnxruntime", "tokenizers"}
    assert loaded("tag", "we met Eva in Rome") == {"onnxruntime"}
    assert loaded("transcribe", "--sample") == {"onnxruntime", "soundfile"}


def test_the_package_itself_is_imported_in_no_time():
    code = "import sys, seqzoo; dir(seqzoo); print(sorted(m for m in sys.modules if m.startswith('seqzoo')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['seqzoo']"


def test_nothing_is_reported_to_the_makers_of_the_runtime(tmp_path):
    """It keeps what it has not sent yet in a cache of its own: there is none."""
    code = "import os, seqzoo; seqzoo.classify('superb'); print(os.environ['ORT_DISABLE_TELEMETRY'])"
    home = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    home = {name: value for name, value in home.items() if name not in ("ORT_DISABLE_TELEMETRY", "CI")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=home, cwd=tmp_path
    )
    assert done.stdout.strip() == "1" and not list(tmp_path.rglob("*onnxruntime*"))


def test_every_public_name_is_there_and_known_to_type_checkers():
    import seqzoo

    assert all(getattr(seqzoo, name) for name in seqzoo.__all__)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(ast.parse((PACKAGE / "__init__.py").read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seqzoo")
        for alias in node.names
    }
    assert imported == set(seqzoo.__all__) == set(seqzoo._WHERE)
    assert (PACKAGE / "py.typed").is_file()


# --- which way imports point -------------------------------------------------------------------------

FLOORS = [  # a module may import from its own floor and below
    ["errors"],
    ["calibration", "judge", "files", "ngrams", "options", "page.text", "sampling", "vectors"],
    ["counts"],
    ["report", "runtime", "tasks"],
    ["registry"],
    ["fetch"],
    ["recipe", "bundle"],
    ["room"],
    ["graph.writer"],
    ["graph.layers", "graph.recurrent"],
    ["graph.convert", "graph.quantize"],
    ["graph"],
    ["fitting", "fitting.batches", "fitting.callbacks", "fitting.shared"],
    ["fitting.fit"],
    ["runs", "page"],
    ["lines"],
    ["page.axes", "page.compared", "page.words"],
    ["lighter", "page.rows", "page.scatter", "page.sound", "page.tables", "page.timeline"],
    ["page.charts"],
    ["page.html", "page.terminal"],
    ["page.searched"],
    ["learning"],
    ["corridor"],
    ["compare", "flags"],
    ["serve", "serve.batching", "serve.limits", "serve.metrics", "serve.service"],
    ["serve.guard", "serve.loaded"],
    ["serve.app"],
    ["serve.server"],
    ["serve.command"],
    ["cluster", "cluster.connect", "cluster.halving", "cluster.space", "cluster.tables"],
    ["cluster.record"],
    ["cluster.bulk", "cluster.sweep", "cluster.workers"],
    ["cluster.command"],
    ["door"],
    ["export.beside", "export.parts", "export.traced"],
    ["export.inputs", "export.litert", "export.onnx_files", "export.saved_model"],
    ["export.exporting"],
    ["export"],
    ["cli", "", "__main__"],
]


def module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


def imported(path: Path) -> set[str]:
    """The package's modules that a file imports, anywhere in it, and not only for type checkers."""
    tree, known = ast.parse(path.read_text()), {module(file) for file in FILES}
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "seqzoo":
            inside = node.module.removeprefix("seqzoo").removeprefix(".")
            names = [f"{inside}.{alias.name}".strip(".") for alias in node.names]
            names = [name if name in known else inside for name in names]
        elif isinstance(node, ast.Import):
            names = [a.name.removeprefix("seqzoo.") for a in node.names if a.name.startswith("seqzoo.")]
        found |= set(names)
    return found


def test_imports_of_the_corridor_point_one_way():
    floors = {name: number for number, names in enumerate(FLOORS) for name in names}
    corridor = [path for path in FILES if not module(path).startswith("tasks.") and module(path) != "tasks"]
    assert {module(path) for path in corridor} | {"tasks"} == set(floors)
    for path in corridor:
        for name in imported(path):
            assert floors[name] <= floors[module(path)], f"{module(path)} imports {name}"


def test_there_is_no_circle():
    arrows = {module(path): imported(path) - {module(path)} for path in FILES}
    done: set[str] = set()
    while ready := {name for name, others in arrows.items() if name not in done and others <= done}:
        done |= ready
    assert set(arrows) == done, sorted(set(arrows) - done)


def test_no_room_is_named_in_the_corridor():
    """Neither in an import, nor in a string that could become one; the list of public names is the one exception."""
    names = {room.name for room in ROOMS}
    for path in FILES:
        if ("tasks" in path.relative_to(PACKAGE).parts[:1] and path.parent.name in names) or path.name == "__init__.py":
            continue
        tree = ast.parse(path.read_text())
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                words = set(node.value.replace(".", " ").replace("/", " ").split())
                assert not words & names, f"{path.name}, line {node.lineno}: {node.value!r}"


def test_the_contract_of_a_room_has_no_hole():
    """`Any` would switch the type checker off just where a room is written."""
    names = {node.id for node in ast.walk(ast.parse((PACKAGE / "room.py").read_text())) if isinstance(node, ast.Name)}
    assert "Any" not in names and "Room" in (PACKAGE / "corridor.py").read_text()


def test_no_room_imports_a_room_and_its_record_stands_below_the_corridor():
    """A room's command and door use the corridor, which walks the record: that must reach none of them."""
    arrows = {module(path): imported(path) for path in FILES}
    above = {"corridor", "compare", "cli", "door", "runs", "flags", "page.terminal", "page.html"}
    for room in ROOMS:
        mine = f"tasks.{room.name}"
        for path in room.glob("*.py"):
            assert not [
                name for name in arrows[module(path)] if name.startswith("tasks.") and not name.startswith(mine)
            ]
        reached, new = set(), {f"{mine}.room"}
        while new:
            reached |= new
            new = set().union(*(arrows[name] for name in new)) - reached
        assert not reached & (above | {f"{mine}.command", f"{mine}.door"})


def test_the_toy_room_is_whole_and_small():
    """A room that adds no line to the corridor; the README's "how to add a room"."""
    source = (Path(__file__).parents[1] / "toy.py").read_text()
    assert len(source.splitlines()) <= 120 and "echo" in tasks.ROOMS
    assert not [path for path in FILES if '"echo"' in path.read_text() or "toy" in path.read_text().split()]


def test_no_pickle_no_eval():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not {"pickle", "dill", "joblib", "marshal"} & set(names), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), path
            if isinstance(node, ast.keyword) and node.arg in ("safe_mode", "allow_pickle"):
                assert node.arg == "allow_pickle" and node.value.value is False, path


BLOCKED = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
sys.argv = ["seqzoo", *{args!r}]
from seqzoo.cli import main
main()
"""


ANSWERS = [["classify", "a superb film"], ["generate", "--length", "20"], ["translate", "Thank you."]]


@pytest.mark.parametrize("args", ANSWERS)
def test_five_packages_are_enough_to_answer(args):
    """As in an environment that holds numpy, onnxruntime, typer, rich and tokenizers; `.ci/small` builds a real one."""
    blocked = HEAVY - {"onnxruntime", "tokenizers"} | {"requests", "pooch", "platformdirs", "tomli_w", "threadpoolctl"}
    code = BLOCKED.format(blocked=blocked, args=args)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout, done.stderr
    code = BLOCKED.format(blocked=blocked, args=["train", "imdb-bilstm"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2 and "which is not installed here" in done.stderr and "Traceback" not in done.stderr
    assert json.dumps("pip install seqzoo").strip('"') in done.stderr
