"""Object storage on S3.

Nothing is set for the encryption of buckets: S3 encrypts every object
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from sebs.aws import faults
from sebs.aws.config import NAME
from sebs.aws.waiting import wait_for
from sebs.errors import AccessDeniedError, BucketNameTakenError, StorageError
from sebs.s3.storage import S3Storage

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.cache import Cache
    from sebs.faas.config import Resources


#: What the names of all our buckets begin with.
_PREFIX = "sebs-"

_REGION_HEADER = "x-amz-bucket-region"

#: Answers while a bucket of the name is made or deleted, here or elsewhere.
_UNSETTLED = ("OperationAborted", "NoSuchBucket")

#: Seconds in which that ends.
_PATIENCE = 120.0


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

    def correct_name(self, name: str) -> str:
        """Return the nearest name that S3 allows and that begins as all of ours do.

        What users must let us do is limited to such buckets.
        """
        return super().correct_name(name if name.startswith(_PREFIX) else f"{_PREFIX}{name}")

    def exists_bucket(self, bucket_name: str) -> bool:
        """Return whether a bucket exists.

        Raises:
            BucketNameTakenError: It exists, and belongs to another account.
            AccessDeniedError: It may not be asked for.
            StorageError: It exists in another region.
        """
        try:
            return super().exists_bucket(bucket_name)
        except AccessDeniedError as error:
            # Within an account the action that is denied is named.
            if ":" in error.action:
                raise
            raise BucketNameTakenError(
                f"The bucket {bucket_name} exists and does not let us in: it belongs to another "
                "account.",
                remedy="Use another resource id, or the credentials of that account.",
            ) from error

    def _visit(self, name: str) -> Any:
        answer = super()._visit(name)
        region = answer["ResponseMetadata"]["HTTPHeaders"].get(_REGION_HEADER, self.region)
        if region != self.region:
            raise StorageError(
                f"The bucket {name} is in the region {region}, not in {self.region}.",
                remedy="Deploy to that region, or use another resource id.",
            )
        return answer

    def _is_listed(self, bucket: dict[str, Any]) -> bool:
        return bool(bucket.get("BucketRegion", self.region) == self.region)

    def _candidates(self) -> list[str]:
        return [name for name in self.list_buckets() if name.startswith(_PREFIX)]

    def _settle(self, name: str, owner: str) -> None:
        """Make a bucket and tag it, and wait until S3 agrees with itself about that."""
        client = self._connection.client

        def settle() -> bool | None:
            try:
                super(AWSStorage, self)._settle(name, owner)
                return None if self._is_new(name) else True
            except client.exceptions.ClientError as error:
                if faults.error_code(error) not in _UNSETTLED:
                    raise
            return None

        wait_for(f"The bucket {name}", settle, _PATIENCE)

    def _creation(self) -> dict[str, Any]:
        return {**super()._creation(), "ObjectOwnership": "BucketOwnerEnforced"}

    def _furnish(self, name: str) -> None:
        """Let nobody else in, whatever a policy or an object may say later."""
        self._connection.client.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
