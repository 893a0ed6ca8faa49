"""The embedded platform: functions run as processes of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sebs.local.local import Local as Local

__all__ = ["Local"]


def __getattr__(name: str) -> Any:
    # The gateway process imports this package too, and must start without the provider.
    if name == "Local":
        from sebs.local.local import Local

        return Local
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
