"""The Docker Engine's API over its socket, as far as the gateway needs it.

The gateway has one thread, which must not wait, and the engine must be on this machine, for it
mounts directories of this machine: so this is the API itself, over the engine's socket, in a few
lines. Every request has a connection of its own, in HTTP/1.0, so that an answer ends with it.

Reference: https://docs.docker.com/reference/api/engine/
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

_DEFAULT = "/var/run/docker.sock"

#: Seconds that the engine may take for one request, unless the caller has less.
_PATIENCE = 60.0


class EngineError(OSError):
    """The engine cannot be reached, or refused a request."""


def engine_socket(environment: Mapping[str, str]) -> str:
    """Return the path of the engine's socket.

    Args:
        environment: Variables, of which ``DOCKER_HOST`` counts, as for Docker's own tools.

    Raises:
        EngineError: The engine that is named is not reached through a socket of this machine.
    """
    host = environment.get("DOCKER_HOST") or f"unix://{_DEFAULT}"
    scheme, _, path = host.partition("://")
    if scheme != "unix" or not path.startswith("/"):
        raise EngineError(
            f"DOCKER_HOST is {host!r}: containers are sandboxes with an engine of this machine "
            "only, such as unix:///var/run/docker.sock"
        )
    return path


class Engine:
    """One engine.

    Args:
        socket: Path of its socket.
        patience: Seconds that it may take for one request.
    """

    def __init__(self, socket: str, patience: float = _PATIENCE) -> None:
        self._socket = socket
        self._patience = patience

    async def create(self, name: str, description: Mapping[str, Any]) -> str:
        """Create a container; return its id."""
        answer = await self._call("POST", f"/containers/create?name={name}", description)
        return str(_field(answer, "Id"))

    async def start(self, name: str) -> None:
        """Start a container."""
        await self._call("POST", f"/containers/{name}/start")

    async def pid(self, name: str) -> int:
        """Return the first process of a container; 0 where it has ended."""
        answer = await self._call("GET", f"/containers/{name}/json")
        return int(_field(_field(answer, "State"), "Pid"))

    async def remove(self, name: str) -> None:
        """End a container and remove it; one that is gone, or just going, is none."""
        accepted = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
        await self._call("DELETE", f"/containers/{name}?force=1&v=1", accepted=accepted)

    async def labelled(self, label: str) -> list[str]:
        """Return the ids of the containers with a label (``NAME=VALUE``), running or not."""
        filters = quote(json.dumps({"label": [label]}))
        answer = await self._call("GET", f"/containers/json?all=1&filters={filters}")
        return [str(_field(each, "Id")) for each in answer]

    async def removal(self, name: str) -> asyncio.Task[int]:
        """Return what waits for a container's removal and gives the exit code of its program.

        The engine knows that it is waited for when this returns, so a container that is started
        afterwards cannot be missed.
        """
        path = f"/containers/{name}/wait?condition=removed"
        streams = await self._begin("POST", path)

        async def code() -> int:
            return int(_field(await self._finish(*streams), "StatusCode"))

        return asyncio.get_running_loop().create_task(code())

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        accepted: tuple[int, ...] = (),
    ) -> Any:
        try:
            request = self._request(method, path, body, accepted)
            return await asyncio.wait_for(request, self._patience)
        except asyncio.TimeoutError:
            raise EngineError(
                f"The Docker engine did not answer {method} {path} within {self._patience:g} s"
            ) from None

    async def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None, accepted: tuple[int, ...]
    ) -> Any:
        return await self._finish(*await self._begin(method, path, body, accepted))

    async def _begin(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        accepted: tuple[int, ...] = (),
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a request; return when the engine begins to answer that it did it."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except OSError as error:
            raise EngineError(
                f"No Docker engine answers at {self._socket}: {error.strerror or error}"
            ) from error
        try:
            data = b"" if body is None else json.dumps(body).encode()
            writer.write(
                f"{method} {path} HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(data)}\r\n\r\n".encode("ascii")
                + data
            )
            status = _status(await reader.readline())
            while (await reader.readline()).strip():
                pass  # the headers say nothing that matters here
            if status >= HTTPStatus.BAD_REQUEST and status not in accepted:
                raise EngineError(_reason(await reader.read()) or f"HTTP {status}")
        except BaseException:
            writer.close()
            raise
        return reader, writer

    @staticmethod
    async def _finish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
        """Return the rest of an answer."""
        try:
            body = await reader.read()
            return json.loads(body) if body.strip() else None
        except ValueError as error:
            raise EngineError(f"The Docker engine answered with no JSON: {error}") from error
        finally:
            writer.close()


def _field(answer: Any, name: str) -> Any:
    try:
        return answer[name]
    except (KeyError, TypeError):
        raise EngineError(f"The Docker engine answered without {name}: {answer!r}") from None


def _status(line: bytes) -> int:
    with suppress(IndexError, ValueError):
        return int(line.split()[1])
    raise EngineError("The Docker engine ended the connection without an answer")


def _reason(body: bytes) -> str:
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(body)["message"])
    return body.decode("utf-8", "replace")[:500]
