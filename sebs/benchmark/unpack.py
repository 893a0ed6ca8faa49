"""Unpacking an archive that is not trusted."""

from __future__ import annotations

import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from sebs.errors import StorageError, UnsafePathError

#: An archive may not unpack to more than this many bytes, unless its caller says otherwise.
MAX_BYTES = 4 << 30

#: Nor, once it unpacks to more than ``_RATIO_FREE`` bytes, to more than this multiple of its size.
#: Deflate reaches 1,032 on zeros; code and data stay far below 100.
_MAX_RATIO = 250
_RATIO_FREE = 256 << 20

_MAX_LINK = 4096
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_UNIX = 3
_DRIVE = re.compile(r"[A-Za-z]:")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError)


def extract_zip(path: str | Path, directory: str | Path, *, max_bytes: int = MAX_BYTES) -> None:
    """Unpack an archive into a directory, which is made where it does not exist.

    All entries are judged before the first is written, and where unpacking fails nothing stays in
    the directory. Permissions become 0755 where the archive says that the owner may execute the
    file, else 0644; links are kept.

    Args:
        path: The archive.
        directory: An empty directory, or one that does not exist yet.
        max_bytes: The most that the archive may unpack to.

    Raises:
        UnsafePathError: An entry would leave the directory, by its name or by a link; two entries
            have one name; an entry is a device or encrypted; the archive would unpack to more than
            is allowed; the directory is not empty.
        StorageError: The file is no archive, or damaged.
        OSError: The archive cannot be read, or the directory cannot be written.
    """
    root = Path(directory)
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise UnsafePathError(f"{str(root)!r} is not empty, so nothing is unpacked into it.")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            links = _read_links(archive, entries)
            _check_names(entries, links)
            _check_size(entries, max_bytes, os.stat(path).st_size)
            _write_all(archive, entries, links, root)
    except BaseException as error:
        _empty(root)
        if isinstance(error, _UNREADABLE):
            raise StorageError(f"{str(path)!r} is no readable zip archive: {error}") from error
        raise


def _kind(entry: zipfile.ZipInfo) -> int:
    """Return the file type; archives that were not made on Unix know files and directories."""
    kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == _UNIX else 0
    return kind or (stat.S_IFDIR if entry.is_dir() else stat.S_IFREG)


def _read_links(archive: zipfile.ZipFile, entries: Iterable[zipfile.ZipInfo]) -> dict[str, str]:
    """Return the links, name to target."""
    links = {}
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise UnsafePathError(f"The archive entry {entry.filename!r} is encrypted.")
        if _kind(entry) == stat.S_IFLNK:
            if entry.file_size > _MAX_LINK:
                raise UnsafePathError(f"The link {entry.filename!r} is longer than any path.")
            links[entry.filename] = archive.read(entry).decode()
    return links


def _check_names(entries: Iterable[zipfile.ZipInfo], links: Mapping[str, str]) -> None:
    """Make sure that every entry stays inside, and that no two need the same place."""
    files: set[str] = set()
    directories: set[str] = set()
    for entry in entries:
        kind = _kind(entry)
        # ``filename`` ends where a NUL stood; ``orig_filename`` is what the archive says.
        parts = _safe_parts(entry.orig_filename)
        if kind not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            raise UnsafePathError(f"The archive entry {entry.filename!r} is a device.")
        if entry.is_dir() != (kind == stat.S_IFDIR):
            raise UnsafePathError(f"The archive entry {entry.filename!r} contradicts its type.")
        name = "/".join(parts)
        if name in files:
            raise UnsafePathError(f"The archive has {name!r} twice.")
        if kind == stat.S_IFDIR:
            directories.add(name)
        else:
            files.add(name)
        for depth in range(len(parts) - 1, 0, -1):
            directories.add("/".join(parts[:depth]))
    if clash := files & directories:
        raise UnsafePathError(f"The archive has {min(clash)!r} as a file and as a directory.")
    for name, target in links.items():
        _check_link(name, target)


def _safe_parts(name: str) -> list[str]:
    parts = name.removesuffix("/").split("/")
    if _DRIVE.match(name) or "\\" in name or "\0" in name or {"", ".", ".."} & set(parts):
        raise UnsafePathError(f"The archive entry {name!r} would leave its directory.")
    return parts


def _check_link(name: str, target: str) -> None:
    """Make sure that a link leads inside.

    Only steps up at the start of the target are allowed: the directory of a link is never a link
    itself, so they lead where they seem to. A step up further on could start from behind another
    link, and lead anywhere.
    """
    parts = target.split("/")
    steps_up = 0
    while steps_up < len(parts) and parts[steps_up] == "..":
        steps_up += 1
    inside = steps_up <= name.count("/") and ".." not in parts[steps_up:]
    if not target or target.startswith("/") or "\\" in target or "\0" in target or not inside:
        raise UnsafePathError(f"The link {name!r} would leave its directory, to {target!r}.")


def _check_size(entries: Iterable[zipfile.ZipInfo], max_bytes: int, packed_size: int) -> None:
    # An entry that holds more than it says is cut off, and then refused for its checksum.
    size = sum(entry.file_size for entry in entries)
    if size > max_bytes:
        raise UnsafePathError(
            f"The archive would unpack to {size} bytes, more than the {max_bytes} allowed."
        )
    if size > max(_RATIO_FREE, _MAX_RATIO * packed_size):
        raise UnsafePathError(
            f"The archive would unpack to {size} bytes, over {_MAX_RATIO} times its size."
        )


def _write_all(
    archive: zipfile.ZipFile,
    entries: Iterable[zipfile.ZipInfo],
    links: Mapping[str, str],
    root: Path,
) -> None:
    made: set[str] = set()
    for entry in entries:
        place = os.path.join(root, entry.filename)
        parent = place.rstrip("/") if entry.is_dir() else os.path.dirname(place)
        if parent not in made:
            os.makedirs(parent, exist_ok=True)
            made.add(parent)
        if not entry.is_dir() and entry.filename not in links:
            _write(archive, entry, place)
    # Last, so that nothing is ever written through one.
    for name, target in links.items():
        os.symlink(target, os.path.join(root, name))


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: str) -> None:
    mode = 0o755 if (entry.external_attr >> 16) & stat.S_IXUSR else 0o644
    with archive.open(entry) as source, open(place, "xb") as target:
        shutil.copyfileobj(source, target, _CHUNK)
        os.fchmod(target.fileno(), mode)


def _empty(root: Path) -> None:
    for child in list(root.iterdir()):
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
