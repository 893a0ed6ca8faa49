"""Object storage of the toy: buckets in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sebs.cache import Cache
from sebs.errors import BucketNotFoundError, ObjectNotFoundError, UnsupportedOperationError
from sebs.faas.config import Config
from sebs.faas.nosql import NoSQLStorage
from sebs.faas.resources import SystemResources
from sebs.faas.storage import PersistentStorage
from sebs_toy.cloud import Cloud


class ToyStorage(PersistentStorage):
    """Buckets of one region; their names need no correction."""

    def __init__(self, cloud: Cloud, config: Config, cache: Cache, replace_existing: bool) -> None:
        super().__init__(config.region, cache, config.resources, replace_existing)
        self._cloud = cloud

    @staticmethod
    def deployment_name() -> str:
        return "toy"

    def correct_name(self, name: str) -> str:
        return name

    def _create_bucket(
        self, name: str, buckets: Sequence[str] = (), randomize_name: bool = False
    ) -> str:
        if name not in buckets:
            self._cloud.create_bucket(name)
        return name

    def _bucket(self, name: str) -> dict[str, bytes]:
        if name not in self._cloud.buckets:
            raise BucketNotFoundError(f"There is no bucket {name!r}.")
        return self._cloud.buckets[name]

    def upload(self, bucket_name: str, filepath: str, key: str) -> None:
        self._bucket(bucket_name)
        self._cloud.put_object(bucket_name, key, Path(filepath).read_bytes())

    def download(self, bucket_name: str, key: str, filepath: str) -> None:
        bucket = self._bucket(bucket_name)
        if key not in bucket:
            raise ObjectNotFoundError(f"There is no object {key!r} in {bucket_name!r}.")
        Path(filepath).write_bytes(bucket[key])

    def list_bucket(self, bucket_name: str, prefix: str = "") -> list[str]:
        return sorted(key for key in self._bucket(bucket_name) if key.startswith(prefix))

    def list_buckets(self, bucket_name: str | None = None) -> list[str]:
        return [name for name in self._cloud.buckets if (bucket_name or "") in name]

    def exists_bucket(self, bucket_name: str) -> bool:
        return bucket_name in self._cloud.buckets

    def clean_bucket(self, bucket_name: str) -> None:
        self._bucket(bucket_name).clear()

    def remove_bucket(self, bucket_name: str) -> None:
        self._bucket(bucket_name)
        self._cloud.delete_bucket(bucket_name)


class ToyResources(SystemResources):
    """The toy has object storage and no tables."""

    def __init__(self, cloud: Cloud, config: Config, cache: Cache) -> None:
        super().__init__(config, cache)
        self._storage = ToyStorage(cloud, config, cache, replace_existing=False)

    def get_storage(self, replace_existing: bool | None = None) -> PersistentStorage:
        if replace_existing is not None:
            self._storage.replace_existing = replace_existing
        return self._storage

    def get_nosql_storage(self) -> NoSQLStorage:
        raise UnsupportedOperationError("The toy has no NoSQL storage.")
