"""The shape of the configuration, as strict pydantic models.

Apart from :mod:`sebs.config`, so that reading what is not a configuration does not import pydantic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from sebs.config import unknown_key
from sebs.config_words import said
from sebs.errors import Problem
from sebs.utils import did_you_mean

#: Platforms that have a section even where this version cannot load them.
PLATFORMS = ("local", "aws", "azure", "gcp", "openwhisk")

#: Experiments that may have a section under ``experiments``.
EXPERIMENTS = (
    "perf-cost",
    "invocation-overhead",
    "network-ping-pong",
    "eviction-model",
    "load",
    "scalability",
    "memory-tuning",
)

#: Keys of SeBS's files that are accepted; only ``container_deployment`` means something here.
_TOLERATED = ("deployment", "type", "download_results", "flags", "container_deployment")


#: Characters of a wrong value that an error shows.
_LONGEST_SHOWN = 60


class Strict(BaseModel):
    """A section in which every key is known and no value is coerced."""

    model_config = ConfigDict(strict=True, extra="forbid")


class RuntimeSection(Strict):
    """``experiments.runtime``: a language and its version."""

    language: Literal["python", "nodejs", "java", "cpp"] = "python"
    version: str | None = None


class ExperimentsSection(Strict):
    """``experiments``: what is run, and how.

    Attributes:
        runtime: Language and version; without a version, the platform's preferred one.
        architecture: Instruction set.
        system_variant: How the function is deployed; open to third-party values.
        language_variant: Variant of the benchmark's code.
        build_image: Image that a ``package.sh`` runs in; ``{version}`` is the language's version.
        update_code: Whether code is built and deployed even where it has not changed.
        update_storage: Whether inputs are uploaded even where they are there.
        memory: MB of an environment; ``None`` takes the benchmark's.
        timeout: Seconds of an invocation; ``None`` takes the benchmark's.
        repetitions: Number of invocations.
        trigger: How the function is invoked.
        peer_address: Where functions reach this machine; ``None``: where the platform says.
    """

    runtime: RuntimeSection = Field(default_factory=RuntimeSection)
    architecture: Literal["x64", "arm64"] = "x64"
    system_variant: str = Field(default="package", min_length=1)
    language_variant: str = Field(default="default", min_length=1)
    build_image: str | None = Field(default=None, min_length=1)
    update_code: bool = False
    update_storage: bool = False
    memory: int | None = Field(default=None, gt=0)
    timeout: int | None = Field(default=None, gt=0)
    repetitions: int = Field(default=5, gt=0)
    trigger: Literal["http", "library", "storage"] = "http"
    peer_address: str | None = Field(default=None, min_length=1)


class DeploymentSection(Strict):
    """``deployment``: the platform, and one object a platform beside its name."""

    name: str = Field(default="local", min_length=1)
    resource_prefix: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")


def defaults() -> dict[str, Any]:
    """Return the configuration that holds where nothing else is said."""
    return {
        "deployment": DeploymentSection().model_dump(),
        "experiments": ExperimentsSection().model_dump(),
    }


def validate(config: Mapping[str, Any], *, platforms: Collection[str] = ()) -> list[Problem]:
    """Return everything that is wrong with a merged configuration, sorted by path.

    Args:
        config: The whole configuration.
        platforms: Further platforms whose sections are known.
    """
    problems = [
        unknown_key(str(key), str(key), ("deployment", "experiments"))
        for key in config
        if key not in ("deployment", "experiments")
    ]
    sections: dict[str, tuple[type[BaseModel], tuple[str, ...]]] = {
        "deployment": (DeploymentSection, (*PLATFORMS, *platforms)),
        "experiments": (ExperimentsSection, (*EXPERIMENTS, *_TOLERATED)),
    }
    for name, (model, open_keys) in sections.items():
        section = config.get(name)
        if not isinstance(section, Mapping):
            problems.append(Problem(name, f"must be an object, is {_kind(section)}"))
            continue
        problems += _check_objects(name, section, open_keys)
        closed = {key: value for key, value in section.items() if key not in open_keys}
        problems += check(name, model, closed, open_keys)
    problems += _unknown_platform(config.get("deployment"), platforms)
    return sorted(problems, key=lambda problem: problem.path)


def _unknown_platform(section: Any, platforms: Collection[str]) -> list[Problem]:
    """Return the problem of a platform that there is not, where it is known which there are."""
    name = section.get("name") if isinstance(section, Mapping) else None
    known = list(dict.fromkeys([*PLATFORMS, *platforms]))
    if not platforms or not name or not isinstance(name, str) or name in known:
        return []
    path, there = "deployment.name", ", ".join(known)
    hint = did_you_mean(name, known)
    return [Problem(path, f"there is no platform {name!r}. {hint}Known platforms: {there}.")]


def check(
    path: str, model: type[BaseModel], section: Mapping[str, Any], open_keys: Iterable[str] = ()
) -> list[Problem]:
    """Return everything that is wrong with one section.

    Args:
        path: Dotted path of the section, for the problems.
        model: Its shape.
        section: What was given.
        open_keys: Further keys that are known, for the hints.
    """
    try:
        model.model_validate(dict(section))
    except ValidationError as error:
        return [
            _problem(path, detail, model, open_keys) for detail in error.errors(include_url=False)
        ]
    return []


def mask(value: Any, path: str = "") -> Any:
    """Return a copy of a configuration in which every value that looks secret is masked."""
    if isinstance(value, Mapping):
        return {key: mask(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask(inner, path) for inner in value]
    if value is not None and _looks_secret(path):
        return str(SecretStr(str(value)))
    return value


def _check_objects(
    name: str, section: Mapping[str, Any], open_keys: Iterable[str]
) -> list[Problem]:
    """Sections of platforms and experiments are objects; what is in them is theirs to check."""
    return [
        Problem(f"{name}.{key}", f"must be an object, is {_kind(section[key])}")
        for key in open_keys
        if key in section and key not in _TOLERATED and not isinstance(section[key], Mapping)
    ]


def _problem(name: str, detail: Any, model: type[BaseModel], open_keys: Iterable[str]) -> Problem:
    path = ".".join([name, *(str(part) for part in detail["loc"])])
    if detail["type"] != "extra_forbidden":
        if detail["type"] in ("model_type", "dict_type"):
            return Problem(path, f"must be an object, is {_kind(detail['input'])}")
        shown = _shown(detail["input"], path)
        context = detail.get("ctx", {})
        return Problem(path, said(detail["type"], str(detail["msg"]), context, shown))
    *parents, key = (str(part) for part in detail["loc"])
    owner: Any = model
    for parent in parents:
        owner = owner.model_fields[parent].annotation
    named = [field.alias or name for name, field in owner.model_fields.items()]
    known = [*named, *([] if parents else open_keys)]
    return unknown_key(path, key, known)


def _shown(value: Any, path: str) -> str:
    """Return a value for an error: nothing secret, nothing long."""
    if isinstance(value, (Mapping, list)) or value is None:
        return _kind(value)
    if _looks_secret(path.rpartition(".")[2]):
        return str(SecretStr(str(value)))
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _looks_secret(key: str) -> bool:
    words = ("secret", "password", "token", "credential", "auth", "access_key", "private_key")
    lowered = key.lower().replace("-", "_")
    return any(word in lowered for word in words) or lowered == "key" or lowered.endswith("_key")
