"""A proxy between the SDK and a server of AWS's services, which breaks requests on purpose.

Which requests it breaks, and how, is told by a script: a function of a request's number. So a seed
breaks the same requests, counted as they arrive.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

#: Seconds of a delay.
DELAY = 0.05

_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}
_SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_INVOCATION = re.compile(r"/2015-03-31/functions/[^/]+/invocations$")


class Fault(Enum):
    """What becomes of a request."""

    THROTTLE = "refused: too many"
    FAIL = "refused: the service failed"
    EXPIRE = "refused: the token has expired"
    PAGE = "refused by a page of something in between"
    DELAY = "delayed"
    CUT_BEFORE = "the connection is cut before the server sees it"
    CUT_AFTER = "the server does it, and the connection is cut before its answer"
    TEAR = "the server does it, and the connection is cut in the middle of its answer"


Script = Callable[[int], "Fault | None"]


def script(seed: int) -> Script:
    """Return what a seed breaks: single requests, or all from some moment until another."""
    chance = random.Random(seed)
    kinds = list(Fault)
    if chance.random() < 0.6:
        rate = chance.choice([0.03, 0.1, 0.3])
        return lambda number: (
            pick.choice(kinds)
            if (pick := random.Random(f"{seed} {number}")).random() < rate
            else None
        )
    first, kind = chance.randrange(1, 60), chance.choice(kinds)
    after = first + chance.choice([1, 2, 15, 1000])
    return lambda number: kind if first <= number < after else None


#: Service and fault to its error code and status; services that are not here say it as Lambda.
_REFUSALS = {
    ("lambda", Fault.THROTTLE): (429, "TooManyRequestsException"),
    ("lambda", Fault.FAIL): (500, "ServiceException"),
    ("s3", Fault.THROTTLE): (503, "SlowDown"),
    ("s3", Fault.FAIL): (500, "InternalError"),
    ("s3", Fault.EXPIRE): (400, "ExpiredToken"),
    ("iam", Fault.THROTTLE): (400, "Throttling"),
    ("iam", Fault.FAIL): (500, "ServiceFailure"),
    ("iam", Fault.EXPIRE): (403, "ExpiredToken"),
    ("dynamodb", Fault.THROTTLE): (400, "ThrottlingException"),
    ("dynamodb", Fault.FAIL): (500, "InternalServerError"),
    ("logs", Fault.THROTTLE): (400, "ThrottlingException"),
    ("logs", Fault.FAIL): (503, "ServiceUnavailableException"),
}
_OTHERWISE = {
    Fault.THROTTLE: (429, "TooManyRequestsException"),
    Fault.FAIL: (500, "InternalFailure"),
    Fault.EXPIRE: (403, "ExpiredTokenException"),
    Fault.PAGE: (502, "BadGateway"),
}


def refusal(service: str, fault: Fault) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body with which a service refuses, in its own protocol."""
    kind = "iam" if service == "sts" else service
    status, code = _REFUSALS.get((kind, fault), _OTHERWISE[fault])
    if fault is Fault.PAGE:
        return status, {"Content-Type": "text/html"}, b"<html><h1>Bad Gateway</h1></html>"
    said = fault.value
    error = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>"
    if kind == "s3":
        return status, {"Content-Type": "application/xml"}, error.encode()
    if kind == "iam":
        body = f"<ErrorResponse>{error}<RequestId>broken</RequestId></ErrorResponse>"
        return status, {"Content-Type": "text/xml"}, body.encode()
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    return status, headers, json.dumps({"__type": code, "message": said, "Message": said}).encode()


class Proxy:
    """Passes everything on, and breaks what its script says.

    Attributes:
        invocations: Invocations through Lambda's own API that arrived, to pass or to break.
        broken: Faults so far.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._script: Script | None = None
        self._lock = threading.Lock()
        self._number = 0
        self.invocations = 0
        self.broken: list[tuple[int, str, Fault]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def play(self, script: Script | None) -> None:
        """Break what a script says from now on; ``None`` breaks nothing."""
        with self._lock:
            self._script, self._number, self.invocations, self.broken = script, 0, 0, []

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self._number += 1
            self.invocations += _INVOCATION.search(path) is not None
            fault = self._script(self._number) if self._script else None
            if fault is not None:
                self.broken.append((self._number, f"{method} {path}", fault))
            return fault

    def _pass_on(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(self._upstream.netloc, timeout=60)
        try:
            upstream.putrequest(
                request.command, request.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in request.headers.items():
                if name.lower() not in ("connection", "transfer-encoding", "expect"):
                    upstream.putheader(name, value)
            if "Content-Length" not in request.headers and body:
                upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content = answer.read()
            headers = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP}
            return answer.status, headers, content
        finally:
            upstream.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True  # the other side has gone, as it may

            def log_message(self, *_: object) -> None:
                """Print nothing."""

            def answer(self) -> None:
                body = _body(self)
                fault = proxy._fault(self.command, self.path)
                if fault is Fault.CUT_BEFORE:
                    return self.cut()
                if fault is Fault.DELAY:
                    time.sleep(DELAY)
                if fault in _OTHERWISE:
                    signed = _SERVICE.search(self.headers.get("Authorization", ""))
                    return self.send(*refusal(signed[1] if signed else "lambda", fault))
                answered = proxy._pass_on(self, body)
                if fault is Fault.CUT_AFTER:
                    return self.cut()
                return self.send(*answered, torn=fault is Fault.TEAR)

            def send(
                self, status: int, headers: dict[str, str], body: bytes, torn: bool = False
            ) -> None:
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body[: len(body) // 2] if torn else body)
                if torn:
                    self.cut()

            def cut(self) -> None:
                """Reset the connection."""
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = answer  # noqa: N815

        return Handler


def _body(request: BaseHTTPRequestHandler) -> bytes:
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length", 0)))
    parts = []
    while size := int(request.rfile.readline().split(b";")[0], 16):
        parts.append(request.rfile.read(size))
        request.rfile.readline()
    request.rfile.readline()
    return b"".join(parts)
