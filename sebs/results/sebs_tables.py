"""Tables that SeBS wrote, known by their columns; units are made those of our table.

Its versions differ: the first ones kept no memory that was used, and payloads as computed, with
decimals; the later ones call these ``size`` until they are processed. What a platform does not
tell is an empty cell, or 0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sebs.errors import NoResultsError, ResultFormatError
from sebs.results.cells import CORRECT, require_apart, rows_of, titles_of
from sebs.results.manifest import Manifest
from sebs.results.results import Results
from sebs.results.rows import Row, check_row
from sebs.results.schema import Column
from sebs.results.sebs_units import IN_MILLISECONDS, are_milliseconds

Cells = Mapping[str, str]

#: Columns of a trial of the eviction experiment.
EVICTION = (
    Column("function_time", "number", "s", "how long the function runs"),
    Column("started", "integer", "", "environments that were started"),
    Column("delta_t", "number", "s", "how long they idled"),
    Column("warm", "integer", "", "environments that were still warm", measured=True),
)

#: Columns of an invocation of the overhead experiment.
OVERHEAD = (
    Column("received", "time", "UTC", "when the function had it, by its own clock", measured=True),
    Column(
        "offset", "number", "s", "by how much that clock is ahead of the client's", measured=True
    ),
)

#: Titles of later versions, and what the others call the same.
_ALIASES = {"size": "payload_size"}

#: What every number is less than: those of the table have 64 bits.
_TOO_LARGE = 2**63


@dataclass(frozen=True, slots=True)
class _Table:
    """A kind of table.

    Attributes:
        experiment: What wrote it.
        titles: Those that it has in every version.
        factors: The experiment's own columns.
        convert: Makes a row of cells; what is ``None`` is left out.
        review: Looks over all rows, corrects them, and returns what is to be said of them.
    """

    experiment: str
    titles: frozenset[str]
    factors: tuple[Column, ...]
    convert: Callable[[Cells], Row]
    review: Callable[[Sequence[Row], Collection[str]], list[str]] = lambda rows, titles: []


def read_table(text: str, name: str) -> Results:
    """Read a table that SeBS wrote.

    Args:
        text: All of it.
        name: Its file, for errors.

    Raises:
        NoResultsError: It is none.
        ResultFormatError: It is broken; the message has the line.
    """
    titles = _titles(text)
    table = next((each for each in _KNOWN if each.titles <= set(titles)), None)
    if table is None:
        raise NoResultsError(
            f"{name!r} is no result that is known; its first line is {','.join(titles)[:200]!r}.",
            remedy=_lacking(set(titles)),
        )
    require_apart(titles, name)
    manifest = Manifest(experiment=table.experiment, deployment="", factors=table.factors)
    rows = _rows(text, name, titles, table, manifest.columns)
    if not rows:
        raise ResultFormatError(
            f"{name!r} has a header of {table.experiment}, and nothing below it.",
            remedy="Was its writer interrupted?",
        )
    return Results(replace(manifest, remarks=table.review(rows, titles)), rows)


def _titles(text: str) -> list[str]:
    """Return the titles as all versions but the later ones have them."""
    found = [title.strip() for title in titles_of(text)]
    known = {title: alias for title, alias in _ALIASES.items() if alias not in found}
    return [known.get(title, title) for title in found]


def _lacking(header: set[str]) -> str:
    """Return what the titles lack to be those of a table that is known."""
    nearest = max(_KNOWN, key=lambda table: len(table.titles & header) / len(table.titles))
    missing = sorted(nearest.titles - header)
    if len(missing) > len(nearest.titles) / 2:
        return f"Known are SeBS's tables of {', '.join(table.experiment for table in _KNOWN)}."
    return f"A table of {nearest.experiment} would have {', '.join(missing)} as well."


def _rows(
    text: str, name: str, titles: list[str], table: _Table, columns: Mapping[str, Column]
) -> list[Row]:
    rows: list[Row] = []
    for number, cells in rows_of(text, name):
        place = f"Line {number} of {name!r}"
        try:
            converted = table.convert(dict(zip(titles, cells, strict=True)))
        except ValueError as error:
            raise ResultFormatError(f"{place} is wrong: {error}.", remedy=CORRECT) from error
        known = {key: value for key, value in converted.items() if value is not None}
        row = {"id": str(len(rows) + 1), **known}
        check_row(row, columns, place)
        rows.append(row)
    return rows


def _performance(cells: Cells) -> Row:
    return {
        "memory": _whole(cells, "memory") or None,
        "kind": cells["type"].strip() or None,
        "start": _start(cells),
        "benchmark_time": _microseconds(cells, "exec_time"),
        "http_startup": _microseconds(cells, "connection_time", seconds=1e6),
        "client": _microseconds(cells, "client_time"),
        "provider": _microseconds(cells, "provider_time"),
        "memory_used": _number(cells, "mem_used") or None,
    }


def _review_performance(rows: Sequence[Row], titles: Collection[str]) -> list[str]:
    """Make microseconds of provider times that are milliseconds, as they were at first."""
    times = [(row.get("provider"), row.get("benchmark_time")) for row in rows]
    # Later ones are microseconds, however much more a function waits than it computes.
    if "mem_used" in titles or not are_milliseconds(times):
        return []
    for row in rows:
        if "provider" in row:
            row["provider"] *= 1000
    return [IN_MILLISECONDS]


def _eviction(cells: Cells) -> Row:
    started, warm = _needed(cells, "Invocations"), _needed(cells, "WarmContainers")
    if not started or warm > started:
        raise ValueError(f"WarmContainers is {warm} of {started} Invocations")
    return {
        "memory": _whole(cells, "Memory") or None,
        "function_time": _number(cells, "FunctionTime"),
        "started": started,
        "delta_t": _given(cells, "DeltaT", _number(cells, "DeltaT")),
        "warm": warm,
    }


def _overhead(cells: Cells) -> Row:
    offset = _offset(cells)
    begin, received = (
        _given(cells, each, _microseconds(cells, each, seconds=1e6))
        for each in ("start_timestamp", "finish_timestamp")
    )
    return {
        # SeBS's own tables have none; those of several sizes that were put together do.
        "memory": _whole(cells, "memory") or None,
        # As SeBS came to do it: a payload has no parts of bytes.
        "payload_bytes": int(_given(cells, "payload_size", _number(cells, "payload_size"))),
        "repetition": _needed(cells, "repetition"),
        "start": _start(cells),
        "http_startup": _microseconds(cells, "connection_time", seconds=1e6),
        "begin": begin,
        # By a clock of which nothing is known it is no time.
        "received": None if offset is None else received,
        "request_id": cells["request_id"] or None,
        "offset": offset,
    }


def _offset(cells: Cells) -> float | None:
    """Return by how much the function's clock is ahead; ``None`` where nothing tells.

    SeBS's tables have it once they are processed, and NaN where the datagrams were lost that it
    is told from.
    """
    if not (text := cells.get("clock_drift_mean", "").strip()):
        return None if "clock_drift_mean" in cells else 0.0
    if text.lower() == "nan":
        return None
    return _parsed("clock_drift_mean", text)


def _review_overhead(rows: Sequence[Row], titles: Collection[str]) -> list[str]:
    lost = sum("offset" not in row for row in rows)
    if not lost:
        return []
    are = "1 invocation is" if lost == 1 else f"{lost} invocations are"
    return [
        f"{are} in no model of the overhead: the datagrams that tell how far its function's clock "
        "is ahead were lost."
    ]


def _given(cells: Cells, title: str, value: float | None) -> float:
    if value is None:
        raise ValueError(f"{title} is {cells[title]!r}, and there has to be one")
    return value


def _needed(cells: Cells, title: str) -> int:
    return int(_given(cells, title, _whole(cells, title)))


def _microseconds(cells: Cells, title: str, seconds: float = 1) -> int | None:
    """Return a time as microseconds; zero is never a measurement."""
    return round((_number(cells, title) or 0) * seconds) or None


def _whole(cells: Cells, title: str) -> int | None:
    value = _number(cells, title)
    if value is not None and value != int(value):
        raise ValueError(f"{title} is {cells[title]}, which is no whole number")
    return None if value is None else int(value)


def _number(cells: Cells, title: str) -> float | None:
    """Return a number that is not negative; ``None`` where the cell is empty, or not there."""
    if not (text := cells.get(title, "").strip()):
        return None
    value = _parsed(title, text)
    if value < 0:
        raise ValueError(f"{title} is {text}, and cannot be negative")
    return value


def _parsed(title: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"{title} is {text!r}, which is no number") from error
    if not abs(value) < _TOO_LARGE:
        raise ValueError(f"{title} is {text}, which is no number that can be")
    return value


def _start(cells: Cells) -> str:
    known = {"true": "cold", "1": "cold", "false": "warm", "0": "warm"}
    text = cells["is_cold"].strip().lower()
    if text not in known:
        raise ValueError(f"is_cold is {cells['is_cold']!r}, which is neither True nor False")
    return known[text]


_KNOWN = (
    _Table(
        "perf-cost",
        frozenset({"memory", "type", "is_cold", "exec_time", "connection_time", "client_time"})
        | {"provider_time"},
        (),
        _performance,
        _review_performance,
    ),
    _Table(
        "eviction-model",
        frozenset({"Memory", "FunctionTime", "Invocations", "DeltaT", "WarmContainers"}),
        EVICTION,
        _eviction,
    ),
    _Table(
        "invocation-overhead",
        frozenset({"payload_size", "repetition", "is_cold", "connection_time", "start_timestamp"})
        | {"finish_timestamp", "request_id"},
        OVERHEAD,
        _overhead,
        _review_overhead,
    ),
)
