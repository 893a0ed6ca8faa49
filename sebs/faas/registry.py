"""Which platforms there are, and how to get those that are missing.

Platforms of this distribution are named here; others announce themselves under the entry-point
group ``sebs.systems``. Nothing is imported before it is asked for, and a plug-in that cannot be
imported shows as unavailable in the list, with the reason, without disturbing the others.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sebs.errors import Problem, SystemUnavailableError, UnknownSystemError
from sebs.utils import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from sebs.faas.system import System

ENTRY_POINT_GROUP = "sebs.systems"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A platform of this distribution.

    Attributes:
        summary: What it is, in a few words.
        target: ``module:class``; ``None`` where this version does not have it.
        extra: The extra whose packages it needs; ``None`` where it needs none.
        needs: The modules of these packages, the SDK first, whose distribution has the same name;
            whether they are there is asked without loading them.
    """

    summary: str
    target: str | None = None
    extra: str | None = None
    needs: tuple[str, ...] = ()


BUILT_IN = {
    "local": BuiltIn("Functions on this machine, without an account", "sebs.local:Local"),
    "aws": BuiltIn("AWS Lambda", "sebs.aws:AWS", "aws", ("boto3", "tenacity")),
    "azure": BuiltIn("Azure Functions"),
    "gcp": BuiltIn("Google Cloud Functions"),
    "openwhisk": BuiltIn("Apache OpenWhisk"),
}


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """One line of the list of platforms.

    Attributes:
        name: The platform's key.
        summary: What it is.
        available: Whether what it needs is installed.
        reason: Why it cannot be used; empty where it can.
        remedy: How to get it, or credentials for it; empty where nothing is missing.
        distribution: The distribution that it comes from.
        sdk: The SDK that it uses, with its version; empty where it uses none.
        credentials: Where this machine has credentials for it; empty where none were found, and
            ``None`` where it needs none.
    """

    name: str
    summary: str
    available: bool
    reason: str
    remedy: str
    distribution: str
    sdk: str = ""
    credentials: str | None = None

    @property
    def state(self) -> str:
        """What is to be said of it in a few words."""
        if not self.available:
            return self.reason
        if self.credentials is None:
            return "ready"
        found = f"credentials: {self.credentials}" if self.credentials else "no credentials found"
        return ", ".join(filter(None, (self.sdk, found)))


def known_systems() -> list[str]:
    """Return the keys of all platforms, importing none of them."""
    return [*BUILT_IN, *sorted(_entry_points())]


def require_known(name: str) -> None:
    """Refuse the key of a platform that there is not, importing none of them.

    Raises:
        UnknownSystemError: No such platform; the message lists those that exist.
    """
    known = known_systems()
    if name not in known:
        raise UnknownSystemError(
            f"There is no platform {name!r}.",
            remedy=f"{did_you_mean(name, known)}Known platforms: {', '.join(known)}.",
        )


def list_systems() -> list[SystemInfo]:
    """Return all platforms, those of this distribution first; never fails because of one."""
    infos = [
        _describe(name, entry.summary, "sebs-faas", entry.needs) for name, entry in BUILT_IN.items()
    ]
    for name, entry_point in sorted(_entry_points().items()):
        distribution = entry_point.dist.name if entry_point.dist else "unknown"
        infos.append(_describe(name, f"from {distribution}", distribution))
    return infos


def load_system(name: str) -> type[System]:
    """Return the class of a platform.

    Raises:
        UnknownSystemError: No such platform; the message lists those that exist.
        SystemUnavailableError: What it needs is missing; the remedy says how to get it.
    """
    built_in = BUILT_IN.get(name)
    if built_in is not None:
        return _load_built_in(name, built_in)
    require_known(name)
    return _load_plug_in(name, _entry_points()[name])


def section_problems(name: str, section: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a platform's section, as far as its configuration class tells.

    A platform that is unknown or unavailable is not this function's to report: nothing is wrong.
    """
    try:
        system_type = load_system(name)
    except (UnknownSystemError, SystemUnavailableError):
        return []
    return system_type.config_type().problems(section)


def _describe(
    name: str, summary: str, distribution: str, needs: tuple[str, ...] = ()
) -> SystemInfo:
    try:
        sign_in = load_system(name).config_type().sign_in()
    except SystemUnavailableError as error:
        return SystemInfo(name, summary, False, error.message, error.remedy or "", distribution)
    except Exception as error:  # noqa: BLE001 - a plug-in's; the list must not fail because of one
        reason = f"It cannot be asked for credentials: {type(error).__name__}: {error}."
        return SystemInfo(name, summary, False, reason, "", distribution)
    sdk = _sdk(needs[0]) if needs else ""
    if sign_in is None:
        return SystemInfo(name, summary, True, "", "", distribution, sdk)
    return SystemInfo(name, summary, True, "", sign_in.remedy, distribution, sdk, sign_in.found)


def _sdk(package: str) -> str:
    """Return a package's name with its version, where its distribution tells one."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


def _load_built_in(name: str, entry: BuiltIn) -> type[System]:
    if entry.target is None:
        raise SystemUnavailableError(
            f"The platform {name!r} is not part of this version.",
            remedy="Update sebs-faas, or install a distribution that provides it.",
        )
    module, _, attribute = entry.target.partition(":")
    try:
        for needed in entry.needs:
            if find_spec(needed) is None:
                raise ModuleNotFoundError(f"No module named {needed!r}", name=needed)
        loaded: type[System] = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        extra = f"[{entry.extra}]" if entry.extra else ""
        raise SystemUnavailableError(
            f"{entry.summary} needs a package that is not installed: {error}.",
            remedy=f"Run: pip install 'sebs-faas{extra}'",
        ) from error
    return loaded


def _load_plug_in(name: str, entry_point: EntryPoint) -> type[System]:
    distribution = entry_point.dist.name if entry_point.dist else "the distribution"
    try:
        loaded: type[System] = entry_point.load()
    except Exception as error:
        raise SystemUnavailableError(
            f"The plug-in {name!r} ({entry_point.value}, from {distribution}) cannot be "
            f"imported: {type(error).__name__}: {error}.",
            remedy=f"Run: pip install --upgrade {distribution}",
        ) from error
    return loaded


def _entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {
        entry_point.name: entry_point
        for entry_point in entry_points(group=ENTRY_POINT_GROUP)
        if entry_point.name not in BUILT_IN
    }
