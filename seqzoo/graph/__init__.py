"""Keras models as ONNX graphs. A layer is written by a short function under `converts`."""

from seqzoo.graph import layers, recurrent  # noqa: F401  (they register what they write)
from seqzoo.graph.convert import check, checked, convert, supported, with_half_weights
from seqzoo.graph.writer import Tensor, Writer, converts

__all__ = ["Tensor", "Writer", "check", "checked", "convert", "converts", "supported", "with_half_weights"]
