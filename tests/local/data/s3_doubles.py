"""moto's S3, a server that is not ours, as a process of its own on the loopback address."""

import os
import re
import subprocess
import sys
import time
import urllib.request


class S3Server:
    """A server of one test process; what is in it is forgotten by :meth:`reset`.

    Args:
        log: File for what it prints.
    """

    access_key = "AKIAIOSFODNN7EXAMPLE"
    secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    def __init__(self, log):
        self._log = log
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, env={**os.environ, "PYTHONUNBUFFERED": "1"}
            )
        self.endpoint = self._address()
        self.section = {"type": "s3", "endpoint": self.endpoint}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)

    def _address(self):
        deadline = time.monotonic() + 60
        while self._process.poll() is None and time.monotonic() < deadline:
            found = re.search(r"http://127\.0\.0\.1:\d+", self._log.read_text())
            if found:
                return found[0]
            time.sleep(0.02)
        self._process.kill()
        raise RuntimeError(f"moto's server does not start: {self._log.read_text()}")

    def reset(self):
        """Forget everything."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(request, timeout=30).close()

    def requests(self):
        """Return what was asked of it since it runs, as method and target."""
        return re.findall(r'"(\w+) (\S+) HTTP/1\.1"', self._log.read_text())
