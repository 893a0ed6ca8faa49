"""Configuration of AWS: region, credentials, endpoints, and what the deployment has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sebs.aws.endpoints import Endpoints
from sebs.errors import ConfigurationError, Problem
from sebs.faas.config import Config, Credentials, Resources, SignIn

if TYPE_CHECKING:
    from sebs.aws.options import AWSOptions
    from sebs.cache import Cache

NAME = "aws"

#: Where a server is that runs functions on this machine.
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """An access key that the configuration gave; never serialized, never shown."""

    access_key: str
    secret_key: str
    session_token: str | None = None

    def reveal(self) -> tuple[str, str, str | None]:
        """Return the three in the order in which the SDK takes them."""
        return self.access_key, self.secret_key, self.session_token


class AWSCredentials(Credentials):
    """How we sign in; only the number of the account is ever written down.

    Args:
        access_key: An access key; ``None`` leaves everything to the SDK's default chain.
        secret_key: Its secret.
        session_token: The token of temporary credentials.
        profile: Profile of the SDK's configuration.
        role_arn: A role that is assumed with what was found.
        external_id: What the role's owner asks for.
    """

    def __init__(
        self,
        access_key: str | None = None,
        secret_key: str | None = None,
        session_token: str | None = None,
        *,
        profile: str | None = None,
        role_arn: str | None = None,
        external_id: str | None = None,
    ) -> None:
        super().__init__()
        self.keys = (
            Keys(access_key, secret_key, session_token) if access_key and secret_key else None
        )
        self.profile = profile
        self.role_arn = role_arn
        self.external_id = external_id
        #: The account; ``None`` until AWS was asked, or the cache remembered.
        self.account_id: str | None = None

    @staticmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> AWSCredentials:
        """Return what the section's ``credentials`` says; the account is the cache's.

        Raises:
            ConfigurationError: Unknown keys, or half a pair.
        """
        options = _options(config).credentials
        secrets = (
            None if value is None else value.get_secret_value()
            for value in (options.access_key, options.secret_key, options.session_token)
        )
        credentials = AWSCredentials(
            *secrets,
            profile=options.profile,
            role_arn=options.role_arn,
            external_id=options.external_id,
        )
        cached = (cache.get_config(NAME) or {}).get("credentials") or {}
        credentials.account_id = cached.get("account_id")
        return credentials

    def serialize(self) -> dict[str, Any]:
        """Return the account's number, once it is known."""
        return {} if self.account_id is None else {"account_id": self.account_id}


class AWSResources(Resources):
    """What a deployment has: resource id, buckets, and what the user gave it to use.

    Args:
        lambda_role: ARN of a role for the functions that exists; ``None``: one is made.
        container_repository: An ECR repository that exists; ``None``: one is made.
        use_function_url: Whether HTTP triggers are function URLs; else they are HTTP APIs.
        is_public: Whether HTTP triggers let everybody in.
    """

    def __init__(
        self,
        lambda_role: str | None = None,
        container_repository: str | None = None,
        use_function_url: bool = True,
        is_public: bool = False,
    ) -> None:
        super().__init__(NAME)
        self.lambda_role = lambda_role
        self.container_repository = container_repository
        self.use_function_url = use_function_url
        self.is_public = is_public

    @staticmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> AWSResources:
        """Return what the section's ``resources`` gives, else what the cache remembers.

        Raises:
            ConfigurationError: Unknown keys or wrong values.
        """
        section = _options(config)
        options = section.resources
        resources = AWSResources(
            options.lambda_role or section.lambda_role,
            options.container_repository,
            options.use_function_url,
            options.function_url_auth_type == "NONE",
        )
        given = {"resources_id": options.resources_id, "storage_buckets": options.storage_buckets}
        given = {key: value for key, value in given.items() if value}
        cached = (cache.get_config(NAME) or {}).get("resources") or {}
        # Another resource id is another deployment, whose buckets the cache does not know.
        same = options.resources_id in (None, cached.get("resources_id"))
        Resources.initialize(resources, {**(cached if same else {}), **given})
        resources.remembered = resources.has_resources_id and options.resources_id is None
        return resources


