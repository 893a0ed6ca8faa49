"""What the local platform runs: the interpreters of this machine, on its own architecture."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from sebs import runtimes
from sebs.errors import UnsupportedLanguageError
from sebs.sebs_types import Language

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
