"""What the SDK's errors mean, in our own words.

Every call of the control plane stands in a ``with explained(...)``. An error that has a meaning of
its own for the caller, such as a function that does not exist, is caught inside of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sebs.errors import (
    AccessDeniedError,
    ConfigurationError,
    CredentialsError,
    CredentialsExpiredError,
    PlatformError,
    PlatformTimeoutError,
    PlatformUnreachableError,
    SebsError,
    ThrottledError,
)

_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
_REFUSED = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "IncompleteSignature",
        "AuthFailure",
    }
)
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403"}
)
_THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "TooManyRequests",
        "ProvisionedThroughputExceededException",
        "SlowDown",
        "429",
    }
)

#: How Lambda says that it cannot use a function's role: it is too new, gone, or not for Lambda.
NO_ROLE = "cannot be assumed by Lambda"
ROLE_REMEDY = (
    "Deploy the function with --update-code, which makes the deployment's role again; a role that "
    "the configuration gives must exist, and trust lambda.amazonaws.com."
)

_RENEW = "Renew them, for example with `aws sso login`, and run the same again: it continues."
_CHECK = "Check which ones are used with `aws sts get-caller-identity`."

#: "... is not authorized to perform: iam:CreateRole on resource: arn:... because ..."
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_NOT_AUTHORIZED = re.compile(r"not authorized to perform:? (?P<action>[\w-]+:\w+)")
_ON_RESOURCE = re.compile(r"on resource:? (?P<resource>\S+)")


@contextmanager
def explained(what: str, otherwise: type[SebsError] = PlatformError) -> Iterator[None]:
    """Say of what AWS, the SDK or the network complains.

    Args:
        what: What was being done, as the beginning of a sentence: ``Creating the function x``.
        otherwise: The error for what has no error of its own.

    Raises:
        CredentialsError: There are none, half of them, or AWS does not accept them.
        CredentialsExpiredError: They were valid and are no longer.
        AccessDeniedError: They do not permit this.
        ThrottledError: AWS was asked too often, and the last attempt was refused as well.
        PlatformUnreachableError: The endpoint cannot be reached, or its answer broke off.
        PlatformTimeoutError: It was reached and did not answer in time.
        ConfigurationError: The profile, or the region, does not exist.
        PlatformError: Anything else, unless ``otherwise`` is another; the reason that AWS gave is
            in the message.
    """
    from botocore import exceptions
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except SebsError:
        raise
    except exceptions.ClientError as error:
        raise _meaning(what, error, otherwise) from error
    except exceptions.PartialCredentialsError as error:
        raise CredentialsError(
            f"{what}: half of the credentials is missing: {error}.",
            remedy="Give access key and secret together, or neither of them.",
        ) from error
    except (exceptions.NoCredentialsError, exceptions.CredentialRetrievalError) as error:
        raise CredentialsError(f"{what}: {error}.", remedy=_CHECK) from error
    except (exceptions.UnauthorizedSSOTokenError, exceptions.SSOTokenLoadError) as error:
        raise CredentialsExpiredError(f"{what}: {error}.", remedy=_RENEW) from error
    except exceptions.ProfileNotFound as error:
        raise ConfigurationError(
            f"{what}: {error}.",
            remedy="`aws configure list-profiles` lists those that there are; AWS_PROFILE or "
            "deployment.aws.credentials.profile names one.",
        ) from error
    except exceptions.NoRegionError as error:
        raise ConfigurationError(f"{what}: {error}.") from error
    except exceptions.ReadTimeoutError as error:
        raise PlatformTimeoutError(
            f"{what}: no answer in time: {error}.",
            remedy="It may have been done; run the same again, it continues.",
        ) from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError, HTTPError) as error:
        # The SDK lets the transport's own error through where a refusal's body breaks off.
        raise PlatformUnreachableError(
            f"{what}: {error}.",
            remedy="Check the network, the region and deployment.aws.endpoint_url.",
        ) from error
    except ResponseParserError as error:
        raise otherwise(
            f"{what}: the answer is none of AWS's: {error}",
            remedy="Check what stands between this machine and AWS, such as a proxy.",
        ) from error
    except exceptions.BotoCoreError as error:
        raise otherwise(f"{what}: {error}.") from error


def error_code(error: Any) -> str:
    """Return AWS's own name for what went wrong, or the status that it answered."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def reason(error: Any) -> str:
    """Return what AWS says went wrong, in its words."""
    return str(error.response.get("Error", {}).get("Message") or "no reason was given")


def _meaning(what: str, error: Any, otherwise: type[SebsError]) -> SebsError:
    code, text = error_code(error), reason(error)
    message = f"{what}: {code}: {text}"
    if code in _EXPIRED:
        return CredentialsExpiredError(
            f"{what}: the credentials have expired ({code}).", remedy=_RENEW
        )
    if code in _REFUSED:
        return CredentialsError(
            f"{what}: AWS does not accept the credentials ({code}).", remedy=_CHECK
        )
    if code in _DENIED:
        return _denied(what, code, text, error)
    if code in _THROTTLED:
        return ThrottledError(message, remedy="Wait a little, or deploy fewer functions at once.")
    return otherwise(message)


def _denied(what: str, code: str, text: str, error: Any) -> PlatformError:
    named, on = _NOT_AUTHORIZED.search(text), _ON_RESOURCE.search(text)
    action = named["action"] if named else f"{error.operation_name} ({code})"
    resource = on["resource"].rstrip(".") if on else ""
    place = f" on {resource}" if resource else ""
    return AccessDeniedError(
        f"{what}: the credentials do not permit {action}{place}.",
        action=action,
        resource=resource,
        remedy="Let the account's administrator permit it; all that is needed is listed in "
        "docs/platforms/aws-policy.json.",
    )
