"""Where data files come from: `SEQZOO_DATA` first, then the cache, then the official address."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo.errors import UserError

if TYPE_CHECKING:
    from seqzoo.registry import Dataset

_TIMEOUT_S = 30
_RETRIES = 4


def folder() -> Path:
    """The data folder: `SEQZOO_DATA`, or this user's cache."""
    import platformdirs

    chosen = os.environ.get("SEQZOO_DATA")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("seqzoo")) / "data"


def here(data: Dataset) -> Path | None:
    """The file if it is already on this machine, or in the package."""
    path = folder() / data.file
    shipped = Path(__file__).parent / "bundles" / data.file
    return next((one for one in (path, shipped) if one.is_file()), None)


def fetch(data: Dataset, *, quiet: bool = False) -> Path:
    """Return the local path of a data set's file, downloading it when it is not here yet.

    A broken download continues where it stopped; the file appears under its name only once its hash is right.

    Raises:
        UserError: no network, a full disk, a file whose hash is not the published one, or one that only a person
            can get.
    """
    if not data.file:
        raise UserError(f"{data.name} is no file to download: {data.description}", "seqzoo data list")
    found = here(data)
    if found is not None:
        return found
    if data.by_hand:
        raise UserError(f"{data.name} is not here: {data.by_hand} ({data.url})", f"put it at {folder() / data.file}")
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    target = _download_target(data)
    hint = f"put the file at {target}, or point SEQZOO_DATA at a folder that holds {data.file}"
    for attempt in range(_RETRIES):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            pooch.retrieve(
                data.url,
                data.hash or None,
                fname=target.name,
                path=target.parent,
                downloader=_Resuming(_part(target), quiet),
            )
            return _extract(target, folder() / data.file)
        except requests.HTTPError as error:
            if error.response is None or error.response.status_code < 500 or attempt == _RETRIES - 1:
                raise UserError(f"{data.name}: {data.url} answered: {error}", hint) from None
        except requests.RequestException as error:
            if attempt == _RETRIES - 1:
                raise UserError(f"{data.name}: cannot reach {data.url}: {_cause(error)}", hint) from None
        except ValueError:
            _part(target).unlink(missing_ok=True)
            raise UserError(
                f"{data.name}: what {data.url} sent does not have the published hash {data.hash}; it was deleted",
                f"seqzoo data fetch {data.name}",
            ) from None
        except OSError as error:
            raise UserError(f"{data.name}: cannot write {target}: {error.strerror or error}", hint) from None
        _wait(attempt)
    raise AssertionError("unreachable")


def _download_target(data: Dataset) -> Path:
    """A zip that holds the one file we want is kept beside it."""
    target = folder() / data.file
    return target.with_name(target.name + ".zip") if data.url.endswith(".zip") else target


def _extract(downloaded: Path, wanted: Path) -> Path:
    """Copy the wanted member out of a zip, or the only one of its kind; nothing else is unpacked."""
    import zipfile

    if downloaded == wanted:
        return wanted
    part = wanted.with_name(wanted.name + ".part")
    try:
        with zipfile.ZipFile(downloaded) as archive:
            alike = [name for name in archive.namelist() if Path(name).suffix == wanted.suffix]
            member = alike[0] if len(alike) == 1 else wanted.name
            with archive.open(member) as source, part.open("wb") as out:
                shutil.copyfileobj(source, out)
    except (zipfile.BadZipFile, KeyError) as error:
        raise UserError(f"{downloaded} is no zip that holds {wanted.name}: {error}", f"delete {downloaded}") from None
    part.rename(wanted)
    return wanted


def _wait(attempt: int) -> None:
    import time

    time.sleep(float(os.environ.get("SEQZOO_RETRY_SECONDS", "1")) * 2**attempt)


def _cause(error: Exception) -> str:
    return str(getattr(error.args[0], "reason", error) if error.args else error).split(">: ")[-1]


def _part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


class _Resuming:
    """A pooch downloader that keeps what has arrived in `NAME.part` and asks only for the rest."""

    def __init__(self, part: Path, quiet: bool) -> None:
        self.part, self.quiet = part, quiet

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        import requests

        part = self.part
        have = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with requests.get(url, stream=True, headers=headers, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == 416:  # nothing is left to send
                shutil.move(part, output_file)
                return
            answer.raise_for_status()
            resumed = answer.status_code == 206
            total = int(answer.headers.get("Content-Length", 0)) + (have if resumed else 0)
            with part.open("ab" if resumed else "wb") as out:
                self._copy(answer, out, part.stem, have if resumed else 0, total)
        if total and part.stat().st_size < total:
            raise requests.ConnectionError(f"the connection closed after {part.stat().st_size:,} of {total:,} bytes")
        shutil.move(part, output_file)

    def _copy(self, answer: Any, out: Any, name: str, done: int, total: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        console = Console(stderr=True)
        columns = (name, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, disable=self.quiet or not console.is_terminal) as bar:
            task = bar.add_task(name, total=total or None, completed=done)
            for chunk in answer.iter_content(1 << 16):
                out.write(chunk)
                bar.advance(task, len(chunk))


def sha256(path: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def facts(data: Dataset, path: Path) -> dict[str, str]:
    """What a report says about the file it saw: name, SHA-256, whether it is the published one, licence, address."""
    algorithm, _, value = data.hash.partition(":")
    if path.name != Path(data.file).name:
        published = "no"
    elif not value:
        published = "its publisher gives no hash"
    else:
        with path.open("rb") as file:
            published = "yes" if hashlib.file_digest(file, algorithm).hexdigest() == value else "no"
    found = {"name": data.name, "sha256": sha256(path), "published file": published}
    return found | {"licence": data.licence, "url": data.url}
