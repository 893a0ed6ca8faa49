"""Tables that SeBS wrote, known by their columns; units are made those of our table."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sebs.errors import NoResultsError, ResultFormatError
from sebs.results.manifest import Manifest
from sebs.results.results import Results
from sebs.results.schema import Column

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


def read_table(text: str, name: str) -> Results:
    """Read a table that SeBS wrote.

    Args:
        text: All of it.
        name: Its file, for errors.

    Raises:
        NoResultsError: It is none.
        ResultFormatError: It is broken; the message has the line.
    """
    reader = csv.reader(text.splitlines(), strict=True)
    header = [cell.strip() for cell in next(reader, [])]
    if not header:
        raise ResultFormatError(f"{name!r} is empty.")
    for needed, experiment, factors, convert in _KNOWN:
        if needed <= set(header):
            rows = [
                {
                    "id": str(number),
                    **{key: value for key, value in row.items() if value is not None},
                }
                for number, row in _rows(reader, header, name, convert)
            ]
            if not rows:
                raise ResultFormatError(
                    f"{name!r} has a header of {experiment}, and nothing below it.",
                    remedy="Was its writer interrupted?",
                )
            return Results(Manifest(experiment=experiment, deployment="", factors=factors), rows)
    raise NoResultsError(
        f"{name!r} is no result that is known; its first line is {','.join(header)[:200]!r}.",
        remedy=_lacking(set(header)),
    )


def _lacking(header: set[str]) -> str:
    """Return what the titles lack to be those of a table that is known."""
    needed, experiment, *_ = max(_KNOWN, key=lambda known: len(known[0] & header) / len(known[0]))
    missing = sorted(needed - header)
    if len(missing) > len(needed) / 2:
        return (
            f"Known are SeBS's tables of {', '.join(experiment for _, experiment, *_ in _KNOWN)}."
        )
    return f"A table of {experiment} would have {', '.join(missing)} as well."


def _rows(
    reader: Iterator[list[str]],
    header: list[str],
    name: str,
    convert: Callable[[Cells], dict[str, Any]],
) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 1
    try:
        for number, cells in enumerate(reader, start=2):
            if not cells:
                continue
            if len(cells) != len(header):
                raise ValueError(f"{len(cells)} cells under {len(header)} titles")
            yield number, convert(dict(zip(header, cells, strict=True)))
    except (ValueError, csv.Error) as error:
        raise ResultFormatError(
            f"Line {number} of {name!r} is wrong: {error}.",
            remedy="Nothing of the file is read, so that nothing is lost in silence: correct the "
            "line, or take it out.",
        ) from error


def _performance(cells: Cells) -> dict[str, Any]:
    return {
        "memory": _whole(cells, "memory"),
        "kind": cells["type"],
        "start": "cold" if _truth(cells, "is_cold") else "warm",
        "benchmark_time": _whole(cells, "exec_time") or None,
        "http_startup": round(_number(cells, "connection_time") * 1e6) or None,
        "client": _whole(cells, "client_time") or None,
        "provider": _whole(cells, "provider_time") or None,
        "memory_used": _number(cells, "mem_used") or None,
    }


def _eviction(cells: Cells) -> dict[str, Any]:
    return {
        "memory": _whole(cells, "Memory"),
        "function_time": _number(cells, "FunctionTime"),
        "started": _whole(cells, "Invocations"),
        "delta_t": _number(cells, "DeltaT"),
        "warm": _whole(cells, "WarmContainers"),
    }


def _overhead(cells: Cells) -> dict[str, Any]:
    drift = cells.get("clock_drift_mean", "")
    return {
        # SeBS's own tables have none; those of several sizes that were put together do.
        "memory": _whole(cells, "memory") if "memory" in cells else None,
        "payload_bytes": _whole(cells, "payload_size"),
        "repetition": _whole(cells, "repetition"),
        "start": "cold" if _truth(cells, "is_cold") else "warm",
        "http_startup": round(_number(cells, "connection_time") * 1e6),
        "begin": round(_number(cells, "start_timestamp") * 1e6),
        "received": round(_number(cells, "finish_timestamp") * 1e6),
        "request_id": cells["request_id"],
        # The one number of the table that may be negative.
        "offset": float(drift) if drift else 0.0,
    }


def _number(cells: Cells, title: str) -> float:
    value = float(cells[title])
    if not 0 <= value < math.inf:
        raise ValueError(f"{title} is {cells[title]}")
    return value


def _whole(cells: Cells, title: str) -> int:
    return round(_number(cells, title))


def _truth(cells: Cells, title: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    text = cells[title].strip().lower()
    if text not in known:
        raise ValueError(f"{title} is {cells[title]!r}")
    return known[text]


_KNOWN = (
    (
        {"memory", "type", "is_cold", "exec_time", "connection_time", "client_time"}
        | {"provider_time", "mem_used"},
        "perf-cost",
        (),
        _performance,
    ),
    (
        {"Memory", "FunctionTime", "Invocations", "DeltaT", "WarmContainers"},
        "eviction-model",
        EVICTION,
        _eviction,
    ),
    (
        {"payload_size", "repetition", "is_cold", "connection_time", "start_timestamp"}
        | {"finish_timestamp", "request_id"},
        "invocation-overhead",
        OVERHEAD,
        _overhead,
    ),
)
