"""Function definitions: what a control-plane request must say, and how it is kept on disk."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from sebs.utils import write_atomically

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MEBIBYTE = 1024 * 1024

#: Requests that may wait where ``queue`` is just true.
DEFAULT_QUEUE = 10_000

#: The engine's network with nothing in it.
NO_NETWORK = "none"

DEFAULT_HANDLER = "function.function.handler"

#: How environments without work end: after a time, or half of them with every period.
FIXED: Final = "fixed"
HALF_LIFE: Final = "half-life"

#: What times them: the time that passes, or one that passes only when it is told to.
REAL: Final = "real"
VIRTUAL: Final = "virtual"

_CHOICES = {"keep_alive_policy": (FIXED, HALF_LIFE), "clock": (REAL, VIRTUAL)}


class DefinitionError(ValueError):
    """A definition that cannot be used; the message names the field."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """How a function's execution environments come and go, and what they take and give.

    Attributes:
        max_environments: Environments at the same time.
        concurrency: Requests that one environment works on at the same time.
        queue: Requests that may wait for an environment; 0 refuses them with 429.
        keep_alive: Seconds that an environment without work stays warm; the period of a half-life.
        max_request: Bytes of the largest event; the default is AWS Lambda's 6 MiB.
        max_response: Bytes of the largest result, as JSON; likewise.
        keep_alive_policy: How environments without work end: ``fixed`` or ``half-life``.
        clock: What their idle time is told by, and nothing else: ``real`` or ``virtual``.
    """

    max_environments: int = 64
    concurrency: int = 1
    queue: int = DEFAULT_QUEUE
    keep_alive: float = 600.0
    max_request: int = 6 * _MEBIBYTE
    max_response: int = 6 * _MEBIBYTE
    keep_alive_policy: str = FIXED
    clock: str = REAL


@dataclass(frozen=True, slots=True)
class Container:
    """What a function's environments run in where they are containers.

    Attributes:
        image: Name of the image, which has the function's language.
        network: Name of the engine's network that they are in.
    """

    image: str
    network: str = NO_NETWORK


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a function.

    Attributes:
        sha256: Hexadecimal SHA-256 of the package's zip file, which names its unpacked directory.
        executable: Program of the language: on this machine, or in the container's image.
        memory: MiB that an environment may have resident.
        timeout: Seconds from an invocation's dispatch to its answer; on a cold start the
            initialization is part of them.
        version: Counts up with each change; environments of other versions serve no more.
    """

    name: str
    sha256: str
    language: str
    language_version: str
    executable: str
    memory: int
    timeout: float
    handler: str = DEFAULT_HANDLER
    environment: Mapping[str, str] = field(default_factory=dict)
    resource_id: str = ""
    scaling: Scaling = Scaling()
    container: Container | None = None
    version: int = 1

    def as_json(self) -> dict[str, Any]:
        """Return the definition in the control plane's own shape."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "handler": self.handler,
            "runtime": {
                "language": self.language,
                "version": self.language_version,
                "executable": self.executable,
            },
            "memory": self.memory,
            "timeout": self.timeout,
            "environment": dict(self.environment),
            "resource_id": self.resource_id,
            "config": asdict(self.scaling),
            "container": asdict(self.container) if self.container else None,
            "version": self.version,
        }


def check_name(name: str) -> str:
    """Return the function's name if it is one.

    Raises:
        DefinitionError: It is not 1 to 64 letters, digits, ``-`` and ``_``.
    """
    if not _NAME.match(name):
        raise DefinitionError(
            f"{name!r} is no function name: 1 to 64 of the characters A-Z a-z 0-9 _ - are."
        )
    return name


def parse_definition(name: str, body: Mapping[str, Any], version: int = 1) -> Definition:
    """Read a definition from the body of a PUT request, or from disk.

    Raises:
        DefinitionError: A field is missing, unknown or of the wrong type.
    """
    known = {"package", "name", "version", "sha256", "handler", "runtime", "memory", "timeout"}
    _refuse_unknown(body, known | {"environment", "resource_id", "config", "container"}, "")
    runtime = _typed(body, "runtime", dict)
    language = _typed(runtime, "language", str, within="runtime")
    if language not in ("python", "nodejs"):
        raise DefinitionError(f"runtime.language: {language!r} is neither 'python' nor 'nodejs'.")
    executable = _typed(runtime, "executable", str, within="runtime")
    container = _container(body)
    if container is None and not _is_program(executable):
        raise DefinitionError(f"runtime.executable: {executable!r} is no program on this machine.")
    sha256 = _typed(body, "sha256", str)
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise DefinitionError(f"sha256: {sha256!r} is not 64 hexadecimal digits.")
    handler = _typed(body, "handler", str, default=DEFAULT_HANDLER)
    if not re.fullmatch(r"\w+(\.\w+)+", handler):
        raise DefinitionError(f"handler: {handler!r} is not of the form 'package.module.name'.")
    return Definition(
        name=check_name(name),
        sha256=sha256,
        language=language,
        language_version=_typed(runtime, "version", str, within="runtime"),
        executable=executable,
        handler=handler,
        memory=_memory(body),
        timeout=_timeout(body),
        environment=read_variables(body, "environment"),
        resource_id=_typed(body, "resource_id", str, default=""),
        scaling=_scaling(body, Scaling()),
        container=container,
        version=version,
    )


def patch_definition(definition: Definition, body: Mapping[str, Any]) -> Definition:
    """Return the next version: given fields replaced, ``config`` merged key by key.

    Raises:
        DefinitionError: A field is of the wrong type, or is not one of those that can change.
    """
    _refuse_unknown(body, {"memory", "timeout", "environment", "config"}, "")
    return replace(
        definition,
        memory=_memory(body) if "memory" in body else definition.memory,
        timeout=_timeout(body) if "timeout" in body else definition.timeout,
        environment=read_variables(body, "environment")
        if "environment" in body
        else definition.environment,
        scaling=_scaling(body, definition.scaling),
        version=definition.version + 1,
    )


def read_variables(body: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the variables that a field holds; their values, which may be secret, are in no error.

    Raises:
        DefinitionError: They cannot be the variables of a process.
    """
    variables: dict[str, Any] = _typed(body, name, dict, default={})
    for key, value in variables.items():
        if not _VARIABLE.match(key):
            raise DefinitionError(f"{name}: {key!r} is no name of a variable.")
        if not isinstance(value, str) or "\0" in value:
            raise DefinitionError(f"{name}.{key}: the value is no text without NUL.")
    return dict(variables)


