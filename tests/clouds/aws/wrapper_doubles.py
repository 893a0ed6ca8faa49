"""Lambda's side of a package: the runtimes that load it, and what they say of themselves.

Python's is the official runtime client, against a runtime API of ours
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). That of Node.js is not published
for use outside of an image, so its part is a process that calls the handler with a context.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

from sebs.aws.package import HANDLER, package, wrappers
from sebs.benchmark.unpack import extract_zip
from sebs.sebs_types import Language

#: Seconds until a function is given up.
_PATIENCE = 30

MODULES = {Language.PYTHON: "function.py", Language.NODEJS: "function.js"}
LOG_STREAM = "2026/11/24/[$LATEST]0123456789abcdef"

#: What Lambda sets for every function.
VARIABLES = {
    "AWS_REGION": "eu-south-2",
    "AWS_DEFAULT_REGION": "eu-south-2",
    "AWS_LAMBDA_FUNCTION_NAME": "f",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
    "AWS_LAMBDA_LOG_STREAM_NAME": LOG_STREAM,
    "AWS_ACCESS_KEY_ID": "123456789012",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_SESSION_TOKEN": "token",
}

#: A line for each invocation, and one for its answer; what is printed goes to standard error.
_NODE = """
const answer = require('fs').createWriteStream(null, { fd: 3 });
const { handler } = require('./handler');
(async () => {
  const lines = require('readline').createInterface({ input: process.stdin });
  for await (const line of lines) {
    const { event, id } = JSON.parse(line);
    const told = await handler(event, { awsRequestId: id }).then(
      (result) => ({ response: result === undefined ? null : result }),
      (error) => ({ error: { errorType: error.name, errorMessage: error.message } }),
    );
    answer.write(JSON.stringify(told) + '\\n');
  }
})();
"""


def make_package(language: Language, source: str, directory: Path) -> Path:
    """Return the package of a benchmark that has one file."""
    build = directory / "build"
    build.mkdir(parents=True)
    (build / MODULES[language]).write_text(source)
    for wrapper in wrappers(language):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(wrapper, build, ignore=ignored, dirs_exist_ok=True)
    return package(build, language, "000.test")[0]


class PythonRuntime:
    """The official runtime client in a process, and the API that gives it its invocations."""

    def __init__(self, root: Path, variables: dict[str, str], log: Path) -> None:
        self._events: Queue[tuple[str, bytes] | None] = Queue()
        self._answers: Queue[dict[str, Any]] = Queue()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                given = outer._events.get()
                if given is None:
                    self.close_connection = True
                    return
                request_id, event = given
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", request_id)
                self.send_header("Lambda-Runtime-Deadline-Ms", "9999999999999")
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:f")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(event)))
                self.end_headers()
                self.wfile.write(event)

            def do_POST(self) -> None:
                body = self._body()
                kind = "response" if self.path.endswith("/response") else "error"
                outer._answers.put({kind: json.loads(body), "size": len(body)})
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _body(self) -> bytes:
                if self.headers["Content-Length"] is not None:
                    return self.rfile.read(int(self.headers["Content-Length"]))
                chunks = []
                while size := int(self.rfile.readline(), 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        api = f"127.0.0.1:{self._server.server_port}"
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", HANDLER],
                cwd=root,
                env={**variables, "AWS_LAMBDA_RUNTIME_API": api, "LAMBDA_TASK_ROOT": str(root)},
                stdout=output,
                stderr=output,
            )

    def invoke(self, event: Any, request_id: str) -> dict[str, Any]:
        """Return what Lambda would get: ``response`` or ``error``."""
        self.send(event, request_id)
        return self._answers.get(timeout=_PATIENCE)

    def send(self, event: Any, request_id: str) -> None:
        self._events.put((request_id, json.dumps(event).encode()))

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class NodeRuntime:
    """Node.js in a process."""

    def __init__(self, root: Path, variables: dict[str, str], log: Path) -> None:
        node = shutil.which("node")
        assert node is not None
        reads, writes = os.pipe()
        self._answers = os.fdopen(reads)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                ["sh", "-c", 'exec "$0" -e "$1" 3>&1 1>&2', node, _NODE],
                cwd=root,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=writes,
                stderr=output,
                text=True,
            )
        os.close(writes)

    def invoke(self, event: Any, request_id: str) -> dict[str, Any]:
        """Return what Lambda would get: ``response`` or ``error``."""
        self.send(event, request_id)
        ready, _, _ = select.select([self._answers], [], [], _PATIENCE)
        assert ready, "the function does not answer"
        told: dict[str, Any] = json.loads(self._answers.readline())
        return {**told, "size": len(json.dumps(told.get("response"), separators=(",", ":")))}

    def send(self, event: Any, request_id: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"event": event, "id": request_id}) + "\n")
        self.process.stdin.flush()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait(10)
        self._answers.close()


_RUNTIMES = {Language.PYTHON: PythonRuntime, Language.NODEJS: NodeRuntime}


class Environment:
    """An execution environment for one package.

    Args:
        archive: The package.
        language: Its language.
        directory: Where it is unpacked; it must not exist.
        variables: What the function is told beyond what Lambda tells every function.
    """

    def __init__(
        self, archive: Path, language: Language, directory: Path, variables: dict[str, str]
    ) -> None:
        extract_zip(archive, directory)
        self._log = directory.with_suffix(".log")
        self._runtime = _RUNTIMES[language](directory, {**VARIABLES, **variables}, self._log)
        self._count = 0

    def __enter__(self) -> Environment:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def tell(self, event: Any) -> dict[str, Any]:
        """Invoke, and return what Lambda would get."""
        self._count += 1
        return self._runtime.invoke(event, f"request-{self._count}")

    def invoke(self, event: Any) -> Any:
        """Invoke, and return the response."""
        told = self.tell(event)
        assert "response" in told, told
        return told["response"]

    def end(self, event: Any) -> int:
        """Invoke what ends the process, and return its status."""
        self._runtime.send(event, "last")
        return self._runtime.process.wait(_PATIENCE)

    @property
    def log(self) -> str:
        """What was printed so far."""
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        self._runtime.close()


# Events as Lambda gets them.


def http_event(body: str | None, version: str = "2.0", is_base64: bool = False) -> dict[str, Any]:
    """Return the event of a request to a function URL or an HTTP API.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    common: dict[str, Any] = {
        "version": version,
        "headers": {"content-type": "application/json"},
        "isBase64Encoded": is_base64,
    }
    if version == "2.0":
        request = {"http": {"method": "POST", "path": "/", "sourceIp": "127.0.0.1"}}
        event = {**common, "rawPath": "/", "requestContext": request}
        return event if body is None else {**event, "body": body}
    request = {"httpMethod": "POST", "path": "/"}
    return {**common, "httpMethod": "POST", "requestContext": request, "body": body}


def s3_event(bucket: str, key: str) -> dict[str, Any]:
    """Return the event of an object that was made; the key is encoded as S3 does it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    from urllib.parse import quote_plus

    told = {
        "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
        "object": {"key": quote_plus(key, safe="/"), "size": 1},
    }
    record = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
    return {"Records": [{**record, "s3": told}]}
