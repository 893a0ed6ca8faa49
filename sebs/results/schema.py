"""The table of invocations: one row an invocation, every column with its type, unit and meaning.

Everything that is measured passes through these columns: the journal has a row a line, without the
values that are null; Parquet, JSON and CSV have the table. Durations are integers, and null where
nothing was measured: zero is never a measurement. An experiment's own factors are further columns,
which the run's manifest names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sebs.errors import ResultFormatError

if TYPE_CHECKING:
    import polars as pl

#: Version of the table, of the journal and of the manifest; readers refuse newer ones.
FORMAT_VERSION = 3

#: What a point, or a cell, may hold.
Scalar = str | int | float | bool | None

#: Name of a type to what Python calls it. A ``time`` is a UTC datetime to the microsecond; the
#: journal has it as microseconds since 1970.
_PYTHON: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "time": (int,),
}

#: The least and the greatest value of a type: integers and numbers have 64 bits, and times are
#: microseconds since 1970 that calendars have, until the end of the year 9999.
LIMITS: Mapping[str, tuple[float, float]] = {
    "integer": (-(2**63), 2**63 - 1),
    "number": (-sys.float_info.max, sys.float_info.max),
    "time": (0, 253_402_300_799_999_999),
}

_TEXTS = ("name", "type", "unit", "meaning")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Attributes:
        name: Its name.
        type: ``text``, ``integer`` (64 bits), ``number`` (64 bits), ``boolean`` or ``time``.
        unit: What it counts; empty where it has no unit.
        meaning: What it says, in one line.
        measured: Of a factor: whether it is what came of the invocation, and not what was asked
            for, so that invocations with different values may still be of one sample.
    """

    name: str
    type: str
    unit: str
    meaning: str
    measured: bool = False

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @staticmethod
    def deserialize(stored: Mapping[str, Any]) -> Column:
        """Read what :meth:`serialize` wrote.

        Raises:
            ResultFormatError: It is no column, or of a type that there is not.
        """
        try:
            name, kind, unit, meaning = (str(stored[key]) for key in _TEXTS)
            column = Column(name, kind, unit, meaning, measured=bool(stored.get("measured")))
        except (KeyError, TypeError) as error:
            raise ResultFormatError(f"{stored!r} describes no column: {error!r}.") from error
        if column.type not in _PYTHON:
            raise ResultFormatError(
                f"Column {column.name!r} has the type {column.type!r}, which there is not.",
                remedy=f"Types are {', '.join(_PYTHON)}.",
            )
        return column

    def accepts(self, value: object) -> bool:
        """Whether the journal may hold this value here; null is always allowed."""
        if value is None:
            return True
        if isinstance(value, bool):
            return self.type == "boolean"
        return isinstance(value, _PYTHON[self.type])


#: What was asked for. A run's manifest has what is the same for all, its points have the rest.
ASKED = (
    Column("id", "text", "", "planned invocation; unique in the run"),
    Column("experiment", "text", "", "the experiment"),
    Column("platform", "text", "", "the platform"),
    Column("region", "text", "", "its region"),
    Column("benchmark", "text", "", "the benchmark, or the function where it is not ours"),
    Column("size", "text", "", "size of the benchmark's input"),
    Column("language", "text", "", "language of the function"),
    Column("language_version", "text", "", "version of the language"),
    Column("architecture", "text", "", "x64 or arm64"),
    Column("variant", "text", "", "what is deployed: package or container"),
    Column("memory", "integer", "MB", "memory that the function is configured with"),
    Column("function", "text", "", "its name on the platform"),
    Column("trigger", "text", "", "by what it was invoked: http, library or storage"),
    Column("kind", "text", "", "what was asked for: cold, warm, burst, sequential, ..."),
    Column("repetition", "integer", "", "which repetition of the same point it is"),
    Column("payload_bytes", "integer", "B", "size of the request's body"),
    Column("wanted", "boolean", "", "false: kept, but none of those asked for; null: wanted"),
)

#: What became of it.
ANSWERED = (
    Column("start", "text", "", "how it began: cold, warm, unknown or unanswered"),
    Column("request_id", "text", "", "the platform's identifier of the invocation"),
    Column("environment_id", "text", "", "the execution environment that served it"),
    Column("failure", "boolean", "", "whether it failed"),
    Column("error", "text", "", "why it failed"),
    Column("valid", "boolean", "", "whether the output was judged right; null: not judged"),
    Column("rejection", "text", "", "why the output was judged wrong"),
    Column("begin", "time", "UTC", "when the client began it"),
    Column("end", "time", "UTC", "when the client had the last byte of the answer"),
    Column("client", "integer", "µs", "client time of the whole invocation"),
    Column("http_startup", "integer", "µs", "until the request could be sent"),
    Column("http_first_byte_return", "integer", "µs", "until the first byte of the answer"),
    Column("fresh_connection", "boolean", "", "whether a new connection was opened"),
    Column("benchmark_time", "integer", "µs", "from entering the handler to its return"),
    Column("benchmark_including_imports", "integer", "µs", "the same, with imports when cold"),
    Column("initialization", "integer", "µs", "from the environment's start until it was ready"),
    Column("provider", "integer", "µs", "execution, as the platform's log has it"),
    Column("provider_initialization", "integer", "µs", "initialization, as its log has it"),
    Column("memory_used", "number", "MB", "peak memory of the environment"),
    Column("billed_time", "integer", "ms", "duration that is billed"),
    Column("billed_memory", "integer", "MB", "memory that is billed"),
    Column("gb_seconds", "number", "GB·s", "memory / 1024 · billed time"),
    Column("output", "text", "JSON", "what the handler returned"),
)

COLUMNS = ASKED + ANSWERED

#: Names of the columns that are durations: never negative.
DURATIONS = frozenset(column.name for column in COLUMNS if column.unit in ("µs", "ms"))

_KNOWN = {column.name: column for column in COLUMNS}
_ASKED = frozenset(column.name for column in ASKED)


def askable(factors: Iterable[Column]) -> frozenset[str]:
    """Return the names that a point may have.

    Raises:
        ResultFormatError: A factor has the name of a column of the table.
    """
    names = {factor.name for factor in factors}
    if taken := sorted(names & _KNOWN.keys()):
        raise ResultFormatError(f"Factors are named like columns of the table: {taken}.")
    return _ASKED | names


def dtypes(columns: Iterable[Column]) -> dict[str, pl.DataType]:
    """Return the polars type of each column, as the journal has it."""
    import polars as pl

    known = {
        "text": pl.String(),
        "integer": pl.Int64(),
        "number": pl.Float64(),
        "boolean": pl.Boolean(),
        "time": pl.Int64(),
    }
    return {column.name: known[column.type] for column in columns}
