"""Turn a run into a bundle that ships: float16 weights, a card, no training weights.

Run: python tests/bench/ship.py runs/imdb-bilstm
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx

from seqzoo import bundle, graph, registry, runs
from seqzoo.tasks import open_room

CARD = """# {recipe}

{title}. Source: {source}.

- Trained by: `seqzoo train {recipe} --seed {seed}` ({minutes:.0f} minutes on {machine})
- Data: {data} (licence: {licence}); {train:,} texts to train on, {validation:,} to choose by
- Test: {metric} {value:.2%}, 95 % interval [{low:.2%}, {high:.2%}], n = {n:,}; {verdict}
- Weights: float16; on {checked:,} test texts they change {changed} answer(s)
- Use: film reviews in English. It has seen nothing else: neither other languages nor other kinds of text.
"""


def ship(run: Path) -> None:
    """Write seqzoo/bundles/NAME from a run."""
    meta = bundle.load_meta(run)
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    out = Path(__file__).parents[2] / "seqzoo" / "bundles" / report["recipe"]
    small = graph.half(onnx.load_model_from_string((run / "model.onnx").read_bytes())).SerializeToString()
    changed, checked = compare(run, small)

    def write(folder: Path) -> dict:
        for name in ("recipe.toml", "codec.json", "decision.json", "ratios.npz", "history.csv"):
            if (run / name).is_file():
                shutil.copy(run / name, folder / name)
        (folder / "model.onnx").write_bytes(small)
        short = {key: value for key, value in report.items() if key not in ("scores", "baseline scores", "mistakes")}
        (folder / "report.json").write_text(json.dumps(short, indent=1), encoding="utf-8")
        low, high = report["interval"]
        licence = registry.find_dataset(report["data"]["name"]).licence
        card = CARD.format(
            **{key: report[key] for key in ("recipe", "title", "source", "seed", "machine", "metric", "value", "n")},
            minutes=report["training seconds"] / 60, data=report["data"]["name"], licence=licence,
            train=report["split"]["train"], validation=report["split"]["validation"], low=low, high=high,
            verdict=report["verdict"]["words"], checked=checked, changed=changed,
        )  # fmt: skip
        (folder / "README.md").write_text(card, encoding="utf-8")
        return {key: value for key, value in meta.items() if key not in ("format", "files")}

    bundle.save(out, write)
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"{out.name}: {size / 1e6:.1f} MB, {changed} of {checked} answers changed by float16")


def compare(run: Path, small: bytes) -> tuple[int, int]:
    """How many of 2,000 test answers the smaller weights change."""
    import tomllib

    from seqzoo import recipe
    from seqzoo.runtime import Graph, run_sorted

    chosen = recipe.parse(tomllib.loads((run / "recipe.toml").read_text(encoding="utf-8")), run.name)
    room = open_room(chosen.task)
    classifier = room.predictor(run)
    texts = room.load(chosen.data).open_test().texts[::10]
    encoded = [classifier.codec.encode(text) for text in texts]
    before, after = (run_sorted(one, encoded) for one in (classifier.graph, Graph(small)))
    return int(np.sum((before > 0) != (after > 0))), len(texts)


for folder in sys.argv[1:]:
    assert runs.is_run(folder), folder
    ship(Path(folder))
