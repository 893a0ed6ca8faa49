"""Names of buckets and objects, the same whichever storage the local platform has.

Part of a function's package, so it needs nothing but the standard library. The rule from keys to
files is the one of ``sebs/local/keys.py``; a key that has no file is refused by every storage.
"""

from __future__ import annotations

import os
import re
import uuid

_MAX_KEY = 1024
_MAX_NAME = 255
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")


def object_path(key: str) -> list[str]:
    """Return the names from the bucket's directory down to the object's file.

    Raises:
        ValueError: It cannot be the key of an object.
    """
    parts = key.split("/")
    if len(key.encode()) > _MAX_KEY or "\0" in key or not {"", ".", ".."}.isdisjoint(parts):
        raise ValueError(f"{key[:200]!r} cannot be the key of an object")
    names = [part.replace("%", "%25") for part in parts]
    names[-1] += "%"
    if any(len(name.encode()) > _MAX_NAME for name in names):
        raise ValueError(f"{key[:200]!r} has a part that is too long for the key of an object")
    return names


def check_bucket(bucket: str) -> str:
    """Return the name of a bucket.

    Raises:
        FileNotFoundError: No bucket can have it.
    """
    if not _BUCKET.match(bucket):
        raise FileNotFoundError(f"There is no bucket {bucket!r}")
    return bucket


def unique_name(name: str) -> str:
    """Return a name that no other invocation uses: a random part before the extension."""
    base, extension = os.path.splitext(name)
    return f"{base}.{uuid.uuid4().hex[:8]}{extension}"
