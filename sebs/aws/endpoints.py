"""Where the services of AWS are, if not with Amazon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The services that are used, by the names that the SDK gives them.
SERVICES = (
    "lambda",
    "iam",
    "sts",
    "s3",
    "dynamodb",
    "logs",
    "ecr",
    "apigatewayv2",
    "resourcegroupstaggingapi",
)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the services are, if not with Amazon.

    Attributes:
        url: Where all of them are; ``None`` leaves it to the SDK.
        by_service: Where single ones are; wins over ``url``.
    """

    url: str | None = None
    by_service: Mapping[str, str] = field(default_factory=dict)

    def of(self, service: str) -> str | None:
        """Return where a service is; ``None`` leaves it to the SDK."""
        return self.by_service.get(service, self.url)
