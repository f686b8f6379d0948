"""Training: what must be set before a model is built. `fit.fit` does the rest; both import Keras."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator


def prepare(seed: int, *, parallel: bool) -> None:
    """Seed everything and make operations deterministic; call it before the model is built.

    Two operators at a time suit the two directions of a narrow recurrent layer: on two cores that is a third faster
    than two threads in every small matrix product (TensorFlow 2.21). With 256 units the products are large enough for
    all threads (5.3 s a step instead of 7.1), and models that read one way do one thing at a time.
    """
    with native_stderr_closed():  # TensorFlow reports missing GPUs at import, whatever its log level
        import keras
        import tensorflow as tf

    _keep_freed_memory()
    cores = os.cpu_count() or 2
    with contextlib.suppress(RuntimeError):  # TensorFlow is running already, with the threads it has
        tf.config.threading.set_inter_op_parallelism_threads(2)
        tf.config.threading.set_intra_op_parallelism_threads(max(1, cores // 2) if parallel else cores)
    tf.config.experimental.enable_op_determinism()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)


def _keep_freed_memory() -> None:
    """Have glibc keep the pages that TensorFlow frees: fetching them anew took half the time of a training step."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:  # M_ARENA_MAX, M_TOP_PAD, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
        for option, value in ((-8, 1), (-2, 1 << 28), (-1, (1 << 31) - 1), (-3, 1 << 25)):
            mallopt(option, value)


@contextlib.contextmanager
def native_stderr_closed() -> Iterator[None]:
    """Silence what native code says on standard error."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
