"""Where the services of AWS are, if not with Amazon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sebs.s3.connection import endpoint_fault

#: The services that are used: what the SDK calls their clients, and what its variables call them.
#: https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html
SERVICES = {
    "lambda": "LAMBDA",
    "iam": "IAM",
    "sts": "STS",
    "s3": "S3",
    "dynamodb": "DYNAMODB",
    "logs": "CLOUDWATCH_LOGS",
    "ecr": "ECR",
    "apigatewayv2": "APIGATEWAYV2",
    "resourcegroupstaggingapi": "RESOURCE_GROUPS_TAGGING_API",
}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the services are, if not with Amazon.

    Attributes:
        url: Where all of them are; ``None`` leaves it to the SDK.
        by_service: Where single ones are; wins over ``url``.
    """

    url: str | None = None
    by_service: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Endpoints:
        """Return what the SDK's own variables say, as far as a configuration could say it.

        Args:
            environment: The environment variables.
        """
        if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
            return cls()
        names = {service: f"AWS_ENDPOINT_URL_{name}" for service, name in SERVICES.items()}
        found = {
            service: url
            for service, name in {"": "AWS_ENDPOINT_URL", **names}.items()
            if (url := environment.get(name)) and endpoint_fault(url) is None
        }
        return cls(found.pop("", None), found)

    def of(self, service: str) -> str | None:
        """Return where a service is; ``None`` leaves it to the SDK."""
        return self.by_service.get(service, self.url)
