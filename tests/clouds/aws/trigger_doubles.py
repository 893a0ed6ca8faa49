"""Functions for the tests of triggers, and a server whose answers are scripted."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sebs.aws.clients import Clients
from sebs.aws.config import AWSConfig, AWSCredentials, AWSResources
from sebs.aws.endpoints import Endpoints
from sebs.faas.function import Function, FunctionConfig, Runtime
from sebs.sebs_types import Language

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLESECRET"
RESOURCES_ID = "triggers"
BUCKET = "sebs-benchmarks-triggers"

#: Answers in the envelope whatever invoked it, and appends a line to a file for each run.
HANDLER = """
import base64, json, os, time, urllib.parse, urllib.request, uuid

ENVIRONMENT, cold = uuid.uuid4().hex, True

def handler(event, context):
    global cold
    was_cold, cold, begin, s3, signed = cold, False, time.time(), None, None
    if event.get("Records"):
        record = event["Records"][0]["s3"]
        s3 = os.environ["AWS_ENDPOINT_URL"] + "/" + record["bucket"]["name"] + "/"
        key = urllib.parse.unquote_plus(record["object"]["key"])
        payload = json.load(urllib.request.urlopen(s3 + key))
    elif "requestContext" in event:
        body, signed = event["body"], "authorization" in event["headers"]
        payload = json.loads(base64.b64decode(body) if event["isBase64Encoded"] else body)
    else:
        payload = event
    if "count" in payload:
        with open(payload["count"], "a") as file:
            file.write("run\\n")
    time.sleep(payload.get("sleep", 0))
    if payload.get("exit"):
        os._exit(3)
    if payload.get("raise"):
        raise ValueError(payload["raise"])
    envelope = {
        "request_id": context.aws_request_id, "begin": begin, "end": time.time(),
        "is_cold": was_cold, "environment_id": ENVIRONMENT,
        "result": {"echo": payload.get("echo"), "signed": signed},
    }
    if payload.get("plain"):
        return payload["plain"]
    if s3:
        answer = key.replace("sebs-events/", "sebs-answers/", 1)
        data = json.dumps(envelope).encode()
        urllib.request.urlopen(urllib.request.Request(s3 + answer, data, method="PUT"))
    if signed is not None:
        return {"statusCode": 200, "body": json.dumps(envelope)}
    return envelope
"""


class PlainFunction(Function):
    """A function with no more than every function has."""

    @staticmethod
    def deserialize(cached_config: dict[str, Any]) -> Function:
        raise AssertionError("triggers read no function back")


class Storage:
    """The one thing that a trigger asks of the storage."""

    def get_storage(self) -> Storage:
        return self

    def get_bucket(self, _kind: object) -> str:
        return BUCKET


def make_clients(endpoint: str, token: str | None = None) -> Clients:
    credentials = AWSCredentials("AKIAIOSFODNN7EXAMPLE", SECRET, token)
    return Clients("us-east-1", credentials, Endpoints(endpoint))


def make_config(use_function_url: bool = True, is_public: bool = False) -> AWSConfig:
    resources = AWSResources(use_function_url=use_function_url, is_public=is_public)
    resources.resources_id = RESOURCES_ID
    return AWSConfig(AWSCredentials(), resources)


def make_function(name: str, timeout: int = 10) -> PlainFunction:
    config = FunctionConfig(timeout, 128, Runtime(Language.PYTHON, "3.11"))
    return PlainFunction("000.triggers", name, "hash", config)


NO_ROLE = "arn:aws:iam::000000000000:role/none"


def deploy(
    clients: Clients,
    name: str,
    timeout: int = 10,
    role: str = NO_ROLE,
    archive: bytes | None = None,
    runtime: str = "python3.11",
) -> PlainFunction:
    """Create a function by the SDK alone; without an archive it is the one above."""
    clients.control("lambda").create_function(
        FunctionName=name,
        Runtime=runtime,
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": archive or _package()},
        Timeout=timeout,
        Environment={"Variables": {"AWS_ENDPOINT_URL": clients.endpoints.of("s3") or ""}},
    )
    return make_function(name, timeout)


def _package() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("handler.py", HANDLER)
    return archive.getvalue()


def runs(path: Path) -> int:
    """Return how often the handler ran."""
    return len(path.read_text().splitlines()) if path.exists() else 0


def wait_for_runs(path: Path, number: int, within: float = 10.0) -> int:
    """Wait until the handler ran so often; return how often it did."""
    deadline = time.monotonic() + within
    while runs(path) < number and time.monotonic() < deadline:
        time.sleep(0.02)
    return runs(path)


class ScriptedServer:
    """Answers every request with the same status, body and headers, and counts them.

    A status of 0 cuts the connection after the request was read.
    """

    def __init__(self, status: int, body: bytes = b"{}", headers: dict[str, str] | None = None):
        self.requests: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append(
                    {"path": self.path, **{k.lower(): v for k, v in self.headers.items()}}
                )
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST  # noqa: N815 - the name that the base class looks for

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
