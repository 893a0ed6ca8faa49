"""Results as bytes of a format that other programs read; what is exported can be imported again."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from sebs.results import csv_tables
from sebs.results.document import Overview
from sebs.results.own_files import MANIFEST_KEY
from sebs.results.results import Results


def exported(results: Results, kind: str) -> bytes:
    """Return results as one document.

    Args:
        results: Of a run, or of a file.
        kind: ``json``, the whole; ``csv``, the table; ``parquet``, the table, whose metadata have
            the manifest.

    Raises:
        SystemUnavailableError: polars is not installed, and the table was asked for.
        ResultFormatError: The results cannot be read.
    """
    if kind == "json":
        return as_bytes(Overview(results).serialize())
    frame = results.frame().collect()
    if kind == "csv":
        return csv_tables.written(frame, results.manifest.columns)
    stream, manifest = io.BytesIO(), results.manifest.serialize()
    frame.write_parquet(stream, metadata={MANIFEST_KEY: json.dumps(manifest, default=str)})
    return stream.getvalue()


def as_bytes(document: Mapping[str, Any]) -> bytes:
    """Return a document of plain JSON values as it is exported."""
    return json.dumps(document, indent=1).encode() + b"\n"
