"""A connection to a server that speaks S3: where it is, who we are there, what its errors mean.

The SDK is imported on first use. Its default chain finds the credentials; they are kept in memory.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from sebs import log
from sebs.errors import (
    ConfigurationError,
    SebsError,
    StorageError,
    SystemUnavailableError,
)

#: How often a request is sent at most; the SDK waits longer each time.
_ATTEMPTS = 3

#: Seconds until a connection must stand, and between two parts of an answer.
_CONNECT_WITHIN, _READ_WITHIN = 10, 60

#: Requests that may be under way at once, whatever the number of threads.
CONNECTIONS = 16


class Connection(Protocol):
    """What a storage needs of whoever signed in; threads share it."""

    @property
    def client(self) -> Any:
        """The SDK's client of S3."""

    def explained(self, what: str) -> AbstractContextManager[None]:
        """Say of what the service, the SDK or the network complains.

        Args:
            what: What something was done with, or what was done, for the message.

        Raises:
            SebsError: What that means where we signed in.
        """


@dataclass(frozen=True, slots=True)
class S3Endpoint:
    """Where buckets are, and under which name our credentials are found.

    Attributes:
        url: ``http`` or ``https``, host and port.
        region: The region that requests are signed for.
        profile: Profile of the SDK's configuration; ``None`` takes its default.
    """

    url: str
    region: str
    profile: str | None = None


def endpoint_fault(url: str) -> str | None:
    """Return what is wrong with the URL of an endpoint, without repeating it; else ``None``.

    It may hold a password, which is one of the things that are wrong.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or " " in url:
        return "is no http or https URL with a host"
    if "@" in parts.netloc:
        return "holds a user; credentials come from the default chain of the AWS SDK"
    if parts.path.strip("/") or "?" in url or "#" in url:
        return "has more than scheme, host and port"
    return None


class S3Connection:
    """One client of one endpoint, made on first use; threads may share it.

    Args:
        endpoint: The endpoint.
    """

    def __init__(self, endpoint: S3Endpoint) -> None:
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._session: Any = None
        self._client: Any = None

    def __repr__(self) -> str:
        return f"<S3Connection to {self.endpoint.url}>"

    @property
    def client(self) -> Any:
        """The SDK's client.

        Raises:
            SystemUnavailableError: The SDK is not installed.
            ConfigurationError: There is no such profile.
            StorageError: There are no credentials.
        """
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def explained(self, what: str) -> AbstractContextManager[None]:
        """Say of what the server, the SDK or the network complains, as :func:`explained` does."""
        return explained(what)

    def credentials(self) -> dict[str, str]:
        """Return the credentials that are valid now, as the variables of the SDKs name them.

        Raises:
            SystemUnavailableError: The SDK is not installed.
            ConfigurationError: There is no such profile.
            StorageError: There are no credentials, or they cannot be renewed.
        """
        with self._lock:
            found = self._credentials()
        variables = {
            "AWS_ACCESS_KEY_ID": found.access_key,
            "AWS_SECRET_ACCESS_KEY": found.secret_key,
        }
        if found.token:
            variables["AWS_SESSION_TOKEN"] = found.token
        return variables

    def _credentials(self) -> Any:
        if self._session is None:
            self._session = self._open_session()
        with explained("The credentials for the object storage"):
            source = self._session.get_credentials()
            if source is None:
                raise StorageError(
                    f"There are no credentials for the object storage at {self.endpoint.url}.",
                    remedy="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile as "
                    "deployment.local.storage.profile.",
                )
            found = source.get_frozen_credentials()
        log.hide(found.secret_key)
        if found.token:
            log.hide(found.token)
        return found

    def _open_session(self) -> Any:
        try:
            from boto3.session import Session
            from botocore.exceptions import ProfileNotFound
        except ImportError as error:
            raise SystemUnavailableError(
                f"Object storage on an S3 server needs a package that is not installed: {error}.",
                remedy="Run: pip install 'sebs-faas[s3]'",
            ) from error
        try:
            return Session(profile_name=self.endpoint.profile, region_name=self.endpoint.region)
        except ProfileNotFound as error:
            raise ConfigurationError(f"deployment.local.storage.profile: {error}.") from error

    def _connect(self) -> Any:
        self._credentials()
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            connect_timeout=_CONNECT_WITHIN,
            read_timeout=_READ_WITHIN,
            max_pool_connections=CONNECTIONS,
            # Servers other than Amazon's do not know the checksums that it takes by default.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with explained(f"The object storage at {self.endpoint.url}"):
            client = self._session.client("s3", endpoint_url=self.endpoint.url, config=config)
        client.meta.events.register("before-sign.s3.DeleteObjects", _add_digest)
        return client


def _add_digest(request: Any, **_: Any) -> None:
    """Add the digest of a list of objects, without which some servers delete none of them."""
    digest = hashlib.md5(request.body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Say of what the server, the SDK or the network complains.

    Args:
        what: What was done something with, for the message.

    Raises:
        StorageError: The reason that was given is in the message.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except SebsError:
        raise
    except ClientError as error:
        reason = error.response.get("Error", {}).get("Message") or "no reason was given"
        raise StorageError(f"{what}: {error_code(error)}: {reason}") from error
    except BotoCoreError as error:
        raise StorageError(f"{what}: {error}") from error


def error_code(error: Any) -> str:
    """Return the service's own name for what went wrong, or the status that it answered."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
