"""The tags that everything of a deployment carries, in the shapes that AWS takes and gives."""

from __future__ import annotations

from sebs.faas.tags import OWNER, VERSION, owner, tag_list, tags

__all__ = ["OWNER", "VERSION", "owner", "tag_list", "tags"]
