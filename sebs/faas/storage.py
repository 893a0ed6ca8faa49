"""Object storage of a platform.

Inputs and outputs of all benchmarks share one bucket of the deployment, under a prefix for each
input and each output. Benchmarks written for the first SeBS releases ask for buckets of their own
instead; :meth:`PersistentStorage.allocate_buckets` gives them real ones.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sebs.faas.config import Resources
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.cache import Cache

_BENCHMARKS_BUCKET = re.compile(r"^sebs-benchmarks-(?P<resources_id>.+)$")


class PersistentStorage(ABC, LoggingBase):
    """Buckets and objects of one deployment.

    The abstract operations may be called from several threads at once. :meth:`benchmark_data` and
    :meth:`uploader_func` share the prefixes of the benchmark that was prepared last, so inputs are
    prepared for one benchmark at a time.

    Args:
        region: Region of the buckets.
        cache_client: The cache.
        resources: The deployment's resources; they know its buckets.
        replace_existing: Whether inputs that are there are uploaded again.
    """

    def __init__(
        self, region: str, cache_client: Cache, resources: Resources, replace_existing: bool = False
    ) -> None:
        super().__init__()
        self._region = region
        self._cache_client = cache_client
        self._cloud_resources = resources
        self._replace_existing = replace_existing
        self.input_prefixes: list[str] = []
        self.output_prefixes: list[str] = []
        #: For each input prefix the keys that were below it when it was reserved.
        self.input_prefixes_files: list[list[str]] = []
        #: Whether the benchmark's prefixes were reserved by an earlier run.
        self.cached = False

    @property
    def cache_client(self) -> Cache:
        """The cache."""
        return self._cache_client

    @property
    def region(self) -> str:
        """Region of the buckets."""
        return self._region

    @property
    def replace_existing(self) -> bool:
        """Whether inputs that are there are uploaded again."""
        return self._replace_existing

    @replace_existing.setter
    def replace_existing(self, val: bool) -> None:
        self._replace_existing = val

    @staticmethod
    @abstractmethod
    def deployment_name() -> str:
        """Return the key of the platform."""

    @abstractmethod
    def correct_name(self, name: str) -> str:
        """Return the nearest name that the platform allows for a bucket."""

    @abstractmethod
    def _create_bucket(
        self, name: str, buckets: Sequence[str] = (), randomize_name: bool = False
    ) -> str:
        """Create a bucket, or return the one of ``buckets`` that carries the name.

        Args:
            name: Wanted name.
            buckets: Names of buckets that exist.
            randomize_name: Whether a random suffix may make the name unique.

        Raises:
            StorageError: The platform refused.
        """

    @abstractmethod
    def upload(self, bucket_name: str, filepath: str, key: str) -> None:
        """Write a file to an object.

        Raises:
            BucketNotFoundError: No such bucket.
            UnsafePathError: The key would leave the bucket.
        """

    @abstractmethod
    def download(self, bucket_name: str, key: str, filepath: str) -> None:
        """Write an object to a file.

        Raises:
            BucketNotFoundError: No such bucket.
            ObjectNotFoundError: No such object.
            UnsafePathError: The key would leave the bucket.
        """

    @abstractmethod
    def list_bucket(self, bucket_name: str, prefix: str = "") -> list[str]:
        """Return the sorted keys in a bucket that start with a prefix.

        Raises:
            BucketNotFoundError: No such bucket.
        """

    @abstractmethod
    def list_buckets(self, bucket_name: str | None = None) -> list[str]:
        """Return the buckets whose name contains ``bucket_name``; all where it is ``None``."""

    @abstractmethod
    def exists_bucket(self, bucket_name: str) -> bool:
        """Return whether a bucket exists."""

    @abstractmethod
    def clean_bucket(self, bucket_name: str) -> None:
        """Delete all objects of a bucket, and keep it.

        Raises:
            BucketNotFoundError: No such bucket.
        """

    @abstractmethod
    def remove_bucket(self, bucket_name: str) -> None:
        """Delete a bucket and all that is in it.

        Raises:
            BucketNotFoundError: No such bucket.
        """

    def find_deployments(self) -> list[str]:
        """Return the resource ids of the deployments that have a benchmarks bucket."""
        found = (_BENCHMARKS_BUCKET.match(name) for name in self.list_buckets())
        return [match["resources_id"] for match in found if match]

    def get_bucket(self, bucket_type: Resources.StorageBucketType) -> str:
        """Return the deployment's bucket of that type; it is created where it does not exist."""
        bucket = self._cloud_resources.get_storage_bucket(bucket_type)
        if bucket is not None and self.exists_bucket(bucket):
            return bucket
        name = self.correct_name(self._cloud_resources.get_storage_bucket_name(bucket_type))
        if self._is_settled(name):
            self.logging.info("Using bucket %s.", name)
        else:
            name = self._create_bucket(name)
            self.logging.info("Created bucket %s.", name)
        self._cloud_resources.set_storage_bucket(bucket_type, name)
        return name

    def _is_settled(self, bucket_name: str) -> bool:
        """Return whether a bucket with this deployment's name can be used as it is."""
        return self.exists_bucket(bucket_name)

    def benchmark_data(
        self, benchmark: str, requested_buckets: tuple[int, int]
    ) -> tuple[list[str], list[str]]:
        """Reserve prefixes in the benchmarks bucket for a benchmark's inputs and outputs.

        Args:
            benchmark: Name of the benchmark.
            requested_buckets: How many inputs and how many outputs it has.

        Returns:
            The input prefixes and the output prefixes, without a slash at the end.
        """
        bucket = self.get_bucket(Resources.StorageBucketType.BENCHMARKS)
        inputs, outputs = requested_buckets
        self.input_prefixes = [f"{benchmark}-{index}-input" for index in range(inputs)]
        self.output_prefixes = [f"{benchmark}-{index}-output" for index in range(outputs)]
        self.input_prefixes_files = [
            sorted(self.list_bucket(bucket, f"{prefix}/")) for prefix in self.input_prefixes
        ]
        self.cached = self._remember(benchmark, self.input_prefixes, self.output_prefixes)
        return self.input_prefixes, self.output_prefixes

    def uploader_func(self, path_idx: int, file: str, filepath: str) -> None:
        """Upload one input; an input that is there stays, unless inputs are replaced.

        Args:
            path_idx: Index of the input prefix.
            file: Key below the prefix.
            filepath: The file to upload.
        """
        bucket = self.get_bucket(Resources.StorageBucketType.BENCHMARKS)
        key = f"{self.input_prefixes[path_idx]}/{file}"
        self._upload_input(bucket, key, filepath, self.input_prefixes_files[path_idx])

    def allocate_buckets(
        self, benchmark: str, requested_buckets: tuple[int, int]
    ) -> tuple[list[str], list[str]]:
        """Give a benchmark of the first SeBS releases its own buckets.

        Args:
            benchmark: Name of the benchmark.
            requested_buckets: How many input and how many output buckets it asks for.

        Returns:
            The names of the input and of the output buckets; all of them exist.
        """
        existing = self.list_buckets()
        suffix = self._cloud_resources.resources_id

        def allocate(count: int, kind: str) -> list[str]:
            names = (f"sebs-{benchmark}-{index}-{kind}-{suffix}" for index in range(count))
            return [self._create_bucket(self.correct_name(name), existing) for name in names]

        inputs = allocate(requested_buckets[0], "input")
        outputs = allocate(requested_buckets[1], "output")
        self._remember(benchmark, inputs, outputs)
        return inputs, outputs

    def bucket_uploader(self, buckets: Sequence[str]) -> Callable[[int, str, str], None]:
        """Return an upload function ``(bucket index, key, file)`` for buckets of a benchmark."""
        present = [sorted(self.list_bucket(bucket)) for bucket in buckets]

        def upload(bucket_idx: int, key: str, filepath: str) -> None:
            self._upload_input(buckets[bucket_idx], key, filepath, present[bucket_idx])

        return upload

    def _upload_input(self, bucket: str, key: str, filepath: str, present: Sequence[str]) -> None:
        """Upload an input unless it is there; ``present`` is sorted, and may be long."""
        place = bisect_left(present, key)
        if not self.replace_existing and present[place : place + 1] == [key]:
            self.logging.info("Input %s is in bucket %s already.", key, bucket)
            return
        self.upload(bucket, filepath, key)

    def _remember(self, benchmark: str, inputs: Sequence[str], outputs: Sequence[str]) -> bool:
        """Keep in the cache what a benchmark uses; return whether the cache had it already."""
        config = {"buckets": {"input": list(inputs), "output": list(outputs)}}
        platform = self.deployment_name()
        if self._cache_client.get_storage_config(platform, benchmark) == config:
            return True
        self._cache_client.update_storage(platform, benchmark, config)
        return False
