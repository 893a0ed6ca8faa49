"""The local platform's code package: a zip with the code in ``function/`` and what it imports."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from sebs.benchmark.dependencies import PYTHON_PACKAGES
from sebs.benchmark.package import write_zip
from sebs.benchmark.tree import walk
from sebs.local.limits import check_package
from sebs.sebs_types import Language

_CODE = "function"
_NODE_MODULES = "node_modules"


def package(directory: Path, language: Language, benchmark: str) -> tuple[Path, int]:
    """Pack a build directory; what is in it is moved.

    The code goes to ``function/``, which is a package in Python's sense: its modules import each
    other as ``from . import storage``. Dependencies are where the worker looks for them: those of
    Python at the root, those of Node.js in ``node_modules``.

    Args:
        directory: Code, wrappers and dependencies, as they were built.
        language: Language of the code.
        benchmark: The benchmark's name, for messages.

    Returns:
        The archive, beside the directory, and its size in bytes.

    Raises:
        PackageTooLargeError: It is over the limit, unpacked.
        InvalidBenchmarkError: There is a link that leads out of it, or a name that is no Unicode.
    """
    check_package(benchmark, sum(node.status.st_size for node in walk(directory)))
    archive = directory.with_name(f"{directory.name}.zip")
    with tempfile.TemporaryDirectory(prefix=".layout-", dir=directory.parent) as temporary:
        root = Path(temporary)
        _move_dependencies(directory, root, language)
        code = root / _CODE
        code.mkdir()
        for entry in os.listdir(directory):
            os.rename(directory / entry, code / entry)
        return archive, write_zip(root, archive)


def _move_dependencies(directory: Path, root: Path, language: Language) -> None:
    if language is Language.NODEJS and (directory / _NODE_MODULES).is_dir():
        os.rename(directory / _NODE_MODULES, root / _NODE_MODULES)
    elif language is Language.PYTHON and (directory / PYTHON_PACKAGES).is_dir():
        packages = directory / PYTHON_PACKAGES
        for entry in os.listdir(packages):
            os.rename(packages / entry, root / entry)
        with suppress(OSError):  # what else the code has in these directories stays with it
            while packages != directory:
                packages.rmdir()
                packages = packages.parent
