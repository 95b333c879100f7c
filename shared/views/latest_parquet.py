"""Merging revisions into Parquet files, in bounded memory: rows go to disk, and DuckDB joins them there.

DuckDB is told to spill rather than to grow. Only ids and places are ever held for all records; the text of a record
passes through once, from the file where its newest revision lies into the new file.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

import duckdb
import msgspec

from shared.errors import DataNotUnderstood
from shared.views.latest_rows import COLUMNS, Row

_MIB: Final = 1024 * 1024

_PART_BYTES: Final = 16 * _MIB
"""JSON that is turned into Parquet at once."""

_ROWS: Final = 10_000
"""Rows that are Python's at once."""

_CONFIG: Final[Mapping[str, Any]] = {
    # Buffers of columns and row groups are each thread's own, and cannot spill. Measured: 96 MB suffice for a month of
    # 500,000 alerts with one thread; 128 MB do not for 200,000 with two, and row groups of 16 MiB.
    "memory_limit": "160MB",
    "threads": 1,
    "preserve_insertion_order": False,  # else row groups wait in memory for their turn
    # Nothing is fetched from the internet: JSON and Parquet are built in.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

_STAGED: Final = {name: "BIGINT" if type_ == "TIMESTAMPTZ" else type_ for name, type_ in COLUMNS.items()} | {
    "month": "VARCHAR"
}
_TYPED: Final = ", ".join(
    f"make_timestamptz({name}) AS {name}" if type_ == "TIMESTAMPTZ" else name for name, type_ in COLUMNS.items()
)

_PARQUET: Final = f"FORMAT parquet, ROW_GROUP_SIZE_BYTES {4 * _MIB}"
_PARTS: Final = f"{_PARQUET}, COMPRESSION zstd, PARTITION_BY (month), APPEND, FILENAME_PATTERN 'part-{{uuid}}'"
_VIEW: Final = f"{_PARQUET}, COMPRESSION snappy"
"""Snappy is what every reader of Parquet has known from the beginning; zstd would take less than half as much."""

_PLACE: Final = "(file_index::BIGINT << 40) + file_row_number"
"""Where a row lies: which of the files, and where in it."""

# The later revision, in units of 100 ns. Of two with one time the text decides, so that the order of merging never
# does; and of the same text twice the one that lies in the view already, so that merging again changes nothing.
_RANK: Final = (
    f"(revision::HUGEINT << 41) + ((md5_number_lower(raw) >> 24)::HUGEINT << 1) + ({_PLACE} < $first_new)::HUGEINT"
)


class Workbench:
    """Collects revisions in a folder of its own on the local disk, and merges them month by month."""

    def __init__(self, folder: Path) -> None:
        self._parts = folder / "parts"
        self._lines = folder / "rows.ndjson"
        self._file: IO[bytes] = self._lines.open("wb")
        self._written = 0
        self._encoder = msgspec.json.Encoder()
        self._duckdb = duckdb.connect(config={**_CONFIG, "temp_directory": str(folder / "spilled")})

    def __enter__(self) -> "Workbench":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._duckdb.close()

    def add(self, row: Row) -> None:
        """Take a revision, in any order. DuckDB reads lines of up to 32 MiB."""
        line = self._encoder.encode(row)
        self._file.write(line)
        self._file.write(b"\n")
        self._written += len(line) + 1
        if self._written >= _PART_BYTES:
            self._flush()

    def months(self) -> Sequence[str]:
        """The months for which there are revisions."""
        self._flush()
        return sorted(folder.name.removeprefix("month=") for folder in self._parts.glob("month=*"))

    def merge(self, month: str, before: Path | None, after: Path) -> bool:
        """Write the newest revision of every record to ``after``; whether anything differs from the file ``before``.

        If not, ``after`` is not written.
        """
        parts = sorted((self._parts / f"month={month}").glob("*.parquet"))
        files = [str(path) for path in ([before] if before else []) + parts]
        rows = "read_parquet($files, hive_partitioning = false)"
        first_new = 1 << 40 if before else 0
        self._duckdb.execute(
            "CREATE OR REPLACE TEMP TABLE newest AS"  # noqa: S608
            f" SELECT arg_max({_PLACE}, {_RANK}) AS place FROM {rows} GROUP BY id",
            {"files": files, "first_new": first_new},
        )
        if not self._duckdb.execute("SELECT 1 FROM newest WHERE place >= ? LIMIT 1", [first_new]).fetchone():
            return False
        self._duckdb.execute(
            f"COPY (SELECT {', '.join(COLUMNS)} FROM {rows} WHERE {_PLACE} IN (FROM newest)) TO '{after}' ({_VIEW})",  # noqa: S608
            {"files": files},
        )
        return True

    def _flush(self) -> None:
        if not self._written:
            return
        self._file.flush()
        self._duckdb.execute(
            f"COPY (SELECT {_TYPED}, month FROM read_json($lines, format = 'newline_delimited', columns = {_STAGED},"  # noqa: S608
            f" hive_partitioning = false))"
            f" TO '{self._parts}' ({_PARTS})",
            {"lines": str(self._lines)},
        )
        self._file.seek(0)
        self._file.truncate()
        self._written = 0


def read(file: Path, columns: Sequence[str], name: str) -> Iterator[tuple[Any, ...]]:
    """Some of ``COLUMNS`` of a file, its rows in any order; times are microseconds since 1970.

    Raises:
        DataNotUnderstood: it is none of the view's files; by its ``name``, which people know it by.
    """
    selected = (f"epoch_us({name})" if COLUMNS[name] == "TIMESTAMPTZ" else name for name in columns)
    with duckdb.connect(config={**_CONFIG}) as reader:
        try:
            reader.execute(f"SELECT {', '.join(selected)} FROM read_parquet(?)", [str(file)])  # noqa: S608
            while rows := reader.fetchmany(_ROWS):
                yield from rows
        except duckdb.Error as error:
            what = (
                f"{name} is no Parquet file with the view's columns: delete it, and publish_latest makes the view anew."
            )
            raise DataNotUnderstood(what) from error


def blocks(file: Path, size: int = 4 * _MIB) -> Iterator[bytes]:
    """A file in pieces."""
    with file.open("rb") as opened:
        while block := opened.read(size):
            yield block
