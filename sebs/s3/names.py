"""Which names buckets and objects may have."""

from __future__ import annotations

import hashlib
import re

from sebs.errors import UnsafePathError
from sebs.utils import is_text

#: Bytes of the longest key (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
MAX_KEY = 1024

_BUCKET = re.compile(r"(?!\d+\.\d+\.\d+\.\d+\Z)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_MAX_BUCKET = 63


def is_bucket_name(name: str) -> bool:
    """Return whether a bucket may have this name.

    The rules are S3's (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html):
    3 to 63 lower-case letters, digits, dots and hyphens, no other than a letter or digit at either
    end, no two dots in a row, no IPv4 address.
    """
    return _BUCKET.match(name) is not None


def nearest_bucket_name(name: str) -> str:
    """Return the name itself where a bucket may have it, else one that is made from it.

    What is cut off is replaced by a hash of the whole, so that long names stay different.
    """
    nearest = re.sub(r"[^a-z0-9.-]+", "-", name.lower())
    nearest = re.sub(r"\.{2,}", ".", nearest).strip(".-")
    if len(nearest) < 3 or not (is_bucket_name(nearest) or len(nearest) > _MAX_BUCKET):
        nearest = f"sebs-{nearest}".rstrip("-")
    if len(nearest) > _MAX_BUCKET:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        nearest = f"{nearest[: _MAX_BUCKET - 9].rstrip('.-')}-{digest}"
    return nearest


def check_key(key: str) -> list[str]:
    """Return the parts of a key that every storage can hold, and that leads out of no directory.

    Raises:
        UnsafePathError: The key is empty, absolute or too long, has an empty part, ``.``, ``..`` or
            NUL, or is no Unicode text.
    """
    parts = key.split("/")
    if not is_text(key):
        raise unsafe_key(key, "it is no Unicode text")
    if (length := len(key.encode())) > MAX_KEY:
        raise unsafe_key(key, f"it has {length} bytes, of {MAX_KEY} allowed")
    if "\0" in key:
        raise unsafe_key(key, "it contains NUL")
    for part in parts:
        if part in ("", ".", ".."):
            raise unsafe_key(key, f"it has the part {part!r}")
    return parts


def unsafe_key(key: str, reason: str) -> UnsafePathError:
    """Return the error that says why a key is refused."""
    return UnsafePathError(
        f"{key[:200]!r} cannot be the key of an object: {reason}.",
        remedy="Keys are relative paths with / between their parts.",
    )
