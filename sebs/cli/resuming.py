"""Taking something up with the options that it was begun with, whichever are given again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sebs.errors import UsageError

if TYPE_CHECKING:
    from sebs.config import Configuration
    from sebs.results.manifest import Manifest

#: Settings of experiments that a regression makes use of.
_EXPERIMENT = ("trigger", "peer_address", "build_image")


def kept_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as JSON values that mean the same in any directory.

    Args:
        given: Options by the names of their parameters.
    """
    return {name: _kept(value) for name, value in given.items()}


def options_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as a command gets them: what :func:`kept_options` made into paths again."""
    paths = ("config_file", "cache_dir", "data_dir", "junit")
    options = dict(kept)
    for name in paths:
        if options.get(name) is not None:
            options[name] = Path(options[name])
    options["benchmarks_dirs"] = tuple(Path(path) for path in options["benchmarks_dirs"])
    return options


def refuse_contradictions(
    context: click.Context, kept: Mapping[str, Any], changeable: tuple[str, ...]
) -> None:
    """Refuse options on the command line that say something else than those that were kept.

    Args:
        context: The command's.
        kept: What it was begun with.
        changeable: Options that may be others now.

    Raises:
        UsageError: An option contradicts; the message has both values.
    """
    for parameter in context.command.params:
        name = str(parameter.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not given or name in changeable or name not in kept:
            continue
        now = _kept(context.params[name])
        if now != kept[name]:
            option = max(parameter.opts, key=len)
            raise UsageError(
                f"It was begun with {_shown(option, kept[name])}, and now there is "
                f"{_shown(option, now)}.",
                remedy=f"Leave {option} out, for what is resumed goes on as it was begun; or begin "
                "a new one.",
            )


def plain_configuration(configuration: Configuration) -> dict[str, Any]:
    """Return what of a configuration is made use of, without what looks secret."""
    from sebs.config_schema import mask

    experiments = {name: configuration.experiments.get(name) for name in _EXPERIMENT}
    used = {"deployment": configuration.deployment, "experiments": experiments}
    plain = json.loads(json.dumps(_unmasked(used, mask(used))))
    assert isinstance(plain, dict)
    return plain


def place_of(manifest: Manifest) -> dict[str, Any]:
    """Return where a run was made, as a configuration that holds where nothing else is said.

    What is secret was masked when it was kept: that is left to the file, or to the platform's SDK.
    """
    deployment = manifest.configuration.get("deployment") or {}
    section = deployment.get(manifest.deployment) or {}
    return {"deployment": {manifest.deployment: _without_masked(section)}}


def require_same(configuration: Configuration, kept: Mapping[str, Any]) -> None:
    """Make sure that a configuration is still the one that something was begun with.

    Raises:
        UsageError: It is not; the message has every value that is another.
    """
    before, now = _flat(kept), _flat(plain_configuration(configuration))
    changes = [
        f"{path} was {before.get(path)!r} and is {now.get(path)!r}"
        for path in sorted(before.keys() | now.keys())
        if before.get(path) != now.get(path)
    ]
    if changes:
        raise UsageError(
            f"The configuration is not the one that it was begun with: {'; '.join(changes)}.",
            remedy="Put it back as it was, in the file and in the environment; or begin a new one.",
        )


def _kept(value: Any) -> Any:
    """Return a value as JSON has it; the order of names given in lists is not kept."""
    if isinstance(value, Path):
        return os.path.abspath(value)
    if isinstance(value, (list, tuple)) and all(isinstance(one, Path) for one in value):
        # The first directory that has a benchmark wins, so their order counts.
        return [os.path.abspath(one) for one in value]
    return sorted(split(value)) if isinstance(value, (list, tuple)) else value


def split(values: tuple[str, ...] | list[str]) -> list[str]:
    """Return the names in options that hold several each, separated by commas."""
    names = (name.strip() for value in values for name in value.split(","))
    return list(dict.fromkeys(name for name in names if name))


def _shown(option: str, value: Any) -> str:
    if value is None or value == []:
        return f"no {option}"
    return f"{option} {','.join(value) if isinstance(value, list) else value}"


def _unmasked(value: Any, masked: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        key: _unmasked(inner, masked[key])
        for key, inner in value.items()
        if isinstance(inner, Mapping) or inner == masked[key]
    }


def _without_masked(value: Mapping[str, Any]) -> dict[str, Any]:
    from pydantic import SecretStr

    return {
        key: _without_masked(inner) if isinstance(inner, Mapping) else inner
        for key, inner in value.items()
        if not isinstance(inner, str) or inner != str(SecretStr(inner))
    }


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {path: value}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= _flat(inner, f"{path}.{key}" if path else str(key))
    return found
