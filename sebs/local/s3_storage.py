"""The local platform's object storage on a server that speaks S3.

Keys follow the same rule as those of the storage on files, so benchmarks cannot tell the two apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sebs.local.buckets import LocalBuckets
from sebs.local.keys import object_path
from sebs.s3.connection import S3Connection, S3Endpoint
from sebs.s3.storage import S3Storage

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.faas.config import Resources

#: The variable that tells a function, and an SDK in it, where the server is.
ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_S3"


class LocalS3Storage(S3Storage, LocalBuckets):
    """Buckets and objects on an S3 server, through its SDK.

    Args:
        endpoint: The server.
        cache_client: The cache.
        resources: The deployment's resources.
        replace_existing: Whether inputs that are there are uploaded again.
    """

    def __init__(
        self,
        endpoint: S3Endpoint,
        cache_client: Cache,
        resources: Resources,
        replace_existing: bool = False,
    ) -> None:
        self._server = S3Connection(endpoint)
        super().__init__(self._server, endpoint.region, cache_client, resources, replace_existing)

    def envs(self) -> dict[str, str]:
        """Return the variables that tell a function where the storage is."""
        return {ENDPOINT_VARIABLE: self._server.endpoint.url, "AWS_REGION": self.region}

    def credentials(self) -> dict[str, str]:
        """Return the variables with which functions may enter; they are written nowhere.

        Raises:
            SystemUnavailableError: The SDK is not installed.
            ConfigurationError: There is no such profile.
            StorageError: There are no credentials, or they cannot be renewed.
        """
        return self._server.credentials()

    def _check_key(self, key: str) -> None:
        object_path(key)
