"""Code that was built elsewhere, in languages that are not built here: Java, and any executable.

A benchmark's directory of such a language holds what Lambda shall get, ready to run, and the name
of its handler. None of our wrappers joins it: its answer is whatever it returns.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/java-package.html
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from sebs.benchmark.package import write_zip
from sebs.errors import InvalidBenchmarkError
from sebs.sebs_types import Language

#: The file that names the handler, on its one line.
HANDLER_FILE = "handler.txt"

#: What Lambda starts where it has no runtime for a language.
_BOOTSTRAP = "bootstrap"

#: What a custom runtime is told where nothing else is; it does with it as it likes.
_ANY_HANDLER = "handler"

#: Where Lambda looks for archives of classes.
_JARS = "lib"


def pack_handed_over(directory: Path, language: Language, benchmark: str) -> tuple[Path, int]:
    """Pack a build directory as it is, but for archives of classes, which belong to ``lib/``.

    Args:
        directory: What was handed over; a jar at its root is moved.
        language: Java, or C++ for everything that is an executable.
        benchmark: The benchmark's name, for messages.

    Returns:
        The archive, beside the directory, and its size in bytes.

    Raises:
        InvalidBenchmarkError: It is not built, does not say its handler, or a link leads out of it.
    """
    if language is Language.JAVA:
        _prepare_java(directory, benchmark)
    else:
        _check_executable(directory, language, benchmark)
    archive = directory.with_name(f"{directory.name}.zip")
    return archive, write_zip(directory, archive)


def handler_of(archive: Path) -> str:
    """Return the handler that a package names."""
    with zipfile.ZipFile(archive) as package:
        if HANDLER_FILE not in package.namelist():
            return _ANY_HANDLER
        return package.read(HANDLER_FILE).decode().strip()


def _prepare_java(directory: Path, benchmark: str) -> None:
    if not any(path.suffix in (".jar", ".class") for path in directory.rglob("*")):
        raise InvalidBenchmarkError(
            f"{benchmark} has no compiled classes in java/; sebs does not compile Java.",
            remedy="Build it, for example with `mvn package`, and put the jar with all that it "
            f"needs into java/, beside {HANDLER_FILE}.",
        )
    named = directory / HANDLER_FILE
    if not named.is_file() or not named.read_text(encoding="utf-8").strip():
        raise InvalidBenchmarkError(
            f"{benchmark} does not say which class in java/ is its handler.",
            remedy=f"Write it into java/{HANDLER_FILE}, such as example.Handler::handleRequest.",
        )
    for jar in directory.glob("*.jar"):
        (directory / _JARS).mkdir(exist_ok=True)
        os.rename(jar, directory / _JARS / jar.name)


def _check_executable(directory: Path, language: Language, benchmark: str) -> None:
    program = directory / _BOOTSTRAP
    if not program.is_file() or not os.access(program, os.X_OK):
        raise InvalidBenchmarkError(
            f"{benchmark} has no executable {language}/{_BOOTSTRAP}; sebs does not compile "
            f"{language}.",
            remedy="Build it for Amazon Linux 2023, as a program that speaks Lambda's runtime "
            f"interface, and put it there: `chmod +x {_BOOTSTRAP}`.",
        )
