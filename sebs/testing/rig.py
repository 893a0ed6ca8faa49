"""What a provider tells the contract: how to make its system, and what the platform can do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from sebs.config import SeBSConfig
from sebs.faas.function import Trigger
from sebs.sebs_types import Language

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.faas.system import System

Test = TypeVar("Test", bound=Callable[..., object])

#: ``(cache, resource id or None) -> system``, not initialized yet.
MakeSystem = Callable[["Cache", "str | None"], "System"]


class Capability(Enum):
    """What a platform can do, as the rig sets it up; the value says it in words.

    What is declared is tested. Of what is not, the contract tests that asking for it is refused.
    """

    EXECUTES = "invocations run the handler"
    HTTP = "functions have HTTP triggers"
    LIBRARY = "functions have library triggers"
    STORAGE_TRIGGER = "functions have storage triggers"
    QUEUE_TRIGGER = "functions have queue triggers"
    TIMER_TRIGGER = "functions have timer triggers"
    COLD_START = "new execution environments can be forced"
    METRICS = "the platform has a log of invocations"
    CONTAINERS = "container images are deployed"
    STORAGE = "there is object storage"
    DELETE = "single functions are deleted"
    CLEANUP = "everything that a deployment allocated is found and deleted"


#: The capability that stands for a trigger type.
OF_TRIGGER = {
    Trigger.TriggerType.HTTP: Capability.HTTP,
    Trigger.TriggerType.LIBRARY: Capability.LIBRARY,
    Trigger.TriggerType.STORAGE: Capability.STORAGE_TRIGGER,
    Trigger.TriggerType.QUEUE: Capability.QUEUE_TRIGGER,
    Trigger.TriggerType.TIMER: Capability.TIMER_TRIGGER,
}


def _no_secrets() -> Sequence[str]:
    return ()


@dataclass(frozen=True, kw_only=True)
class SystemRig:
    """How the contract works with a provider, and looks at its platform from outside.

    One rig is one platform: systems come and go on it, what they deployed stays. Two rigs may share
    a platform, since every test has resource ids of its own.

    Attributes:
        make_system: Makes a system of the deployment with that resource id, or one that settles its
            own for ``None``; the contract initializes it and shuts it down. Called many times, as
            by programs that run one after the other. :func:`system_factory` makes such a function.
        capabilities: What the platform can do.
        inventory: Everything that the platform has of the deployment with that resource id:
            functions by name, whatever else there is by identifiers that differ from them.
        mutations: Every call so far that changed something on the platform, oldest first.
        is_upload: Whether such a call carries code to the platform.
        delete_function: Deletes the function of that name without the system's knowing.
        count_invocations: How often the platform began to run the function of that name; ``None``
            where it cannot tell.
        secrets: What must never appear in logs, caches or representations; asked when systems have
            been made, since some secrets are made with them.
        language: Language of the functions that are deployed; Python or Node.js.
        language_version: Its version; by default the platform's preferred one.
        architecture: ``x64`` or ``arm64``; by default the platform's first for the language.
    """

    make_system: MakeSystem
    capabilities: frozenset[Capability]
    inventory: Callable[[str], Collection[str]]
    mutations: Callable[[], Sequence[str]]
    is_upload: Callable[[str], bool]
    delete_function: Callable[[str], None]
    count_invocations: Callable[[str], int] | None = None
    secrets: Callable[[], Sequence[str]] = _no_secrets
    language: Language = Language.PYTHON
    language_version: str | None = None
    architecture: str | None = None


def system_factory(
    system_type: type[System], section: dict[str, Any], docker_client: Any = None
) -> MakeSystem:
    """Return a ``make_system`` that goes the way of a configuration file.

    Args:
        system_type: The provider.
        section: The platform's section of the configuration; the resource id is added to it.
        docker_client: A Docker client, a factory of one, or ``None``.
    """

    def make(cache: Cache, resources_id: str | None) -> System:
        settled = dict(section)
        if resources_id is not None:
            settled["resources"] = {**section.get("resources", {}), "resources_id": resources_id}
        return system_type.from_config(SeBSConfig(), settled, cache, docker_client)

    return make


def requires(*capabilities: Capability) -> Callable[[Test], Test]:
    """Say what a test of the contract needs; where it is not declared, the test is skipped."""

    def mark(test: Test) -> Test:
        test.__dict__["required_capabilities"] = capabilities
        return test

    return mark
