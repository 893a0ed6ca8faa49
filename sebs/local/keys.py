"""Where an object of the local storage lies: the rule from a bucket and a key to a file.

A key is cut at its slashes. Every part but the last names a directory and the last one a file, as
they are, with two changes: ``%`` is written ``%25``, and a file's name gets a ``%`` at its end. No
directory's name ends so, hence the keys ``a`` and ``a/b`` can both exist, and a name with any other
``%`` belongs to the storage itself.

The functions' side has the rule once more for each language (``wrappers/``); a test compares them.
"""

from __future__ import annotations

from sebs.s3.names import check_key, unsafe_key

#: Bytes of the longest name of a file on Linux.
_MAX_NAME = 255

_END = "%"


def object_path(key: str) -> list[str]:
    """Return the names from the bucket's directory down to the object's file.

    Raises:
        UnsafePathError: No storage holds such a key, or no file has such a name.
    """
    names = [_escaped(part) for part in check_key(key)]
    names[-1] += _END
    if any(len(name.encode()) > _MAX_NAME for name in names):
        raise unsafe_key(key, f"a part of it has more than {_MAX_NAME} bytes as a file's name")
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
