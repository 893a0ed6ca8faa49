"""What the SDK's errors mean, in our own words."""

from __future__ import annotations

import pytest
from botocore import exceptions

from sebs.aws.faults import explained
from sebs.errors import (
    AccessDeniedError,
    ConfigurationError,
    CredentialsError,
    CredentialsExpiredError,
    FunctionGoneError,
    PlatformError,
    PlatformTimeoutError,
    PlatformUnreachableError,
    SebsError,
    StorageError,
    ThrottledError,
)

DENIAL = (
    "User: arn:aws:iam::123456789012:user/me is not authorized to perform: iam:CreateRole on "
    "resource: arn:aws:iam::123456789012:role/sebs-lambda-x because no identity-based policy "
    "allows the iam:CreateRole action"
)


def client_error(code: str, message: str = "No.") -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "CreateRole")


@pytest.mark.parametrize(
    ("error", "expected", "says"),
    [
        (client_error("ExpiredTokenException"), CredentialsExpiredError, "have expired"),
        (client_error("RequestExpired"), CredentialsExpiredError, "have expired"),
        (client_error("InvalidClientTokenId"), CredentialsError, "does not accept"),
        (client_error("UnrecognizedClientException"), CredentialsError, "does not accept"),
        (client_error("SignatureDoesNotMatch"), CredentialsError, "does not accept"),
        (client_error("AccessDenied", "Access Denied"), AccessDeniedError, "CreateRole"),
        (client_error("403"), AccessDeniedError, "CreateRole"),
        (client_error("TooManyRequestsException"), ThrottledError, "TooManyRequests"),
        (client_error("Throttling"), ThrottledError, "Throttling"),
        (client_error("ServiceException", "Oh."), PlatformError, "ServiceException: Oh."),
        (exceptions.NoCredentialsError(), CredentialsError, "credentials"),
        (
            exceptions.PartialCredentialsError(provider="env", cred_var="SECRET"),
            CredentialsError,
            "half",
        ),
        (
            exceptions.CredentialRetrievalError(provider="p", error_msg="e"),
            CredentialsError,
            "credentials",
        ),
        (exceptions.UnauthorizedSSOTokenError(), CredentialsExpiredError, "SSO"),
        (exceptions.ProfileNotFound(profile="p"), ConfigurationError, "p"),
        (exceptions.NoRegionError(), ConfigurationError, "region"),
        (exceptions.ReadTimeoutError(endpoint_url="u"), PlatformTimeoutError, "no answer in time"),
        (
            exceptions.EndpointConnectionError(endpoint_url="http://u"),
            PlatformUnreachableError,
            "http://u",
        ),
        (
            exceptions.ConnectTimeoutError(endpoint_url="http://u"),
            PlatformUnreachableError,
            "http://u",
        ),
        (
            exceptions.SSLError(endpoint_url="http://u", error="e"),
            PlatformUnreachableError,
            "http://u",
        ),
        (
            exceptions.ConnectionClosedError(endpoint_url="http://u"),
            PlatformUnreachableError,
            "http://u",
        ),
        (exceptions.ParamValidationError(report="wrong"), PlatformError, "wrong"),
    ],
)
def test_each_error_has_a_meaning(error: Exception, expected: type[SebsError], says: str) -> None:
    with pytest.raises(expected, match=r"^Making it: ") as caught, explained("Making it"):
        raise error
    assert type(caught.value) is expected
    assert says in caught.value.message
    assert caught.value.__cause__ is error


def test_a_denial_names_action_and_resource() -> None:
    with pytest.raises(AccessDeniedError) as caught, explained("Making it"):
        raise client_error("AccessDenied", DENIAL)
    assert caught.value.action == "iam:CreateRole"
    assert caught.value.resource == "arn:aws:iam::123456789012:role/sebs-lambda-x"
    assert "iam:CreateRole on arn:aws:iam::123456789012:role/sebs-lambda-x" in caught.value.message
    assert "aws-policy.json" in (caught.value.remedy or "")


def test_the_caller_says_what_the_rest_is() -> None:
    with pytest.raises(StorageError, match="Oh"), explained("Reading it", StorageError):
        raise client_error("InternalError", "Oh.")
    with pytest.raises(ThrottledError), explained("Reading it", StorageError):
        raise client_error("SlowDown")


@pytest.mark.parametrize("error", [FunctionGoneError("gone"), KeyError("a bug")])
def test_what_is_not_the_sdks_is_left_alone(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, explained("Making it"):
        raise error
    assert caught.value is error
