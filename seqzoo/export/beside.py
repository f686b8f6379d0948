"""What lies beside an export: a script that runs it without seqzoo, a sample to run it on, and a page that explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from seqzoo.runtime import Arrays

RUN, README = "run.py", "README.md"
_SCRIPT = '''"""Run the exported network on its sample inputs. Needs {needs}.

Run: python run.py [SAMPLE.npz]    arrays by the names of the inputs; see README.md
"""

import sys
from pathlib import Path

import numpy as np
{imports}

HERE = Path(__file__).parent


{load}


for name in {names}:
    path = Path(sys.argv[1]) if sys.argv[1:] else HERE / f"sample-{{name}}.npz"
    with np.load(path) as sample:
        feeds = {{key: sample[key] for key in sample.files}}
    for key, value in run(name, feeds).items():
        print(f"{{name}}: {{key}} {{value.dtype}}{{list(value.shape)}}")
        print(np.array2string(value, precision=6, threshold=20))
'''
_FORMS = {
    "onnx": (
        "numpy and onnxruntime",
        "import os\n\nos.environ['ORT_DISABLE_TELEMETRY'] = '1'  # its makers need not know\n\nimport onnxruntime",
        '''def run(name, feeds):
    """Outputs by name."""
    session = onnxruntime.InferenceSession(HERE / f"{name}.onnx", providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds)))''',
    ),
    "savedmodel": (
        "numpy and tensorflow",
        "import tensorflow as tf",
        '''def run(name, feeds):
    """Outputs by name."""
    model = tf.saved_model.load(str(HERE / name))
    answer = model.signatures["serving_default"](**{key: tf.constant(value) for key, value in feeds.items()})
    return {key: value.numpy() for key, value in answer.items()}''',
    ),
    "litert": (
        "numpy and ai-edge-litert",
        "from ai_edge_litert.interpreter import Interpreter",
        '''def run(name, feeds):
    """Outputs by name."""
    runner = Interpreter(model_path=str(HERE / f"{name}.tflite")).get_signature_runner()
    return runner(**{key: feeds[key] for key in runner.get_input_details()})''',
    ),
}


def script(to: str, names: Sequence[str]) -> str:
    """run.py for one kind of export, of graphs of these names."""
    needs, imports, load = _FORMS[to]
    return _SCRIPT.format(needs=needs, imports=imports, load=load, names=repr(tuple(names)))


def sample(folder: Path, name: str, feeds: Arrays) -> None:
    """Write the inputs that the script runs on."""
    np.savez_compressed(folder / f"sample-{name}.npz", **feeds)  # type: ignore[arg-type]


def shapes(feeds: Arrays, outputs: Arrays) -> tuple[dict[str, str], dict[str, str]]:
    """The dtype and shape of arrays that went in and came out."""
    inputs, found = ({name: f"{one.dtype} {one.shape}" for name, one in some.items()} for some in (feeds, outputs))
    return inputs, found


def page(
    title: str,
    shapes: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]],
    differences: Mapping[str, float],
    tested: str,
    papers: Mapping[str, str],
    notes: Sequence[str],
) -> str:
    """README.md: inputs and outputs of each graph, how far it is from the bundle, and its papers.

    Args:
        title: what it is.
        shapes: for each graph the dtype and shape of its inputs and of its outputs.
        differences: of each graph.
        tested: on what they were measured.
        papers: what is known of where it comes from.
        notes: further lines.
    """
    lines = [f"# {title}", "", "`python run.py` runs it on the sample inputs, without seqzoo.", ""]
    for name, (inputs, outputs) in shapes.items():
        rows = [
            (way, key, kind) for way, some in (("input", inputs), ("output", outputs)) for key, kind in some.items()
        ]
        lines += [f"## {name}", "", "| | name | dtype and shape |", "|---|---|---|"]
        lines += [f"| {way} | `{key}` | {kind} |" for way, key, kind in rows]
        lines += ["", f"It differs from the bundle by at most {differences[name]:.2g} x max(1, |x|) on {tested}.", ""]
    lines += [*(f"- {note}" for note in notes), ""] if notes else []
    lines += ["## Where it comes from", "", *(f"- {name}: {text}" for name, text in papers.items()), ""]
    return "\n".join(lines)
