"""Configuration of a platform: region, credentials, resources.

``Config.deserialize`` merges what the user gave with what the cache holds and what the platform's
SDK finds by itself. What is written back to the cache never contains a secret.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sebs.errors import ConfigurationError, Problem, UsageError
from sebs.sebs_types import StorageBucketType as BucketType
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.cache import Cache


class Credentials(ABC, LoggingBase):
    """How a deployment authenticates.

    Only identifiers, such as an account's number, may be serialized. Where the platform has an SDK,
    its default credential chain comes first.
    """

    @staticmethod
    @abstractmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> Credentials:
        """Return the credentials that the configuration, the cache or the environment gives.

        Raises:
            ConfigurationError: None are found, or a part is missing.
        """

    @abstractmethod
    def serialize(self) -> dict[str, Any]:
        """Return what may be cached: identifiers, nothing secret."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} (hidden)>"


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a machine has to sign in with; whether it is good for that, the platform alone knows.

    Attributes:
        found: Where credentials were found; empty where there are none.
        remedy: How to get some; empty where some were found.
    """

    found: str
    remedy: str = ""


class Resources(ABC, LoggingBase):
    """What a deployment allocated on its platform.

    Everything a deployment creates carries its resource id, and is found again by it.

    Args:
        name: Key of the platform, such as ``aws``.
    """

    #: What a bucket of the deployment is for.
    StorageBucketType: TypeAlias = BucketType

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._region = ""
        self._buckets: dict[BucketType, str] = {}
        self._resources_id: str | None = None
        #: Whether the cache gave the resource id; another prefix that is asked for wins over it.
        self.remembered = False

    @property
    def resources_id(self) -> str:
        """Identifier of the deployment: ``[prefix-]<8 hex>``.

        Raises:
            ConfigurationError: None has been settled yet.
        """
        if self._resources_id is None:
            raise ConfigurationError(
                f"The {self._name} deployment has no resource id yet.",
                remedy="Call initialize_resources() first.",
            )
        return self._resources_id

    @resources_id.setter
    def resources_id(self, resources_id: str | None) -> None:
        """``None`` takes it back, with the buckets that belong to it: then none is settled."""
        self._resources_id = resources_id
        self.remembered = False
        if resources_id is None:
            self._buckets.clear()

    @property
    def has_resources_id(self) -> bool:
        """Whether a resource id has been settled."""
        return self._resources_id is not None

    @property
    def region(self) -> str:
        """Region in which the resources are."""
        return self._region

    @region.setter
    def region(self, region: str) -> None:
        self._region = region

    def get_storage_bucket(self, bucket_type: BucketType) -> str | None:
        """Return the name of a bucket that exists, or ``None``."""
        return self._buckets.get(bucket_type)

    def set_storage_bucket(self, bucket_type: BucketType, name: str) -> None:
        """Remember the name of a bucket that exists."""
        self._buckets[bucket_type] = name

    def get_storage_bucket_name(self, bucket_type: BucketType) -> str:
        """Return the name that a bucket of that type gets."""
        return f"sebs-{bucket_type.value}-{self.resources_id}"

    @staticmethod
    @abstractmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> Resources:
        """Return the resources that the configuration and the cache know."""

    @staticmethod
    def initialize(res: Resources, dct: dict[str, Any]) -> None:
        """Take over what :meth:`serialize` wrote."""
        if dct.get("resources_id"):
            res.resources_id = str(dct["resources_id"])
        for key, name in (dct.get("storage_buckets") or {}).items():
            res.set_storage_bucket(BucketType.deserialize(key), name)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        out: dict[str, Any] = {}
        if self._resources_id is not None:
            out["resources_id"] = self._resources_id
        if self._buckets:
            out["storage_buckets"] = {key.value: name for key, name in self._buckets.items()}
        return out

    def update_cache(self, cache: Cache) -> None:
        """Write the resources to the cache, under the platform's key."""
        for key, value in self.serialize().items():
            cache.update_config(val=value, keys=[self._name, "resources", key])


class Config(ABC, LoggingBase):
    """Configuration of one platform.

    Args:
        name: Key of the platform, such as ``aws``.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._region = ""

    @property
    def name(self) -> str:
        """Key of the platform."""
        return self._name

    @property
    def region(self) -> str:
        """Region in which functions are deployed."""
        return self._region

    @property
    @abstractmethod
    def credentials(self) -> Credentials:
        """How the deployment authenticates."""

    @property
    @abstractmethod
    def resources(self) -> Resources:
        """What the deployment allocated."""

    @staticmethod
    def initialize(cfg: Config, dct: dict[str, Any]) -> None:
        """Take over what every platform's section holds: the region."""
        cfg._region = str(dct.get("region", ""))

    @staticmethod
    @abstractmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> Config:
        """Return the configuration from the user's section and the cache.

        Raises:
            ConfigurationError: A value is missing or wrong; all problems at once.
        """

    @staticmethod
    def problems(section: Mapping[str, Any]) -> list[Problem]:
        """Return everything that is wrong with the user's section; by default nothing is known.

        So that it is told together with what is wrong elsewhere in the configuration.
        """
        return []

    @staticmethod
    def sign_in() -> SignIn | None:
        """Return what this machine has to sign in with; ``None``, by default: nobody need do that.

        It is called for lists of platforms: nothing heavy is loaded, and nobody is asked.
        """
        return None

    @staticmethod
    def left_to_environment(section: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the section does not say, with the values that the environment gives now.

        So that a function is found again where that environment is another one: regions and
        endpoints, nothing secret, and nothing by default.

        Args:
            section: The platform's section, which has been checked.
        """
        return {}

    def client_address(self) -> str:
        """Return the address at which functions reach the machine that invokes them.

        Raises:
            UsageError: It is not known, as by default.
        """
        raise UsageError(
            f"It is not known at which address functions on {self._name} reach this machine.",
            remedy="Name it with --peer-address HOST, or HOST:PORT where only that port is open.",
        )

    def largest_event(self, trigger: str) -> int | None:
        """Return how many bytes the body of a request may have; ``None`` where nobody says.

        Args:
            trigger: Key of the trigger type.
        """
        return None

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values, nothing secret."""
        return {
            "name": self._name,
            "region": self._region,
            "credentials": self.credentials.serialize(),
            "resources": self.resources.serialize(),
        }

    def update_cache(self, cache: Cache) -> None:
        """Write the configuration to the cache, under the platform's key."""
        cache.update_config(val=self._region, keys=[self._name, "region"])
        for key, value in self.credentials.serialize().items():
            cache.update_config(val=value, keys=[self._name, "credentials", key])
        self.resources.update_cache(cache)


def new_resources_id(prefix: str | None = None) -> str:
    """Return a fresh resource id, ``[prefix-]<8 hex>``."""
    unique = uuid.uuid4().hex[:8]
    return f"{prefix}-{unique}" if prefix else unique
