"""Ray, started here or joined where it runs, and quiet: what there is to say, we say."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from seqzoo.errors import UserError, needs

_STORE = 512 << 20  # bytes of memory that processes here share
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray will do one day; without it, it warns
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # paths in recipes are relative to where the command was typed
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C is ours
    "TUNE_WARN_THRESHOLD_S": "3600",
}


@contextmanager
def connected(what: str, workers: int | None, address: str | None, library: str = "", spare: int = 0) -> Iterator[int]:
    """Ray, for as long as `what` lasts; gives how many workers there are.

    Args:
        what: the command that needs it.
        workers: processes; None: one for each core.
        address: of a cluster that runs, HOST:PORT or "auto"; None: processes here.
        library: of Ray's that is used, such as "data".
        spare: cores that Ray needs beside the workers' own.

    Raises:
        UserError: Ray is not installed, nobody answers, or there are fewer cores than workers.
    """
    os.environ.update({name: os.environ.get(name, value) for name, value in _QUIET.items()})
    with needs(what, "ray"):
        import pyarrow  # noqa: F401
        import ray

        names = ["ray", *([f"ray.{library}"] if library else [])]
        for name in names:
            import_module(name)  # they set their own logs up, once
            logging.getLogger(name).setLevel(logging.ERROR)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if ray.is_initialized():  # in a notebook, whose own it stays
        yield _enough(ray.cluster_resources(), workers, spare, address)
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="ray")
        yield from _joined(ray, workers, spare, address, quiet)


def _joined(ray: Any, workers: int | None, spare: int, address: str | None, quiet: dict[str, Any]) -> Iterator[int]:
    try:
        if address is None:
            ray.init("local", num_cpus=(workers or os.cpu_count() or 1) + spare, include_dashboard=False,
                     object_store_memory=_STORE, **quiet)  # fmt: skip
        else:
            ray.init(address, runtime_env={"env_vars": _surroundings()}, **quiet)
    except (ConnectionError, ValueError) as error:
        said = f"no Ray cluster answers at {address or 'this machine'}: {str(error).splitlines()[0]}"
        raise UserError(said, "ray start --head; where it wants a token: export RAY_AUTH_MODE=token") from None
    try:
        yield _enough(ray.cluster_resources(), workers, spare, address)
    finally:
        ray.shutdown()


def _surroundings() -> dict[str, str]:
    """What a worker elsewhere must know: where this seqzoo and its data sets are, if its machine has them there too."""
    path = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    known = {"PYTHONPATH": os.pathsep.join(path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return known | {name: os.environ[name] for name in ("SEQZOO_DATA",) if name in os.environ}


def _enough(resources: Mapping[str, float], workers: int | None, spare: int, address: str | None) -> int:
    cores = int(resources.get("CPU", 0)) - spare
    if cores < (workers or 1):
        raise UserError(f"{address or 'Ray'} has {cores} cores to spare, fewer than --workers {workers or 1}")
    return workers or cores


def gpus(workers: int) -> int:
    """How many GPUs a worker may have for itself: one, if there are enough."""
    import ray

    return int(ray.cluster_resources().get("GPU", 0) >= workers)


def asked(answers: Any) -> Any:
    """What workers answered, once they have.

    Raises:
        UserError: theirs, or one that says that a worker died again and again.
    """
    import ray

    try:
        return ray.get(answers)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, UserError):
            raise error.cause from None
        raise
    except ray.exceptions.RayActorError as error:
        said = next((line for line in str(error).splitlines() if line.strip()), "")
        raise UserError(f"a worker died again and again: {said}", "the same command with --resume") from None


def stand(folder: str) -> None:
    """Go where the command was typed, if a worker's machine has that place."""
    with suppress(OSError):
        os.chdir(folder)
