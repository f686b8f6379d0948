"""Reads a table with a time column, CSV or Parquet, and checks every value. A CSV needs no pandas."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError, nearest

_TIMES = ("time", "date", "datetime", "timestamp", "ds", "date time", "month", "week", "day", "hour")
_MISSING = {"", "na", "nan", "null", "none", "n/a", "?"}
_TRUTH = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
_FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M",
            "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y%m%d", "%Y-%m")  # fmt: skip
_ZONE = set("Z+-")
_SHOWN = 5
Columns = dict[str, list[str]]


def read(path: Path) -> Columns:
    """All columns as text.

    Raises:
        UserError: no such file, not a table, or no rows.
    """
    if not path.is_file():
        raise UserError(f"no such file: {path}")
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = "\t" if path.suffix.lower() == ".tsv" else _separator(file.readline())
            file.seek(0)
            header, *rows = csv.reader(file, delimiter=separator)
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 (byte {error.start})", f"iconv -f latin1 -t utf-8 {path}") from None
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path} holds no rows" if "unpack" in str(error) else f"{path}: {error}") from None
    rows = [row for row in rows if row]
    if not rows:
        raise UserError(f"{path} holds no rows")
    short = next((i for i, row in enumerate(rows) if len(row) != len(header)), None)
    if short is not None:
        raise UserError(f"{path}, row {short + 1}: {len(rows[short])} values, the header has {len(header)}")
    return {name.strip(): list(column) for name, column in zip(header, zip(*rows, strict=True), strict=True)}


def _separator(line: str) -> str:
    return ";" if line.count(";") > line.count(",") else ","


def _parquet(path: Path) -> Columns:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except ImportError:
        raise UserError("reading Parquet needs pyarrow", "pip install 'seqzoo[parquet]'") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a Parquet file: {str(error).splitlines()[0]}") from None
    return {str(name): frame[name].astype(str).tolist() for name in frame.reset_index().columns}


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
    found = [name for name in columns if name and name not in others and _holds_numbers(columns[name][:200])]
    if len(found) != 1:
        said = f"{len(found)} columns hold numbers ({', '.join(found[:8])})" if found else "no column holds numbers"
        raise UserError(f"which column is to be forecast? {said}", "name it with --target COLUMN")
    return found[0]


def _holds_numbers(values: Sequence[str]) -> bool:
    """Whether most of what is not missing is a number: one typing error does not hide a column."""
    found = [_number(value) for value in values if value.strip().lower() not in _MISSING]
    return bool(found) and float(np.isfinite(found).mean()) > 0.8


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

    Raises:
        UserError: what is no time, with row numbers; some times with a zone and some without.
    """
    plainly = [value.strip().replace(" ", "T", 1) for value in values]
    if all(value[4:5] == "-" and not set(value[10:]) & _ZONE for value in plainly):
        try:
            return np.array(plainly, dtype="M8[s]"), ""
        except ValueError:
            pass
    form, parse = _parser(values) or _parser(values[:50]) or ("", _iso)
    parsed, wrong = [], []
    for i, value in enumerate(values):
        try:
            parsed.append(parse(value.strip()))
        except ValueError:
            wrong.append(i)
    if wrong:
        shown = ", ".join(f"{values[i]!r} (row {i + 1})" for i in wrong[:_SHOWN])
        raise UserError(f"column {name!r}: {len(wrong):,} value(s) are not times: {shown}", "write 2024-01-31 13:00:00")
    aware = np.array([moment.tzinfo is not None for moment in parsed])
    if aware.any() and not aware.all():
        odd = int(np.flatnonzero(aware != aware[0])[0])
        raise UserError(f"column {name!r} mixes times with and without a zone (first at row {odd + 1})")
    if not aware.any():
        order = {"%m/%d": "month/day/year", "%d/%m": "day/month/year"}.get(form[:5])
        return np.array(parsed, dtype="M8[s]"), f"{values[0]} read as {order}" if order else ""
    plain = [moment.astimezone(UTC).replace(tzinfo=None) for moment in parsed]
    return np.array(plain, dtype="M8[s]"), "time zones turned into UTC"


def _iso(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _parser(values: Sequence[str]) -> tuple[str, Callable[[str], datetime]] | None:
    """The first format that reads all of the values; ISO 8601 is the empty format."""

    def by_format(form: str) -> Callable[[str], datetime]:
        return lambda value: datetime.strptime(value, form)

    for form, parse in (("", _iso), *((form, by_format(form)) for form in _FORMATS)):
        try:
            for value in values:
                parse(value.strip())
        except ValueError:
            continue
        return form, parse
    return None
