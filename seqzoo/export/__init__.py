"""Bundles for where seqzoo is not: ONNX with its papers, a SavedModel, LiteRT; each held against the bundle first."""

from seqzoo.export.exporting import TARGETS, Exported, export

__all__ = ["TARGETS", "Exported", "export"]
