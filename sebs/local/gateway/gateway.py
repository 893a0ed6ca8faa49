"""The gateway put together: what listens, what is served, and how it ends."""

from __future__ import annotations

import asyncio
import hmac
import itertools
import secrets
import signal
import sys
import time
from collections.abc import Coroutine
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

from sebs.local.gateway import processes
from sebs.local.gateway.containers import ContainerSandbox
from sebs.local.gateway.control import Control, Reply
from sebs.local.gateway.environment import Verdict
from sebs.local.gateway.fence import Fence, sweep_groups
from sebs.local.gateway.functions import FunctionStore
from sebs.local.gateway.invocation import Invocation
from sebs.local.gateway.lifetime import Lifetime
from sebs.local.gateway.packages import PackageStore
from sebs.local.gateway.pools import Pools, Sandboxes
from sebs.local.gateway.process_sandbox import ProcessSandbox, sweep
from sebs.local.gateway.server import Connection, Request
from sebs.local.gateway.tables import TABLES_PATH, Rows, Tables

_CONTROL_LIMIT = 1 << 20
_ADDRESS = "127.0.0.1"

#: Connections that may wait until they are accepted. With the 100 that asyncio has, most of a burst
#: of 500 took a second or three more: their first packet was dropped, and is sent again only then.
_BACKLOG = 4096
_STOPPED = Verdict("GatewayStopped", "The gateway was stopped.")

#: Seconds that killed environments may take to be gone when the gateway ends.
_FAREWELL = 5.0

_DIRECTORIES = ("environments", "functions", "logs", "metrics", "packages", "tmp")


Answered: TypeAlias = "Reply | Rows"


