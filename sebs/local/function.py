"""A function of the local platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import CacheFormatError, UsageError
from sebs.faas.function import Function, FunctionConfig
from sebs.local import languages
from sebs.local.limits import check_configuration
from sebs.local.triggers import HTTPTrigger, LibraryTrigger, LocalTrigger

if TYPE_CHECKING:
    from sebs.local.client import GatewayClient


@dataclass
class LocalFunctionConfig(FunctionConfig):
    """What every platform configures, and what this one does.

    Attributes:
        scaling: The fields of the gateway's ``Scaling``.
        storage: The variables with which the function finds its object storage.
        container: What its environments run in; ``None`` where they are processes.
    """

    scaling: dict[str, Any] = field(default_factory=dict)
    storage: dict[str, str] = field(default_factory=dict)
    container: dict[str, str] | None = None

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        own = {"scaling": self.scaling, "storage": self.storage, "container": self.container}
        return {**super().serialize(), **own}

    def differences(self, wanted: dict[str, Any]) -> list[str]:
        """Return in words how scaling and storage differ from what they shall be together."""
        has = {**self.scaling, **self.storage}
        return [
            f"{key} is {has.get(key)}, wanted is {wanted.get(key)}"
            for key in sorted({*has, *wanted})
            if has.get(key) != wanted.get(key)
        ]

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> LocalFunctionConfig:
        """Read what :meth:`serialize` wrote."""
        config = super().deserialize(data)
        config.scaling = dict(data["scaling"])
        config.storage = dict(data["storage"])
        config.container = data.get("container")
        return config


class LocalFunction(Function):
    """A function that belongs to a deployment; it always has an HTTP and a LIBRARY trigger.

    Args:
        benchmark: Name of the benchmark that it runs.
        name: Its name.
        code_hash: Hash of the code package that is deployed.
        cfg: Its configuration.
        resource_id: The deployment that it belongs to.
    """

    def __init__(
        self,
        benchmark: str,
        name: str,
        code_hash: str,
        cfg: LocalFunctionConfig,
        resource_id: str,
    ) -> None:
        super().__init__(benchmark, name, code_hash, cfg)
        self.resource_id = resource_id
        self._local_config = cfg
        self._handles: tuple[LocalTrigger, ...] = (
            HTTPTrigger(name, cfg),
            LibraryTrigger(name, cfg),
        )
        for trigger in self._handles:
            self.add_trigger(trigger)

    @property
    def config(self) -> LocalFunctionConfig:
        """Memory, timeout, runtime, architecture, scaling."""
        return self._local_config

    def attach(self, client: GatewayClient) -> None:
        """Invoke through this client from now on."""
        for trigger in self._handles:
            trigger.attach(client)

    def definition(self, environment: dict[str, str], cache_dir: Path) -> dict[str, Any]:
        """Return what the gateway must know, but for the code; asks the gateway nothing.

        Args:
            environment: Variables that the function sees.
            cache_dir: Where it is remembered which interpreters work.

        Raises:
            LimitExceededError: Memory or timeout is out of range.
            UnsupportedLanguageError: This machine has no such interpreter.
        """
        config = self.config
        check_configuration(config.memory, config.timeout)
        runtime = config.runtime
        program = languages.program(runtime.language, runtime.version, config.container, cache_dir)
        return {
            "runtime": {**runtime.serialize(), "executable": program},
            "container": config.container,
            "memory": config.memory,
            "timeout": config.timeout,
            "environment": environment,
            "resource_id": self.resource_id,
            "config": config.scaling,
        }

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**super().serialize(), "resource_id": self.resource_id}

    @staticmethod
    def deserialize(cached_config: dict[str, Any]) -> LocalFunction:
        """Return the function that :meth:`serialize` described; it has to be attached.

        Raises:
            CacheFormatError: The entry lacks something; it is also a RuntimeError.
        """
        try:
            return LocalFunction(
                cached_config["benchmark"],
                cached_config["name"],
                cached_config["hash"],
                LocalFunctionConfig.deserialize(cached_config["config"]),
                cached_config["resource_id"],
            )
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise CacheFormatError(f"The cached function cannot be read: {error!r}.") from error
