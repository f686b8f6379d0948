"""LiteRT: shapes that do not change, builtin operators only, checked by its own interpreter."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.errors import UserError, needs
from seqzoo.export.parts import Part, Run, states
from seqzoo.export.traced import saved, traced
from seqzoo.runtime import Arrays

if TYPE_CHECKING:
    import keras


def write(model: keras.Model, part: Part, path: Path) -> Run:
    """Convert a Keras model for the shapes of a part's first example, and load what was written.

    What has states takes one step.

    Raises:
        UserError: a layer that cannot be converted, by name.
    """
    example = part.singles[0]
    shapes = {name: _shape(array, step=part.steps and name == part.entry) for name, array in example.items()}
    path.write_bytes(_converted(model, shapes, [name for name in states(part.graph) if name not in _own(model)]))
    return opened(path)


def interpreter() -> Any:
    """LiteRT's own.

    Raises:
        UserError: it is not installed.
    """
    with needs("--to litert", "litert"):
        from ai_edge_litert.interpreter import Interpreter

    return Interpreter


def opened(path: Path) -> Run:
    """A function that runs a LiteRT file."""
    run = interpreter()(model_path=str(path)).get_signature_runner()
    return lambda feeds: dict(run(**_only(feeds, run)))


def _only(feeds: Arrays, run: Any) -> dict[str, np.ndarray]:
    """Those that it takes: an input that a network does not look at is gone."""
    taken = run.get_input_details()
    return {name: array for name, array in feeds.items() if name in taken}


def _own(model: keras.Model) -> list[str]:
    return [tensor.name for tensor in model.inputs]


def _shape(array: np.ndarray, *, step: bool) -> list[int]:
    return [1, 1, *array.shape[2:]] if step else [1, *array.shape[1:]]


def _converted(model: keras.Model, shapes: Mapping[str, Sequence[int]], carried: Sequence[str]) -> bytes:
    problem = ""
    try:
        return _attempt(model, shapes, carried)
    except Exception as error:  # the converter has no common base class for its errors
        problem = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    layer = _first_refused(model, shapes)
    where = f"layer {layer.name!r} ({type(layer).__name__})" if layer is not None else f"the network {model.name!r}"
    more = "; it would need TensorFlow's own operators (Select TF), which LiteRT's interpreter does not hold"
    flex = more if _attempt_is_good(model, shapes, carried) else ""
    raise UserError(f"{where} cannot be written for LiteRT{flex}: {problem}", "seqzoo export ... --to onnx")


def _attempt(
    model: keras.Model, shapes: Mapping[str, Sequence[int]], carried: Sequence[str], *, select: bool = False
) -> bytes:
    import tensorflow as tf

    function = traced(model, shapes, carried, constant=True)
    with tempfile.TemporaryDirectory() as folder:
        saved(function, model, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if select:
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        return bytes(converter.convert())


def _attempt_is_good(model: keras.Model, shapes: Mapping[str, Sequence[int]], carried: Sequence[str]) -> bool:
    try:
        return bool(_attempt(model, shapes, carried, select=True))
    except Exception:  # as above
        return False


def _first_refused(model: keras.Model, shapes: Mapping[str, Sequence[int]]) -> Any:
    """The first layer with which what lies before it can no longer be converted."""
    import keras

    for layer in model.layers[len(model.inputs) :]:
        try:
            _attempt(keras.Model(model.inputs, layer.output), {name: shapes[name] for name in _own(model)}, [])
        except Exception:  # as above
            return layer
    return None
