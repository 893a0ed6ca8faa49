"""The code package of a Lambda function: a zip with its entry at the root."""

from __future__ import annotations

from pathlib import Path

from sebs.aws.handed_over import handler_of, pack_handed_over
from sebs.aws.limits import check_package
from sebs.benchmark.package_layout import pack, unpacked_size
from sebs.s3 import wrappers as with_s3
from sebs.sebs_types import Language

#: What Lambda is told to call where we have wrappers: ``handler`` in their file below.
HANDLER = "handler.handler"

#: The wrappers' files that Lambda looks for at the root, by language. Code in others is
#: handed over as it is.
ENTRIES = {Language.PYTHON: ("handler.py",), Language.NODEJS: ("handler.js",)}

_WRAPPERS = Path(__file__).parent / "wrappers"


def wrappers(language: Language) -> list[Path]:
    """Return the directories with a language's entry and clients, which join every package."""
    return with_s3(language, _WRAPPERS)


def package(directory: Path, language: Language, benchmark: str) -> tuple[Path, int]:
    """Pack a build directory, which is moved, as :func:`sebs.benchmark.package_layout.pack` does.

    Args:
        directory: Code, wrappers and dependencies, as they were built.
        language: Language of the code.
        benchmark: The benchmark's name, for messages.

    Returns:
        The archive, beside the directory, and its size in bytes.

    Raises:
        PackageTooLargeError: It is over Lambda's limit, unpacked.
        InvalidBenchmarkError: A dependency hides the code, there is a link that leads out of the
            directory, or a name that is no Unicode; or what is to be handed over is not built.
    """
    check_package(benchmark, unpacked_size(directory))
    if language in ENTRIES:
        return pack(directory, language, benchmark, ENTRIES[language])
    return pack_handed_over(directory, language, benchmark)


def handler(language: Language, archive: Path) -> str:
    """Return what Lambda is told to call in a package that was made here."""
    return HANDLER if language in ENTRIES else handler_of(archive)