def read_number(value: Any, path: str, low: float) -> float:
    """Return a field's value if it is a finite number that is not below another one.

    Raises:
        DefinitionError: It is not; the message begins with the path.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value < math.inf:
        return value
    raise DefinitionError(f"{path}: {value!r} is no number of at least {low:g}.")


class FunctionStore:
    """The definitions on disk: one file a function, replaced whole.

    Args:
        directory: Where they lie; it exists.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self) -> tuple[list[Definition], list[str]]:
        """Return all that can be used, and for each of the others why it cannot."""
        usable: list[Definition] = []
        refused: list[str] = []
        for path in sorted(self._directory.glob("*.json")):
            try:
                body = json.loads(path.read_bytes())
                usable.append(parse_definition(path.stem, body, int(body["version"])))
            except (OSError, ValueError, TypeError, KeyError) as error:
                refused.append(f"{path}: {error}")
        return usable, refused

    def save(self, definition: Definition) -> None:
        """Keep one version, in the place of the one before."""
        path = self._directory / f"{definition.name}.json"
        write_atomically(path, json.dumps(definition.as_json()).encode(), mode=0o600)

    def remove(self, name: str) -> None:
        """Forget a function."""
        (self._directory / f"{name}.json").unlink(missing_ok=True)


_MISSING: Any = object()


def _typed(
    body: Mapping[str, Any], key: str, kind: type, *, default: Any = _MISSING, within: str = ""
) -> Any:
    path = f"{within}.{key}" if within else key
    value = body.get(key, default)
    if value is _MISSING:
        raise DefinitionError(f"{path}: missing.")
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise DefinitionError(f"{path}: {value!r} is no {kind.__name__}.")
    return value


def _refuse_unknown(body: Mapping[str, Any], known: set[str], within: str) -> None:
    unknown = sorted(set(body) - known)
    if unknown:
        names = ", ".join(f"{within}{name}" for name in unknown)
        raise DefinitionError(f"{names}: unknown; known are {', '.join(sorted(known))}.")


def _memory(body: Mapping[str, Any]) -> int:
    memory: int = _typed(body, "memory", int)
    return int(read_number(memory, "memory", 1))


def _timeout(body: Mapping[str, Any]) -> float:
    if "timeout" not in body:
        raise DefinitionError("timeout: missing.")
    return read_number(body["timeout"], "timeout", 0.001)


def _is_program(path: str) -> bool:
    return os.access(path, os.X_OK) and not os.path.isdir(path)


def _container(body: Mapping[str, Any]) -> Container | None:
    if body.get("container") is None:
        return None
    given: dict[str, Any] = _typed(body, "container", dict)
    _refuse_unknown(given, {item.name for item in fields(Container)}, "container.")
    image = _typed(given, "image", str, within="container")
    network = _typed(given, "network", str, default=NO_NETWORK, within="container")
    return Container(image, network)


def _scaling(body: Mapping[str, Any], base: Scaling) -> Scaling:
    given: dict[str, Any] = dict(_typed(body, "config", dict, default={}))
    _refuse_unknown(given, {item.name for item in fields(Scaling)}, "config.")
    if isinstance(given.get("queue"), bool):
        given["queue"] = DEFAULT_QUEUE if given["queue"] else 0
    for key, value in given.items():
        if key in _CHOICES:
            _choice(value, f"config.{key}", _CHOICES[key])
            continue
        low = 0 if key in ("queue", "keep_alive") else 1
        number = read_number(value, f"config.{key}", low)
        if key != "keep_alive" and not isinstance(number, int):
            raise DefinitionError(f"config.{key}: {value!r} is no whole number.")
    scaling = replace(base, **given)
    if scaling.keep_alive_policy == HALF_LIFE and not scaling.keep_alive > 0:
        raise DefinitionError("config.keep_alive: a half-life is above 0.")
    return scaling


def _choice(value: Any, path: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise DefinitionError(f"{path}: {value!r} is neither {' nor '.join(map(repr, choices))}.")
