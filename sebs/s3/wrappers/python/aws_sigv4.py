"""Signing requests to services of AWS, and to servers that speak as they do: Signature Version 4.

Part of a function's package, so it needs nothing but the standard library. The rules are those of
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """Who signs; the token is empty where the credentials are not temporary."""

    access_key: str
    secret_key: str
    token: str = ""


class Scope(NamedTuple):
    """What a signature is good for."""

    region: str
    service: str


def encode_path(path: str) -> str:
    """Return a path as it is sent and signed: every byte but unreserved ones and slashes as %XX."""
    return quote(path, safe="/")


def encode_query(query: Mapping[str, str]) -> str:
    """Return a query as it is sent and signed: encoded, then sorted."""
    return "&".join(
        f"{key}={value}"
        for key, value in sorted((quote(k, safe=""), quote(v, safe="")) for k, v in query.items())
    )


def sign(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    payload_hash: str,
    credentials: Credentials,
    scope: Scope,
    now: float,
) -> dict[str, str]:
    """Return the headers of a signed request.

    Args:
        method: Such as ``GET``.
        path: As :func:`encode_path` returned it.
        query: As :func:`encode_query` returned it.
        headers: What is signed with it, by names in lower case; ``host`` is one of them.
        payload_hash: SHA-256 of the body, in hexadecimal digits.
        credentials: Who signs.
        scope: The region that the server takes itself to be in, and the service.
        now: Unix seconds.
    """
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    signed = {**headers, "x-amz-content-sha256": payload_hash, "x-amz-date": moment}
    if credentials.token:
        signed["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    canonical = "\n".join([method, path, query, lines, names, payload_hash])
    place = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{credentials.secret_key}".encode()
    for part in place.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, "\n".join([_ALGORITHM, moment, place, digest]).encode(), "sha256")
    signed["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{place}, "
        f"SignedHeaders={names}, Signature={signature.hex()}"
    )
    return signed
