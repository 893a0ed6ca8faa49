"""Where an object of the local storage lies: the rule from a bucket and a key to a file.

A key is cut at its slashes. Every part but the last names a directory and the last one a file, as
they are, with two changes: ``%`` is written ``%25``, and a file's name gets a ``%`` at its end. No
directory's name ends so, hence the keys ``a`` and ``a/b`` can both exist, and a name with any other
``%`` belongs to the storage itself.

The functions' side has the rule once more for each language (``wrappers/``); a test compares them.
"""

from __future__ import annotations

import hashlib
import re

from sebs.errors import UnsafePathError

#: Bytes of the longest key (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
MAX_KEY = 1024

#: Bytes of the longest name of a file on Linux.
_MAX_NAME = 255

_END = "%"
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


def object_path(key: str) -> list[str]:
    """Return the names from the bucket's directory down to the object's file.

    Raises:
        UnsafePathError: The key is empty, absolute or too long, has an empty part, ``.``, ``..`` or
            NUL, or is no Unicode text.
    """
    parts = key.split("/")
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise _unsafe(key, "it is no Unicode text") from None
    if length > MAX_KEY:
        raise _unsafe(key, f"it has {length} bytes, of {MAX_KEY} allowed")
    if "\0" in key:
        raise _unsafe(key, "it contains NUL")
    for part in parts:
        if part in ("", ".", ".."):
            raise _unsafe(key, f"it has the part {part!r}")
    names = [_escaped(part) for part in parts]
    names[-1] += _END
    if any(len(name.encode()) > _MAX_NAME for name in names):
        raise _unsafe(key, f"a part of it has more than {_MAX_NAME} bytes as a file's name")
    return names


def directory_part(name: str) -> str | None:
    """Return the part of a key that a directory's name stands for; ``None`` if it is none."""
    part = name.replace("%25", "%")
    try:
        part.encode()
    except UnicodeEncodeError:
        return None
    return part if _escaped(part) == name else None


def object_part(name: str) -> str | None:
    """Return the last part of a key that a file's name stands for; ``None`` if it is none."""
    return directory_part(name[: -len(_END)]) if name.endswith(_END) and name != _END else None


def _escaped(part: str) -> str:
    return part.replace("%", "%25")


def _unsafe(key: str, reason: str) -> UnsafePathError:
    return UnsafePathError(
        f"{key[:200]!r} cannot be the key of an object: {reason}.",
        remedy="Keys are relative paths with / between their parts.",
    )
