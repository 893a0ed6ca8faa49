"""The functions' access to their tables: ``POST /-/tables/TABLE/OPERATION``.

SQLite is within the reach of some languages only, so the gateway serves the tables to all of them
over HTTP, as a cloud does. Everything but the routing happens in one thread, for SQLite may wait
for another process, and its answers may be large.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from sebs.errors import BucketNotFoundError, InvalidItemError, SebsError
from sebs.faas.tables import Key
from sebs.local.gateway.control import ControlError, read_document
from sebs.local.tables import TableStore

#: What the paths begin with that the functions' token opens.
TABLES_PATH = b"/-/tables/"

_ROUTE = re.compile(r"/-/tables/([^/]+)/([a-z]+)\Z")


class Rows(NamedTuple):
    """The answer, and what is done after it was sent: nothing."""

    status: int
    body: bytes
    afterwards: None = None


class Tables:
    """Answers the functions' requests.

    A body is an object with ``primary_key`` and ``secondary_key``, each a name and a value or null,
    and what the operation wants beside. An answer has what it found as ``result``.

    Args:
        directory: Where the tables lie.
    """

    def __init__(self, directory: Path) -> None:
        self._store = TableStore(directory)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tables")

    async def serve(self, method: str, path: str, body: bytes) -> Rows:
        """Serve one request; what is wrong with it is the answer."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._answer, method, path, body)

    def close(self) -> None:
        """Take no more requests."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _answer(self, method: str, path: str, body: bytes) -> Rows:
        try:
            return _render(HTTPStatus.OK, {"result": self._perform(method, path, body)})
        except ControlError as error:
            return _refusal(error.status, error.kind, error)
        except BucketNotFoundError as error:
            return _refusal(HTTPStatus.NOT_FOUND, "TableNotFound", error)
        except InvalidItemError as error:
            return _refusal(HTTPStatus.BAD_REQUEST, "InvalidItem", error)
        except SebsError as error:
            return _refusal(HTTPStatus.INSUFFICIENT_STORAGE, "StorageError", error)

    def _perform(self, method: str, path: str, body: bytes) -> Any:
        match = _ROUTE.match(path)
        operation = _OPERATIONS.get(match[2]) if match else None
        if match is None or operation is None:
            raise ControlError(HTTPStatus.NOT_FOUND, "NotFound", f"There is nothing at {path}.")
        if method != "POST":
            message = f"{path} understands POST, not {method}."
            raise ControlError(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
        return operation(self._store, unquote(match[1]), read_document(body))


def _insert(store: TableStore, name: str, body: dict[str, Any]) -> None:
    store.insert(name, _primary(body), _secondary(body), _object(body, "data"))


def _update(store: TableStore, name: str, body: dict[str, Any]) -> None:
    store.update(name, _primary(body), _secondary(body), _object(body, "updates"))


def _get(store: TableStore, name: str, body: dict[str, Any]) -> dict[str, Any] | None:
    return store.get(name, _primary(body), _secondary(body))


def _query(store: TableStore, name: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    secondary_name = body.get("secondary_key_name")
    if secondary_name is not None and not isinstance(secondary_name, str):
        raise InvalidItemError(f"secondary_key_name: {secondary_name!r} is no name.")
    return store.query(name, _primary(body), secondary_name)


def _delete(store: TableStore, name: str, body: dict[str, Any]) -> None:
    store.delete(name, _primary(body), _secondary(body))


_OPERATIONS: dict[str, Callable[[TableStore, str, dict[str, Any]], Any]] = {
    "insert": _insert,
    "update": _update,
    "get": _get,
    "query": _query,
    "delete": _delete,
}


def _primary(body: dict[str, Any]) -> Key:
    key = _key(body, "primary_key")
    if key is None:
        raise InvalidItemError("primary_key: missing.")
    return key


def _secondary(body: dict[str, Any]) -> Key | None:
    return _key(body, "secondary_key")


def _key(body: dict[str, Any], field: str) -> Key | None:
    match body.get(field):
        case None:
            return None
        case [str(name), str(value)]:
            return name, value
        case other:
            raise InvalidItemError(f"{field}: {other!r} is no name and value, both text.")


def _object(body: dict[str, Any], field: str) -> dict[str, Any]:
    value = body.get(field)
    if not isinstance(value, dict):
        raise InvalidItemError(f"{field}: {type(value).__name__} is no object.")
    return value


def _render(status: int, document: object) -> Rows:
    return Rows(status, json.dumps(document).encode())


def _refusal(status: int, kind: str, error: Exception) -> Rows:
    return _render(status, {"error": {"type": kind, "message": str(error), "trace": ""}})
