"""Servers of AWS's services that are not ours, each a process."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
from ports import free_port

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
        settings: Variables of its environment.
    """

    def __init__(self, kind, log, **settings):
        self.kind = kind
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        module, *arguments = COMMANDS[kind]
        command = [sys.executable, "-m", module, *(each.format(port=port) for each in arguments)]
        environment = {
            **os.environ,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            **settings,
        }
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