class AWSConfig(Config):
    """Everything that the section ``deployment.aws`` says.

    Args:
        credentials: How we sign in.
        resources: What the deployment has.
        region: Where functions are deployed.
        endpoints: Where the services are, if not with Amazon.
        log_format: ``Text`` or ``JSON``, how functions write their log.
        base_images: Images that images of functions are built upon, by language.
    """

    def __init__(
        self,
        credentials: AWSCredentials,
        resources: AWSResources,
        region: str = "us-east-1",
        endpoints: Endpoints | None = None,
        log_format: str = "Text",
        base_images: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(NAME)
        self._credentials = credentials
        self._resources = resources
        self._region = region
        self.endpoints = endpoints or Endpoints()
        self.log_format = log_format
        self.base_images = dict(base_images or {})
        resources.region = region

    @property
    def credentials(self) -> AWSCredentials:
        """How we sign in."""
        return self._credentials

    @property
    def resources(self) -> AWSResources:
        """What the deployment has."""
        return self._resources

    @staticmethod
    def problems(section: Mapping[str, Any]) -> list[Problem]:
        """Return everything that is wrong with the section ``deployment.aws``."""
        from sebs.aws import options

        return options.problems(section)

    @staticmethod
    def sign_in() -> SignIn:
        """Return where the SDK's default chain would find credentials on this machine."""
        from sebs.aws.presence import find_credentials

        return find_credentials(os.environ)

    @staticmethod
    def left_to_environment(section: Mapping[str, Any]) -> dict[str, Any]:
        """Return the region, and the endpoints that the SDK's variables give.

        Raises:
            ConfigurationError: There is no region.
        """
        options = _options(dict(section))
        found: dict[str, Any] = {}
        if options.region is None:
            found["region"] = _default_region(options.credentials.profile)
        if options.endpoint_url is None:  # else the SDK does not look at its variables
            given = Endpoints.of_environment(os.environ)
            unsaid = set(given.by_service) - set(options.endpoint_urls)
            found["endpoint_url"] = given.url
            found["endpoint_urls"] = {service: given.by_service[service] for service in unsaid}
        return {key: value for key, value in found.items() if value}

    @staticmethod
    def deserialize(config: dict[str, Any], cache: Cache, handlers: Any) -> AWSConfig:
        """Return the configuration from the section ``deployment.aws`` and the cache.

        Raises:
            ConfigurationError: Unknown keys or wrong values; all at once, with their paths. Or no
                region, neither here nor where the SDK looks for one.
        """
        if found := AWSConfig.problems(config):
            raise ConfigurationError("The configuration of AWS cannot be used:", problems=found)
        options = _options(config)
        return AWSConfig(
            AWSCredentials.deserialize(config, cache, handlers),
            AWSResources.deserialize(config, cache, handlers),
            options.region or _default_region(options.credentials.profile),
            options.endpoints(),
            options.log_format,
            {str(language): image for language, image in options.base_images.items()},
        )

    def client_address(self) -> str:
        """Return the loopback address, if that is where Lambda is.

        Raises:
            UsageError: It is elsewhere.
        """
        host = urlsplit(self.endpoints.of("lambda") or "").hostname
        return "127.0.0.1" if host in _LOOPBACK else super().client_address()

    def largest_event(self, trigger: str) -> int | None:
        """Return Lambda's limit of a synchronous event; an object of the storage has none."""
        from sebs.aws.invocation import LARGEST_EVENT

        return None if trigger == "storage" else LARGEST_EVENT

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values, nothing secret."""
        return {
            **super().serialize(),
            "endpoint_url": self.endpoints.url,
            "endpoint_urls": dict(self.endpoints.by_service),
            "log_format": self.log_format,
        }


def _options(config: dict[str, Any]) -> AWSOptions:
    from sebs.aws.options import AWSOptions

    return AWSOptions.model_validate(dict(config))


def _default_region(profile: str | None) -> str:
    """Return the region where the SDK looks for one: the environment, then its configuration."""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if region := os.environ.get(variable):
            return region
    from botocore.exceptions import ProfileNotFound
    from botocore.session import Session

    try:
        region = Session(profile=profile).get_config_variable("region")
    except ProfileNotFound:
        region = None  # signing in reports the profile
    if region is None:
        raise ConfigurationError(
            "The configuration of AWS cannot be used:",
            problems=[Problem("deployment.aws.region", "is missing, and the SDK knows no default")],
            remedy="Set it, for example to us-east-1, or set AWS_REGION.",
        )
    return str(region)
