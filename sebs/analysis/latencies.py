"""From when on the time that an answer took is counted: in an open loop, from when it was due."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def since_intended() -> pl.Expr:
    """Return the time from when an invocation was to be sent to the last byte of its answer, µs."""
    import polars as pl

    return (pl.col("end") - pl.col("intended")).dt.total_microseconds()


def latency(columns: Container[str]) -> pl.Expr:
    """Return how long invocations took, µs, as the column ``client``.

    In an open loop that runs from the intended sending, so that a client or a platform that lags
    behind hides no time (coordinated omission); else it is the client time.

    Args:
        columns: Those of the table; with ``intended`` it is of an open loop.
    """
    import polars as pl

    client = pl.col("client")
    if "intended" not in columns:
        return client
    return pl.coalesce(since_intended(), client).alias("client")
