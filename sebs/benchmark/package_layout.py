"""What is where in a code package: the code in ``function/``, beside what it imports."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sebs.benchmark.dependencies import PYTHON_PACKAGES
from sebs.benchmark.package import write_zip
from sebs.benchmark.tree import walk
from sebs.errors import InvalidBenchmarkError
from sebs.sebs_types import Language

_CODE = "function"
_NODE_MODULES = "node_modules"


def unpacked_size(directory: Path) -> int:
    """Return how many bytes the files of a build directory have."""
    return sum(node.status.st_size for node in walk(directory))


def pack(
    directory: Path, language: Language, benchmark: str, entries: Iterable[str] = ()
) -> tuple[Path, int]:
    """Pack a build directory, laid out as :func:`arrange` does; it is moved.

    Args:
        directory: Code, wrappers and dependencies, as they were built.
        language: Language of the code.
        benchmark: The benchmark's name, for messages.
        entries: Files among the code that the platform looks for at the root.

    Returns:
        The archive, beside the directory, and its size in bytes.

    Raises:
        InvalidBenchmarkError: A dependency has a name that is taken at the root, a link leads out
            of the directory, or a name is no Unicode.
    """
    archive = directory.with_name(f"{directory.name}.zip")
    with tempfile.TemporaryDirectory(prefix=".layout-", dir=directory.parent) as temporary:
        root = Path(temporary)
        arrange(directory, root, language, benchmark, entries)
        return archive, write_zip(root, archive)


def arrange(
    directory: Path, root: Path, language: Language, benchmark: str, entries: Iterable[str] = ()
) -> None:
    """Move a build directory to where the platform looks for its parts.

    The code goes to ``function/``, which is a package in Python's sense: its modules import each
    other as ``from . import storage``. Dependencies are where the interpreter looks for them: those
    of Python at the root, those of Node.js in ``node_modules``.

    Args:
        directory: Code, wrappers and dependencies, as they were built; it is moved.
        root: An empty directory on the same file system.
        language: Language of the code.
        benchmark: The benchmark's name, for messages.
        entries: Files among the code that the platform looks for at the root.

    Raises:
        InvalidBenchmarkError: A dependency has a name that is taken at the root.
    """
    taken = {_CODE, *(Path(entry).stem for entry in entries)}
    for dependency in _dependencies(directory, language):
        if dependency.stem in taken:
            raise InvalidBenchmarkError(
                f"A dependency of {benchmark} has a module {dependency.name!r}, which hides the "
                "code of that name.",
                remedy="Use another dependency, or another version of it.",
            )
        os.rename(dependency, root / dependency.name)
    _drop_empty(directory, directory / PYTHON_PACKAGES)
    for entry in entries:
        os.rename(directory / entry, root / entry)
    os.rename(directory, root / _CODE)


def _dependencies(directory: Path, language: Language) -> list[Path]:
    if language is Language.NODEJS and (directory / _NODE_MODULES).is_dir():
        return [directory / _NODE_MODULES]
    if language is Language.PYTHON and (directory / PYTHON_PACKAGES).is_dir():
        return list((directory / PYTHON_PACKAGES).iterdir())
    return []


def _drop_empty(directory: Path, inner: Path) -> None:
    with suppress(OSError):  # what else the code has in these directories stays with it
        while inner != directory:
            inner.rmdir()
            inner = inner.parent
