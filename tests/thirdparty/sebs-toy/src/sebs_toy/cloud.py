"""The platform: a cloud in memory, one a region, which runs handlers in this process.

It has what a provider must cope with: functions tagged with their owner, execution environments
that are reused, a log of invocations, buckets, and an endpoint that wants a key.
"""

from __future__ import annotations

import concurrent.futures
import functools
import hmac
import io
import json
import secrets
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


class Environment:
    """An execution environment: the module of a package, loaded once."""

    def __init__(self, code: bytes) -> None:
        begin = time.perf_counter()
        self.id = uuid.uuid4().hex
        self.module: dict[str, Any] = {"__name__": "function"}
        with zipfile.ZipFile(io.BytesIO(code)) as package:
            exec(compile(package.read("function.py"), "function.py", "exec"), self.module)
        self.init_time = microseconds(begin)


@dataclass
class Deployed:
    """A function: its owner's tag, its code, its settings, its idle environments."""

    owner: str
    code: bytes
    settings: dict[str, Any]
    idle: list[Environment] = field(default_factory=list)


class Cloud:
    """One region of the platform; it outlives whoever uses it."""

    regions: ClassVar[dict[str, Cloud]] = {}

    def __init__(self) -> None:
        self.key = secrets.token_hex(16)
        self.functions: dict[str, Deployed] = {}
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.log: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()

    @classmethod
    def region(cls, name: str) -> Cloud:
        return cls.regions.setdefault(name, cls())

    def put_function(self, name: str, owner: str, code: bytes, settings: dict[str, Any]) -> None:
        self.calls.append(f"put_function {name}")
        self.functions[name] = Deployed(owner, code, settings)

    def put_settings(self, name: str, settings: dict[str, Any]) -> None:
        """Change settings; what differs from before retires all environments."""
        self.calls.append(f"put_settings {name}")
        old = self.functions[name]
        self.functions[name] = Deployed(old.owner, old.code, {**old.settings, **settings})

    def delete_function(self, name: str) -> None:
        del self.functions[name]
        self.calls.append(f"delete_function {name}")

    def create_bucket(self, name: str) -> None:
        self.calls.append(f"create_bucket {name}")
        self.buckets.setdefault(name, {})

    def delete_bucket(self, name: str) -> None:
        self.calls.append(f"delete_bucket {name}")
        del self.buckets[name]

    def put_object(self, bucket: str, key: str, data: bytes) -> None:
        self.calls.append(f"put_object {bucket}/{key}")
        self.buckets[bucket][key] = data

    def invoke(self, name: str, event: dict[str, Any], key: str) -> dict[str, Any]:
        """Run a function once, in an idle environment or else in a new one."""
        if not hmac.compare_digest(key, self.key):
            raise PermissionError("The key is wrong.")
        function = self.functions[name]
        with self._lock:
            environment = function.idle.pop() if function.idle else None
        is_cold = environment is None
        environment = environment or Environment(function.code)
        request_id, begin, clock = uuid.uuid4().hex, time.time(), time.perf_counter()
        record = {"request_id": request_id, "function": name, "begin": begin}
        self.log.append(record)
        future = call(environment.module["handler"], event)
        concurrent.futures.wait([future], timeout=function.settings["timeout"])
        answer = {
            "request_id": request_id,
            "environment_id": environment.id,
            "is_cold": is_cold,
            "begin": begin,
            "end": time.time(),
            "init_time": environment.init_time if is_cold else 0,
        }
        record |= {
            "execution": microseconds(clock),
            "initialization": answer["init_time"],
            "memory": function.settings["memory"],
        }
        if not future.done():
            # The thread cannot be stopped, but its environment never serves again.
            return {**answer, "error": {"type": "Timeout", "message": "It ran too long."}}
        function.idle.append(environment)
        if (error := future.exception()) is not None:
            return {**answer, "error": {"type": type(error).__name__, "message": str(error)}}
        return {**answer, "result": future.result()}

    @property
    def url(self) -> str:
        """Where functions listen: POST an event to ``URL/NAME``, with the key as bearer token."""
        with self._lock:
            if self._server is None:
                self._server = ThreadingHTTPServer(("127.0.0.1", 0), endpoint_of(self))
                serve = functools.partial(self._server.serve_forever, poll_interval=0.01)
                threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """End the endpoint."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def endpoint_of(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["content-length"])))
            key = self.headers.get("authorization", "").removeprefix("Bearer ")
            answer = cloud.invoke(self.path[1:], event, key)
            body = json.dumps(answer).encode()
            self.send_response(500 if "error" in answer else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Endpoint


def call(handler: Callable[..., Any], event: Any) -> concurrent.futures.Future[Any]:
    """Run a handler in a thread that keeps no program alive."""
    future: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(handler(event))
        except BaseException as error:  # noqa: BLE001 - what a handler raises is its answer
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def microseconds(begin: float) -> int:
    return round((time.perf_counter() - begin) * 1e6)
