"""Object storage for functions on Lambda: S3.

Part of a function's package, so it needs nothing but the standard library.
"""

from __future__ import annotations

from .storage_s3 import storage

__all__ = ["storage"]
