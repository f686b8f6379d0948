"""Turn a run into a bundle that ships: float16 weights, a card, no training weights.

Run: python tests/bench/ship.py runs/imdb-bilstm
"""

import json
import shutil
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from seqzoo import bundle, graph, recipe, registry, runs
from seqzoo.report import shown
from seqzoo.runtime import Graph, run_sorted
from seqzoo.tasks import open_room

CARD = """# {recipe}

{title}. Source: {source}.

- Trained by: `seqzoo train {recipe} --seed {seed}` ({minutes:.0f} minutes on {machine})
- Data: {data} (licence: {licence}); {train:,} {unit}s to train on, {validation:,} to choose by{refit}
- Test: {metric} {value}, 95 % interval [{low}, {high}], n = {n:,}; {verdict}
- Weights: float16; {effect}
- Use: {use}
"""
USES = {
    "classify": "film reviews in English. It has seen nothing else: neither other languages nor other kinds of text.",
    "generate": "to play with. It writes what looks like Shakespeare's plays, and knows nothing else.",
}


def ship(run: Path) -> None:
    """Write seqzoo/bundles/NAME from a run."""
    meta = bundle.load_meta(run)
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    out = Path(__file__).parents[2] / "seqzoo" / "bundles" / report["recipe"]
    small = graph.half(onnx.load_model_from_string((run / "model.onnx").read_bytes())).SerializeToString()
    effect = EFFECTS[report["task"]](run, small)

    def write(folder: Path) -> dict:
        for name in ("recipe.toml", "codec.json", "decision.json", "ratios.npz", "history.csv"):
            if (run / name).is_file():
                shutil.copy(run / name, folder / name)
        (folder / "model.onnx").write_bytes(small)
        short = {
            key: value for key, value in report.items() if key not in ("scores", "baseline scores", "mistakes", "lines")
        }
        (folder / "report.json").write_text(json.dumps(short, indent=1), encoding="utf-8")
        value, low, high = (shown(report["metric"], x) for x in (report["value"], *report["interval"]))
        licence = registry.find_dataset(report["data"]["name"]).licence
        card = CARD.format(
            **{key: report[key] for key in ("recipe", "title", "source", "seed", "machine", "metric", "n")},
            value=value, unit=report.get("unit", "text"), use=USES[report["task"]], effect=effect,
            minutes=report["training seconds"] / 60, data=report["data"]["name"], licence=licence,
            train=report["split"]["train"], validation=report["split"]["validation"], low=low, high=high,
            verdict=report["verdict"]["words"],
            refit=" and, once the epochs were chosen, to learn" if report["data"].get("refit") else "",
        )  # fmt: skip
        (folder / "README.md").write_text(card, encoding="utf-8")
        return {key: value for key, value in meta.items() if key not in ("format", "files")}

    bundle.save(out, write)
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"{out.name}: {size / 1e6:.1f} MB; {effect}")


def opened(run: Path) -> tuple[Any, Any]:
    """The run's predictor and its sealed test part."""
    chosen = recipe.parse(tomllib.loads((run / "recipe.toml").read_text(encoding="utf-8")), run.name)
    room = open_room(chosen.task)
    return room.predictor(run), room.load(chosen.data).open_test()


def changed_answers(run: Path, small: bytes) -> str:
    """How many of 2,000 test answers the smaller weights change."""
    classifier, test = opened(run)
    texts = test.texts[::10]
    encoded = [classifier.codec.encode(text) for text in texts]
    before, after = (run_sorted(one, encoded) for one in (classifier.graph, Graph(small)))
    return f"on {len(texts):,} test texts they change {int(np.sum((before > 0) != (after > 0)))} answer(s)"


def changed_nats(run: Path, small: bytes) -> str:
    """How much worse the smaller weights foretell the test part."""
    generator, test = opened(run)
    ids, _ = generator.codec.encode_all(test)
    before, after = (replace(generator, graph=one).nats(ids).mean() for one in (generator.graph, Graph(small)))
    return f"on the test part they change {before:.4f} nats to {after:.4f}"


EFFECTS = {"classify": changed_answers, "generate": changed_nats}


for folder in sys.argv[1:]:
    assert runs.is_run(folder), folder
    ship(Path(folder))
