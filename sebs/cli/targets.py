"""Which function a command of ``sebs function`` means, and how it is attached."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from sebs.cli import options
from sebs.cli.session import load_configuration, open_cache
from sebs.errors import UsageError

#: Options of the command line with which a function is attached; on which platform they count.
_HOW = (
    click.option("--handler", metavar="NAME", help="local: such as app.handler.  [default: found]"),
    click.option("--language", metavar="NAME", help="local: python, nodejs.  [default: found]"),
    click.option("--language-version", "version", metavar="V", help="local.  [default: preferred]"),
    click.option("--memory", type=int, metavar="MB", help="local.  [default: 256]"),
    click.option("--timeout", type=int, metavar="S", help="local.  [default: 60]"),
    click.option("--env", "environment", multiple=True, metavar="N[=V]", help="local: a variable."),
    click.option("--public", is_flag=True, default=None, help="aws: do not sign for this URL."),
)
_KEYS = ("handler", "language", "version", "memory", "timeout", "environment", "public")

_PLACE = (options.config_file, options.deployment, options.cache_dir, options.verbose)


def place_options(function: options.CommandT) -> options.CommandT:
    """Add the options that say on which platform a function is."""
    return _add(_PLACE, function)


def how_options(function: options.CommandT) -> options.CommandT:
    """Add the options with which a function is attached."""
    return _add(_HOW, function)


@dataclass(frozen=True, slots=True)
class Target:
    """A function.

    Attributes:
        name: What its platform knows it by.
        deployment: The platform's key; ``None`` leaves it to the configuration.
        config_file: With which it was attached, where none is given now.
        section: What the environment said of its platform when it was attached.
        options: With which it is attached.
        aliases: Under which it is remembered.
    """

    name: str
    deployment: str | None
    config_file: Path | None = None
    section: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()

    @property
    def place(self) -> dict[str, Any]:
        """The options of the session that say where it is."""
        place = {"deployment": self.deployment, "config_file": self.config_file}
        if not self.section:
            return place
        return {**place, "remembered": {"deployment": {self.deployment: self.section}}}

    @property
    def lock(self) -> str:
        """The same for every way to write a path."""
        return os.path.realpath(self.name) if os.path.exists(self.name) else self.name


def chosen_platform(deployment: str | None, config_file: Path | None) -> str | None:
    """Return the platform that the user named, here, in the file or the environment, if any.

    Raises:
        ConfigurationError: The configuration cannot be used.
    """
    if deployment is not None:
        return deployment
    configuration = load_configuration(config_file, {})
    is_named = configuration.origins["deployment.name"] != "default"
    return configuration.deployment_name if is_named else None


def find_target(
    name: str, deployment: str | None, cache_dir: Path | None, config_file: Path | None
) -> Target:
    """Return the function that a name means: an alias, else what the platform knows by it.

    Args:
        name: The name.
        deployment: The platform that the command line names, if any.
        cache_dir: Directory of the cache; ``None`` is the default one.
        config_file: The configuration file, which may name a platform as well.

    Raises:
        ConfigurationError: The configuration cannot be used.
        UsageError: It is an alias on several platforms, of which none is chosen; or on another
            one than the configuration names.
    """
    platform = chosen_platform(deployment, config_file)
    with open_cache(cache_dir) as cache:
        remembered = cache.get_attached(deployment)
    targets = {name, os.path.realpath(name)}
    found = [entry for entry in remembered if entry["alias"] == name] or [
        entry for entry in remembered if entry["target"] in targets
    ]
    is_here = [entry for entry in found if entry["deployment"] == platform]
    found = is_here or found
    platforms = sorted({entry["deployment"] for entry in found})
    if len(platforms) > 1:
        raise UsageError(
            f"{name!r} is attached on several platforms: {', '.join(platforms)}.",
            remedy="Choose one with --deployment.",
        )
    if not found:
        return Target(name, deployment, config_file)
    first = found[0]
    if not is_here and platform is not None:
        raise UsageError(
            f"{name!r} is attached on {first['deployment']}, and the configuration names "
            f"{platform}.",
            remedy="Say which one is meant with --deployment.",
        )
    return Target(
        first["target"],
        first["deployment"],
        config_file or _path(first.get("config_file")),
        # What another file leaves out, it leaves to the environment as it is now.
        first.get("section", {}) if config_file is None else {},
        first["options"],
        tuple(entry["alias"] for entry in found),
    )


def split(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of the session, and those with which the function is attached."""
    how = {key: given[key] for key in _KEYS if given[key] not in (None, ())}
    if "environment" in how:
        how["environment"] = dict(map(_variable, how["environment"]))
    return {key: value for key, value in given.items() if key not in _KEYS}, how


def read_event(text: str) -> dict[str, Any]:
    """Return the event that ``--event`` gives: an object, or ``@`` and the name of its file.

    Raises:
        UsageError: There is no such file, or it is no JSON object.
    """
    source = text
    if text.startswith("@"):
        try:
            source = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"The event {text!r} cannot be read: {error}.") from error
    try:
        event = json.loads(source)
    except ValueError as error:
        raise UsageError(f"The event is no JSON: {error}.") from error
    if not isinstance(event, dict):
        raise UsageError(f"The event must be a JSON object, not {type(event).__name__}.")
    return event


def check_rememberable(how: Mapping[str, Any]) -> None:
    """Refuse variables that look like secrets, which are not written down.

    Raises:
        UsageError: There are some; the message names them, without their values.
    """
    from sebs.cache.guard import find_secrets

    if secrets := sorted({path[-1] for path in find_secrets(dict(how))}):
        raise UsageError(
            f"What looks like a secret is not remembered: {', '.join(secrets)}.",
            remedy="Leave it out here, and give it to `sebs function invoke` each time: "
            "`--env NAME` takes it from the environment.",
        )


def check_alias(alias: str, target: str, remembered: Iterable[Mapping[str, Any]]) -> None:
    """Refuse an alias under which another function is remembered.

    Args:
        alias: The alias.
        target: The function that shall have it.
        remembered: What is remembered of the platform.

    Raises:
        UsageError: It is another function's.
    """
    taken = [entry["target"] for entry in remembered if entry["alias"] == alias]
    if taken and taken != [target]:
        raise UsageError(
            f"The alias {alias!r} is that of {taken[0]}.",
            remedy=f"Choose another with --as, or free it: sebs function detach {alias}",
        )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _variable(text: str) -> tuple[str, str]:
    """Return a variable: ``NAME=VALUE``, or ``NAME`` with the value that it has here."""
    name, equals, value = text.partition("=")
    if not equals and name in os.environ:
        value = os.environ[name]
    elif not name or not equals:
        raise UsageError(
            f"--env {text!r} is not of the form NAME=VALUE, nor a variable of the environment."
        )
    return name, value


def _add(added: Iterable[Any], function: options.CommandT) -> options.CommandT:
    for option in reversed(tuple(added)):
        function = option(function)
    return function