def prepare_home(home: Path) -> None:
    """Make the directories, and clean up behind a predecessor that was killed."""
    for name in _DIRECTORIES:
        (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    # In this order: the groups hold all that an environment started.
    sweep_groups(home)
    left = sweep(home)
    if left:
        report(f"swept {left} environments of a predecessor that was killed")


def report(message: str) -> None:
    """Write a line to the gateway's log."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - standard error is the log


def _bearer(token: str) -> bytes:
    return b"Bearer " + token.encode()


class Gateway:
    """Serves one directory until :meth:`stop`.

    Args:
        home: The local platform's directory, locked and prepared.
        fence: Encloses the environments that are processes; closed at the end.
    """

    def __init__(self, home: Path, fence: Fence) -> None:
        token = secrets.token_urlsafe(32)
        self._authorization = _bearer(token)
        self.hosts: frozenset[bytes] = frozenset()
        self._home = home
        self._token = token
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._packages = PackageStore(home / "packages")
        self._processes = ProcessSandbox(home, fence)
        self._containers = ContainerSandbox(home, lambda: Connection(self))
        sandboxes = Sandboxes(self._processes, self._containers)
        self._pools = Pools(home, self._packages, sandboxes)
        self._tables = Tables(home / "nosql")
        # Functions are told this one, which opens nothing but their tables, and one that opens
        # nothing but themselves; the key it is made with is told to nobody.
        self._data_token = secrets.token_urlsafe(32)
        self._data_authorization = _bearer(self._data_token)
        self._self_key = secrets.token_bytes(32)
        self._ids = itertools.count(1)
        self._id_prefix = secrets.token_hex(8)
        self._tasks: set[asyncio.Task[Answered]] = set()
        self._lifetime: Lifetime
        self._control: Control

    async def run(self) -> None:
        """Serve until stopped, then end every environment."""
        await self._sweep_containers("of a predecessor that was killed")
        store = FunctionStore(self._home / "functions")
        await self._load(store)
        processes.become_subreaper()
        if not processes.hold_children_to_permissions():
            report("functions run as root, who cannot be kept from writing to their packages")
        # Not the loop's own handler: uvloop keeps this signal for the subprocesses of asyncio.
        signal.signal(signal.SIGCHLD, self._child_ended)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self.stop)
        server = await self._loop.create_server(
            lambda: Connection(self), _ADDRESS, 0, backlog=_BACKLOG
        )
        port = server.sockets[0].getsockname()[1]
        names = (b"127.0.0.1", b"localhost", b"[::1]")
        self.hosts = frozenset(names) | {b"%s:%d" % (name, port) for name in names}
        self._pools.services = lambda path: {
            "SEBS_LOCAL_DATA_URL": f"http://{_ADDRESS}:{port}",
            "SEBS_LOCAL_DATA_TOKEN": self._data_token,
            "SEBS_LOCAL_SELF_PATH": path.decode(),
            "SEBS_LOCAL_SELF_TOKEN": self._self_token(path),
        }
        self._lifetime = Lifetime(self._home, port, self._token, self.stop)
        self._control = Control(
            self._home, self._pools, store, self._packages, self._lifetime, self.stop
        )
        self._lifetime.begin()
        print(f"ready {port}", flush=True)  # noqa: T201 - the parent waits for this line
        try:
            await self._stopped.wait()
        finally:
            self._lifetime.withdraw()
            server.close()
            self._tables.close()
            await self._end_environments()
            await self._containers.close()
            await self._sweep_containers("that would not end")
            await self._processes.close()

    async def _sweep_containers(self, which: str) -> None:
        """Remove all containers; those that cannot be are the next gateway's to remove."""
        try:
            left = await self._containers.sweep()
        except OSError as error:
            report(f"there may be containers {which}: {error}")
            return
        if left:
            report(f"swept {left} containers {which}")

    async def _load(self, store: FunctionStore) -> None:
        """Serve the functions of earlier runs."""
        definitions, refused = store.load()
        for definition in definitions:
            if self._packages.path(definition.sha256).is_dir():
                self._pools.add(definition)
            else:
                refused.append(f"{definition.name}: its unpacked package is gone")
        for reason in refused:
            report(f"not served: {reason}")
        await self._pools.collect_packages()

    def stop(self) -> None:
        """Let :meth:`run` end."""
        self._stopped.set()

    def admits(self, target: bytes, authorization: bytes) -> bool:
        """Return whether a request has the token for its target.

        Tables have one of their own; a function has one with which it invokes itself.
        """
        if target.startswith(TABLES_PATH):
            return hmac.compare_digest(authorization, self._data_authorization)
        if hmac.compare_digest(authorization, self._authorization):
            return True
        own = _bearer(self._self_token(target))
        return target in self._pools.by_path and hmac.compare_digest(authorization, own)

    def _self_token(self, path: bytes) -> str:
        return hmac.digest(self._self_key, path, "sha256").hex()

    def body_limit(self, path: bytes) -> int:
        """Return how many bytes the body of a request may have: the function's own limit."""
        pool = self._pools.by_path.get(path.partition(b"?")[0])
        return pool.definition.scaling.max_request if pool else _CONTROL_LIMIT

    def serve(self, connection: Connection, request: Request) -> None:
        """Serve an invocation at once, anything else in a task."""
        pool = self._pools.by_path.get(request.path)
        if pool is not None and request.method == b"POST":
            request_id = f"{self._id_prefix}{next(self._ids):016x}".encode()
            now_ns = time.monotonic_ns()
            pool.submit(Invocation(request_id, request.body, connection, now_ns, time.time()))
        elif request.path == b"/-/lease" and request.method == b"GET":
            self._lifetime.acquire()
            connection.hold().add_done_callback(lambda _: self._lifetime.release())
        elif request.path.startswith(b"/functions/"):
            self._refuse_invocation(connection, request, known=pool is not None)
        else:
            method, path = request.method.decode(), request.path.decode("ascii", "replace")
            work: Coroutine[Any, Any, Answered]
            if request.path.startswith(TABLES_PATH):
                work = self._tables.serve(method, path, request.body)
            else:
                query = request.query.decode("ascii", "replace")
                work = self._control.serve(method, path, query, request.body)
            task: asyncio.Task[Answered] = self._loop.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._reply(connection, done))

    def _refuse_invocation(self, connection: Connection, request: Request, known: bool) -> None:
        if known:
            status, kind = HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed"
            message = "Functions are invoked with POST."
        else:
            status, kind = HTTPStatus.NOT_FOUND, "FunctionNotFound"
            message = f"There is no function at {request.path.decode('ascii', 'replace')}."
        connection.reply_json(status, {"error": {"type": kind, "message": message, "trace": ""}})

    def _reply(self, connection: Connection, task: asyncio.Task[Answered]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._loop.call_exception_handler({"message": "control request", "exception": error})
            document = {"error": {"type": "GatewayError", "message": repr(error), "trace": ""}}
            connection.reply_json(HTTPStatus.INTERNAL_SERVER_ERROR, document)
            return
        reply = task.result()
        connection.reply(reply.status, b"", reply.body)
        if reply.afterwards is not None:
            # In the next turn: the loop writes the answer at the end of this one.
            self._loop.call_later(0.01, reply.afterwards)

    def _child_ended(self, _number: int, _frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._processes.reap)

    async def _end_environments(self) -> None:
        ending = [each for pool in list(self._pools) for each in pool.close(_STOPPED)]
        if ending:
            await asyncio.wait(
                [self._loop.create_task(each.gone()) for each in ending], timeout=_FAREWELL
            )
        # The answers to those that still waited are written at the end of the loop's turn.
        await asyncio.sleep(0.01)
