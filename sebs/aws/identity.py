"""Whether the region exists, and whose account it is."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sebs.aws.config import NAME
from sebs.aws.faults import explained
from sebs.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.aws.config import AWSConfig, AWSCredentials
    from sebs.cache import Cache


def sign_in(clients: Clients, credentials: AWSCredentials) -> None:
    """Make sure that the region exists and that the credentials are good.

    Raises:
        ConfigurationError: There is no such profile or region, or the cache has another account.
        CredentialsError: There are no credentials, half of them, or AWS does not accept them.
        PlatformUnreachableError: AWS cannot be reached.
    """
    check_region(clients)
    check_account(clients, credentials)


def check_region(clients: Clients) -> None:
    """Make sure that Amazon has the region; another server may call it as it likes.

    Raises:
        ConfigurationError: There is none of that name; the message has the nearest.
        CredentialsError: Signing in failed.
    """
    if clients.endpoints.of("lambda") is not None:
        return
    session = clients.session
    known = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition_name=partition)
    }
    if clients.region in known:
        return
    near = difflib.get_close_matches(clients.region, known, n=3)
    raise ConfigurationError(
        "The configuration of AWS cannot be used:",
        problems=[
            Problem("deployment.aws.region", f"AWS Lambda is in no region {clients.region!r}")
        ],
        remedy=f"Did you mean {' or '.join(near)}?" if near else "For example: us-east-1.",
    )


def check_account(clients: Clients, credentials: AWSCredentials) -> None:
    """Learn whose account it is, by which the credentials are tried.

    Raises:
        ConfigurationError: What the cache remembers belongs to another account.
        CredentialsError: There are no credentials, half of them, or AWS does not accept them.
        PlatformUnreachableError: AWS cannot be reached.
    """
    with explained("Signing in to AWS"):
        account = str(clients.control("sts").get_caller_identity()["Account"])
    remembered = credentials.account_id
    if remembered is not None and remembered != account:
        raise ConfigurationError(
            f"The credentials are those of the account {account}; the cache holds a deployment of "
            f"the account {remembered}.",
            remedy="Sign in to that account, or use another cache: --cache DIR.",
        )
    credentials.account_id = account


def remembered_deployment(cache: Cache) -> tuple[str | None, str | None]:
    """Return resource id and region of the deployment that the cache remembers, if any."""
    known = cache.get_config(NAME) or {}
    return (known.get("resources") or {}).get("resources_id"), known.get("region")


def check_place(config: AWSConfig, remembered: tuple[str | None, str | None]) -> None:
    """Make sure that a deployment stays in its region.

    Roles are known to all regions of an account: a deployment in two regions would have one whose
    policy permits what is in the last.

    Args:
        config: Where functions are to be deployed; its resource id is settled.
        remembered: What :func:`remembered_deployment` returned before it was settled.

    Raises:
        ConfigurationError: The cache has the deployment in another region; the resource id is
            taken back, so that the cache goes on remembering.
    """
    resources_id, region = remembered
    if resources_id and region and _is_elsewhere(config, remembered):
        config.resources.resources_id = None
        raise elsewhere(resources_id, region, config.region)


def may_be_kept(config: AWSConfig, cache: Cache) -> bool:
    """Return whether the cache may remember the deployment as the configuration has it.

    It must be settled. One that the cache has in another region stays there, for whatever reason
    the command ended: signing in may have failed before the region was looked at.
    """
    is_settled = config.resources.has_resources_id
    return is_settled and not _is_elsewhere(config, remembered_deployment(cache))


def _is_elsewhere(config: AWSConfig, remembered: tuple[str | None, str | None]) -> bool:
    resources_id, region = remembered
    is_same = config.resources.resources_id == resources_id
    return is_same and region not in (None, "", config.region)


def elsewhere(resources_id: str, region: str, wanted: str) -> ConfigurationError:
    """Return the error of a deployment that is in one region, and wanted in another."""
    return ConfigurationError(
        "The configuration of AWS cannot be used:",
        problems=[
            Problem(
                "deployment.aws.region",
                f"is {wanted!r}, and the deployment {resources_id} is in {region!r}",
            )
        ],
        remedy="Take its region, or another deployment: --resource-prefix NAME makes one.",
    )
