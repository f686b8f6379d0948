"""`seqzoo export`: write beside, hold against the bundle on real inputs, and only then rename."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo import bundle, files, runs
from seqzoo.errors import UserError, nearest
from seqzoo.export import beside, inputs, parts
from seqzoo.export.onnx_files import papers
from seqzoo.export.parts import Part, Run
from seqzoo.room import Room
from seqzoo.runtime import Arrays, Graph
from seqzoo.tasks import open_room

if TYPE_CHECKING:
    import keras

TARGETS = {"onnx": ".onnx", "savedmodel": "", "litert": ".tflite"}
TOLERANCE = 1e-5
_LEFT = ("model.keras", "report.html", "history.csv", "README.md", *parts.NAMES)  # of a bundle's files


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        folder: where; to: as what.
        differences: of each graph from the bundle's, relative to max(1, |x|).
        tested: on what inputs.
        notes: what else one should know.
    """

    folder: Path
    to: str
    differences: Mapping[str, float]
    tested: str
    notes: Sequence[str] = ()


def export(run: str | None, to: str, out: Path, *, steps: int = 0, force: bool = False) -> Exported:
    """Write a bundle in another form, and compare it with the bundle.

    Args:
        run: a run's folder, or a recipe's name.
        to: "onnx", "savedmodel" or "litert".
        out: the folder to write; it appears once it is whole.
        steps: of LiteRT's fixed shapes; 0: as many as the codec keeps of an example.
        force: replace a folder that is there.

    Raises:
        UserError: a bundle that cannot be exported so, a folder that is there, or answers that differ.
    """
    _check(to, out, steps, force)
    source = _source(runs.find(run, None), to)
    part = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        told = _written(source, to, part, steps)
        bundle.replace(part, out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}", "choose another folder with --out") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Exported(out, to, *told)


def _check(to: str, out: Path, steps: int, force: bool) -> None:
    if to not in TARGETS:
        raise UserError(f"--to {to}: {nearest(to, TARGETS)}", "seqzoo export RUN --to onnx --out exported")
    if steps and to != "litert":
        raise UserError(f"--steps fixes the shapes of --to litert; --to {to} takes any number of steps")
    if not force:
        files.refuse_existing(out)
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / beside.RUN).is_file()):
        raise UserError(f"{out} holds no export, so it is kept", "choose another folder with --out")
    if to == "litert":
        from seqzoo.export import litert

        litert.interpreter()


@dataclass(frozen=True)
class _Source:
    folder: Path
    meta: Mapping[str, Any]
    room: Room[Any, Any, Any, Any, Any, Any, Any]
    graphs: Mapping[str, Graph]
    models: Mapping[str, keras.Model]


def _source(folder: Path, to: str) -> _Source:
    meta = bundle.load_meta(folder)
    room, found = open_room(str(meta["task"])), parts.graphs(folder)
    if not found:
        raise UserError(f"{folder} has no network to export")
    return _Source(folder, meta, room, found, {} if to == "onnx" else _models(room, folder, str(meta.get("recipe"))))


def _models(room: Room[Any, Any, Any, Any, Any, Any, Any], folder: Path, recipe: str) -> Mapping[str, keras.Model]:
    if not (folder / "model.keras").is_file():
        message = f"{folder} holds no Keras model, only ONNX graphs: only --to onnx can be made of it"
        raise UserError(message, f"seqzoo train {recipe}; then export the run")
    from seqzoo.door import Run as Trained

    return room.parts(Trained(folder).model)


def _written(source: _Source, to: str, folder: Path, steps: int) -> tuple[dict[str, float], str, list[str]]:
    """Fill a folder: differences, on what they were measured, notes."""
    predictor = source.room.predictor(source.folder)
    examples, tested = inputs.real(source.room, source.folder, predictor, held=to != "onnx")
    graphs, notes = _exact(source, examples)
    sizes = inputs.sizes(examples, predictor.codec, steps) if to == "litert" else {}
    examples = parts.cut(examples, sizes) if sizes else examples
    plain = parts.parts(graphs, examples)
    given = parts.parts(graphs, parts.fixed(examples, sizes)) if sizes else plain
    told = papers(source.meta, _json(source.folder, "report.json"), _json(source.folder, "codec.json"))
    if graphs is not source.graphs:
        told.pop("eight_bits", None)
    differences, signatures = {}, {}
    for one, shaped in zip(plain, given, strict=True):
        name = Path(one.name).stem
        run = _write(source, to, shaped, folder / f"{name}{TARGETS[to]}", told)
        differences[name] = _difference(to, one, shaped, run)
        _refuse(name, differences[name], tested)
        feeds = _sample(shaped)
        beside.sample(folder, name, feeds)
        signatures[name] = beside.shapes(feeds, run(feeds)) if sizes else one.graph.signature
    notes += _of_shapes(to, sizes, plain)
    _papers(source, to, folder, beside.page(_title(source, to), signatures, differences, tested, told, notes))
    (folder / beside.RUN).write_text(beside.script(to, list(differences)), encoding="utf-8")
    return differences, tested, notes


