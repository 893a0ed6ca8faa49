"""The user's configuration, and what sebs knows of every platform.

The file is SeBS's: a section ``deployment`` with the platform's ``name`` and one object a platform,
and a section ``experiments`` with what is run. JSON, or TOML of the same shape. It is checked
strictly and all at once: unknown keys, wrong types and bad values come back together, each with its
path. Values are not coerced.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sebs.errors import ConfigurationError, Problem

#: ``(platform, its section) -> problems``
CheckSection = Callable[[str, Mapping[str, Any]], "list[Problem]"]

#: language → architecture → versions
Languages = Mapping[str, Mapping[str, Iterable[str]]]


class SeBSConfig:
    """What each platform runs: language versions by architecture.

    Platforms register themselves when they are loaded; the facts of a platform may be a function,
    which is called once, when they are first asked for.
    """

    def __init__(self) -> None:
        self._languages: dict[str, Languages | Callable[[], Languages]] = {}

    def register(self, system: str, languages: Languages | Callable[[], Languages]) -> None:
        """Say what a platform runs.

        Args:
            system: The platform's key.
            languages: Language to architecture to versions, or a function that returns it.
        """
        self._languages[system] = languages

    def supported_languages(self, system: str) -> Languages:
        """Return what a platform runs; empty where nothing is known of it."""
        languages = self._languages.get(system, {})
        if callable(languages):
            languages = self._languages[system] = languages()
        return languages

    def supported_language_versions(
        self, deployment_name: str, language_name: str, architecture: str
    ) -> list[str]:
        """Return the versions of a language that a platform runs on an architecture.

        Args:
            deployment_name: The platform's key.
            language_name: Such as ``python``.
            architecture: ``x64`` or ``arm64``.
        """
        languages = self.supported_languages(deployment_name)
        return list(languages.get(language_name, {}).get(str(architecture), ()))


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration that has been checked.

    Attributes:
        deployment: The section ``deployment``, defaults filled in.
        experiments: The section ``experiments``, defaults filled in.
        origins: Dotted path of every value to where it came from: ``default``, a file's name, an
            environment variable's name or ``command line``.
    """

    deployment: dict[str, Any]
    experiments: dict[str, Any]
    origins: dict[str, str] = field(default_factory=dict)

    @property
    def deployment_name(self) -> str:
        """The platform's key."""
        name: str = self.deployment["name"]
        return name

    def as_dict(self) -> dict[str, Any]:
        """Return both sections, secrets as they are."""
        return {"deployment": self.deployment, "experiments": self.experiments}


