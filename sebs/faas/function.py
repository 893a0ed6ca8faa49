"""A deployed function: plain data, its triggers, and how both are stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sebs.faas.result import (
    ExecutionBilling,
    ExecutionResult,
    ExecutionStats,
    ExecutionTimes,
    ProviderTimes,
)
from sebs.faas.trigger import Trigger
from sebs.sebs_types import Architecture, Language
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.benchmark import Benchmark

__all__ = [
    "ExecutionBilling",
    "ExecutionResult",
    "ExecutionStats",
    "ExecutionTimes",
    "Function",
    "FunctionConfig",
    "ProviderTimes",
    "Runtime",
    "Trigger",
]

ConfigT = TypeVar("ConfigT", bound="FunctionConfig")


@dataclass
class Runtime:
    """A language and its version, such as Python 3.11 or Node.js 20."""

    language: Language
    version: str

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"language": self.language.value, "version": self.version}

    @staticmethod
    def deserialize(config: dict[str, Any]) -> Runtime:
        """Read what :meth:`serialize` wrote."""
        return Runtime(Language.deserialize(config["language"]), str(config["version"]))


@dataclass
class FunctionConfig:
    """What a function is configured with.

    Attributes:
        timeout: Longest duration of an invocation, in seconds.
        memory: Memory of an execution environment, in MB.
        runtime: Language and version.
        architecture: Instruction set.
    """

    timeout: int
    memory: int
    runtime: Runtime
    architecture: Architecture = field(default=Architecture.X86)

    @classmethod
    def from_benchmark(cls: type[ConfigT], benchmark: Benchmark) -> ConfigT:
        """Return the configuration that a benchmark asks for."""
        return cls(
            timeout=benchmark.benchmark_config.timeout,
            memory=benchmark.benchmark_config.memory,
            runtime=Runtime(benchmark.language, benchmark.language_version),
            architecture=Architecture.deserialize(str(benchmark.architecture)),
        )

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "timeout": self.timeout,
            "memory": self.memory,
            "runtime": self.runtime.serialize(),
            "architecture": self.architecture.value,
        }

    @classmethod
    def deserialize(cls: type[ConfigT], data: dict[str, Any]) -> ConfigT:
        """Read what :meth:`serialize` wrote; keys of a provider's own are for its subclass."""
        return cls(
            timeout=data["timeout"],
            memory=data["memory"],
            runtime=Runtime.deserialize(data["runtime"]),
            architecture=Architecture.deserialize(data.get("architecture", "x64")),
        )


class Function(ABC, LoggingBase):
    """A function that a platform knows.

    It is data plus its triggers; it never owns the platform. Mutable, and not safe to change from
    several threads at once.

    Args:
        benchmark: Name of the benchmark that it runs.
        name: Its name on the platform.
        code_hash: Hash of the code package that is deployed.
        cfg: Its configuration.
    """

    def __init__(self, benchmark: str, name: str, code_hash: str, cfg: FunctionConfig) -> None:
        super().__init__()
        self._benchmark = benchmark
        self._name = name
        self._code_package_hash = code_hash
        self._config = cfg
        self._updated_code = False
        self._triggers: dict[Trigger.TriggerType, list[Trigger]] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r} of {self._benchmark}>"

    @property
    def config(self) -> FunctionConfig:
        """Memory, timeout, runtime, architecture."""
        return self._config

    @property
    def name(self) -> str:
        """Name on the platform."""
        return self._name

    @property
    def benchmark(self) -> str:
        """Name of the benchmark that it runs."""
        return self._benchmark

    @property
    def attached(self) -> bool:
        """Whether it is somebody else's, which is invoked only; see :mod:`sebs.faas.attached`."""
        return False

    @property
    def code_package_hash(self) -> str:
        """Hash of the code package that is deployed."""
        return self._code_package_hash

    @code_package_hash.setter
    def code_package_hash(self, new_hash: str) -> None:
        self._code_package_hash = new_hash

    @property
    def updated_code(self) -> bool:
        """Whether its code was updated by this process."""
        return self._updated_code

    @updated_code.setter
    def updated_code(self, val: bool) -> None:
        self._updated_code = val

    def triggers_all(self) -> list[Trigger]:
        """Return all its triggers."""
        return [trigger for group in self._triggers.values() for trigger in group]

    def triggers(self, trigger_type: Trigger.TriggerType) -> list[Trigger]:
        """Return its triggers of one type; empty where it has none."""
        return list(self._triggers.get(trigger_type, ()))

    def add_trigger(self, trigger: Trigger) -> None:
        """Attach a trigger."""
        self._triggers.setdefault(trigger.trigger_type(), []).append(trigger)

    def set_trigger(self, trigger: Trigger) -> None:
        """Attach a trigger in the place of those of its type."""
        self._triggers[trigger.trigger_type()] = [trigger]

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values, from which ``deserialize`` makes an equal function."""
        return {
            "name": self._name,
            "hash": self._code_package_hash,
            "benchmark": self._benchmark,
            "config": self._config.serialize(),
            "triggers": [trigger.serialize() for trigger in self.triggers_all()],
        }

    @staticmethod
    @abstractmethod
    def deserialize(cached_config: dict[str, Any]) -> Function:
        """Return the function that :meth:`serialize` described.

        Raises:
            RuntimeError: The entry cannot be used any more; the function counts as not cached.
        """
