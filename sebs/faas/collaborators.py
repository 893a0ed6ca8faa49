"""What every platform is constructed with, and hands out read-only."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from sebs.config import SeBSConfig
from sebs.docker_engine import DockerHandle
from sebs.faas.names import NameRules
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from typing_extensions import Self

    from sebs.benchmark import Benchmark
    from sebs.cache import Cache
    from sebs.faas.config import Config
    from sebs.faas.resources import SystemResources

#: Versions that a platform which declares none is taken to run, those of the vendors' current
#: releases: https://devguide.python.org/versions/ and https://nodejs.org/en/about/previous-releases
CURRENT_VERSIONS = {
    "python": ["3.13", "3.12", "3.11", "3.10"],
    "nodejs": ["24", "22", "20", "18"],
}


class Collaborators(ABC, LoggingBase):
    """Holds a platform's four collaborators and its cold start counter.

    Args:
        system_config: Global configuration; knows which language versions a platform runs.
        cache_client: The cache.
        docker_client: A ``docker.DockerClient``, a factory of one without arguments, or ``None``;
            resolved when an operation first needs it.
        system_resources: Access to the platform's storage services.
    """

    #: What the platform allows in function names.
    name_rules: ClassVar[NameRules] = NameRules()

    #: Whether long work shows a bar on a terminal.
    shows_progress: bool = True

    def __init__(
        self,
        system_config: SeBSConfig,
        cache_client: Cache,
        docker_client: Any,
        system_resources: SystemResources,
    ) -> None:
        super().__init__()
        self._system_config = system_config
        self._cache_client = cache_client
        self._docker = DockerHandle(docker_client)
        self._system_resources = system_resources
        # Two runs must not share environments, so their counters start apart.
        self._cold_start_counter = random.SystemRandom().randrange(1 << 31)
        if isinstance(system_config, SeBSConfig):
            system_config.register(self.name(), self.supported_languages)

    @classmethod
    def from_config(
        cls,
        system_config: SeBSConfig,
        section: dict[str, Any],
        cache_client: Cache,
        docker_client: Any,
        logging_handlers: Any = None,
    ) -> Self:
        """Build the platform from its section of the configuration.

        The default is for constructors that take ``(system_config, config, cache_client,
        docker_client, logging_handlers)``; the configuration is what :meth:`config_type` makes of
        the section.

        Raises:
            ConfigurationError: The section cannot be used.
        """
        named = {"name": cls.name(), **section}
        config = cls.config_type().deserialize(named, cache_client, logging_handlers)
        constructor: Callable[..., Self] = cls
        return constructor(system_config, config, cache_client, docker_client, logging_handlers)

    @staticmethod
    def config_type() -> type[Config]:
        """Return the class of the platform's configuration; by default the plain one."""
        from sebs.faas.plain_config import PlainConfig

        return PlainConfig

    @staticmethod
    @abstractmethod
    def name() -> str:
        """Return the platform's key in configuration, cache and command line."""

    @classmethod
    def supported_languages(cls) -> dict[str, dict[str, list[str]]]:
        """Return what the platform runs: language to architecture to versions, best first.

        The global configuration asks once, when the answer is first needed. A platform that
        declares nothing is taken to run the current versions on both architectures.
        """
        return {
            language: {"x64": list(versions), "arm64": list(versions)}
            for language, versions in CURRENT_VERSIONS.items()
        }

    def check_limits(self, code_package: Benchmark, func_name: str | None = None) -> None:
        """Refuse what the platform cannot deploy, whatever its state; asks the platform nothing.

        Called before anything is built. The default checks the name.

        Args:
            code_package: What would be deployed: memory, timeout and variant are known.
            func_name: Its name; ``None`` stands for the default one, which fits.

        Raises:
            InvalidNameError: The name is outside :attr:`name_rules`.
            LimitExceededError: Memory or timeout is out of range.
            UnsupportedVariantError: The platform does not deploy the variant.
        """
        if func_name is not None:
            self.name_rules.check(func_name)

    @property
    def system_config(self) -> SeBSConfig:
        """Global configuration."""
        return self._system_config

    @property
    def docker_client(self) -> Any:
        """The Docker client.

        Raises:
            DockerUnavailableError: There is none.
        """
        return self.require_docker(f"This operation of {self.name()}")

    def require_docker(self, operation: str) -> Any:
        """Return the Docker client for an operation.

        Raises:
            DockerUnavailableError: There is none; the message names the operation.
        """
        return self._docker.require(operation)

    @property
    def cache_client(self) -> Cache:
        """The cache."""
        return self._cache_client

    @property
    def system_resources(self) -> SystemResources:
        """Access to the platform's storage services."""
        return self._system_resources

    @property
    def cold_start_counter(self) -> int:
        """Number that forces cold starts when it changes; random at first."""
        return self._cold_start_counter

    @cold_start_counter.setter
    def cold_start_counter(self, val: int) -> None:
        self._cold_start_counter = val
