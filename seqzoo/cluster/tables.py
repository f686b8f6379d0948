"""Tables of any length: Parquet and CSV opened without being read, and a folder of Parquet written in parts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqzoo import bundle
from seqzoo.errors import UserError, nearest, needs

KINDS = (".parquet", ".csv")
_GROUP = 16  # tables to a row group
_PART = 16  # row groups to a part


def opened(source: Path, extra: str = "parquet") -> Any:
    """The rows of a file or a folder, not read yet; `extra` brings what that needs.

    Raises:
        UserError: there are none, or they cannot be read.
    """
    with needs(f"--input {source}", extra):
        import pyarrow as pa
        import pyarrow.dataset as ds
    kind = ".parquet" if source.is_dir() else source.suffix.lower()
    if kind not in KINDS:
        raise UserError(f"--input {source}: {nearest(source.suffix, KINDS)}, or a folder of .parquet")
    if not source.exists() or (source.is_dir() and not any(source.rglob("*.parquet"))):
        raise UserError(f"no such file, or no .parquet in that folder: {source}")
    try:
        form = ds.ParquetFileFormat() if kind == ".parquet" else ds.CsvFileFormat(**csv_options(source))
        return ds.dataset(paths(source), format=form)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{source} cannot be read: {str(error).splitlines()[0]}") from None


def paths(source: Path) -> list[str]:
    """Of a file, or of all Parquet in a folder."""
    return [str(path.resolve()) for path in (sorted(source.rglob("*.parquet")) if source.is_dir() else [source])]


def csv_options(source: Path) -> dict[str, Any]:
    """How a CSV is read, in the words of pyarrow: every column a text, as it stands there."""
    import pyarrow as pa
    from pyarrow import csv

    from seqzoo.files import reading, table

    with reading(source) as file:
        header = next(table(source, file, ","), [])
    kinds = dict.fromkeys(header, pa.string())
    return {
        "parse_options": csv.ParseOptions(newlines_in_values=True),
        "convert_options": csv.ConvertOptions(column_types=kinds, strings_can_be_null=False),
    }


class Parts:
    """The parts of a folder, written a row group at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.groups = folder, 0
        self.kept: list[Any] = []
        self.file: Any = None

    def write(self, table: Any) -> None:
        """Add a table."""
        self.kept.append(table)
        if len(self.kept) == _GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what is kept as one row group, in a new part where the last one is full."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self.kept:
            return
        together = pa.concat_tables(self.kept)
        self.kept.clear()
        part, place = divmod(self.groups, _PART)
        if place == 0:
            self.close()
            self.file = pq.ParquetWriter(self.folder / f"part-{part:05}.parquet", together.schema)
        self.file.write_table(together)
        self.groups += 1

    def close(self) -> None:
        """Make the last part whole."""
        if self.file is not None:
            self.file.close()


@contextmanager
def writing(out: Path) -> Iterator[Callable[[Any], None]]:
    """A function that adds a table to a folder, which takes its place once all are there."""
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    parts = Parts(part)
    try:
        part.mkdir(parents=True)
        yield parts.write
        parts.flush()
        parts.close()
        if out.is_file():
            out.unlink()
        bundle.replace(part, out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
