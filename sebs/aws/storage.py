"""Object storage on S3."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from sebs.aws import faults
from sebs.aws.config import NAME
from sebs.errors import StorageError
from sebs.s3.storage import S3Storage

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.cache import Cache
    from sebs.faas.config import Resources


class _SignedIn:
    """What the storage needs of the platform's clients."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def __repr__(self) -> str:
        return repr(self._clients)

    @property
    def client(self) -> Any:
        """The client of S3's control plane."""
        return self._clients.control("s3")

    def explained(self, what: str) -> AbstractContextManager[None]:
        """Say of what AWS complains, as everywhere on this platform."""
        return faults.explained(what, otherwise=StorageError)


class AWSStorage(S3Storage):
    """Buckets and objects of one deployment: private, and known by their tags.

    Args:
        clients: The SDK's clients.
        cache_client: The cache.
        resources: The deployment's resources.
        replace_existing: Whether inputs that are there are uploaded again.
    """

    def __init__(
        self,
        clients: Clients,
        cache_client: Cache,
        resources: Resources,
        replace_existing: bool = False,
    ) -> None:
        super().__init__(
            _SignedIn(clients), clients.region, cache_client, resources, replace_existing
        )

    @staticmethod
    def deployment_name() -> str:
        """Return the key of the platform."""
        return NAME

    def envs(self) -> dict[str, str]:
        """Return no variables: a function's own environment says region and credentials."""
        return {}
