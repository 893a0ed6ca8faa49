"""The tags that everything of a deployment carries, in the shapes that AWS takes and gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sebs.faas.tags import OWNER, VERSION, owner, tag_list, tags

__all__ = ["OWNER", "REGION", "VERSION", "owner", "region", "tag_list", "tags"]

#: Where the deployment is, on what is known to all regions of an account.
REGION = "sebs:region"


def region(found: Iterable[Mapping[str, str]] | None) -> str | None:
    """Return the region in tags; ``None`` where there is none."""
    return next((tag["Value"] for tag in found or () if tag["Key"] == REGION), None)
