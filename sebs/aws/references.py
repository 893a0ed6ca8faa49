"""What users call a function of Lambda: its name, its ARN whole or in part, or its URL."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sebs.errors import UsageError

#: Source: the pattern of ``FunctionName`` in the service's own model, API version 2015-03-31.
_FUNCTION = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]{1,64})"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]{1,128}))?"
)

#: Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
_URL = re.compile(
    r"https?://(?P<id>[a-z0-9]+)\.lambda-url\.(?P<region>[a-z0-9-]+)\.on\.aws(?::\d+)?/?"
)


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function, or one version of it.

    Attributes:
        name: What Lambda takes for it, without the qualifier: a name, or an ARN.
        label: Its name alone.
        region: Where it is; ``None`` leaves it to the configuration.
        qualifier: A version or an alias; ``None`` is what was deployed last.
    """

    name: str
    label: str
    region: str | None = None
    qualifier: str | None = None

    @property
    def qualified(self) -> dict[str, str]:
        """The arguments of a request that reads it, or invokes it."""
        arguments = {"FunctionName": self.name}
        return arguments if self.qualifier is None else {**arguments, "Qualifier": self.qualifier}

    @property
    def is_fixed(self) -> bool:
        """Whether it is a version, or an alias of one, whose configuration cannot be changed."""
        return self.qualifier not in (None, "$LATEST")

    def named(self, arn: str) -> FunctionReference:
        """Return the same under its ARN."""
        found = parse_function(arn)
        return replace(self, name=found.name, region=found.region)


@dataclass(frozen=True, slots=True)
class URLReference:
    """A function of which nothing but the URL is known."""

    url: str
    label: str
    region: str


def parse_reference(text: str) -> FunctionReference | URLReference:
    """Return what a user means.

    Raises:
        UsageError: It is neither a name nor an ARN nor the URL of a function.
    """
    if "://" not in text:
        return parse_function(text)
    match = _URL.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{text!r} is no URL of a Lambda function.",
            remedy="Such as https://ID.lambda-url.REGION.on.aws/; for others give the name.",
        )
    return URLReference(text.rstrip("/") + "/", match["id"], match["region"])


def parse_function(text: str) -> FunctionReference:
    """Return what a name or an ARN means.

    Raises:
        UsageError: It is neither.
    """
    match = _FUNCTION.fullmatch(text)
    if match is None or (match["partition"] and not (match["region"] and match["account"])):
        raise UsageError(
            f"{text!r} is no name and no ARN of a Lambda function.",
            remedy="Such as my-function, my-function:live, or "
            "arn:aws:lambda:REGION:ACCOUNT:function:my-function.",
        )
    qualifier = match["qualifier"]
    name = text if qualifier is None else text.removesuffix(f":{qualifier}")
    if not (match["region"] or match["account"]):
        name = match["name"]
    return FunctionReference(name, match["name"], match["region"], qualifier)
