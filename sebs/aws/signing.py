"""A request to a function's URL: where it goes, and what proves who sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sebs.aws.clients import Clients

#: The service that a request is signed for, and the one whose endpoint answers it.
FUNCTION_URL, HTTP_API = "lambda", "execute-api"
_ANSWERED_BY = {FUNCTION_URL: "lambda", HTTP_API: "apigatewayv2"}

_CONTENT_TYPE = "application/json"


def destination(clients: Clients, service: str, url: str) -> tuple[str, dict[str, str]]:
    """Return the address to send to, and the header that it takes.

    Behind an endpoint of our own, no name server knows the names that AWS gives: the request goes
    to the endpoint, and its ``Host`` says for whom it is.

    Args:
        clients: The deployment's clients.
        service: :data:`FUNCTION_URL` or :data:`HTTP_API`.
        url: The URL that AWS gave.
    """
    endpoint = clients.endpoints.of(_ANSWERED_BY[service])
    if endpoint is None:
        return url, {}
    at, wanted = urlsplit(endpoint), urlsplit(url)
    return f"{at.scheme}://{at.netloc}{wanted.path or '/'}", {"Host": wanted.netloc}


def signature(clients: Clients, service: str, url: str, body: bytes) -> dict[str, str]:
    """Return the headers that sign a POST of JSON (Signature Version 4); the URL stays as it is.

    Args:
        clients: The deployment's clients, whose credentials sign.
        service: :data:`FUNCTION_URL` or :data:`HTTP_API`.
        url: The URL that AWS gave.
        body: What is sent, to the byte.

    Raises:
        CredentialsError: There are no credentials, or they cannot be renewed.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    from sebs.aws.faults import explained

    request = AWSRequest("POST", url, headers={"Content-Type": _CONTENT_TYPE}, data=body)
    with explained("Signing an invocation"):
        credentials = clients.session.get_credentials().get_frozen_credentials()
        SigV4Auth(credentials, service, clients.region).add_auth(request)
    return dict(request.headers.items())