def read_file(path: Path) -> dict[str, Any]:
    """Read a configuration file, JSON or TOML by its ending.

    Raises:
        ConfigurationError: It is missing, cannot be read, or is no JSON or TOML object.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f"The configuration file {str(path)!r} does not exist.", remedy="Check --config."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The configuration file {str(path)!r} cannot be read: {error}."
        ) from error
    try:
        content = _parse_toml(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"The configuration file {str(path)!r} cannot be parsed: {error}."
        ) from error
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"The configuration file {str(path)!r} holds {type(content).__name__}, not an object."
        )
    if "invocations" in content or {"version", "experiment", "deployment"} <= content.keys():
        raise ConfigurationError(
            f"{str(path)!r} is a file of results, and no configuration.",
            remedy="It is shown by sebs results show; --config takes what a run was begun with.",
        )
    return content


def load(
    path: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    platforms: Collection[str] = (),
    check_section: CheckSection | None = None,
    remembered: Mapping[str, Any] | None = None,
) -> Configuration:
    """Merge and check a configuration: defaults, then the file, the environment, the overrides.

    Args:
        path: The file, or ``None``.
        environment: Environment variables; ``SEBS_DEPLOYMENT``, ``SEBS_LANGUAGE``,
            ``SEBS_LANGUAGE_VERSION``, ``SEBS_ARCHITECTURE`` and ``SEBS_RESOURCE_PREFIX`` count.
        overrides: Dotted path to value, from the command line; ``None`` counts as not given.
        platforms: Platforms whose sections are known, besides those that sebs names itself.
        check_section: Finds what is wrong with the section of the platform that is used.
        remembered: A configuration that holds where the file says nothing.

    Raises:
        ConfigurationError: All problems at once, each with its path.
    """
    layers: list[tuple[str, Mapping[str, Any]]] = [("remembered", remembered or {})]
    if path is not None:
        layers.append((str(path), read_file(path)))
    return merge(
        layers,
        environment=environment,
        overrides=overrides,
        platforms=platforms,
        check_section=check_section,
    )


def merge(
    layers: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    platforms: Collection[str] = (),
    check_section: CheckSection | None = None,
) -> Configuration:
    """Merge and check configurations that are already objects; see :func:`load`.

    Args:
        layers: Pairs of a name, for messages, and a configuration object; later ones win.
        environment: Environment variables.
        overrides: Dotted path to value.
        platforms: Further platforms whose sections are known.
        check_section: Finds what is wrong with the section of the platform that is used.

    Raises:
        ConfigurationError: All problems at once, each with its path.
    """
    from sebs.config_schema import defaults, validate

    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in [("default", defaults()), *layers]:
        _merge_into(merged, layer, origin, origins)
    for variable, dotted in _ENVIRONMENT.items():
        if (value := (environment or {}).get(variable)) not in (None, ""):
            _merge_into(merged, _nested(dotted, value), variable, origins)
    for dotted, value in (overrides or {}).items():
        if value is not None:
            _merge_into(merged, _nested(dotted, value), "command line", origins)
    problems = validate(merged, platforms=platforms)
    if check_section is not None:
        problems += _section_problems(merged["deployment"], check_section)
    if problems:
        raise ConfigurationError(
            f"The configuration has {len(problems)} problem{'s' * (len(problems) > 1)}:",
            problems=sorted(problems, key=lambda problem: problem.path),
        )
    return Configuration(merged["deployment"], merged["experiments"], origins)


def _section_problems(deployment: Any, check_section: CheckSection) -> list[Problem]:
    """Return what is wrong with the used platform's section, where there is one to look at."""
    name = deployment.get("name") if isinstance(deployment, Mapping) else None
    section = deployment.get(name) if isinstance(name, str) else None
    if not isinstance(name, str) or not isinstance(section, Mapping):
        return []
    return check_section(name, section)


def unknown_key(path: str, key: str, known: Iterable[str]) -> Problem:
    """Return the problem of a key that nobody knows, with the nearest one that is known."""
    near = difflib.get_close_matches(key, list(known), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return Problem(path, f"unknown key{hint}")


_ENVIRONMENT = {
    "SEBS_DEPLOYMENT": "deployment.name",
    "SEBS_LANGUAGE": "experiments.runtime.language",
    "SEBS_LANGUAGE_VERSION": "experiments.runtime.version",
    "SEBS_ARCHITECTURE": "experiments.architecture",
    "SEBS_RESOURCE_PREFIX": "deployment.resource_prefix",
}


def _parse_toml(text: str) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def _nested(dotted: str, value: Any) -> dict[str, Any]:
    first, _, rest = dotted.partition(".")
    return {first: _nested(rest, value) if rest else value}


def _merge_into(
    target: dict[str, Any],
    layer: Mapping[str, Any],
    origin: str,
    origins: dict[str, str],
    path: str = "",
) -> None:
    """Merge objects key by key; anything else replaces what was there."""
    for key, value in layer.items():
        dotted = f"{path}.{key}" if path else str(key)
        current = target.get(key)
        if isinstance(value, Mapping) and (current is None or isinstance(current, dict)):
            nested = target[key] = {} if current is None else current
            _merge_into(nested, value, origin, origins, dotted)
        else:
            target[key] = value
            for stale in [known for known in origins if known.startswith(f"{dotted}.")]:
                del origins[stale]
            origins[dotted] = origin
