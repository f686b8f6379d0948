"""A trained model as one folder: written whole or not at all, and read with suspicion.

    recipe.toml  codec.json  decision.json  *.onnx  *.npz  model.keras  report.json  report.html  history.csv  meta.json

`meta.json` comes last; it lists every other file with its size and SHA-256. Which graphs and arrays there are is the
room's affair. Formats 1 and 2 differ in what the rooms keep, and are still read.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seqzoo import fetch
from seqzoo.errors import UserError

FORMAT = 3
META = "meta.json"
ORIGIN = ("recipe", "task", "seed", "created", "parameters")  # what meta.json repeats of the report
_NAME = re.compile(r"[\w-]+\.(?:onnx|npz|json)|recipe\.toml|model\.keras|report\.html|history\.csv|README\.md")
_NEEDED = {"recipe.toml", "codec.json"}  # and graphs and arrays, of which the room knows
_LARGEST = 2 << 30
_LARGEST_META = 1 << 20


def save(out: Path, write: Callable[[Path], Mapping[str, Any]]) -> Path:
    """Let `write` fill a folder beside `out`, seal it with its meta.json, and rename it into place.

    Args:
        out: the bundle's folder; an earlier bundle there is replaced once the new one is whole.
        write: writes the files into the folder it is given and returns what meta.json says besides.

    Raises:
        UserError: the folder cannot be written.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        facts = write(part)
        seal(part, facts)
        replace(part, out)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise UserError(f"cannot write {out}: {error.strerror or error}", "choose another folder with --out") from None
    return out


def seal(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write meta.json over the files that are there."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": fetch.sha256(path)}
        for path in sorted(folder.iterdir())
        if _NAME.fullmatch(path.name) and path.name != META
    }
    text = json.dumps({"format": FORMAT, **facts, "files": files}, indent=1)
    (folder / META).write_text(text, encoding="utf-8")


def replace(part: Path, out: Path) -> None:
    """Rename a folder that is whole into place; one that was there goes once the new one stands."""
    old = out.with_name(f".{out.name}.old")
    if out.exists():
        os.rename(out, old)
    os.rename(part, out)
    shutil.rmtree(old, ignore_errors=True)


def load_meta(folder: Path) -> dict[str, Any]:
    """Read and check meta.json and every file it lists.

    Raises:
        UserError: not a bundle, a newer format, a missing, foreign, changed or linked file, absurd sizes.
    """
    if not folder.is_dir() or not (folder / META).is_file() or (folder / META).is_symlink():
        raise UserError(f"{folder} is not a bundle (no {META})", "seqzoo list")
    if (folder / META).stat().st_size > _LARGEST_META:
        raise UserError(f"{folder}: {META} is too large")
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        number, files = int(meta["format"]), dict(meta["files"])
        sizes = {str(name): (int(entry["bytes"]), str(entry["sha256"])) for name, entry in files.items()}
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{folder}: {META} is damaged") from None
    if number > FORMAT:
        raise UserError(
            f"{folder} has bundle format {number}; this seqzoo reads up to {FORMAT}",
            "pip install --upgrade seqzoo",
        )
    missing = _NEEDED - set(sizes)
    if missing:
        raise UserError(f"{folder}: {META} does not list {', '.join(sorted(missing))}")
    for name, (size, digest) in sizes.items():
        _check_file(folder, name, size, digest)
    return dict(meta)


def _check_file(folder: Path, name: str, size: int, digest: str) -> None:
    path = folder / name
    if not _NAME.fullmatch(name) or name == META:
        raise UserError(f"{folder}: a bundle has no file {name!r}")
    if path.is_symlink() or not path.is_file():
        raise UserError(f"{folder}: {name} is missing or a link")
    if size > _LARGEST or path.stat().st_size != size:
        raise UserError(f"{folder}: {name} has {path.stat().st_size:,} bytes, {META} says {size:,}: truncated?")
    if fetch.sha256(path) != digest:
        raise UserError(f"{folder}: {name} has changed since the bundle was written")


def read_json(folder: Path, name: str) -> Any:
    """Read one of the bundle's JSON files.

    Raises:
        UserError: it is missing or not JSON.
    """
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{folder}: {name} is missing or damaged: {error}") from None
