"""Code that was written for AWS Lambda, made into a package of the local platform.

What is handed over, a directory or a zip, is read and never written to: a copy of it is packed
together with an adapter, which the worker calls and which calls the handler.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sebs.benchmark.package import extract_zip, write_zip
from sebs.benchmark.tree import link_target, walk
from sebs.errors import UsageError
from sebs.local.limits import check_package
from sebs.local.module_names import python_names
from sebs.sebs_types import Language

_WORKERS = Path(__file__).parent / "workers"

#: Directory of the adapter in the package.
_ADAPTER = "_sebs_adapter"

#: The handler, in the gateway's sense, of every package that is made here.
ADAPTED_HANDLER = f"{_ADAPTER}.lambda_adapter.handler"

#: Directories that no deployment package needs; they are left out.
_LEFT_OUT = frozenset({".git", "__pycache__"})

#: What a handler's module is called on disk, by language, in the order in which Lambda looks.
_SUFFIXES = {
    Language.PYTHON: (".py", "/__init__.py"),
    Language.NODEJS: (".js", ".mjs", ".cjs"),
}

#: By what a module of Node.js takes over names that do not stand in it.
_WHOLESALE = re.compile(r"export \*|exports\s*=\s*\w*\s*require|exportStar|Object\.assign")

#: The handlers that Lambda's console gives to new functions.
_USUAL = ("lambda_function.lambda_handler", "index.handler")


@dataclass(frozen=True, slots=True)
class Handler:
    """A function in the code that is handed over, as Lambda names it: ``module.function``."""

    name: str
    language: Language


@dataclass(frozen=True, slots=True)
class ForeignPackage:
    """What was packed: the archive, and the handler that was found in it."""

    archive: Path
    handler: Handler


@contextmanager
def packed(source: Path, handler: str | None) -> Iterator[ForeignPackage]:
    """Pack code that was written for Lambda; the package is gone when the block ends.

    Args:
        source: A directory, or a zip as Lambda takes it, with the dependencies.
        handler: Such as ``lambda_function.lambda_handler``; ``None`` looks for the usual ones.

    Raises:
        UsageError: There is no such directory or file, or no such handler in it.
        PackageTooLargeError: It is over the limit, unpacked.
        UnsafePathError: An entry of the archive, or a link, would leave its directory.
        StorageError: The file is no archive.
        OSError: It cannot be read.
    """
    with TemporaryDirectory(prefix="sebs-attach-") as temporary:
        code = Path(temporary, "code")
        code.mkdir()
        if source.is_dir():
            _copy(source, code)
        elif source.is_file():
            extract_zip(source, code)
            check_package(str(source), sum(node.status.st_size for node in walk(code)))
        else:
            raise UsageError(
                f"There is no directory and no file {str(source)!r}.",
                remedy="Name a directory or a zip with a Lambda function.",
            )
        found = _find(code, str(source), handler)
        _add_adapter(code, found.language)
        archive = Path(temporary, "package.zip")
        write_zip(code, archive)
        yield ForeignPackage(archive, found)


def _copy(source: Path, target: Path) -> None:
    """Copy what belongs to a package: files, links that stay inside, empty directories."""
    nodes = list(walk(source, lambda name: name.rpartition("/")[2] in _LEFT_OUT))
    check_package(str(source), sum(node.status.st_size for node in nodes))
    for node in nodes:
        place = target / node.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if node.kind == stat.S_IFLNK:
            os.symlink(link_target(source, node), place)
        elif node.kind == stat.S_IFDIR:
            place.mkdir()
        else:
            shutil.copyfile(node.path, place)
            place.chmod(0o755 if node.executable else 0o644)


def _find(code: Path, source: str, wanted: str | None) -> Handler:
    """Return the handler: the one that is wanted, or the usual one that is there."""
    for name in (wanted,) if wanted else _USUAL:
        for language, suffixes in _SUFFIXES.items():
            stem = _stem(name, language)
            modules = [code / f"{stem}{suffix}" for suffix in suffixes] if stem else []
            if found := next((module for module in modules if module.is_file()), None):
                handler = Handler(name, language)
                _require_function(found, stem, handler, source)
                return handler
    looked = f"the handler {wanted!r}" if wanted else f"{' or '.join(_USUAL)}"
    there = sorted(entry.name for entry in code.iterdir())
    shown = ", ".join(there[:10]) + (", ..." if there[10:] else "")
    raise UsageError(
        f"{source!r} has no module for {looked}; it has: {shown or 'nothing'}.",
        remedy="Give the handler as Lambda names it, module.function, such as app.handler.",
    )


def _require_function(module: Path, stem: str, handler: Handler, source: str) -> None:
    """Refuse a handler that its module certainly lacks; nothing is run to find out."""
    function = handler.name[len(stem) + 1 :].partition(".")[0]
    if not _may_have(module, function, handler.language):
        raise UsageError(
            f"{source!r} has no function {function!r} in {module.name}, for the handler "
            f"{handler.name!r}.",
            remedy="Give the handler as Lambda names it, module.function, such as app.handler.",
        )


def _may_have(module: Path, function: str, language: Language) -> bool:
    """Return whether a module has a function, as far as its source tells."""
    if language is Language.PYTHON:
        names = python_names(module.read_bytes())
        return names is None or function in names
    text = module.read_text(encoding="utf-8", errors="replace")
    name = rf"(?<!\w){re.escape(function)}(?!\w)"
    return bool(re.search(name, text) or _WHOLESALE.search(text))


def _stem(handler: str, language: Language) -> str:
    """Return the path of a handler's module without its suffix; empty where it is no handler.

    In Python the last part is the function and dots before it are packages; in Node.js the first
    dot of the file's name ends the module.
    """
    if language is Language.PYTHON:
        stem = handler.rpartition(".")[0].replace(".", "/")
    else:
        directory, _, name = handler.rpartition("/")
        module, _, function = name.partition(".")
        stem = f"{directory}/{module}" if directory and function else module if function else ""
    parts = stem.split("/")
    return "" if {"", ".."} & set(parts) else stem


def _add_adapter(code: Path, language: Language) -> None:
    place = code / _ADAPTER
    if place.exists():
        raise UsageError(
            f"The code has a directory {_ADAPTER!r}: it is a package that was made here.",
            remedy="Attach the code that it was made of.",
        )
    place.mkdir()
    if language is Language.PYTHON:
        shutil.copy(_WORKERS / "lambda_adapter.py", place)
    else:
        shutil.copy(_WORKERS / "lambda_adapter.js", place)
        # Whatever the package around it says, this one is CommonJS.
        (place / "package.json").write_text('{"type": "commonjs"}\n', encoding="utf-8")
