"""A benchmark's ``config.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sebs.benchmark.code_variants import DEFAULT_VARIANT, PLAIN, CodeVariant, read_variants
from sebs.errors import InvalidBenchmarkError, UnsupportedLanguageError
from sebs.sebs_types import Language

__all__ = ["DEFAULT_VARIANT", "MODULES", "BenchmarkConfig", "read_config"]

#: Services that a benchmark may say it uses.
MODULES = ("storage", "nosql")


@dataclass
class BenchmarkConfig:
    """What a benchmark asks for; mutable, because a run may ask for something else.

    Attributes:
        timeout: Seconds of an invocation.
        memory: MB of an execution environment.
        languages: Languages that it is written in.
        modules: Services that it uses, of :data:`MODULES`; others are tolerated.
        variants: Language to the variants of its code in that language, by name.
        peer: What on the invoking machine it exchanges messages with, a key of
            ``sebs.benchmark.peers.KINDS``; ``None``: nothing.
        unknown_languages: Keys of further languages, of which nothing is known here.
    """

    timeout: int
    memory: int
    languages: list[Language]
    modules: list[str] = field(default_factory=list)
    variants: dict[Language, dict[str, CodeVariant]] = field(default_factory=dict)
    peer: str | None = None
    unknown_languages: list[str] = field(default_factory=list)

    @staticmethod
    def deserialize(json_object: Mapping[str, Any]) -> BenchmarkConfig:
        """Return the configuration from the file's object; unknown keys are tolerated.

        A language is its key, or an object ``{"language": key, "variants": …}`` (see
        :mod:`sebs.benchmark.code_variants`). SeBS grows languages that are unknown here; a
        benchmark is of use without them as long as there is one that is known.

        Raises:
            InvalidBenchmarkError: Keys are missing or have the wrong type; all of them at once.
        """
        problems: list[str] = []
        languages: list[Language] = []
        variants: dict[Language, dict[str, CodeVariant]] = {}
        unknown: list[tuple[str, str]] = []
        if json_object.get("languages") == []:
            problems.append("languages must name one at least")
        for entry in _list(json_object, "languages", problems):
            key, declared = _language(entry, problems)
            if key is None:
                continue
            try:
                language = Language.deserialize(key)
            except UnsupportedLanguageError as error:
                unknown.append((key, error.message.removesuffix(".")))
                continue
            languages.append(language)
            variants[language] = declared
        if unknown and not languages:
            problems += [message for _, message in unknown]
        modules = _list(json_object, "modules", problems) if "modules" in json_object else []
        if not all(isinstance(module, str) for module in modules):
            problems.append("modules must be names")
        timeout = _positive(json_object, "timeout", "seconds", problems)
        memory = _positive(json_object, "memory", "MB", problems)
        peer = _peer(json_object, problems)
        if problems:
            raise InvalidBenchmarkError("; ".join(problems))
        keys = [key for key, _ in unknown]
        return BenchmarkConfig(timeout, memory, languages, list(modules), variants, peer, keys)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values that :meth:`deserialize` reads."""
        return {
            "timeout": self.timeout,
            "memory": self.memory,
            "languages": [
                *(self._serialized(language) for language in self.languages),
                *self.unknown_languages,
            ],
            "modules": self.modules,
            **({} if self.peer is None else {"peer": self.peer}),
        }

    def _serialized(self, language: Language) -> str | dict[str, Any]:
        if language not in self.variants:
            return str(language)
        variants = self.variants[language]
        return {
            "language": str(language),
            "variants": {name: variant.serialize() for name, variant in variants.items()},
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


def _peer(content: Mapping[str, Any], problems: list[str]) -> str | None:
    peer = content.get("peer")
    if peer is None:
        return None
    from sebs.benchmark.peers import KINDS

    if not isinstance(peer, str) or peer not in KINDS:
        problems.append(f"peer must be one of {', '.join(KINDS)}, not {peer!r}")
        return None
    return peer


def _language(entry: Any, problems: list[str]) -> tuple[str | None, dict[str, CodeVariant]]:
    """Return the key of a language and its variants; ``None`` where the entry makes no sense."""
    declared: Any = [DEFAULT_VARIANT]
    if isinstance(entry, dict):
        declared = entry.get("variants", declared)
        entry = entry.get("language")
    if not isinstance(entry, str) or not entry:
        problems.append(f"a language must be its name, not {entry!r}")
        return None, {}
    variants = read_variants(declared)
    if variants is None:
        problems.append(
            f"variants of {entry!r} must be names, or an object of name to directory, not "
            f"{declared!r}"
        )
        return None, {}
    return entry, variants or dict(PLAIN)
