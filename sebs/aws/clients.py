"""The SDK's clients: one of each service for the control plane, and one that only invokes.

The control plane is asked again, with adaptive back-off, where it is throttled or fails. An
invocation is sent once: what is measured must not be repeated behind the caller's back.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sebs.aws.session import open_session
from sebs.aws.watching import watch

if TYPE_CHECKING:
    from sebs.aws.config import AWSCredentials
    from sebs.aws.endpoints import Endpoints

#: How often a request of the control plane is sent at most; the SDK waits longer each time.
_ATTEMPTS = 10

#: Seconds until a connection must stand, and between two parts of an answer.
_CONNECT_WITHIN, _READ_WITHIN = 10, 60

#: Requests of the control plane that may be under way at once.
CONNECTIONS = 32

#: Connections of invocations that are kept to be used again: more than one process has threads for.
#: One more than these would be closed after its answer, and the next invocation would be measured
#: with another handshake.
INVOCATIONS = 1024


class Clients:
    """Makes each client once, on first use; threads may share them.

    Args:
        region: Where the functions are.
        credentials: How we sign in.
        endpoints: Where the services are.
    """

    def __init__(self, region: str, credentials: AWSCredentials, endpoints: Endpoints) -> None:
        self.region = region
        self.endpoints = endpoints
        self._credentials = credentials
        self._lock = threading.RLock()
        self._session: Any = None
        self._clients: dict[tuple[str, float], Any] = {}
        self._elsewhere: dict[str, Clients] = {}

    def __repr__(self) -> str:
        return f"<Clients of {self.region}>"

    @property
    def session(self) -> Any:
        """The SDK's session, signed in.

        Raises:
            SystemUnavailableError: The SDK is not installed.
            ConfigurationError: There is no such profile, or region.
            CredentialsError: There are no credentials.
        """
        with self._lock:
            if self._session is None:
                self._session = open_session(
                    self.region, self._credentials, self.endpoints.of("sts")
                )
            return self._session

    def control(self, service: str) -> Any:
        """Return the client of a service's control plane."""
        return self._client(service, 0)

    def invocation(self, timeout: float, service: str = "lambda") -> Any:
        """Return the client that invokes: it sends each request once.

        Args:
            timeout: Seconds to wait for an answer; longer than the function may run, so that the
                answer to one that ran too long still arrives.
            service: By what the function is invoked, such as an upload to ``s3``.
        """
        return self._client(service, timeout)

    def of_region(self, region: str | None) -> Clients:
        """Return the clients of a region, signed in as here; they are closed with these.

        Args:
            region: The region; ``None`` is this one.
        """
        if region is None or region == self.region:
            return self
        with self._lock:
            if region not in self._elsewhere:
                self._elsewhere[region] = Clients(region, self._credentials, self.endpoints)
            return self._elsewhere[region]

    def close(self) -> None:
        """Close all connections; a client that is asked for later is a new one."""
        with self._lock:
            while self._elsewhere:
                self._elsewhere.popitem()[1].close()
            while self._clients:
                self._clients.popitem()[1].close()
            self._session = None

    def _client(self, service: str, timeout: float) -> Any:
        with self._lock:
            key = (service, timeout)
            if key not in self._clients:
                session, endpoint = self.session, self.endpoints.of(service)
                self._clients[key] = session.client(
                    service,
                    region_name=self.region,
                    endpoint_url=endpoint,
                    config=_invocation_config(timeout) if timeout else _control_config(endpoint),
                )
                if not timeout:
                    watch(self._clients[key])
            return self._clients[key]


def _control_config(endpoint: str | None) -> Any:
    from botocore.config import Config

    return Config(
        retries={"mode": "adaptive", "total_max_attempts": _ATTEMPTS},
        connect_timeout=_CONNECT_WITHIN,
        read_timeout=_READ_WITHIN,
        max_pool_connections=CONNECTIONS,
        # Elsewhere than with Amazon a bucket's name is rarely the name of a host as well.
        s3={"addressing_style": "auto" if endpoint is None else "path"},
    )


def _invocation_config(timeout: float) -> Any:
    from botocore.config import Config

    return Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=_CONNECT_WITHIN,
        read_timeout=timeout,
        max_pool_connections=INVOCATIONS,
        # The connection of an invocation that takes long must survive the network's idle limits.
        tcp_keepalive=True,
    )
