"""Answers in bulk: Parquet or CSV in, a folder of Parquet parts out, in memory that does not grow with the rows.

Workers read and answer, each with the bundle loaded once; the rows come back in their order and are written in one
place, so that only what is read must be seen from every machine. Without workers the same is done in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

from seqzoo.cluster import connect, tables
from seqzoo.errors import UserError, nearest
from seqzoo.files import free_names, refuse_existing
from seqzoo.fitting import native_stderr_closed

_BATCH = 4096  # rows that are answered at a time
_BLOCK = 4 << 20  # bytes that Ray moves at a time


class Answerer(Protocol):
    """Loads a bundle's folder; gives for texts the values of each column of answers."""

    def __call__(self, texts: list[str]) -> Sequence[Sequence[object]]:
        """Columns of as many values as there are texts."""
        ...


class Answered:
    """Tables with answers beside their rows; a worker holds one. `kind` is made from the bundle's folder."""

    def __init__(self, kind: Callable[[str], Answerer], folder: str, column: str, names: Sequence[str]) -> None:
        self.answer, self.column, self.names = kind(folder), column, names

    def __call__(self, table: Any) -> Any:
        """A pyarrow.Table -> the same with the columns of answers."""
        import pyarrow as pa

        texts = table.column(self.column).cast(pa.string()).fill_null("").to_pylist()
        for name, values in zip(self.names, self.answer(texts), strict=True):
            table = table.append_column(name, pa.array(values))
        return table


def answer(
    kind: Callable[[str], Answerer],
    folder: Path,
    source: Path,
    column: str,
    names: Sequence[str],
    out: Path,
    *,
    workers: int | None = None,
    address: str | None = None,
    force: bool = False,
    quiet: bool = False,
) -> int:
    """Answer every row of a file or folder, and write a folder of Parquet that appears once it is whole; the rows.

    Args:
        kind: makes what answers from the bundle's folder, in every process.
        folder: the bundle.
        source: .parquet, a folder of them, or .csv, whose columns stay texts.
        column: of texts.
        names: wanted for the columns of answers.
        out: a folder.
        workers: processes by Ray; None, and no address: this one.
        address: of a Ray cluster.
        force: replace a folder that is there.
        quiet: no progress.

    Raises:
        UserError: files, columns or folders that cannot be used; Ray or pyarrow are missing.
    """
    if not force:
        refuse_existing(out)
    data = tables.opened(source, "ray" if workers or address else "parquet")
    if column not in data.schema.names:
        raise UserError(f"{source} has no column {column!r}: {nearest(column, data.schema.names)}")
    rows = data.count_rows() if source.suffix.lower() != ".csv" else None
    told = (kind, str(folder.resolve()), column, free_names(data.schema.names, names))
    there = _shared(source, told, workers, address) if workers or address else _here(data, told)
    with there as found, tables.writing(out) as write, _progress(quiet, rows) as advance:
        count = 0
        for table in _readable(source, found):
            write(table)
            advance(table.num_rows)
            count += table.num_rows
        if not count:
            raise UserError(f"{source} holds no rows")
    return count


def _readable(source: Path, found: Iterator[Any]) -> Iterator[Any]:
    """The tables, as long as they can be read: a row of a CSV that does not fit is only met on the way."""
    import pyarrow as pa

    try:
        yield from found
    except pa.ArrowInvalid as error:
        said = next((line for line in str(error).splitlines() if "CSV" in line or "arquet" in line), str(error))
        raise UserError(f"{source} cannot be read: {said.splitlines()[0]}") from None


@contextmanager
def _here(data: Any, told: Sequence[Any]) -> Iterator[Iterator[Any]]:
    import pyarrow as pa
    import pyarrow.dataset as ds

    answered = Answered(*told)
    flat = {"batch_readahead": 2, "fragment_readahead": 1}
    if data.format.default_extname == "parquet":
        flat["fragment_scan_options"] = ds.ParquetFragmentScanOptions(pre_buffer=False)  # else it grows with the file
    batches = data.to_batches(batch_size=_BATCH, **flat)
    yield (answered(pa.Table.from_batches([batch])) for batch in batches if len(batch))


@contextmanager
def _shared(source: Path, told: Sequence[Any], workers: int | None, address: str | None) -> Iterator[Iterator[Any]]:
    with connect.connected("--workers", workers, address, "data", spare=1) as count:
        import ray

        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.target_max_block_size = _BLOCK
        context.execution_options.preserve_order = True
        paths = tables.paths(source)
        read = ray.data.read_csv(paths, **tables.csv_options(source)) if source.suffix.lower() == ".csv" else (
            ray.data.read_parquet(paths)
        )  # fmt: skip
        answered = read.map_batches(
            Answered, fn_constructor_args=told, batch_size=_BATCH, batch_format="pyarrow", num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=count),
        )  # fmt: skip
        found = iter(answered.iter_batches(batch_size=_BATCH, batch_format="pyarrow", prefetch_batches=2))
        with native_stderr_closed():  # where actors start, Ray warns of what it does itself
            first = list(islice(found, 1))
        yield chain(first, found)


@contextmanager
def _progress(quiet: bool, rows: int | None) -> Iterator[Callable[[int], None]]:
    """A function told how many rows were answered: a bar with speed and time left on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.completed:,.0f} rows"),
               TextColumn("{task.speed:,.0f}/s"), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("bulk", total=rows)
        yield lambda count: bar.advance(task, count)
