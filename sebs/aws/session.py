"""Signing in: the SDK's default chain, a profile, a pair of keys, an assumed role."""

from __future__ import annotations

from typing import Any

from sebs import log
from sebs.aws.config import AWSCredentials
from sebs.aws.faults import explained
from sebs.errors import (
    ConfigurationError,
    CredentialsError,
    Problem,
    SystemUnavailableError,
)

#: The name under which an assumed role's sessions show in the account's trail.
_SESSION_NAME = "sebs"

#: How to get credentials.
REMEDY = (
    "Sign in with `aws configure` or `aws sso login`, set AWS_PROFILE, set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or name a profile as deployment.aws.credentials.profile."
)


def open_session(region: str, credentials: AWSCredentials, sts_endpoint: str | None) -> Any:
    """Return a session of the SDK that has credentials.

    Args:
        region: Its default region.
        credentials: How we sign in.
        sts_endpoint: Where roles are assumed; ``None`` leaves it to the SDK.

    Raises:
        SystemUnavailableError: The SDK is not installed.
        ConfigurationError: There is no such profile.
        CredentialsError: There are no credentials, or only half of them.
    """
    try:
        import botocore.session
        from boto3.session import Session
    except ImportError as error:
        raise SystemUnavailableError(
            f"AWS Lambda needs a package that is not installed: {error}.",
            remedy="Run: pip install 'sebs-faas[aws]'",
        ) from error
    with explained("Signing in to AWS"):
        core = botocore.session.Session(profile=credentials.profile)
        if credentials.keys is not None:
            core.set_credentials(*credentials.keys.reveal())
        _check_profile(core, credentials.profile)
        if core.get_credentials() is None:
            raise CredentialsError("There are no credentials for AWS.", remedy=REMEDY)
        if credentials.role_arn is not None:
            _assume(core, credentials, region, sts_endpoint)
        _hide(core.get_credentials())
    return Session(botocore_session=core, region_name=region)


def _check_profile(core: Any, profile: str | None) -> None:
    if profile is not None and profile not in core.available_profiles:
        known = ", ".join(core.available_profiles) or "none"
        raise ConfigurationError(
            "The configuration of AWS cannot be used:",
            problems=[
                Problem("deployment.aws.credentials.profile", f"there is no profile {profile!r}")
            ],
            remedy=f"Profiles: {known}.",
        )


def _assume(core: Any, credentials: AWSCredentials, region: str, sts_endpoint: str | None) -> None:
    """Exchange the credentials found for those of a role; the SDK renews them before they end."""
    from botocore.credentials import (
        AssumeRoleCredentialFetcher,
        DeferredRefreshableCredentials,
    )

    def create_client(service: str, **settings: Any) -> Any:
        return core.create_client(
            service, **{**settings, "region_name": region, "endpoint_url": sts_endpoint}
        )

    arguments = {"RoleSessionName": _SESSION_NAME}
    if credentials.external_id is not None:
        arguments["ExternalId"] = credentials.external_id
    fetcher = AssumeRoleCredentialFetcher(
        create_client, core.get_credentials(), credentials.role_arn, extra_args=arguments
    )

    def fetch() -> Any:
        renewed = fetcher.fetch_credentials()
        log.hide(renewed["secret_key"])
        log.hide(renewed["token"])
        return renewed

    core._credentials = DeferredRefreshableCredentials(refresh_using=fetch, method="assume-role")


def _hide(found: Any) -> None:
    """Keep what is secret out of every log line from now on."""
    frozen = found.get_frozen_credentials()
    for secret in (frozen.secret_key, frozen.token):
        if secret:
            log.hide(secret)
