"""Reads a table with a time column, CSV or Parquet, and checks every value. No pandas."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo import files
from seqzoo.errors import UserError, nearest, needs
from seqzoo.files import reading

_TIMES = ("time", "date", "datetime", "timestamp", "ds", "date time", "year", "quarter", "month", "week", "day", "hour")
_MISSING = {"", "na", "nan", "null", "none", "n/a", "?"}
_TRUTH = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
_FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M",
            "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y%m%d", "%Y-%m", "%Y")  # fmt: skip
_QUARTER = re.compile(r"\s*(\d{4})[- ]?Q([1-4])\s*", re.IGNORECASE)
_PLAIN = set("T0123456789:.")  # of a time without a zone
_UTC_BY_NAME = re.compile(r"\s*(UTC|GMT|Z)$", re.IGNORECASE)
_SPACED_ZONE = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")
_SHOWN = 5
Columns = dict[str, list[str]]


def read(path: Path) -> Columns:
    """All columns as text.

    Raises:
        UserError: no such file, not a table, no rows, or as `files.table`.
    """
    if path.suffix.lower() == ".parquet":
        columns = _parquet(path)
    else:
        with reading(path) as file:
            separator = "\t" if path.suffix.lower() == ".tsv" else _separator(file.readline())
            file.seek(0)
            header, *rows = [*files.table(path, file, separator)] or [[]]
        columns = {name.strip(): list(column) for name, column in zip(header, zip(*rows, strict=True), strict=False)}
    if not columns or not next(iter(columns.values())):
        raise UserError(f"{path} holds no rows")
    return columns


def _separator(line: str) -> str:
    return ";" if line.count(";") > line.count(",") else ","


def _parquet(path: Path) -> Columns:
    if not path.is_file():
        raise UserError(f"no such file: {path}")
    with needs("reading Parquet", "parquet"):
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    try:
        rows = parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise UserError(f"{path} is not a Parquet file: {str(error).splitlines()[0]}") from None
    return {str(name): _texts(rows.column(name)) for name in rows.column_names}


def _texts(column: Any) -> list[str]:
    """A column of pyarrow as text; nanoseconds, which Python's times lack, are cut off."""
    pyarrow = import_module("pyarrow")
    if pyarrow.types.is_timestamp(column.type):
        column = column.cast(pyarrow.timestamp("us", tz=column.type.tz), safe=False)
    return ["" if value is None else str(value) for value in column.to_pylist()]


def column(columns: Columns, name: str, what: str) -> list[str]:
    """The column of that name.

    Raises:
        UserError: there is none; names the nearest.
    """
    if name not in columns:
        raise UserError(f"no column {name!r} for {what}: {nearest(name, columns)}")
    return columns[name]


def find_time(columns: Columns) -> str:
    """The column that holds the times: by its usual names, else the first that can be read as times.

    Raises:
        UserError: none looks like one.
    """
    for name in columns:
        if name.lower() in _TIMES and _parser(columns[name][:50]):
            return name
    for name, values in columns.items():
        if not _holds_numbers(values[:50]) and _parser(values[:50]):
            return name
    raise UserError(f"no column of times among {', '.join(columns)}", "name it with --time COLUMN")


def find_target(columns: Columns, others: Sequence[str]) -> str:
    """The only numeric column besides `others`.

    Raises:
        UserError: none or several.
    """
    numeric = [name for name in columns if name and name not in others and _holds_numbers(columns[name][:200])]
    if len(numeric) != 1:
        said = (
            f"{len(numeric)} columns hold numbers ({', '.join(numeric[:8])})" if numeric else "no column holds numbers"
        )
        raise UserError(f"which column is to be forecast? {said}", "name it with --target COLUMN")
    return numeric[0]


def _holds_numbers(texts: Sequence[str]) -> bool:
    """Whether most of what is not missing is a number: one typing error does not hide a column."""
    values = [_number(text) for text in texts if text.strip().lower() not in _MISSING]
    return bool(values) and float(np.isfinite(values).mean()) > 0.8


