"""The rooms: one folder for each task. A folder that holds `room.py` is one; a small room may be one module."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from seqzoo.errors import UserError, nearest

ROOMS = {
    path.parent.name: f"seqzoo.tasks.{path.parent.name}" for path in sorted(Path(__file__).parent.glob("*/room.py"))
}


def part(task: str, name: str) -> ModuleType:
    """One of a room's modules: options, data, models, command or room.

    Raises:
        UserError: no such room.
    """
    if task not in ROOMS:
        raise UserError(f"there is no task {task!r}: {nearest(task, ROOMS)}", "seqzoo list")
    room = import_module(ROOMS[task])
    return import_module(f"{ROOMS[task]}.{name}") if hasattr(room, "__path__") else room


def open_room(name: str) -> Any:
    """Return the room's record ROOM, a `seqzoo.room.Room` of its own types.

    Raises:
        UserError: no such room.
    """
    return part(name, "room").ROOM
