"""Configuration of the local platform."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.errors import ConfigurationError, UnsupportedOperationError
from sebs.faas.config import Config, Credentials, Resources
from sebs.faas.plain_config import PlainCredentials, PlainResources
from sebs.local.gateway.functions import Scaling

if TYPE_CHECKING:
    from sebs.cache import Cache

NAME = "local"


class LocalConfig(Config):
    """Where the platform keeps everything, and how its functions scale.

    Args:
        home: Directory of the platform, absolute.
        resources: The deployment's resource id and buckets.
        scaling: What every function is configured with.
        region: A name for this machine, in results.
    """

    def __init__(
        self,
        home: Path,
        resources: Resources,
        scaling: Scaling | None = None,
        region: str = NAME,
    ) -> None:
        super().__init__(NAME)
        self.home = home
        self.scaling = scaling or Scaling()
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
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> LocalConfig:
        """Return the configuration from the section ``deployment.local`` and the cache.

        Raises:
            ConfigurationError: Unknown keys or wrong values; all at once, with their paths.
            UnsupportedOperationError: Buckets on an S3 server are wanted.
        """
        from sebs.config_schema import check
        from sebs.local.options import LocalOptions

        if problems := check("deployment.local", LocalOptions, config):
            raise ConfigurationError(
                "The configuration of the local platform cannot be used:", problems=problems
            )
        options = LocalOptions.model_validate(config)
        if options.storage.type != "filesystem":
            raise UnsupportedOperationError(
                f"deployment.local.storage.type: {options.storage.type!r} is not supported yet.",
                remedy="Use 'filesystem'.",
            )
        given = os.path.expanduser(options.home) if options.home else None
        home = Path(given or Path(cache.cache_dir, NAME))
        resources = PlainResources.deserialize({**config, "name": NAME}, cache, handlers)
        return LocalConfig(home.absolute(), resources, options.scaling(), options.region)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**super().serialize(), "home": str(self.home), **asdict(self.scaling)}
