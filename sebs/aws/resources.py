"""The data services of AWS, and what a function must know to reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.aws.nosql import AWSNoSQL
from sebs.aws.storage import AWSStorage
from sebs.errors import StorageError
from sebs.faas.resources import SystemResources

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.aws.config import AWSConfig
    from sebs.benchmark import Benchmark
    from sebs.cache import Cache

_BUCKETS, _TABLES = "buckets", "tables"

#: The SDKs' own variables for where a service is, if not with Amazon
#: (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
_ENDPOINT = "AWS_ENDPOINT_URL"


class AWSSystemResources(SystemResources):
    """S3 buckets and DynamoDB tables.

    Args:
        config: Configuration of the platform.
        clients: The SDK's clients.
        cache_client: The cache.
        docker_client: Of no use here.
    """

    def __init__(
        self,
        config: AWSConfig,
        clients: Clients,
        cache_client: Cache,
        docker_client: Any = None,
    ) -> None:
        super().__init__(config, cache_client, docker_client)
        self._endpoints = config.endpoints
        self._storage = AWSStorage(clients, cache_client, config.resources)
        self._nosql = AWSNoSQL(clients, cache_client, config.resources)

    def get_storage(self, replace_existing: bool | None = None) -> AWSStorage:
        """Return the object storage.

        Args:
            replace_existing: Whether inputs that are there are uploaded again; ``None`` leaves it
                as it is.
        """
        if replace_existing is not None:
            self._storage.replace_existing = replace_existing
        return self._storage

    def get_nosql_storage(self) -> AWSNoSQL:
        """Return the NoSQL storage."""
        return self._nosql

    def function_environment(self, benchmark: Benchmark) -> dict[str, str]:
        """Return the variables with which a benchmark's function knows whose it is, and its data.

        There is no secret among them. They depend on the deployment, the benchmark and the
        endpoints alone; where Amazon's own are used nothing is said of them.
        """
        endpoints = {
            _ENDPOINT: self._endpoints.url,
            f"{_ENDPOINT}_S3": self._endpoints.by_service.get("s3"),
            f"{_ENDPOINT}_DYNAMODB": self._endpoints.by_service.get("dynamodb"),
        }
        return {
            "SEBS_RESOURCES_ID": self.config.resources.resources_id,
            "SEBS_BENCHMARK": benchmark.benchmark,
            **self._nosql.benchmark_envs(benchmark.benchmark),
            **{name: url for name, url in endpoints.items() if url is not None},
        }

    def allocated(self) -> dict[str, list[str]]:
        """Return the names of everything that this deployment allocated, by kind."""
        return {_BUCKETS: self._storage.allocated(), _TABLES: self._nosql.allocated()}

    def remove(self, kind: str, name: str) -> None:
        """Delete one of the things that :meth:`allocated` lists, with all that is in it.

        Raises:
            StorageError: It is not this deployment's, or is gone already.
        """
        service: AWSStorage | AWSNoSQL
        service = self._storage if kind == _BUCKETS else self._nosql
        if kind not in (_BUCKETS, _TABLES) or not service.owns(name):
            raise StorageError(f"{name!r} is none of this deployment's {kind}.")
        if kind == _BUCKETS:
            self._storage.remove_bucket(name)
        else:
            self._nosql.remove_table(name)
