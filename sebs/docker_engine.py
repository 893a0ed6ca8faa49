"""Finding a Docker engine, when the first operation needs one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sebs.errors import DockerUnavailableError

_REMEDY = (
    "Start a Docker engine that this user may use, install the extra with "
    "`pip install 'sebs-faas[docker]'`, or choose a system variant that deploys a code package."
)


def docker_from_environment() -> Any:
    """Return a client of the engine that the environment names.

    Raises:
        DockerUnavailableError: The Docker SDK is not installed, or no engine answers.
    """
    try:
        import docker
    except ImportError as error:
        raise DockerUnavailableError(
            "The Docker SDK for Python is not installed.", remedy=_REMEDY
        ) from error
    try:
        client = docker.from_env()
        client.ping()
    except docker.errors.DockerException as error:
        raise DockerUnavailableError(
            f"No Docker engine answers: {error}.", remedy=_REMEDY
        ) from error
    return client


class DockerHandle:
    """A Docker client that is made when the first operation needs it; threads may share it.

    Args:
        source: A ``docker.DockerClient``, a factory of one without arguments, or ``None`` where
            there is no engine.
    """

    def __init__(self, source: Any) -> None:
        # A double of a client may be callable; only a client has containers.
        is_factory = callable(source) and not hasattr(source, "containers")
        self._factory = source if is_factory else None
        self._client = None if is_factory else source
        self._lock = threading.Lock()

    def require(self, operation: str) -> Any:
        """Return the client.

        Args:
            operation: What needs it, for the error: "building the image of 110.dynamic-html".

        Raises:
            DockerUnavailableError: There is none; the message names the operation.
        """
        with self._lock:
            if self._client is None and self._factory is not None:
                self._client = _made(self._factory, operation)
        if self._client is None:
            raise DockerUnavailableError(f"{operation} needs a Docker engine.", remedy=_REMEDY)
        return self._client

    def close(self) -> None:
        """Close the client, if the handle made it; the next operation makes another."""
        with self._lock:
            if self._factory is not None and self._client is not None:
                client, self._client = self._client, None
                client.close()


def _made(factory: Callable[[], Any], operation: str) -> Any:
    try:
        return factory()
    except (DockerUnavailableError, OSError) as error:
        reason = error.message if isinstance(error, DockerUnavailableError) else str(error)
        raise DockerUnavailableError(
            f"{operation} needs a Docker engine: {reason}", remedy=_REMEDY
        ) from error
