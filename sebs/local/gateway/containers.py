"""Environments as containers: one a Docker container, which nothing outlives."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sebs.local.gateway.container_process import ContainerProcess
from sebs.local.gateway.container_spec import (
    CHANNEL,
    HOME_LABEL,
    SERVICE,
    Place,
    describe,
    uses_storage,
)
from sebs.local.gateway.engine import Engine, engine_socket
from sebs.local.gateway.sandbox import End, Order, Tenant
from sebs.local.gateway.sharing import listen, share_order, share_storage

#: Seconds that the engine may take to remove the last containers when the gateway ends.
_PATIENCE = 8.0

#: Seconds that a container may take to end by itself when its worker has.
_GRACE = 1.0

#: What the exit code is more than where a signal ended the program, as a shell has it.
_BY_SIGNAL = 128

_KILLED = End("The container was killed.")


class ContainerCell:
    """One container, from the request to create it until it is removed.

    Args:
        engine: Makes it.
        tenant: Who lives in it.
        order: What is launched in it.
        place: What it sees of the local platform.
    """

    def __init__(self, engine: Engine, tenant: Tenant, order: Order, place: Place) -> None:
        self._engine = engine
        self._tenant = tenant
        self._order = order
        self._place = place
        self._name = f"sebs-{order.environment_id}"
        self._limit = order.definition.memory << 20
        self._process: ContainerProcess | None = None
        self._doomed = False
        self._told = False
        self._last_resort: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._listener: socket.socket | None = listen(order.temporary, CHANNEL)
        self._loop.add_reader(self._listener, self._accept)

    @property
    def pid(self) -> int:
        """The container's first process; 0 until it runs."""
        return self._process.pid if self._process else 0

    def memory_kib(self) -> int:
        """Return the resident memory of its processes now."""
        return self._process.memory_kib() if self._process else 0

    def peak_kib(self) -> int:
        """Return the most memory it had, as the kernel counts it; 0 where unknown."""
        return self._process.strike(self._limit).peak_kib if self._process else 0

    def struck(self) -> bool:
        """Return whether the limit cost any of its processes their life."""
        return self._process is not None and self._process.strike(self._limit).struck

    def maimed(self) -> bool:
        """Return whether a process was ended by the limit: the others go on."""
        return self.struck()

    def abandon(self) -> None:
        """Give the container a moment to end with its worker, whose exit code it reports."""
        self._loop.call_later(_GRACE, self.kill)

    def kill(self) -> None:
        """End the container, or have it ended as soon as it has started."""
        self._doomed = True
        if self._process is not None:
            self._end(self._process)
        else:
            self._loop.call_soon(self._tell, _KILLED)

    async def run(self) -> None:
        """Create the container, see it through and see it removed."""
        try:
            end = await self._live()
        except OSError as error:
            end = End(f"The environment's container could not be run: {error}.")
        self._tell(end)

    async def _live(self) -> End:
        container = self._order.definition.container
        assert container is not None, "the order is for a container"
        processors = os.cpu_count() or 1
        description = describe(self._order, container, self._place, processors)
        identity = await self._engine.create(self._name, description)
        try:
            removal = await self._engine.removal(identity)
            try:
                if self._doomed:
                    return _KILLED
                await self._engine.start(identity)
                await self._watch(identity)
                return End(_describe(await removal))
            finally:
                removal.cancel()
        finally:
            # The engine removes what has run by itself; this is for what has not, or still does.
            await self._engine.remove(identity)

    async def _watch(self, identity: str) -> None:
        """Wait until the container's process has ended."""
        pid = await self._engine.pid(identity)
        if pid == 0:
            return  # it was faster
        with suppress(ProcessLookupError):  # likewise
            self._process = ContainerProcess(pid, identity)
            if self._doomed:
                self._end(self._process)
            await self._process.gone(self._limit)

    def _end(self, process: ContainerProcess) -> None:
        try:
            process.kill()
        except ProcessLookupError:
            return  # it has just ended
        except PermissionError:
            # Of another user, as an engine may map them: the engine itself can.
            self._last_resort = self._loop.create_task(self._engine.remove(self._name))

    def _accept(self) -> None:
        listener = self._listener
        assert listener is not None, "its reader is removed with it"
        with suppress(BlockingIOError):
            channel, _ = listener.accept()
            channel.setblocking(False)
            self._hang_up()
            self._tenant.connected(channel)

    def _hang_up(self) -> None:
        """Let nobody else connect."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._loop.remove_reader(listener)
            listener.close()
            (self._order.temporary / CHANNEL).unlink(missing_ok=True)

    def _tell(self, end: End) -> None:
        if not self._told:
            self._told = True
            self._hang_up()
            self._tenant.ended(end)


class ContainerSandbox:
    """Starts workers in containers.

    Nothing is asked of an engine, and nothing is made, before the first one is wanted.

    Args:
        home: The local platform's directory, whose file ``containers`` says that there may be some.
        serve: Makes what answers a connection to the gateway's data services.
    """

    def __init__(self, home: Path, serve: Callable[[], asyncio.Protocol]) -> None:
        self._place = Place(home, home / "service")
        self._serve = serve
        self._record = home / "containers"
        self._label = f"{HOME_LABEL}={home}"
        self._services: asyncio.Task[asyncio.AbstractServer] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def launch(self, tenant: Tenant, order: Order) -> ContainerCell:
        """Have a container made; the tenant is connected when its worker is there."""
        engine = Engine(engine_socket(os.environ))
        self._record.touch()
        if self._services is None:
            self._services = self._open_services()
        share_order(order)
        if uses_storage(order, self._place):
            share_storage(self._place.storage)
        cell = ContainerCell(engine, tenant, order, self._place)
        task = asyncio.get_running_loop().create_task(cell.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return cell

    async def sweep(self) -> int:
        """Remove what containers there are: those of a killed predecessor, or the last ones.

        Returns:
            How many there were.

        Raises:
            EngineError: The engine does not let them be found and removed; the record stays.
        """
        if not self._record.exists():
            return 0
        engine = Engine(engine_socket(os.environ), _PATIENCE)
        left = await engine.labelled(self._label)
        await asyncio.gather(*(engine.remove(each) for each in left))
        self._record.unlink(missing_ok=True)
        return len(left)

    async def close(self) -> None:
        """Wait until the containers are removed, whose environments have been killed."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_PATIENCE)
        if self._services is not None:
            (await self._services).close()

    def _open_services(self) -> asyncio.Task[asyncio.AbstractServer]:
        """Serve the data services where containers see them, whatever network they are in."""
        loop = asyncio.get_running_loop()
        listener = listen(self._place.service, SERVICE)
        return loop.create_task(loop.create_unix_server(self._serve, sock=listener))


def _describe(code: int) -> str:
    cause = f", as by signal {code - _BY_SIGNAL}" if code > _BY_SIGNAL else ""
    return f"The environment ended with exit code {code}{cause}."
