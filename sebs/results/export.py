"""Results as bytes of a format that other programs read."""

from __future__ import annotations

import io
import json

from sebs.results.document import Overview
from sebs.results.results import Results

#: How CSV has times, which are UTC: ISO 8601, to the microsecond.
_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"


def exported(results: Results, kind: str) -> bytes:
    """Return results as one document.

    Args:
        results: Of a run, or of a file.
        kind: ``json``, the whole; ``csv`` or ``parquet``, the table.

    Raises:
        SystemUnavailableError: polars is not installed, and the table was asked for.
        ResultFormatError: The results cannot be read.
    """
    if kind == "json":
        return json.dumps(Overview(results).serialize(), indent=1).encode() + b"\n"
    frame, stream = results.frame().collect(), io.BytesIO()
    if kind == "csv":
        frame.write_csv(stream, datetime_format=_TIME)
    else:
        frame.write_parquet(stream)
    return stream.getvalue()
