"""The local platform as a service that outlives a script: start, stop, status, logs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sebs.errors import FunctionGoneError, GatewayError, InvalidNameError, InvocationConnectionError
from sebs.local.client import GatewayClient, await_end, call
from sebs.local.gateway.functions import DefinitionError, check_name
from sebs.local.gateway.logs import log_path
from sebs.local.gateway.metrics import numbered
from sebs.local.gateway.pin import is_pinned, pin
from sebs.local.launch import published

#: Seconds between two looks at a log that is followed.
_INTERVAL = 0.2


@dataclass(frozen=True, slots=True)
class FunctionStatus:
    """One function that the platform has.

    Attributes:
        name: Its name.
        environments: Execution environments that exist.
        busy: Those of them that work on a request.
        queued: Requests that wait for an environment.
        memory: Resident memory of its environments together, in MB.
    """

    name: str
    environments: int = 0
    busy: int = 0
    queued: int = 0
    memory: float = 0.0


@dataclass(frozen=True, slots=True)
class Status:
    """How the platform of one directory is.

    Attributes:
        home: The directory.
        running: Whether a gateway serves it; what only a running one has is ``None`` or 0 if not.
        pid: The gateway's process.
        port: Its port on the loopback address.
        pinned: Whether it stays without users; where none runs, whether the next one will.
        started: When it was started, in Unix seconds.
        leases: Users that it has now.
        memory_limit: How the memory of environments is limited: by the kernel (``cgroup v2`` or
            ``cgroup v1``), where that is permitted, else by the ``watch`` alone.
        functions: What it serves; where none runs, what it would serve.
    """

    home: Path
    running: bool
    pid: int | None = None
    port: int | None = None
    pinned: bool = False
    started: float | None = None
    leases: int = 0
    memory_limit: str | None = None
    functions: list[FunctionStatus] = field(default_factory=list)


def start(home: Path) -> Status:
    """Start the platform, if it does not run, and let it run until it is stopped.

    Raises:
        GatewayError: It cannot be started.
    """
    with closing(GatewayClient(home)) as client:
        client.request("POST", "/-/pin", {"pinned": True})
    return status(home)


def stop(home: Path) -> bool:
    """End the platform, whoever uses it, and wait until it has ended; the next does not stay.

    Returns:
        Whether it ran.

    Raises:
        GatewayError: It refused, or did not end in time.
    """
    from sebs.http import HTTPClient

    _unpin(home)
    gateway = published(home)
    if gateway is None:
        return False
    try:
        with HTTPClient() as http:
            call(http, gateway, "POST", "/-/stop")
    except InvocationConnectionError:
        # It is ending, and has withdrawn what it published; else that is a leftover of a killed
        # one, and names a stranger.
        return await_end(gateway, lambda: published(home) == gateway)
    if not await_end(gateway):
        raise GatewayError(
            f"The gateway {gateway.pid} did not end.", remedy="End that process yourself."
        )
    return True


def status(home: Path) -> Status:
    """Return how the platform is; nothing is started.

    Raises:
        GatewayError: The gateway does not answer properly.
    """
    from sebs.http import HTTPClient

    gateway = published(home)
    if gateway is None:
        return _stopped(home)
    try:
        with HTTPClient() as http:
            document = call(http, gateway, "GET", "/-/status")
    except InvocationConnectionError:
        return _stopped(home)
    return Status(
        home,
        running=True,
        pid=gateway.pid,
        port=gateway.port,
        pinned=document["pinned"],
        started=document["started"],
        leases=document["leases"],
        memory_limit=document.get("memory_limit"),
        functions=[_describe(name, about) for name, about in document["functions"].items()],
    )


def logs(home: Path, function: str, follow: bool = False) -> Iterator[str]:
    """Yield the lines that a function printed, the oldest first.

    The platform need not run. A line has no line break at its end.

    Args:
        home: The local platform's directory.
        function: The function's name.
        follow: Whether to wait for more at the end, without end.

    Raises:
        InvalidNameError: That is no name of a function.
        FunctionGoneError: There is no such function, and no log of one.
    """
    try:
        path = log_path(home, check_name(function))
    except DefinitionError as error:
        raise InvalidNameError(str(error)) from error
    older = numbered(path, 1)
    present = [file for file in (older, path) if file.exists()]
    if not present:
        raise FunctionGoneError(
            f"There is no log of a function {function!r} in {str(home)!r}.",
            remedy="`sebs local status` lists the functions.",
        )
    return _lines(present, follow)


def _lines(files: list[Path], follow: bool) -> Iterator[str]:
    *older, newest = files
    for file in older:
        with file.open("rb") as stream:
            yield from map(_text, stream)
    with newest.open("rb") as stream:
        yield from map(_text, stream)
        while follow:
            time.sleep(_INTERVAL)
            if newest.stat().st_size < stream.tell():
                # The gateway cuts a full log in place: what follows begins at its start again.
                stream.seek(0)
            yield from map(_text, stream)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").removesuffix("\n")


def _unpin(home: Path) -> None:
    """Forget that the gateway should stay; a killed one cannot do so itself."""
    if is_pinned(home):
        try:
            pin(home, False)
        except OSError as error:
            raise GatewayError(
                f"The local platform cannot use the directory {str(home)!r}: {error}",
                remedy="Make it writable, or choose another one as deployment.local.home.",
            ) from error


def _stopped(home: Path) -> Status:
    stored = sorted((home / "functions").glob("*.json"))
    functions = [FunctionStatus(path.stem) for path in stored]
    return Status(home, running=False, pinned=is_pinned(home), functions=functions)


def _describe(name: str, about: dict[str, Any]) -> FunctionStatus:
    environments = about["environments"]
    return FunctionStatus(
        name,
        environments=len(environments),
        busy=sum(each["state"] == "busy" for each in environments),
        queued=about["queued"],
        memory=sum(each["memory"] for each in environments),
    )
