"""The control plane: functions come, change and go; the gateway says what it does."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from sebs import __version__
from sebs.local.gateway.clock import nanoseconds
from sebs.local.gateway.environment import Environment
from sebs.local.gateway.functions import (
    DefinitionError,
    FunctionStore,
    check_name,
    parse_definition,
    patch_definition,
    read_number,
    read_variables,
)
from sebs.local.gateway.lifetime import Lifetime
from sebs.local.gateway.logs import log_path
from sebs.local.gateway.metrics import KEPT_FILES, metrics_path, numbered
from sebs.local.gateway.packages import PackageError, PackageStore
from sebs.local.gateway.pin import pin
from sebs.local.gateway.pool import DELETED, Pool
from sebs.local.gateway.pools import Pools

_FUNCTION = re.compile(r"/-/functions/([^/]+)\Z")
_RECYCLE = re.compile(r"/-/functions/([^/]+)/recycle\Z")
_ADVANCE = re.compile(r"/-/functions/([^/]+)/advance\Z")


class ControlError(Exception):
    """A request that is refused; the message says why."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


class Call(NamedTuple):
    """One request: the function's name where the path has one, the query and the body."""

    name: str
    query: str
    body: bytes


class Reply(NamedTuple):
    """The answer, and what is done after it was sent."""

    status: int
    document: Any
    afterwards: Callable[[], None] | None = None

    @property
    def body(self) -> bytes:
        """The document as it is sent."""
        return json.dumps(self.document).encode()


