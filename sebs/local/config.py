"""Configuration of the local platform."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import ConfigurationError, Problem, UsageError
from sebs.faas.config import Config, Credentials, Resources
from sebs.faas.plain_config import PlainCredentials, PlainResources
from sebs.local.gateway.functions import NO_NETWORK, Scaling

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.local.containers import ContainerOptions
    from sebs.s3.connection import S3Endpoint

NAME = "local"

LOOPBACK = "127.0.0.1"

#: The engine's network that is this machine's own.
HOST_NETWORK = "host"

_log = logging.getLogger("sebs.LocalConfig")


class LocalConfig(Config):
    """Where the platform keeps everything, and how its functions scale.

    Args:
        home: Directory of the platform, absolute.
        resources: The deployment's resource id and buckets.
        scaling: What every function is configured with.
        region: A name for this machine, in results.
        s3: The server that buckets are on; ``None`` where they are files below ``home``.
        containers: How environments are containers; ``None`` where they are processes.
    """

    def __init__(
        self,
        home: Path,
        resources: Resources,
        scaling: Scaling | None = None,
        region: str = NAME,
        s3: S3Endpoint | None = None,
        containers: ContainerOptions | None = None,
    ) -> None:
        super().__init__(NAME)
        self.home = home
        self.scaling = scaling or Scaling()
        self.s3 = s3
        self.containers = containers
        self._region = region
        self._resources = resources
        self._credentials = PlainCredentials()
        resources.region = region

    @property
    def credentials(self) -> Credentials:
        """None: the machine's user is the only one."""
        return self._credentials

    @property
    def resources(self) -> Resources:
        """Resource id and buckets."""
        return self._resources

    @staticmethod
    def problems(section: Mapping[str, Any]) -> list[Problem]:
        """Return everything that is wrong with the section ``deployment.local``."""
        from sebs.local import options

        return options.problems(section)

    @staticmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> LocalConfig:
        """Return the configuration from the section ``deployment.local`` and the cache.

        Raises:
            ConfigurationError: Unknown keys or wrong values; all at once, with their paths.
        """
        from sebs.local.options import LocalOptions

        if found := LocalConfig.problems(config):
            raise ConfigurationError(
                "The configuration of the local platform cannot be used:", problems=found
            )
        options = LocalOptions.model_validate(config)
        if ignored := options.storage.of_sebs():
            _log.warning(
                "deployment.local.storage: %s is SeBS's, and starts containers; not used here.",
                " and ".join(ignored),
            )
        given = os.path.expanduser(options.home) if options.home else None
        home = Path(given or Path(cache.cache_dir, NAME))
        resources = PlainResources.deserialize({**config, "name": NAME}, cache, handlers)
        return LocalConfig(
            home.absolute(),
            resources,
            options.scaling(),
            options.region,
            options.s3_endpoint(),
            options.containers(),
        )

    def client_address(self) -> str:
        """Return the address of the loopback interface, if functions are in its network.

        Raises:
            UsageError: They are in another one, or in none.
        """
        if self.containers is None or self.containers.network == HOST_NETWORK:
            return LOOPBACK
        network = self.containers.network
        remedy = "Set deployment.local.network to 'host'."
        if network != NO_NETWORK:
            remedy = (
                "Name this machine's address in it with --peer-address, in 'bridge' usually "
                "172.17.0.1, or set deployment.local.network to 'host'."
            )
        raise UsageError(
            f"Containers in the network {network!r} do not reach this machine's loopback address.",
            remedy=remedy,
        )

    def largest_event(self, trigger: str) -> int | None:
        """Return how many bytes the body of a request may have: ``max_request``."""
        return self.scaling.max_request

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values, nothing secret."""
        place = {"type": "filesystem"}
        if self.s3 is not None:
            s3 = asdict(self.s3)
            place = {"type": "s3", "endpoint": s3.pop("url"), **s3}
        return {
            **super().serialize(),
            "home": str(self.home),
            "storage": place,
            "sandbox": "process" if self.containers is None else "docker",
            **(self.containers.serialize() if self.containers else {}),
            **asdict(self.scaling),
        }
