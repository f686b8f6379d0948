"""What was fitted on all that lies before a moment; and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.runtime import Graph
from seqzoo.tasks.forecast import simple
from seqzoo.tasks.forecast.combine import Memory
from seqzoo.tasks.forecast.simple import Simple
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

GRAPH, NETWORK = "model.onnx", "network"
_BATCH = 256


def estimate(graph: Graph, encoded: EncodedPanel, at: Origins) -> np.ndarray:
    """(n, horizon, quantiles) float32 in the codec's unit, rising in the last axis."""
    parts = [graph(encoded.inputs(at.take(slice(i, i + _BATCH))))[0] for i in range(0, len(at), _BATCH)]
    return np.sort(np.concatenate(parts).reshape(len(at), encoded.codec.horizon, -1), axis=-1)


@dataclass(frozen=True, eq=False)
class Stage:
    """What was fitted on all that lies before a moment, and answers from then on.

    Attributes:
        since: that moment.
        simple: the simple forecasts.
        memory: how answers fared before it.
        graph: the network; None: there is none.
        content: the graph's file, where it is not the bundle's own.
        trust: the share of what the network says about returns that held on validation; 1 for other anchors.
    """

    since: np.datetime64
    simple: Mapping[str, Simple]
    memory: Memory
    graph: Graph | None = None
    content: bytes = b""
    trust: float = 1.0

    @property
    def names(self) -> list[str]:
        """Of all that may answer."""
        return [*self.simple, *([NETWORK] if self.graph else [])]

    def network(self, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon, quantiles) float32 of the network, in the codec's unit."""
        assert self.graph is not None
        return np.asarray(self.trust * estimate(self.graph, encoded, at))

    def save(self, folder: Path, number: int, *, answers: bool) -> dict[str, Any]:
        """Write arrays and graphs, named after the stage's number but the network that `answers`; return the rest."""
        stem = f"stage-{number}"
        tables, arrays = simple.to_files(self.simple, folder, stem)
        arrays |= vars(self.memory)
        np.savez_compressed(folder / f"{stem}.npz", **arrays)  # type: ignore[arg-type]
        graph = "" if self.graph is None else GRAPH if answers else f"{stem}.onnx"
        if graph and not answers:
            (folder / graph).write_bytes(self.content)
        return {"since": str(self.since), "trust": self.trust, "graph": graph, "simple": tables}

    @classmethod
    def load(cls, table: Mapping[str, Any], folder: Path, number: int) -> Stage:
        """Read what `save` wrote.

        Raises:
            KeyError, OSError, TypeError, ValueError: damaged.
        """
        with np.load(folder / f"stage-{number}.npz", allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        memory = Memory(**{name: found.pop(name) for name in ("known", "errors", "seen", "misses")})
        graph = Graph(folder / Path(table["graph"]).name) if table["graph"] else None
        members = simple.from_files(table["simple"], found, folder, f"stage-{number}")
        return cls(np.datetime64(table["since"], "s"), members, memory, graph, b"", float(table["trust"]))
