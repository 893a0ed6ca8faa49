"""Results as bytes of a format that other programs read; what is exported can be imported again."""

from __future__ import annotations

import io
import json

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
        return json.dumps(Overview(results).serialize(), indent=1).encode() + b"\n"
    frame = results.frame().collect()
    if kind == "csv":
        return csv_tables.written(frame, results.manifest.columns)
    stream, manifest = io.BytesIO(), results.manifest.serialize()
    frame.write_parquet(stream, metadata={MANIFEST_KEY: json.dumps(manifest, default=str)})
    return stream.getvalue()
