"""Object storage on a service that speaks S3, whoever signed in there.

Buckets carry the tags ``sebs:resource-id`` and ``sebs:version``, by which they are found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from sebs.errors import (
    BucketNameTakenError,
    BucketNotFoundError,
    ObjectNotFoundError,
    SebsError,
    StorageError,
)
from sebs.faas import tags
from sebs.s3.buckets import OwnedStorage
from sebs.s3.connection import CONNECTIONS, Connection, error_code
from sebs.s3.names import check_key, is_bucket_name
from sebs.sebs_types import StorageBucketType
from sebs.utils import is_text

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.faas.config import Resources

#: Objects that one request may delete
#: (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
_MOST_DELETED = 1000

#: Buckets in one answer
#: (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html).
_PAGE = 1000

#: The region that has no name as the place of a new bucket.
_NAMELESS_REGION = "us-east-1"

#: Answers about what is not there.
_NO_BUCKET = ("NoSuchBucket",)
_NO_OBJECT = ("NoSuchKey", "404")

#: Answers about a bucket without tags.
_UNTAGGED = ("NoSuchTagSet", "NoSuchTagSetError")

#: Answers about a bucket that exists and is none of ours: it is not to be read, or is elsewhere.
_FOREIGN = ("AccessDenied", "PermanentRedirect", "AuthorizationHeaderMalformed")


class S3Storage(OwnedStorage):
    """Buckets and objects, through the SDK.

    What the connection says of errors is raised by every operation, besides the errors named.

    Args:
        connection: Has the client, and knows what its errors mean.
        region: Region of the buckets.
        cache_client: The cache.
        resources: The deployment's resources.
        replace_existing: Whether inputs that are there are uploaded again.
    """

    def __init__(
        self,
        connection: Connection,
        region: str,
        cache_client: Cache,
        resources: Resources,
        replace_existing: bool = False,
    ) -> None:
        super().__init__(region, cache_client, resources, replace_existing)
        self._connection = connection

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over {self._connection!r}>"

    def owner(self, bucket_name: str) -> str | None:
        """Return the resource id of the deployment that made a bucket; ``None`` without one.

        A bucket whose tags we may not read is somebody else's.
        """
        if not is_bucket_name(bucket_name):
            return None
        client = self._connection.client
        with self._explained(f"The tags of the bucket {bucket_name}", bucket_name):
            try:
                tag_set = client.get_bucket_tagging(Bucket=bucket_name)["TagSet"]
            except client.exceptions.ClientError as error:
                code = error_code(error)
                if code in _FOREIGN:
                    self.logging.warning(
                        "Whose bucket %s is cannot be read (%s); it is left alone.",
                        bucket_name,
                        code,
                    )
                elif code not in (*_UNTAGGED, *_NO_BUCKET):
                    raise
                return None
        return tags.owner(tag_set)

    def _owners(self, names: Sequence[str]) -> dict[str, str | None]:
        # Each costs a round trip; the client is made by one thread, before there are others.
        _ = self._connection.client
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return dict(zip(names, pool.map(self.owner, names), strict=True))

    def allocated(self) -> list[str]:
        """Return the sorted buckets that belong to this deployment, also those half made."""
        own = super().allocated()
        return sorted([*own, *filter(self._is_abandoned, self._own_names().difference(own))])

    def owns(self, bucket_name: str) -> bool:
        """Return whether a bucket belongs to this deployment, be it half made."""
        return super().owns(bucket_name) or self._is_abandoned(bucket_name)

    def _own_names(self) -> set[str]:
        name_of = self._cloud_resources.get_storage_bucket_name
        return {self.correct_name(name_of(bucket_type)) for bucket_type in StorageBucketType}

    def _is_abandoned(self, name: str) -> bool:
        """Return whether a bucket has our name and nothing else: its maker came no further."""
        if name not in self._own_names():
            return False
        try:
            with self._explained(f"The bucket {name}", name):
                return self._is_new(name)
        except BucketNotFoundError:
            return False

    def exists_bucket(self, bucket_name: str) -> bool:
        """Return whether a bucket exists.

        Raises:
            StorageError: It exists and cannot be used, or the server does not say.
        """
        if not is_bucket_name(bucket_name):
            return False
        try:
            with self._explained(f"The bucket {bucket_name}", bucket_name):
                self._visit(bucket_name)
        except BucketNotFoundError:
            return False
        return True

    def _visit(self, name: str) -> Any:
        """Ask for as little as possible of a bucket; return the answer."""
        # Not HEAD, whose answer gives no reason.
        return self._connection.client.list_objects_v2(Bucket=name, MaxKeys=1)

    def list_buckets(self, bucket_name: str | None = None) -> list[str]:
        """Return the sorted buckets whose name contains ``bucket_name``; all where ``None``."""
        client = self._connection.client
        with self._explained("The buckets"):
            pages = client.get_paginator("list_buckets").paginate(
                PaginationConfig={"PageSize": _PAGE}
            )
            buckets = [bucket for page in pages for bucket in page.get("Buckets", [])]
        names = (bucket["Name"] for bucket in buckets if self._is_listed(bucket))
        return sorted(name for name in names if (bucket_name or "") in name)

    def _is_listed(self, bucket: dict[str, Any]) -> bool:
        """Return whether a bucket that the account has is one of this storage."""
        return True

    def _make_bucket(self, name: str, owner: str) -> None:
        with self._explained(f"The bucket {name}", name):
            self._settle(name, owner)

    def _settle(self, name: str, owner: str) -> None:
        """Make a bucket and tag it; one without tags and content is what a killed maker left."""
        client = self._connection.client
        try:
            client.create_bucket(Bucket=name, **self._creation())
        except client.exceptions.BucketAlreadyExists:
            raise BucketNameTakenError(
                f"The bucket {name} belongs to another account.", remedy="Use another name."
            ) from None
        except client.exceptions.BucketAlreadyOwnedByYou:
            pass
        # Where it was ours already some servers answer as if it were new.
        if self._is_new(name):
            self._furnish(name)
            # Last, since what has tags is taken to be whole.
            client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags.tag_list(owner)})

    def _creation(self) -> dict[str, Any]:
        """Return with which arguments a bucket is created, besides its name."""
        if self.region == _NAMELESS_REGION:
            return {}
        return {"CreateBucketConfiguration": {"LocationConstraint": self.region}}

    def _furnish(self, name: str) -> None:
        """Set what a new bucket needs besides its tags; by default nothing."""

    def _is_new(self, name: str) -> bool:
        client = self._connection.client
        try:
            if client.get_bucket_tagging(Bucket=name)["TagSet"]:
                return False
        except client.exceptions.ClientError as error:
            if error_code(error) not in _UNTAGGED:
                raise
        return not self._visit(name).get("KeyCount")

    def upload(self, bucket_name: str, filepath: str, key: str) -> None:
        """Write a file to an object; a large one in parts, several at once.

        Raises:
            BucketNotFoundError: No such bucket.
            UnsafePathError: The key would leave the bucket.
            StorageError: The file cannot be read, or the object not be written.
        """
        with self._object(bucket_name, key) as client, open(filepath, "rb") as source:
            client.upload_fileobj(source, bucket_name, key)

    def download(self, bucket_name: str, key: str, filepath: str) -> None:
        """Write an object to a file; a large one in parts, several at once.

        Raises:
            BucketNotFoundError: No such bucket.
            ObjectNotFoundError: No such object.
            UnsafePathError: The key would leave the bucket.
            StorageError: The object cannot be read, or the file not be written.
        """
        try:
            with self._object(bucket_name, key) as client:
                client.download_file(bucket_name, key, filepath)
        except ObjectNotFoundError:
            # A download begins with HEAD, whose answer does not say which of the two is missing.
            if not self.exists_bucket(bucket_name):
                raise BucketNotFoundError(f"There is no bucket {bucket_name!r}.") from None
            raise

    def list_bucket(self, bucket_name: str, prefix: str = "") -> list[str]:
        """Return the keys in a bucket that start with a prefix, in the order of their UTF-8.

        Raises:
            BucketNotFoundError: No such bucket.
        """
        with self._bucket(bucket_name) as client:
            if not is_text(prefix):
                return []
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket_name, Prefix=prefix
            )
            return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))

    def clean_bucket(self, bucket_name: str) -> None:
        """Delete all objects of a bucket, in all their versions and parts, and keep it.

        Raises:
            BucketNotFoundError: No such bucket.
        """
        with self._bucket(bucket_name) as client:
            # All of them first: some servers lose their place in a list that gets shorter.
            versions = iter(list(_versions(client, bucket_name)))
            while batch := list(islice(versions, _MOST_DELETED)):
                wanted = {"Objects": batch, "Quiet": True}
                answer = client.delete_objects(Bucket=bucket_name, Delete=wanted)
                for fault in answer.get("Errors", []):
                    raise StorageError(
                        f"The object {fault.get('Key')} in {bucket_name} cannot be deleted: "
                        f"{fault.get('Code')}: {fault.get('Message')}"
                    )
            for upload in _unfinished(client, bucket_name):
                client.abort_multipart_upload(Bucket=bucket_name, **upload)

    def remove_bucket(self, bucket_name: str) -> None:
        """Delete a bucket and all that is in it.

        Raises:
            BucketNotFoundError: No such bucket.
        """
        self.clean_bucket(bucket_name)
        with self._bucket(bucket_name) as client:
            client.delete_bucket(Bucket=bucket_name)

    def _check_key(self, key: str) -> None:
        """Refuse a key that the functions' side could not use.

        Raises:
            UnsafePathError: It is such a key.
        """
        check_key(key)

    @contextmanager
    def _bucket(self, name: str) -> Iterator[Any]:
        """Yield the client to do something with a bucket that exists."""
        if not is_bucket_name(name):
            raise BucketNotFoundError(f"There is no bucket {name!r}.")
        client = self._connection.client
        with self._explained(f"The bucket {name}", name):
            yield client

    @contextmanager
    def _object(self, bucket: str, key: str) -> Iterator[Any]:
        """Yield the client to do something with an object in a bucket that exists."""
        self._check_key(key)
        with (
            self._bucket(bucket) as client,
            self._explained(f"The object {key} in {bucket}", bucket, key),
        ):
            yield client

    @contextmanager
    def _explained(self, what: str, bucket: str = "", key: str = "") -> Iterator[None]:
        """Say of what anybody complains.

        Args:
            what: What was done something with, for the message.
            bucket: The bucket that must exist.
            key: The object in it that must exist.

        Raises:
            BucketNotFoundError: The service has no such bucket.
            ObjectNotFoundError: The bucket has no such object.
            StorageError: A file of this machine cannot be used, or a transfer broke off.
            SebsError: Anything else is the connection's to say.
        """
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import ClientError

        with self._connection.explained(what):
            try:
                yield
            except SebsError:
                raise
            except ClientError as error:
                code = error_code(error)
                if code in _NO_BUCKET:
                    raise BucketNotFoundError(f"There is no bucket {bucket!r}.") from error
                if key and code in _NO_OBJECT:
                    raise ObjectNotFoundError(
                        f"The bucket {bucket} has no object {key!r}."
                    ) from error
                raise
            except Boto3Error as error:
                raise StorageError(f"{what}: {error}") from error
            except OSError as error:
                reason = error.strerror or error
                raise StorageError(f"{what}: {reason} ({error.filename}).") from error


def _versions(client: Any, bucket: str) -> Iterator[dict[str, str]]:
    """Yield every version and every deletion mark of every object."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        entries: Iterable[dict[str, Any]]
        for entries in (page.get("Versions", []), page.get("DeleteMarkers", [])):
            for entry in entries:
                yield {"Key": entry["Key"], "VersionId": entry["VersionId"]}


def _unfinished(client: Any, bucket: str) -> Iterator[dict[str, str]]:
    """Yield the uploads that began and did not end; their parts take room."""
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for entry in page.get("Uploads", []):
            yield {"Key": entry["Key"], "UploadId": entry["UploadId"]}
