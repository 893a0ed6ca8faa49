"""Access to the storage services of a platform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.faas.config import Config
    from sebs.faas.nosql import NoSQLStorage
    from sebs.faas.storage import PersistentStorage


class SystemResources(ABC, LoggingBase):
    """Makes the clients of a platform's storage services, once each, on first use.

    Args:
        config: Configuration of the platform.
        cache_client: The cache.
        docker_client: A Docker client, a factory of one, or ``None``.
    """

    def __init__(self, config: Config, cache_client: Cache, docker_client: Any = None) -> None:
        super().__init__()
        self._config = config
        self._cache_client = cache_client
        self._docker_client = docker_client

    @property
    def config(self) -> Config:
        """Configuration of the platform."""
        return self._config

    @property
    def cache_client(self) -> Cache:
        """The cache."""
        return self._cache_client

    @abstractmethod
    def get_storage(self, replace_existing: bool | None = None) -> PersistentStorage:
        """Return the object storage.

        Args:
            replace_existing: Whether inputs that are there are uploaded again; ``None`` leaves it
                as it is.
        """

    @abstractmethod
    def get_nosql_storage(self) -> NoSQLStorage:
        """Return the NoSQL storage."""
