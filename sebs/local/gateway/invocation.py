"""One invocation: what is known of it, its outcome as HTTP, and its record."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Protocol

from sebs.local.gateway.frames import Kind

#: Outcome of an answer's kind: HTTP status, and the status that its record says.
OUTCOMES: dict[int, tuple[int, str]] = {
    Kind.OK: (HTTPStatus.OK, "ok"),
    Kind.HANDLER_ERROR: (HTTPStatus.INTERNAL_SERVER_ERROR, "HandlerError"),
    Kind.INVALID_RESULT: (HTTPStatus.BAD_GATEWAY, "InvalidResult"),
    Kind.INVALID_EVENT: (HTTPStatus.BAD_REQUEST, "InvalidEvent"),
    Kind.TOO_LARGE: (HTTPStatus.BAD_GATEWAY, "ResponseTooLarge"),
    Kind.INIT_ERROR: (HTTPStatus.INTERNAL_SERVER_ERROR, "InitializationError"),
}

#: HTTP status of the failures that the gateway itself finds.
FAILURES: dict[str, int] = {
    "EnvironmentCrashed": HTTPStatus.INTERNAL_SERVER_ERROR,
    "OutOfMemory": HTTPStatus.INTERNAL_SERVER_ERROR,
    "TimeoutError": HTTPStatus.GATEWAY_TIMEOUT,
    "Throttled": HTTPStatus.TOO_MANY_REQUESTS,
    "FunctionNotFound": HTTPStatus.NOT_FOUND,
    "GatewayStopped": HTTPStatus.SERVICE_UNAVAILABLE,
}


class Responder(Protocol):
    """Whoever waits for the answer."""

    def reply(self, status: int, headers: bytes, body: bytes) -> None:
        """Send the answer; ``headers`` are whole lines."""
        ...


class Invocation:
    """One request for a function, from its arrival to its answer.

    Times ending in ``_ns`` are of the monotonic clock; ``begin`` is in Unix seconds.
    """

    __slots__ = (
        "arrived_ns",
        "begin",
        "body",
        "cold",
        "dispatched_ns",
        "environment_id",
        "init_us",
        "memory_limit",
        "peak_kib",
        "ready_ns",
        "request_id",
        "responder",
        "version",
    )

    def __init__(
        self, request_id: bytes, body: bytes, responder: Responder, arrived_ns: int, begin: float
    ) -> None:
        self.request_id = request_id
        self.body = body
        self.responder = responder
        self.arrived_ns = arrived_ns
        self.begin = begin
        self.dispatched_ns = 0
        #: When its environment was ready, which on a cold start is after the dispatch.
        self.ready_ns = 0
        self.environment_id = ""
        self.cold = False
        self.init_us = 0
        self.peak_kib = 0
        self.memory_limit = 0
        self.version = 0

    def settle(self, status: int, outcome: str, cpu_us: int, now_ns: int) -> tuple[bytes, bytes]:
        """Return the line for the metrics log and the header lines of the answer.

        The duration runs to the answer, from the dispatch or, on a cold start, from the end of
        the initialization.
        """
        request_id = self.request_id.decode()
        dispatched = self.dispatched_ns or now_ns
        duration = (now_ns - max(dispatched, self.ready_ns)) // 1000
        billed = -(-duration // 1000)
        queued = (dispatched - self.arrived_ns) // 1000
        memory = self.peak_kib / 1024
        if self.cold:
            cold, init = "true", f',"init":{self.init_us}'
        else:
            cold, init = "false", ""
        line = (
            f'{{"request_id":"{request_id}","environment_id":"{self.environment_id}",'
            f'"cold":{cold},"begin":{self.begin:.6f}{init},"duration":{duration},"billed":{billed},'
            f'"memory":{self.memory_limit},"max_memory":{memory:.1f},"cpu":{cpu_us},'
            f'"queue":{queued},"status":"{outcome}","http_status":{status:d},'
            f'"version":{self.version}}}\n'
        )
        headers = (
            f"x-sebs-request-id: {request_id}\r\nx-sebs-environment: {self.environment_id}\r\n"
            f"x-sebs-report: duration={duration};init={self.init_us};billed={billed};"
            f"memory={memory:.1f};cpu={cpu_us};cold={self.cold:d}\r\n"
        )
        return line.encode("ascii"), headers.encode("ascii")

    def failed(self, outcome: str, message: str) -> bytes:
        """Return the envelope of a failure that the gateway itself found."""
        envelope = {
            "request_id": self.request_id.decode(),
            "is_cold": self.cold,
            "environment_id": self.environment_id,
            "error": {"type": outcome, "message": message, "trace": ""},
        }
        return json.dumps(envelope).encode()
