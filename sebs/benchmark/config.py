"""A benchmark's ``config.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sebs.errors import InvalidBenchmarkError, UnsupportedLanguageError
from sebs.sebs_types import Language

DEFAULT_VARIANT = "default"


@dataclass
class BenchmarkConfig:
    """What a benchmark asks for; mutable, because a run may ask for something else.

    Attributes:
        timeout: Seconds of an invocation.
        memory: MB of an execution environment.
        languages: Languages that it is written in.
        modules: Services that it uses: ``storage``, ``nosql``.
        variants: Language to the variants of its code in that language.
    """

    timeout: int
    memory: int
    languages: list[Language]
    modules: list[str] = field(default_factory=list)
    variants: dict[Language, list[str]] = field(default_factory=dict)

    @staticmethod
    def deserialize(json_object: Mapping[str, Any]) -> BenchmarkConfig:
        """Return the configuration from the file's object; unknown keys are tolerated.

        A language is its key, or an object ``{"language": key, "variants": [names]}``.

        Raises:
            InvalidBenchmarkError: Keys are missing or have the wrong type; all of them at once.
        """
        problems: list[str] = []
        languages: list[Language] = []
        variants: dict[Language, list[str]] = {}
        for entry in _list(json_object, "languages", problems):
            language, names = _language(entry, problems)
            if language is not None:
                languages.append(language)
                variants[language] = names
        modules = _list(json_object, "modules", problems) if "modules" in json_object else []
        if not all(isinstance(module, str) for module in modules):
            problems.append("modules must be names")
        timeout = _positive(json_object, "timeout", "seconds", problems)
        memory = _positive(json_object, "memory", "MB", problems)
        if problems:
            raise InvalidBenchmarkError("; ".join(problems))
        return BenchmarkConfig(timeout, memory, languages, list(modules), variants)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values that :meth:`deserialize` reads."""
        return {
            "timeout": self.timeout,
            "memory": self.memory,
            "languages": [
                {"language": str(language), "variants": self.variants[language]}
                if language in self.variants
                else str(language)
                for language in self.languages
            ],
            "modules": self.modules,
        }


def read_config(path: Path) -> BenchmarkConfig:
    """Read a ``config.json``.

    Raises:
        InvalidBenchmarkError: It cannot be read, or lacks what a benchmark must say.
    """
    try:
        content = json.loads(path.read_bytes())
        if not isinstance(content, dict):
            raise InvalidBenchmarkError(f"it holds {type(content).__name__}, not an object")
        return BenchmarkConfig.deserialize(content)
    except InvalidBenchmarkError as error:
        raise InvalidBenchmarkError(f"{str(path)!r} is no benchmark's: {error}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidBenchmarkError(f"{str(path)!r} cannot be read: {error}.") from error


def _list(content: Mapping[str, Any], key: str, problems: list[str]) -> Sequence[Any]:
    value = content.get(key)
    if isinstance(value, list):
        return value
    problems.append(f"{key} must be a list, not {value!r}")
    return []


def _positive(content: Mapping[str, Any], key: str, unit: str, problems: list[str]) -> int:
    value = content.get(key)
    # bool is an int in Python, but nobody's number of seconds.
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    problems.append(f"{key} must be a positive whole number of {unit}, not {value!r}")
    return 0


def _language(entry: Any, problems: list[str]) -> tuple[Language | None, list[str]]:
    variants: Any = [DEFAULT_VARIANT]
    if isinstance(entry, dict):
        variants = entry.get("variants", variants)
        entry = entry.get("language")
    if not isinstance(variants, list) or not all(_is_name(name) for name in variants):
        problems.append(f"variants of {entry!r} must be names, not {variants!r}")
        return None, []
    try:
        return Language.deserialize(entry), variants
    except UnsupportedLanguageError as error:
        problems.append(error.message.removesuffix("."))
        return None, []


def _is_name(value: Any) -> bool:
    """Return whether a value names a directory and not a way to another one."""
    return isinstance(value, str) and value not in ("", ".", "..") and not set(value) & set("/\\\0")
