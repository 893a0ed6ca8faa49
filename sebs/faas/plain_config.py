"""A configuration for platforms that need nothing but a region and a resource id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.faas.config import Config, Credentials, Resources

if TYPE_CHECKING:
    from sebs.cache import Cache


class PlainCredentials(Credentials):
    """No credentials at all."""

    @staticmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> PlainCredentials:
        """Return the empty credentials."""
        return PlainCredentials()

    def serialize(self) -> dict[str, Any]:
        """Return nothing, since there is nothing."""
        return {}


class PlainResources(Resources):
    """A resource id and the deployment's buckets."""

    @staticmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> PlainResources:
        """Return what the section's ``resources`` gives, else what the cache remembers."""
        name = config["name"]
        resources = PlainResources(name)
        cached = (cache.get_config(name) or {}).get("resources") or {}
        given = config.get("resources") or {}
        # Another resource id is another deployment, whose buckets the cache does not know.
        same = given.get("resources_id") in (None, cached.get("resources_id"))
        Resources.initialize(resources, {**(cached if same else {}), **given})
        resources.remembered = resources.has_resources_id and not given.get("resources_id")
        return resources


class PlainConfig(Config):
    """Region, no credentials, plain resources; ``options`` keeps the section as it was given."""

    def __init__(self, name: str, resources: Resources, options: dict[str, Any]) -> None:
        super().__init__(name)
        self._resources = resources
        self._credentials = PlainCredentials()
        self.options = options

    @property
    def credentials(self) -> Credentials:
        """No credentials."""
        return self._credentials

    @property
    def resources(self) -> Resources:
        """Resource id and buckets."""
        return self._resources

    @staticmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> PlainConfig:
        """Return the configuration from the section; ``name`` in it names the platform."""
        resources = PlainResources.deserialize(config, cache, handlers)
        plain = PlainConfig(config["name"], resources, dict(config))
        Config.initialize(plain, config)
        resources.region = plain.region
        return plain
