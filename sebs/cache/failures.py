"""Turns what SQLite and the file system raise into the errors of the cache."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sebs.errors import CacheError, CacheFormatError, CacheUnavailableError

_OTHER_DIRECTORY = "Choose another cache directory with --cache or SEBS_CACHE_DIR"
_REMEDY_BY_ERRNO = {
    errno.ENOSPC: f"Free some disk space. {_OTHER_DIRECTORY}.",
    errno.EDQUOT: f"Free some disk space. {_OTHER_DIRECTORY}.",
    errno.EFBIG: "Raise the limit of file sizes (ulimit -f), or free some space with "
    "'sebs cache clean'.",
    errno.EACCES: f"Make the directory writable for this user. {_OTHER_DIRECTORY}.",
    errno.EPERM: f"Make the directory writable for this user. {_OTHER_DIRECTORY}.",
    errno.EROFS: f"The file system is read-only. {_OTHER_DIRECTORY}.",
    errno.ENOTDIR: f"{_OTHER_DIRECTORY}; it must be a directory.",
    errno.EEXIST: f"{_OTHER_DIRECTORY}; it must be a directory.",
}
#: SQLite's own words (https://sqlite.org/rescode.html); Python 3.10 does not tell its codes.
_UNREADABLE = ("not a database", "malformed", "no such table", "no such column", "has no column")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise the cache's errors instead of those of SQLite and the file system.

    Args:
        path: The file or directory that the message names.

    Raises:
        CacheUnavailableError: The cache cannot be used: read-only, full, no directory, locked.
        CacheFormatError: The database is corrupt, or no cache.
        CacheError: A name that cannot be stored as text.
    """
    try:
        yield
    except CacheError:
        raise
    except OSError as error:
        raise CacheUnavailableError(
            f"The cache cannot use {error.filename or path}: {error.strerror or error}.",
            remedy=_REMEDY_BY_ERRNO.get(error.errno or 0, f"{_OTHER_DIRECTORY}."),
        ) from error
    except UnicodeEncodeError as error:
        raise CacheError(
            f"The cache cannot store {error.object!r}: it is no valid Unicode text.",
            remedy="Use a name without lone surrogates.",
        ) from error
    except Exception as error:
        # sqlite3 is loaded only where a database was used: without it this is no error of its.
        sqlite3 = sys.modules.get("sqlite3")
        if sqlite3 is None or not isinstance(error, sqlite3.DatabaseError):
            raise
        raise _from_sqlite(path, error) from error


def _from_sqlite(path: Path, error: Exception) -> CacheError:
    reason = str(error)
    if any(words in reason for words in _UNREADABLE):
        return CacheFormatError(
            f"The cache {path} cannot be read: {reason}.",
            remedy="Move the file away to start with an empty cache; functions that it knew stay "
            "on their platforms and are found again by 'sebs resource list'.",
        )
    if "locked" in reason:
        remedy = "Another process holds it; end that process, or try again later."
    else:
        remedy = f"Check that the directory is writable and the disk not full. {_OTHER_DIRECTORY}."
    return CacheUnavailableError(f"The cache {path} cannot be used: {reason}.", remedy=remedy)
