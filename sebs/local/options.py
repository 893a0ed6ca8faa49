"""The shape of the section ``deployment.local``; apart, since it imports pydantic."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sebs.config_schema import Strict
from sebs.local.gateway.functions import DEFAULT_QUEUE, Scaling

_DEFAULT = Scaling()


class StorageOptions(Strict):
    """``storage``: where buckets are.

    Attributes:
        type: Files below the platform's directory, or a server that speaks S3.
        endpoint: URL of that server.
    """

    type: Literal["filesystem", "s3"] = "filesystem"
    endpoint: str | None = None


class ResourcesOptions(Strict):
    """``resources``: which deployment is taken up."""

    resources_id: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    storage_buckets: dict[str, str] = Field(default_factory=dict)


class LocalOptions(Strict):
    """The section itself; the scaling options are those of the gateway's ``Scaling``.

    Attributes:
        home: Directory of the platform; ``None`` stands for ``local`` in the cache.
        region: A name for this machine, in results.
        queue: Requests that may wait for an environment; ``false`` or 0 refuses them with 429.
    """

    name: Literal["local"] = "local"
    home: str | None = Field(default=None, min_length=1)
    region: str = Field(default="local", min_length=1)
    max_environments: int = Field(default=_DEFAULT.max_environments, ge=1)
    concurrency: int = Field(default=_DEFAULT.concurrency, ge=1)
    queue: bool | int = Field(default=_DEFAULT.queue, ge=0)
    keep_alive: float = Field(default=_DEFAULT.keep_alive, ge=0, allow_inf_nan=False)
    max_request: int = Field(default=_DEFAULT.max_request, ge=1)
    max_response: int = Field(default=_DEFAULT.max_response, ge=1)
    storage: StorageOptions = Field(default_factory=StorageOptions)
    resources: ResourcesOptions = Field(default_factory=ResourcesOptions)

    def scaling(self) -> Scaling:
        """Return what every function of the deployment is configured with."""
        queue = self.queue
        if isinstance(queue, bool):
            queue = DEFAULT_QUEUE if queue else 0
        return Scaling(
            max_environments=self.max_environments,
            concurrency=self.concurrency,
            queue=queue,
            keep_alive=self.keep_alive,
            max_request=self.max_request,
            max_response=self.max_response,
        )
