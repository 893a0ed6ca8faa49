"""The tags that everything of a deployment carries, and by which it is found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sebs import __version__

#: Whose it is: the resource id of a deployment.
OWNER = "sebs:resource-id"

#: The version of sebs that made it.
VERSION = "sebs:version"


def tags(resources_id: str) -> dict[str, str]:
    """Return the tags of what belongs to a deployment."""
    return {OWNER: resources_id, VERSION: __version__}


def tag_list(resources_id: str) -> list[dict[str, str]]:
    """Return the same for the services that take a list of ``Key`` and ``Value``."""
    return [{"Key": key, "Value": value} for key, value in tags(resources_id).items()]


def owner(found: Mapping[str, str] | Iterable[Mapping[str, str]] | None) -> str | None:
    """Return the resource id in tags of either shape; ``None`` where there is none."""
    if not found:
        return None
    if isinstance(found, Mapping):
        return found.get(OWNER)
    return next((tag["Value"] for tag in found if tag["Key"] == OWNER), None)
