"""The log groups of functions: made before them, with our tags, and deleted with them.

A function that finds its group needs no permission to make one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sebs.aws.faults import explained
from sebs.aws.tags import owner, tags

if TYPE_CHECKING:
    from sebs.aws.clients import Clients


def log_group(function: str) -> str:
    """Return the log group of a function, where everybody looks for it."""
    return f"/aws/lambda/{function}"


def ensure_log_group(clients: Clients, function: str, resources_id: str) -> None:
    """Make the log group of a function; one that is there is used as it is.

    Raises:
        PlatformError: AWS refused.
    """
    client = clients.control("logs")
    with explained(f"Making the log group of the function {function}"):
        try:
            client.create_log_group(logGroupName=log_group(function), tags=tags(resources_id))
        except client.exceptions.ResourceAlreadyExistsException:
            return


def delete_log_group(clients: Clients, name: str) -> None:
    """Delete a log group; harmless where there is none.

    Raises:
        PlatformError: AWS refused.
    """
    client = clients.control("logs")
    with explained(f"Deleting the log group {name}"):
        try:
            client.delete_log_group(logGroupName=name)
        except client.exceptions.ResourceNotFoundException:
            return


def log_groups(clients: Clients, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield name and ARN of the log groups that begin with a prefix.

    Raises:
        PlatformError: AWS refused.
    """
    with explained("Listing the log groups"):
        pages = clients.control("logs").get_paginator("describe_log_groups")
        for page in pages.paginate(logGroupNamePrefix=prefix):
            for group in page["logGroups"]:
                # In one form of it the ARN stands for the streams as well.
                yield group["logGroupName"], str(group["arn"]).removesuffix(":*")


def log_owner(clients: Clients, arn: str) -> str | None:
    """Return the deployment that made a log group; ``None`` where it was not one of ours.

    Raises:
        PlatformError: AWS refused.
    """
    with explained(f"Reading the tags of the log group {arn}"):
        answer = clients.control("logs").list_tags_for_resource(resourceArn=arn)
    return owner(answer.get("tags"))
