"""A bundle's own graphs with their papers inside: what they are, what they learnt from, whose data these were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from seqzoo.export.parts import Part, Run, named
from seqzoo.runtime import Graph


def write(source: Path, part: Part, path: Path, papers: Mapping[str, str]) -> Run:
    """Copy a graph, its metadata filled in, and load what was written."""
    import onnx
    from onnx import helper

    proto = onnx.load(source / part.name)
    helper.set_model_props(proto, dict(papers))
    onnx.checker.check_model(proto)
    path.write_bytes(proto.SerializeToString())
    graph = Graph(path, threads=1)
    return lambda feeds: named(graph, feeds)


def papers(meta: Mapping[str, object], report: Mapping[str, object], codec: Mapping[str, object]) -> dict[str, str]:
    """What an export says of itself, by name; `meta`, `report` and `codec` are the bundle's JSON files."""
    data, versions, files = (_table(meta.get(name)) for name in ("data", "versions", "files"))
    classes = codec.get("classes") or codec.get("tags")
    weights = report.get("weights_sha256") or ", ".join(
        f"{name} {_table(entry)['sha256']}" for name, entry in files.items() if name.endswith(".onnx")
    )
    found = {
        "recipe": meta.get("recipe"),
        "task": meta.get("task"),
        "seqzoo": versions.get("seqzoo"),
        "weights_sha256": weights,
        "eight_bits": "weights of 8 bits" if _table(_table(report.get("more")).get("eight_bits")).get("kept") else "",
        "data": data.get("name"),
        "data_licence": data.get("licence"),
        "classes": json.dumps(classes, ensure_ascii=False) if classes else "",
        "vocabulary": "" if classes and "words" not in codec else "codec.json, beside the graph",
    }
    return {name: str(value) for name, value in found.items() if value}


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
