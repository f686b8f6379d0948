"""The rooms: one folder for each task."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def open_room(name: str) -> Any:
    """Return the room's record TASK (see `seqzoo.tasks.classify.task`)."""
    return import_module(f"seqzoo.tasks.{name}.task").TASK
