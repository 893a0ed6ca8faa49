"""The shape of the section ``deployment.local``; apart, since it imports pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from sebs.config_schema import Strict, check
from sebs.errors import Problem
from sebs.local.containers import DEFAULT_IMAGES, ContainerOptions
from sebs.local.gateway.functions import (
    DEFAULT_QUEUE,
    FIXED,
    HALF_LIFE,
    NO_NETWORK,
    REAL,
    Scaling,
)
from sebs.s3.connection import S3Endpoint, endpoint_fault

_SECTION = "deployment.local"
_DEFAULT = Scaling()

#: What servers other than Amazon's take themselves to be, unless they are told otherwise.
_DEFAULT_REGION = "us-east-1"


class StorageOptions(Strict):
    """``storage``: where buckets are. Credentials are no part of it: the SDK finds them.

    Attributes:
        type: Files below the platform's directory, or a server that speaks S3.
        endpoint: URL of that server; like the other two, only where there is one.
        region: The region that requests are signed for.
        profile: Profile of the SDK's configuration; ``None`` takes its default.
        object: How SeBS starts its object storage; accepted, and of no use here.
        nosql: How SeBS starts its tables; likewise.
    """

    type: Literal["filesystem", "s3"] = "filesystem"
    endpoint: str | None = None
    region: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]*$")
    profile: str | None = Field(default=None, min_length=1)
    object: dict[str, Any] | None = None
    nosql: dict[str, Any] | None = None

    def of_sebs(self) -> list[str]:
        """Return the names of the parts that mean something to SeBS only."""
        return [name for name in ("object", "nosql") if getattr(self, name) is not None]


class ResourcesOptions(Strict):
    """``resources``: which deployment is taken up."""

    resources_id: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    storage_buckets: dict[str, str] = Field(default_factory=dict)


class ImagesOptions(Strict):
    """``images``: what containers are made from, by language; ``{version}`` is its version."""

    python: str = Field(default=DEFAULT_IMAGES["python"], min_length=1)
    nodejs: str = Field(default=DEFAULT_IMAGES["nodejs"], min_length=1)


class LocalOptions(Strict):
    """The section itself; the scaling options are those of the gateway's ``Scaling``.

    Attributes:
        home: Directory of the platform; ``None`` stands for ``local`` in the cache.
        region: A name for this machine, in results.
        sandbox: Whether environments are processes or containers.
        images: What containers are made from.
        network: Name of the Docker network that containers are in; ``none`` has nothing in it.
        queue: Requests that may wait for an environment; ``false`` or 0 refuses them with 429.
        keep_alive_policy: Whether each idle environment ends after ``keep_alive`` seconds, or half
            of them with every ``keep_alive`` seconds.
        clock: Whether idle time passes by itself, or is moved by ``let_pass`` alone.
    """

    name: Literal["local"] = "local"
    home: str | None = Field(default=None, min_length=1)
    region: str = Field(default="local", min_length=1)
    sandbox: Literal["process", "docker"] = "process"
    images: ImagesOptions = Field(default_factory=ImagesOptions)
    network: str = Field(default=NO_NETWORK, min_length=1)
    max_environments: int = Field(default=_DEFAULT.max_environments, ge=1)
    concurrency: int = Field(default=_DEFAULT.concurrency, ge=1)
    queue: bool | int = Field(default=_DEFAULT.queue, ge=0)
    keep_alive: float = Field(default=_DEFAULT.keep_alive, ge=0, allow_inf_nan=False)
    keep_alive_policy: Literal["fixed", "half-life"] = FIXED
    clock: Literal["real", "virtual"] = REAL
    max_request: int = Field(default=_DEFAULT.max_request, ge=1)
    max_response: int = Field(default=_DEFAULT.max_response, ge=1)
    storage: StorageOptions = Field(default_factory=StorageOptions)
    resources: ResourcesOptions = Field(default_factory=ResourcesOptions)

    def s3_endpoint(self) -> S3Endpoint | None:
        """Return the server that buckets are on; ``None`` where they are files."""
        storage = self.storage
        if storage.endpoint is None:
            return None
        region = storage.region or _DEFAULT_REGION
        return S3Endpoint(storage.endpoint.rstrip("/"), region, storage.profile)

    def containers(self) -> ContainerOptions | None:
        """Return how containers are wanted; ``None`` where environments are processes."""
        if self.sandbox == "process":
            return None
        return ContainerOptions(self.images.model_dump(), self.network)

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
            keep_alive_policy=self.keep_alive_policy,
            clock=self.clock,
            max_request=self.max_request,
            max_response=self.max_response,
        )


def problems(section: Mapping[str, Any]) -> list[Problem]:
    """Return everything that is wrong with the section."""
    if found := check(_SECTION, LocalOptions, section):
        return found
    options = LocalOptions.model_validate(section)
    return [
        *(_storage_problems(options.storage) or _network_problems(options)),
        *_keep_alive_problems(options),
    ]


def _keep_alive_problems(options: LocalOptions) -> list[Problem]:
    """Return what is wrong with a time in which half of the environments are to end."""
    if options.keep_alive_policy != HALF_LIFE or options.keep_alive > 0:
        return []
    return [Problem(f"{_SECTION}.keep_alive", "must be above 0 for the policy 'half-life'")]


def _network_problems(options: LocalOptions) -> list[Problem]:
    """Return what is wrong with a network in which the object storage cannot be reached."""
    isolated = options.sandbox == "docker" and options.network == NO_NETWORK
    if not isolated or options.storage.type != "s3":
        return []
    message = (
        "must be 'bridge' or another network in which containers reach storage.endpoint; "
        "'host' for one on this machine's loopback interface"
    )
    return [Problem(f"{_SECTION}.network", message)]


def _storage_problems(storage: StorageOptions) -> list[Problem]:
    """Return what is wrong with values that depend on one another, or must not be repeated."""
    path = f"{_SECTION}.storage"
    if storage.type == "filesystem":
        return [
            Problem(f"{path}.{name}", "has a meaning for the type 's3' only")
            for name in ("endpoint", "region", "profile")
            if getattr(storage, name) is not None
        ]
    if storage.endpoint is None:
        return [Problem(f"{path}.endpoint", "must be given for the type 's3'")]
    fault = endpoint_fault(storage.endpoint)
    return [Problem(f"{path}.endpoint", fault)] if fault else []
