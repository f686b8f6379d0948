"""Turn a run into a bundle that ships: float16 weights, a card, no training weights.

Run: SEQZOO_DATA=... python tests/bench/ship.py runs/char-lstm
"""

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import onnx

from seqzoo import bundle, graph, registry
from seqzoo.corridor import evaluate
from seqzoo.page.text import number
from seqzoo.report import Report

CARD = """# {report.recipe}

{report.title}. Source: {report.source}.

- Trained by: `seqzoo train {report.recipe} --seed {report.seed}` ({minutes:.0f} minutes on {report.machine})
- Data: {name} (licence: {licence}); {train:,} {report.items} to train on, {validation:,} to choose by{refit}
- Test: {report.metric} {value}, 95 % interval [{low}, {high}], n = {report.n:,}; {report.verdict.words}
- Weights: float16; they change {report.value:.4f} on the test part to {after:.4f}
- Use: {use}
"""
USES = {
    "classify": "film reviews in English. It has seen nothing else: neither other languages nor other kinds of text.",
    "translate": "short everyday sentences, English into French. Of names, terms and long sentences it knows little.",
    "transcribe": "the ten digits in English, one or several. It writes nothing else, whatever is said.",
    "tag": "names in English: persons, locations, groups, corporations, products and creative works; it misses many.",
    "generate": "to play with. It writes what looks like Shakespeare's plays, and knows nothing else.",
}
LEFT = ("model.keras", "report.html", bundle.META)


def card(report: Report, after: float) -> str:
    """What one should know of the weights."""
    value, low, high = (number(x, report.kind) for x in (report.value, *report.interval))
    name = str(report.data["name"])
    also = {key.partition(": ")[2]: said for key, said in report.data.items() if key.startswith("heard in training")}
    more = "".join(f"; heard in training too: {other}, {said}" for other, said in also.items())
    return CARD.format(
        report=report, name=name, licence=registry.find_dataset(name).licence + more, use=USES[report.task],
        minutes=report.training_seconds / 60, value=value, low=low, high=high, after=after,
        train=report.counts["train"], validation=report.counts["validation"],
        refit=" and, once the epochs were chosen, to learn" if report.data.get("refit") else "",
    )  # fmt: skip


def ship(run: Path) -> None:
    """Write seqzoo/bundles/NAME from a run."""
    meta, report = bundle.load_meta(run), Report.load(run)
    out = Path(__file__).parents[2] / "seqzoo" / "bundles" / report.recipe
    facts = {key: value for key, value in meta.items() if key not in ("format", "files")}

    def write(folder: Path) -> dict:
        for name in set(meta["files"]) - set(LEFT):
            shutil.copy(run / name, folder / name)
        for path in folder.glob("*.onnx"):
            path.write_bytes(graph.with_half_weights(onnx.load_model(path)).SerializeToString())
        replace(report, scores=None, baseline_scores={}, sections=()).save(folder)
        return facts

    with tempfile.TemporaryDirectory() as folder:
        after = evaluate(str(bundle.save(Path(folder) / report.recipe, write))).value

    def with_card(folder: Path) -> dict:
        (folder / "README.md").write_text(card(report, after), encoding="utf-8")
        return write(folder)

    bundle.save(out, with_card)
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"{out.name}: {size / 1e6:.1f} MB; {report.value:.4f}, with float16 {after:.4f}")


for argument in sys.argv[1:]:
    ship(Path(argument))