def _write(source: _Source, to: str, part: Part, path: Path, told: Mapping[str, str]) -> Run:
    if to == "onnx":
        from seqzoo.export import onnx_files

        return onnx_files.write(source.folder, part, path, told)
    from seqzoo.export import litert, saved_model

    write = litert.write if to == "litert" else saved_model.write
    return write(source.models[part.name], part, path)


def _difference(to: str, part: Part, shaped: Part, run: Run) -> float:
    if to == "onnx":
        return parts.apart_alike(part, run)
    return parts.apart_fixed(part, shaped, run) if to == "litert" else parts.apart(part, run)


def _refuse(name: str, difference: float, tested: str) -> None:
    if not difference <= TOLERANCE:
        told = f"{name} differs from the bundle's by {difference:.2g} on {tested} (allowed {TOLERANCE:g})"
        raise UserError(f"{told}: nothing is written")


def _exact(source: _Source, examples: Sequence[Arrays]) -> tuple[Mapping[str, Graph], list[str]]:
    """The graphs to hold an export against: of a bundle with 8-bit weights those of its Keras model."""
    eight = _json(source.folder, "report.json").get("more", {}).get("eight_bits", {}).get("kept")
    if not eight or not source.models:
        return source.graphs, []
    from seqzoo import graph

    def converted(name: str) -> Graph:
        model = source.models[name]
        own = {tensor.name for tensor in model.inputs}
        carried = [one for one in parts.states(source.graphs[name]) if one not in own and one.endswith("_h_in")]
        proto = graph.convert(model, carry=[one.removesuffix("_h_in") for one in carried])
        return Graph(proto.SerializeToString())

    exact = {name: converted(name) for name in source.graphs}
    rounded = dict(source.graphs)
    far = max(
        parts.apart(one, lambda feeds, one=one: parts.named(rounded[one.name], feeds))  # type: ignore[misc]
        for one in parts.parts(exact, examples)
    )
    return exact, [f"these are the exact weights; the bundle's own are of 8 bits and differ by up to {far:.2g}"]


def _sample(part: Part) -> Arrays:
    """One example as the export takes it: of what steps, its first step."""
    feeds = dict(part.singles[0])
    if part.steps:
        feeds[part.entry] = feeds[part.entry][:, :1]
    return feeds


def _of_shapes(to: str, sizes: Mapping[str, int], some: Sequence[Part]) -> list[str]:
    if to != "litert":
        return []
    cells = [Path(one.name).stem for one in some if one.steps]
    stepping = [f"{name} takes one step; feed each output x back as the input x_in" for name in cells]
    padded = f", {', '.join(f'{n} steps of {name}' for name, n in sizes.items())}, padded on the right with 0"
    fixed = f"shapes are fixed: one example{padded if len(cells) < len(some) else ''}"
    return [fixed, *stepping, "builtin operators only"]


def _papers(source: _Source, to: str, folder: Path, page: str) -> None:
    """The page, and the bundle's files that say what ids and columns mean."""
    (folder / beside.README).write_text(page, encoding="utf-8")
    for name in source.meta["files"]:
        if name not in _LEFT and (to == "onnx" or name.endswith((".json", ".toml"))):
            shutil.copyfile(source.folder / name, folder / name)


def _title(source: _Source, to: str) -> str:
    forms = {"onnx": "ONNX", "savedmodel": "TensorFlow SavedModel", "litert": "LiteRT"}
    return f"{source.meta.get('recipe')}, {source.meta.get('task')}, as {forms[to]}"


def _json(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / name).read_text("utf-8"))) if (folder / name).is_file() else {}
