"""Object storages whose buckets have the names that S3 allows, and say to whom they belong."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Sequence

from sebs.errors import BucketNameTakenError, InvalidNameError
from sebs.faas.config import Resources
from sebs.faas.storage import PersistentStorage
from sebs.s3.names import nearest_bucket_name


class OwnedStorage(PersistentStorage):
    """An object storage whose buckets say to which deployment they belong.

    Threads, processes and functions may use it at once.
    """

    def correct_name(self, name: str) -> str:
        """Return the nearest name that S3 allows for a bucket."""
        return nearest_bucket_name(name)

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
        return sorted({owner for owner in self._owners(names).values() if owner is not None})

    def allocated(self) -> list[str]:
        """Return the sorted buckets that belong to this deployment."""
        own = self._cloud_resources.resources_id
        return [name for name, owner in self._owners(self._candidates()).items() if owner == own]

    def _candidates(self) -> list[str]:
        """Return the sorted buckets that may be a deployment's."""
        return self.list_buckets()

    def owns(self, bucket_name: str) -> bool:
        """Return whether a bucket belongs to this deployment."""
        return self.owner(bucket_name) == self._cloud_resources.resources_id

    def _is_settled(self, bucket_name: str) -> bool:
        """Return whether a bucket says that it is ours; one half made says nothing yet."""
        return self.owner(bucket_name) == self._cloud_resources.resources_id

    def _owners(self, names: Sequence[str]) -> dict[str, str | None]:
        """Return for each bucket what :meth:`owner` says, in the same order."""
        return {name: self.owner(name) for name in names}

    def _create_bucket(
        self, name: str, buckets: Sequence[str] = (), randomize_name: bool = False
    ) -> str:
        """Create a bucket, or return the one of ``buckets`` that carries the name.

        Raises:
            InvalidNameError: No bucket may have this name.
            BucketNameTakenError: It exists and does not belong to this deployment.
            StorageError: It cannot be made.
        """
        if name in buckets:
            return name
        if randomize_name:
            name = self.correct_name(f"{name}-{uuid.uuid4().hex[:8]}")
        if (correct := self.correct_name(name)) != name:
            raise InvalidNameError(
                f"{name!r} cannot be the name of a bucket.", remedy=f"{correct!r} can."
            )
        own = self._cloud_resources.resources_id
        self._make_bucket(name, own)
        actual = self.owner(name)
        if actual != own:
            whose = f"to the deployment {actual!r}" if actual else "to no deployment"
            raise BucketNameTakenError(
                f"The bucket {name} belongs {whose}, not to {own!r}.",
                remedy="Use another name.",
            )
        return name
