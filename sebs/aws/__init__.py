"""AWS Lambda: functions, their triggers, storage and tables, through the SDK of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sebs.aws.aws import AWS as AWS

__all__ = ["AWS"]


def __getattr__(name: str) -> Any:
    # Parsing a log needs none of the rest.
    if name == "AWS":
        from sebs.aws.aws import AWS

        return AWS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
