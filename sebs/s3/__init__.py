"""Buckets on a server that speaks S3: what the platforms with such servers share."""

from __future__ import annotations

from pathlib import Path

#: What functions reach S3 with: one directory a language, of files that join their packages.
WRAPPERS = Path(__file__).parent / "wrappers"
