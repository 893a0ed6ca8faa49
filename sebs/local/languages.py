"""What the local platform runs: interpreters of this machine, or those that images have."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from sebs import runtimes
from sebs.errors import UnsupportedLanguageError
from sebs.sebs_types import Language

#: https://hub.docker.com/_/python and https://hub.docker.com/_/node, the newest first.
_PUBLISHED = {
    Language.PYTHON: ["3.13", "3.12", "3.11", "3.10", "3.9"],
    Language.NODEJS: ["22", "20", "18"],
}

_IN_IMAGES = {Language.PYTHON: "python3", Language.NODEJS: "node"}

_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def architecture() -> str:
    """Return this machine's architecture as benchmarks name it, or what it calls itself."""
    machine = platform.machine().lower()
    return _ARCHITECTURES.get(machine, machine)


def supported_languages(cache_dir: Path | None = None) -> dict[str, dict[str, list[str]]]:
    """Return language to architecture to versions, the preferred one first.

    Of Python that is the version that runs this program, which the user chose; then the newest.

    Args:
        cache_dir: Where to remember which interpreters work.
    """
    return {
        language.value: {architecture(): sorted(_interpreters(language, cache_dir), key=_is_other)}
        for language in (Language.PYTHON, Language.NODEJS)
    }


def contained_languages() -> dict[str, dict[str, list[str]]]:
    """Return the same of containers: the versions that the languages' projects publish images of.

    The preferred version of Python is this program's, as without containers.
    """
    return {
        language.value: {architecture(): sorted(versions, key=_is_other)}
        for language, versions in _PUBLISHED.items()
    }


def program(
    language: Language, version: str, container: Mapping[str, str] | None, cache_dir: Path
) -> str:
    """Return what runs a language's version: a path, or a name that an image's ``PATH`` resolves.

    Raises:
        UnsupportedLanguageError: It is to run on this machine, which has none.
    """
    if container is not None:
        return _IN_IMAGES[language]
    return str(interpreter(language, version, cache_dir))


def interpreter(language: Language, version: str, cache_dir: Path | None = None) -> Path:
    """Return the program that runs a language's version.

    Raises:
        UnsupportedLanguageError: There is none on this machine; the message lists those there are.
    """
    found = _interpreters(language, cache_dir)
    if version not in found:
        raise UnsupportedLanguageError(
            f"There is no {language} {version} on this machine.",
            remedy=f"There is: {', '.join(found) or 'none'}.",
        )
    return found[version]


def _is_other(version: str) -> bool:
    """Return whether another version of Python runs this program; a key that keeps the order."""
    return version != f"{sys.version_info[0]}.{sys.version_info[1]}"


def _interpreters(language: Language, cache_dir: Path | None) -> dict[str, Path]:
    if language is Language.PYTHON:
        return runtimes.python_interpreters(cache_dir)
    if language is Language.NODEJS:
        return runtimes.node_interpreters(cache_dir)
    return {}
