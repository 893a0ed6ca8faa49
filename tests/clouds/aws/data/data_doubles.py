"""Two servers that are not ours, and answers that they do not give by themselves."""

import io
import os
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
from botocore.awsrequest import AWSResponse

REGION = "eu-south-2"
COMMANDS = {
    "moto": ("moto.server", "-H", "127.0.0.1", "-p", "{port}"),
    "ministack": ("ministack",),
}
RESETS = {"moto": "/moto-api/reset", "ministack": "/_ministack/reset"}


class Server:
    """A server of one test process.

    Args:
        kind: Which one.
        log: File for what it prints.
    """

    def __init__(self, kind, log):
        self.kind = kind
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        module, *arguments = COMMANDS[kind]
        command = [sys.executable, "-m", module, *(each.format(port=port) for each in arguments)]
        environment = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
        with log.open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.close()
                    raise RuntimeError(f"{kind} does not start: {log.read_text()}") from None
                time.sleep(0.02)

    def close(self):
        self._process.terminate()
        self._process.wait(10)

    def reset(self):
        """Forget everything."""
        request = urllib.request.Request(self.url + RESETS[self.kind], b"")
        urllib.request.urlopen(request, timeout=30).close()

    def client(self, service, account="123456789012"):
        """Return the SDK's client for somebody of an account."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=account,
            aws_secret_access_key="none",
        )


def answer(client, operation, *answers):
    """Let an operation be answered as told, then by the server again.

    Args:
        client: The client whose requests are not sent.
        operation: Its name.
        answers: For each request status and body; ``None`` is the server's answer.

    Returns:
        The requests so far, those included that are sent.
    """
    service = client.meta.service_model.service_name
    remaining, requests = list(answers), []

    def instead(request, **_):
        requests.append(request)
        told = remaining.pop(0) if remaining else None
        if told is None:
            return None
        status, body = told
        raw = io.BytesIO(body.encode())
        raw.stream = lambda *_, **__: iter([body.encode()])
        return AWSResponse(request.url, status, {"Content-Length": str(len(body))}, raw)

    client.meta.events.register(f"before-send.{service}.{operation}", instead)
    return requests


def s3_fault(code, status=409, message="No."):
    """Return what S3 answers where it refuses."""
    return status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"


def dynamodb_fault(code, status=400):
    """Return what DynamoDB answers where it refuses."""
    return status, f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "No."}}'