def numbers(values: Sequence[str], name: str) -> np.ndarray:
    """(rows,) float64; missing values are NaN, true and false are 1 and 0.

    Raises:
        UserError: text or an infinite value, with row numbers (the first data row is 1).
    """
    try:
        out = np.array(values, dtype=np.float64)
    except ValueError:
        out = np.array([_number(value) for value in values])
    wrong = np.flatnonzero(np.isinf(out))
    if len(wrong):
        shown = ", ".join(f"{values[i]!r} (row {i + 1})" for i in wrong[:_SHOWN])
        raise UserError(f"column {name!r}: {len(wrong):,} value(s) are not finite numbers: {shown}")
    return out


def _number(value: str) -> float:
    """A number, NaN for a missing one, infinity for what is neither."""
    word = value.strip().lower()
    if word in _MISSING:
        return np.nan
    if word in _TRUTH:
        return _TRUTH[word]
    try:
        return float(word)
    except ValueError:
        return np.inf


def times(values: Sequence[str], name: str) -> tuple[np.ndarray, str]:
    """(rows,) datetime64[s], and a note of what was assumed: UTC for zones, the order of day and month.

    Midnights of a zone are dates: days stay days through a change of the clock.

    Raises:
        UserError: what is no time, with row numbers; some times with a zone and some without.
    """
    plainly = [value.strip().replace(" ", "T", 1) for value in values]
    if all(value[4:5] == "-" and set(value[10:]) <= _PLAIN for value in plainly):
        try:
            return np.array(plainly, dtype="M8[s]"), ""
        except ValueError:
            pass
    form, moments = _parsed(values, name)
    aware = np.array([moment.tzinfo is not None for moment in moments])
    if aware.any() and not aware.all():
        odd = int(np.flatnonzero(aware != aware[0])[0])
        raise UserError(f"column {name!r} mixes times with and without a zone (first at row {odd + 1})")
    if not aware.any():
        order = {"%m/%d": "month/day/year", "%d/%m": "day/month/year"}.get(form[:5])
        return np.array(moments, dtype="M8[s]"), f"{values[0]} read as {order}" if order else ""
    local = np.array([moment.replace(tzinfo=None) for moment in moments], dtype="M8[s]")
    if (local == local.astype("M8[D]")).all():
        return local, "midnights of a time zone read as dates"
    plain = [moment.astimezone(UTC).replace(tzinfo=None) for moment in moments]
    return np.array(plain, dtype="M8[s]"), "time zones turned into UTC"


def _parsed(values: Sequence[str], name: str) -> tuple[str, list[datetime]]:
    """The format of a column, and its moments, with a zone or without."""
    form, parse = _parser(values) or _parser(values[:50]) or ("", _iso)
    moments, wrong = [], []
    for i, value in enumerate(values):
        try:
            moments.append(parse(value))
        except ValueError:
            wrong.append(i)
    if wrong:
        shown = ", ".join(f"{values[i]!r} (row {i + 1})" for i in wrong[:_SHOWN])
        raise UserError(f"column {name!r}: {len(wrong):,} value(s) are not times: {shown}", "write 2024-01-31 13:00:00")
    return form, moments


def _with_offset(value: str) -> str:
    """A time whose zone, if it has one, is an offset that follows at once: 13:00+02:00."""
    return _SPACED_ZONE.sub("", _UTC_BY_NAME.sub("+00:00", value.strip()))


def _iso(value: str) -> datetime:
    return datetime.fromisoformat(_with_offset(value))


def _quarter(value: str) -> datetime:
    """The first day of 2024Q3."""
    if found := _QUARTER.fullmatch(value):
        return datetime(int(found[1]), 3 * int(found[2]) - 2, 1)
    raise ValueError(value)


def _parser(values: Sequence[str]) -> tuple[str, Callable[[str], datetime]] | None:
    """The first format that reads all of the values; ISO 8601 is the empty format."""

    def by_format(form: str) -> Callable[[str], datetime]:
        return lambda value: datetime.strptime(_with_offset(value), form)

    zoned = [f"{form}%z" for form in _FORMATS if "%H" in form]
    for form, parse in (("", _iso), ("", _quarter), *((form, by_format(form)) for form in (*_FORMATS, *zoned))):
        try:
            for value in values:
                parse(value)
        except ValueError:
            continue
        return form, parse
    return None
