"""What the local platform's object storages have in common: names of buckets, and who owns one."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Sequence

from sebs.errors import InvalidNameError, StorageError
from sebs.faas.config import Resources
from sebs.faas.storage import PersistentStorage
from sebs.local.keys import is_bucket_name, nearest_bucket_name


class OwnedStorage(PersistentStorage):
    """An object storage whose buckets say to which deployment they belong.

    Threads, processes and functions may use it at once.
    """

    @staticmethod
    def deployment_name() -> str:
        """Return the key of the platform."""
        return "local"

    def correct_name(self, name: str) -> str:
        """Return the nearest name that S3 allows for a bucket."""
        return nearest_bucket_name(name)

    @abstractmethod
    def envs(self) -> dict[str, str]:
        """Return the variables with which a function finds the storage; none is a secret."""

    def credentials(self) -> dict[str, str]:
        """Return the variables with which functions may enter; they are written nowhere."""
        return {}

    @abstractmethod
    def owner(self, bucket_name: str) -> str | None:
        """Return the resource id of the deployment that made a bucket; ``None`` without one."""

    @abstractmethod
    def _make_bucket(self, name: str, owner: str) -> None:
        """Make a bucket with its owner, unless there is one of that name.

        Raises:
            StorageError: It cannot be made.
        """

    def find_deployments(self) -> list[str]:
        """Return the resource ids of the deployments that have a benchmarks bucket."""
        prefix = f"sebs-{Resources.StorageBucketType.BENCHMARKS.value}-"
        names = [name for name in self.list_buckets() if name.startswith(prefix)]
        return sorted({owner for name in names if (owner := self.owner(name)) is not None})

    def allocated(self) -> list[str]:
        """Return the sorted buckets that belong to this deployment."""
        own = self._cloud_resources.resources_id
        return [name for name in self.list_buckets() if self.owner(name) == own]

    def _create_bucket(
        self, name: str, buckets: Sequence[str] = (), randomize_name: bool = False
    ) -> str:
        """Create a bucket, or return the one of ``buckets`` that carries the name.

        Raises:
            InvalidNameError: No bucket may have this name.
            StorageError: It exists and belongs to another deployment, or cannot be written.
        """
        if name in buckets:
            return name
        if randomize_name:
            name = self.correct_name(f"{name}-{uuid.uuid4().hex[:8]}")
        if not is_bucket_name(name):
            raise InvalidNameError(
                f"{name!r} cannot be the name of a bucket.",
                remedy=f"{self.correct_name(name)!r} can.",
            )
        own = self._cloud_resources.resources_id
        self._make_bucket(name, own)
        actual = self.owner(name)
        if actual != own:
            whose = f"to the deployment {actual!r}" if actual else "to no deployment"
            raise StorageError(
                f"The bucket {name} belongs {whose}, not to {own!r}.",
                remedy="Use another name.",
            )
        return name
