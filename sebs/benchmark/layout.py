"""What of a benchmark's directory takes part in its package.

The hash covers exactly the files that are named here, and the build copies nothing else, so one
cannot change without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sebs.benchmark.code_variants import DEFAULT_VARIANT
from sebs.errors import InvalidBenchmarkError
from sebs.sebs_types import Language

#: The file that has the handler, of each language that is built here.
HANDLER_FILES = {Language.PYTHON: "function.py", Language.NODEJS: "function.js"}

#: What is imported or required by its name, the first one that there is: a package of Python wins
#: over a module, a file of Node.js over a directory.
_FOUND_AS = {
    Language.PYTHON: ("function/__init__.py", "function.*so", "function.*pyd", "function.py"),
    Language.NODEJS: ("function.js", "function.node", "function/package.json", "function/index.js"),
}

#: Label of the part that lies over the plain code, or is patched into it.
VARIANT = "variant"

#: A variant that consists of this file is a patch of the plain code.
PATCH = "patch.diff"

#: Names that are left out at any depth.
_JUNK = frozenset({"__pycache__", ".git", ".hg", ".svn", ".DS_Store", ".mypy_cache"})

#: Of the benchmark's own directory: what decides how it is fed and run, but is in no package.
_NOT_PACKAGED = frozenset({"input.py", "config.json"})

#: Of a language's directory: scripts that make the package and are not copied into it.
INIT_SCRIPT, PACKAGE_SCRIPT = "init.sh", "package.sh"
BUILD_SCRIPTS = (INIT_SCRIPT, PACKAGE_SCRIPT)


@dataclass(frozen=True, slots=True)
class Part:
    """A directory that takes part.

    Attributes:
        label: What it is, for the hash: two parts are told apart by it.
        root: Where it is.
        ignore: Told a name below the root, says whether it is left out.
    """

    label: str
    root: Path
    ignore: Callable[[str], bool]


def parts(
    benchmark: Path,
    language: Language,
    *,
    foreign: Iterable[str] = (),
    overlays: Iterable[str] = (),
    overlay: str = DEFAULT_VARIANT,
) -> list[Part]:
    """Return the parts of a benchmark's package: shared files, then those of its language.

    Args:
        benchmark: The benchmark's directory.
        language: The language that is packaged.
        foreign: Languages of the benchmark that are unknown here; each has a directory.
        overlays: Directories of variants in the language's; they are no part of the plain code.
        overlay: The one of the variant that is packaged; ``default`` where it is the plain code.
    """
    languages = {member.value for member in Language}
    shared = Part("shared", benchmark, _ignoring(languages | _NOT_PACKAGED | set(foreign)))
    sources = benchmark / language.value
    code = Part("code", sources, _ignoring(set(overlays) - {DEFAULT_VARIANT}))
    if overlay == DEFAULT_VARIANT:
        return [shared, code]
    return [shared, code, Part(VARIANT, sources / overlay, is_junk)]


def find_handler(directory: Path, language: Language) -> Path | None:
    """Return the file of the code that is invoked, as its language finds it, or ``None``.

    Args:
        directory: The build directory.
        language: Language of the code.
    """
    found = (path for each in _FOUND_AS.get(language, ()) for path in sorted(directory.glob(each)))
    return next((path for path in found if path.is_file()), None)


def require_handler(directory: Path, language: Language, benchmark: str) -> None:
    """Refuse a build directory without the code that is invoked, which no invocation would find.

    Args:
        directory: The build directory, complete.
        language: Language of the code.
        benchmark: The benchmark's name, for messages.

    Raises:
        InvalidBenchmarkError: It has none.
    """
    if language in _FOUND_AS and find_handler(directory, language) is None:
        raise InvalidBenchmarkError(
            f"{benchmark} has no {language}/{HANDLER_FILES[language]}, and its build makes none: "
            "there is nothing to invoke.",
            remedy="Write the function there; `sebs benchmark validate` shows whatever else lacks.",
        )


def is_junk(name: str) -> bool:
    """Return whether a file, by its name with slashes, never belongs to a package."""
    last = name.rpartition("/")[2]
    return last in _JUNK or last.endswith(".pyc")


def _ignoring(top: Iterable[str]) -> Callable[[str], bool]:
    names = frozenset(top)
    return lambda name: name in names or is_junk(name)
