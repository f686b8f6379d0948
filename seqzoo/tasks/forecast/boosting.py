"""Boosted trees on what lies behind an origin, and the same as one ONNX node: a bundle needs no scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqzoo.runtime import Graph
from seqzoo.tasks.forecast.windows import EncodedPanel, Origins

_ROWS = 150_000  # of an origin and a step ahead each, to fit on
_ITERATIONS = 500
_CHUNK = 2048
_OPSETS = (("", 21), ("ai.onnx.ml", 3))


@dataclass(frozen=True, eq=False)
class Boosting:
    """Boosted trees, a row for each origin and step ahead; `iterations` were chosen on validation."""

    iterations: int
    graph: Graph
    content: bytes

    @property
    def told(self) -> str:
        """What is special about it."""
        return f"{self.iterations} trees"

    def __call__(self, encoded: EncodedPanel, at: Origins) -> np.ndarray:
        """(n, horizon) float64 in the target's unit."""
        found = [self.graph({"rows": _rows(encoded, chunk)})[0].reshape(len(chunk), -1) for chunk in at.chunks(_CHUNK)]
        return np.asarray(encoded.decoded(np.concatenate(found)[..., None], at)[..., 0])

    def refitted(self, encoded: EncodedPanel, examples: Origins, ends: np.ndarray) -> Boosting:
        """As many trees on other examples."""
        return _boosted(encoded, examples, None, self.iterations)


def boosting(encoded: EncodedPanel, train: Origins, validation: Origins) -> Boosting:
    """Trees over lags, past and known columns and the step ahead; early stopping on validation, absolute loss."""
    return _boosted(encoded, train, validation, _ITERATIONS)


def _boosted(encoded: EncodedPanel, train: Origins, validation: Origins | None, iterations: int) -> Boosting:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    horizon = encoded.codec.horizon
    many = train.thinned(max(1, _ROWS // horizon))
    held: dict[str, Any] = {}
    if validation is not None:
        some = validation.thinned(max(1, _ROWS // 5 // horizon))
        held = {"X_val": _rows(encoded, some), "y_val": encoded.outcomes(some).astype(np.float64).ravel()}
    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=iterations, learning_rate=0.08, max_leaf_nodes=63,
        early_stopping=validation is not None, random_state=0,
    )  # fmt: skip
    with threadpool_limits(1, user_api="openmp"):  # its threads wait actively: 13 times slower on a busy machine
        model.fit(_rows(encoded, many), encoded.outcomes(many).astype(np.float64).ravel(), **held)
    content = as_onnx(model)
    return Boosting(int(model.n_iter_), Graph(content), content)


def _rows(encoded: EncodedPanel, at: Origins) -> np.ndarray:
    """A row for each origin and step ahead: the window's last steps, its seasonal values, what is known, the step."""
    codec = encoded.codec
    past, *future = encoded.inputs(at).values()
    n, window, _ = past.shape
    ahead = np.arange(codec.horizon)
    lags = past[:, -min(window, 24) :, 0]
    means = np.stack([past[:, -k:, 0].mean(1) for k in sorted({1, min(window, 24), window})], 1)
    common = np.concatenate([lags, means, past[:, -1, 1:]], 1)
    seasonal = [
        past[:, np.clip(window + ahead - s * -(-(ahead + 1) // s), 0, window - 1), 0]
        for s in (codec.season, 2 * codec.season, 7 * codec.season)
        if 1 < s <= window
    ]
    own = [np.broadcast_to(ahead.astype(np.float32), (n, codec.horizon)), *seasonal]
    columns = [np.repeat(common, codec.horizon, 0), *(one.reshape(-1, 1) for one in own)]
    columns += [future[0].reshape(n * codec.horizon, -1)] if future else []
    return np.concatenate(columns, 1)


# --- ONNX ---------------------------------------------------------------------------------------------


def as_onnx(model: Any) -> bytes:
    """A fitted `HistGradientBoostingRegressor` of numbers: input `rows` (n, columns) float32, output (n, 1)."""
    from onnx import TensorProto, helper

    trees = [trees[0].nodes for trees in model._predictors]  # has no public form; tests hold it against `predict`
    sizes = [len(tree) for tree in trees]
    nodes = np.concatenate(trees)
    tree = np.repeat(np.arange(len(trees)), sizes)
    own = np.concatenate([np.arange(size) for size in sizes])
    leaf = nodes["is_leaf"].astype(bool)
    ensemble = helper.make_node(
        "TreeEnsembleRegressor", ["rows"], ["forecast"], domain="ai.onnx.ml", n_targets=1,
        base_values=[float(np.ravel(model._baseline_prediction)[0])],
        nodes_treeids=tree.tolist(), nodes_nodeids=own.tolist(), nodes_featureids=nodes["feature_idx"].tolist(),
        nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(), nodes_values=_floored(nodes["num_threshold"]),
        nodes_truenodeids=nodes["left"].tolist(), nodes_falsenodeids=nodes["right"].tolist(),
        nodes_missing_value_tracks_true=nodes["missing_go_to_left"].astype(int).tolist(),
        target_treeids=tree[leaf].tolist(), target_nodeids=own[leaf].tolist(),
        target_ids=np.zeros(int(leaf.sum()), int).tolist(), target_weights=nodes["value"][leaf].tolist(),
    )  # fmt: skip
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, model.n_features_in_])
    out = helper.make_tensor_value_info("forecast", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([ensemble], "boosting", [rows], [out])
    opsets = [helper.make_opsetid(domain, number) for domain, number in _OPSETS]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


def _floored(thresholds: np.ndarray) -> list[float]:
    """In float32, never above: a float32 number is then below the one exactly when it is below the other."""
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(np.float32)
    above = rounded.astype(np.float64) > thresholds
    return [float(x) for x in np.where(above, np.nextafter(rounded, np.float32(-np.inf)), rounded)]
