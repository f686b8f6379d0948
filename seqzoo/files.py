"""Files of a user: rows in, rows out, and nothing half written or written over."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from seqzoo.errors import UserError, nearest, needs

SEPARATORS = {".csv": ",", ".tsv": "\t"}
ROWS = (".csv", ".tsv", ".jsonl")  # that are written
READ = (*ROWS, ".parquet")
_BATCH = 4096  # rows of a Parquet file
_LONGEST = 1 << 30  # characters of a field
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def writing(path: Path, *, force: bool = True) -> Iterator[IO[str]]:
    """A text file that appears under its name once it is whole, and not at all if something fails before.

    Args:
        path: where it goes.
        force: write over a file that is there.

    Raises:
        UserError: it cannot be written, or is there already.
    """
    if not force:
        refuse_existing(path)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def refuse_existing(path: Path) -> None:
    """Raise a UserError if there is a file of that name."""
    if path.exists():
        raise UserError(f"{path} exists already", "--force writes over it")


def free_names(taken: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Names for new columns: those wanted, numbered from 2 where they are taken."""
    found: list[str] = []
    for name in wanted:
        number, free = 1, name
        while free in taken or free in found:
            number += 1
            free = f"{name}_{number}"
        found.append(free)
    return found


def row_writer(file: IO[str], suffix: str) -> Callable[[Mapping[str, object]], None]:
    """A function that writes one row of a .csv, .tsv or .jsonl file; the first row names the columns."""
    if suffix == ".jsonl":
        return lambda row: print(json.dumps(row, ensure_ascii=False), file=file)
    writer: csv.DictWriter[str] | None = None

    def write(row: Mapping[str, object]) -> None:
        nonlocal writer
        if writer is None:
            separator = SEPARATORS.get(suffix, ",")
            writer = csv.DictWriter(file, list(row), delimiter=separator, restval="", extrasaction="ignore")
            writer.writeheader()
        writer.writerow(row)

    return write


def write_rows(path: Path, rows: Sequence[Mapping[str, object]], *, force: bool) -> None:
    """Write a table as its suffix says: .tsv, .jsonl, or CSV.

    Raises:
        UserError: as `writing`.
    """
    with writing(path, force=force) as file:
        write = row_writer(file, path.suffix.lower())
        for row in rows:
            write(row)


def read_rows(path: Path, columns: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Stream the rows of a CSV, TSV, JSONL or Parquet file as dictionaries of strings, in constant memory.

    Raises:
        UserError: missing file, unknown type, a column that is missing or there twice, wrong encoding, a quote that
            is never closed, rows that do not fit the header, or lines that are no JSON objects.
    """
    suffix = path.suffix.lower()
    if suffix not in READ:
        raise UserError(f"{path}: {nearest(path.suffix, READ)}")
    for number, row in enumerate(_of_parquet(path) if suffix == ".parquet" else _of_text(path, suffix)):
        if not number:
            check_columns(path, row, columns)
        yield row


def _of_text(path: Path, suffix: str) -> Iterator[dict[str, str]]:
    with reading(path) as file:
        yield from _objects(path, file) if suffix == ".jsonl" else _records(path, file, SEPARATORS[suffix])


def _of_parquet(path: Path) -> Iterator[dict[str, str]]:
    with needs(str(path), "parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    try:
        for batch in pq.ParquetFile(path, pre_buffer=False).iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                yield {name: "" if value is None else str(value) for name, value in row.items()}
    except FileNotFoundError:
        raise UserError(f"no such file: {path}") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None


@contextmanager
def reading(path: Path) -> Iterator[IO[str]]:
    """A UTF-8 text file, read; what cannot be decoded while it is open is told with the command that mends it.

    Raises:
        UserError: missing, or in another encoding.
    """
    if not path.is_file():
        raise UserError(f"no such file: {path}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not UTF-8 (byte {error.start}: {error.object[error.start]:#04x})",
            f"iconv -f {_encoding(path)} -t utf-8 {path} > utf8{path.suffix}",
        ) from None


def _encoding(path: Path) -> str:
    """What a file that is not UTF-8 may be."""
    with path.open("rb") as file:
        start = file.read(1000)
    return "utf-16" if start.startswith(_UTF16) or start.count(0) > len(start) // 4 else "latin1"


def table(path: Path, file: IO[str], separator: str) -> Iterator[list[str]]:
    """The header and the rows of a CSV, each as wide as the header; empty lines are passed over.

    Raises:
        UserError: a name that stands twice, a row of another width, or quotes that are not closed.
    """
    csv.field_size_limit(_LONGEST)
    rows = csv.reader(file, delimiter=separator, strict=True)
    header: list[str] = []
    try:
        for row in rows:
            if not header:
                header = _named_once(path, row)
            elif row and len(row) != len(header):
                raise UserError(
                    f"{path}, line {rows.line_num}: {len(row)} values, the header has {len(header)}",
                    f"put values that hold {separator!r} or a line end in double quotes",
                )
            if row:
                yield row
    except csv.Error as error:
        said = "a quote is never closed" if "unexpected end" in str(error) else str(error)
        raise UserError(f"{path}, line {rows.line_num}: {said}", 'write a quote inside quotes twice: ""') from None


def _named_once(path: Path, header: list[str]) -> list[str]:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise UserError(f"{path}: the header names {', '.join(map(repr, twice))} more than once", "rename one of them")
    return header


def _records(path: Path, file: IO[str], separator: str) -> Iterator[dict[str, str]]:
    rows = table(path, file, separator)
    header = next(rows, [])
    for row in rows:
        yield dict(zip(header, row, strict=True))


def _objects(path: Path, file: IO[str]) -> Iterator[dict[str, str]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_pairs_once)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}, line {number}: not valid JSONL: {error}") from None
        if not isinstance(row, dict):
            raise UserError(f"{path}, line {number}: each line must be a JSON object")
        yield {name: "" if value is None else str(value) for name, value in row.items()}


def _pairs_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands more than once")
    return found


def check_columns(path: Path, row: Mapping[str, str], columns: Sequence[str]) -> None:
    """Raise a UserError that names the nearest column, if one of `columns` is missing."""
    for column in columns:
        if column not in row:
            raise UserError(f"{path} has no column {column!r}: {nearest(column, [name for name in row if name])}")