class Control:
    """Serves the paths under ``/-/``, all but the lease.

    Args:
        home: The local platform's directory.
        pools: The functions that are served.
        store: Their definitions on disk.
        packages: Their unpacked packages.
        lifetime: The gateway's leases and pin.
        stop: Ends the gateway.
    """

    def __init__(
        self,
        home: Path,
        pools: Pools,
        store: FunctionStore,
        packages: PackageStore,
        lifetime: Lifetime,
        stop: Callable[[], None],
    ) -> None:
        self._home = home
        self._pools = pools
        self._store = store
        self._packages = packages
        self._lifetime = lifetime
        self._stop = stop
        # Changes come one after the other: no package is removed while another request needs it.
        self._changing = asyncio.Lock()
        self._routes: list[tuple[str, re.Pattern[str], Callable[[Call], Awaitable[Reply]]]] = [
            ("GET", re.compile(r"/-/status\Z"), self._status),
            ("POST", re.compile(r"/-/pin\Z"), self._pin),
            ("POST", re.compile(r"/-/stop\Z"), self._end),
            ("PUT", re.compile(r"/-/services\Z"), self._equip),
            ("GET", re.compile(r"/-/functions\Z"), self._list),
            ("PUT", _FUNCTION, self._put),
            ("PATCH", _FUNCTION, self._patch),
            ("GET", _FUNCTION, self._get),
            ("DELETE", _FUNCTION, self._delete),
            ("POST", _RECYCLE, self._recycle),
            ("POST", _ADVANCE, self._advance),
        ]

    async def serve(self, method: str, path: str, query: str, body: bytes) -> Reply:
        """Serve one request; what is wrong with it is the answer."""
        allowed = []
        for verb, pattern, handler in self._routes:
            match = pattern.match(path)
            if match and verb == method:
                try:
                    name = check_name(match[1]) if pattern.groups else ""
                    return await handler(Call(name, query, body))
                except ControlError as error:
                    return _refusal(error.status, error.kind, str(error))
                except DefinitionError as error:
                    return _refusal(HTTPStatus.BAD_REQUEST, "InvalidDefinition", str(error))
                except PackageError as error:
                    return _refusal(HTTPStatus.BAD_REQUEST, "InvalidPackage", str(error))
                except OSError as error:
                    status = HTTPStatus.INSUFFICIENT_STORAGE
                    return _refusal(status, "StorageError", str(error))
            elif match:
                allowed.append(verb)
        if allowed:
            message = f"{path} understands {', '.join(allowed)}, not {method}."
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
        return _refusal(HTTPStatus.NOT_FOUND, "NotFound", f"There is nothing at {path}.")

    async def _put(self, call: Call) -> Reply:
        body = read_document(call.body)
        package = body.get("package")
        if not isinstance(package, str):
            raise DefinitionError(f"package: {package!r} is no path.")
        async with self._changing:
            present = self._pools.get(call.name)
            version = present.definition.version + 1 if present else 1
            definition = parse_definition(call.name, body, version)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(
                None, self._packages.unpack, Path(package), definition.sha256
            )
            self._store.save(definition)
            if present is None:
                self._pools.add(definition)
            else:
                present.redefine(definition)
            await self._pools.collect_packages()
        status = HTTPStatus.OK if present else HTTPStatus.CREATED
        return Reply(status, definition.as_json())

    async def _patch(self, call: Call) -> Reply:
        body = read_document(call.body)
        async with self._changing:
            pool = self._pool(call.name)
            definition = patch_definition(pool.definition, body)
            self._store.save(definition)
            pool.redefine(definition)
        return Reply(HTTPStatus.OK, definition.as_json())

    async def _get(self, call: Call) -> Reply:
        return Reply(HTTPStatus.OK, self._pool(call.name).definition.as_json())

    async def _list(self, call: Call) -> Reply:
        functions = [pool.definition.as_json() for pool in self._pools]
        return Reply(HTTPStatus.OK, {"functions": functions})

    async def _delete(self, call: Call) -> Reply:
        async with self._changing:
            pool = self._pool(call.name)
            self._store.remove(call.name)
            self._pools.remove(call.name)
            await _all_gone(pool.close(DELETED))
            pool.metrics.close()
            pool.log.close()
            await self._pools.collect_packages()
            if call.query == "purge=1":
                self._purge(call.name)
        return Reply(HTTPStatus.OK, {"deleted": call.name})

    async def _recycle(self, call: Call) -> Reply:
        retired = self._pool(call.name).recycle()
        await _all_gone([environment for environment in retired if environment.ending])
        return Reply(HTTPStatus.OK, {"retired": len(retired)})

    async def _advance(self, call: Call) -> Reply:
        """Let time pass on a function's virtual clock; what ends for it is gone on return."""
        seconds = read_number(read_document(call.body).get("seconds"), "seconds", 0)
        retired = self._pool(call.name).advance(nanoseconds(seconds))
        if retired is None:
            message = f"{call.name!r} is on the real clock, which passes by itself."
            raise ControlError(HTTPStatus.CONFLICT, "RealClock", message)
        await _all_gone(retired)
        return Reply(HTTPStatus.OK, {"retired": len(retired)})

    async def _equip(self, call: Call) -> Reply:
        """Keep a deployment's credentials, in memory, for the environments that start from now on.

        The answer names the variables; their values are in none.
        """
        body = read_document(call.body)
        resource_id = body.get("resource_id")
        if not isinstance(resource_id, str) or not resource_id:
            raise DefinitionError("resource_id: the name of a deployment is expected.")
        variables = read_variables(body, "variables")
        retired = self._pools.equip(resource_id, variables)
        await _all_gone([environment for environment in retired if environment.ending])
        return Reply(HTTPStatus.OK, {"resource_id": resource_id, "variables": sorted(variables)})

    async def _pin(self, call: Call) -> Reply:
        pinned = read_document(call.body).get("pinned")
        if not isinstance(pinned, bool):
            raise ControlError(
                HTTPStatus.BAD_REQUEST, "InvalidRequest", "pinned: true or false is expected."
            )
        self._lifetime.pin(pinned)
        return Reply(HTTPStatus.OK, {"pinned": pinned})

    async def _end(self, call: Call) -> Reply:
        pin(self._home, False)
        return Reply(HTTPStatus.OK, {"stopping": True}, self._stop)

    async def _status(self, call: Call) -> Reply:
        document = {
            "version": __version__,
            "pid": os.getpid(),
            "started": self._lifetime.started,
            "uptime": time.time() - self._lifetime.started,
            "leases": self._lifetime.leases,
            "pinned": self._lifetime.pinned,
            "memory_limit": self._pools.memory_limit,
            "functions": {pool.definition.name: _describe_pool(pool) for pool in self._pools},
        }
        return Reply(HTTPStatus.OK, document)

    def _pool(self, name: str) -> Pool:
        pool = self._pools.get(name)
        if pool is None:
            raise ControlError(
                HTTPStatus.NOT_FOUND, "FunctionNotFound", f"There is no function {name!r}."
            )
        return pool

    def _purge(self, name: str) -> None:
        metrics, log = metrics_path(self._home, name), log_path(self._home, name)
        for path in (metrics, log, numbered(log, 1)):
            path.unlink(missing_ok=True)
        for number in range(1, KEPT_FILES + 1):
            numbered(metrics, number).unlink(missing_ok=True)


async def _all_gone(environments: list[Environment]) -> None:
    for environment in environments:
        await environment.gone()


def _describe_pool(pool: Pool) -> dict[str, Any]:
    return {
        "version": pool.definition.version,
        "queued": pool.queued,
        "metrics_lost": pool.metrics.lost,
        "environments": [
            {
                "id": environment.id,
                "pid": environment.pid,
                "state": _state(environment),
                "served": environment.served,
                "memory": round(environment.memory_kib() / 1024, 1),
            }
            for environment in [*pool.serving, *pool.ending]
        ],
    }


def _state(environment: Environment) -> str:
    if environment.retired:
        return "ending"
    if not environment.init_us:
        return "starting"
    return "busy" if environment.inflight else "idle"


def read_document(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a request's body is.

    Raises:
        ControlError: It is none.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ControlError(
            HTTPStatus.BAD_REQUEST, "InvalidRequest", f"The body is no JSON: {error}."
        ) from error
    if not isinstance(document, dict):
        raise ControlError(HTTPStatus.BAD_REQUEST, "InvalidRequest", "The body is no JSON object.")
    return document


def _refusal(status: int, kind: str, message: str) -> Reply:
    return Reply(status, {"error": {"type": kind, "message": message, "trace": ""}})
