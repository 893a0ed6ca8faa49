"""Images of this machine that stand in for AWS's bases, and a registry that asks for a password."""

import hashlib
import io
import json
import shutil
import socket
import subprocess
import tarfile
import time
from pathlib import Path

from base_images import base_image
from docker.errors import APIError
from ports import free_port

from sebs.benchmark.dependencies import PYTHON_PACKAGES, Target, install
from sebs.sebs_types import Language

HERE = Path(__file__).parent / "lambda_base"

#: What AWS's images start: the emulator, and in it the runtime client of the language.
CLIENTS = {"python": ["python3", "-m", "awslambdaric"], "nodejs": ["node", "/opt/client.js"]}

#: The account whose images the server's registry serves to those who do not sign.
ACCOUNT = "000000000000"

USER, PASSWORD = "AWS", "a token of twelve hours"
#: The password's hash, as bcrypt makes it.
HTPASSWD = f"{USER}:$2b$04$y3R67VfWjBUoxObFzQD8Werk/yntCc5mlF8m/DBRG0vhLt.6lFFvi\n"


def lambda_base(engine, language, directory):
    """Make an image that speaks Lambda's runtime interface, and return its name.

    That of Python has the official runtime client.
    """
    shutil.copytree(HERE, directory)
    packages = directory / PYTHON_PACKAGES
    packages.mkdir(parents=True)
    if language == "python":
        (directory / "requirements.txt").write_text("awslambdaric")
        install(directory, Target(Language.PYTHON, "3.11", "x64"))
    start = ", ".join(f'"{word}"' for word in ["python3", "/opt/emulator.py", *CLIENTS[language]])
    (directory / "Dockerfile").write_text(
        f"FROM {base_image(language)}\n"
        "COPY emulator.py client.js /opt/\n"
        f"COPY {PYTHON_PACKAGES} /opt/packages\n"
        "ENV PYTHONPATH=/opt/packages\n"
        f"ENTRYPOINT [{start}]\n"
    )
    name = f"sebs-test/lambda-{language}"
    engine.images.build(path=str(directory), tag=name, rm=True)
    return name


def idle_base(engine, machine):
    """Load an image with nothing in it, for what is never started, and return its name.

    It is made by hand: an engine makes images for its own architecture alone.

    Args:
        engine: The Docker client.
        machine: ``amd64`` or ``arm64``.
    """
    name = f"sebs-test/idle-{machine}:latest"
    layer = _tar({})
    digest = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    description = {
        "architecture": machine,
        "os": "linux",
        "config": {"Entrypoint": ["/none"]},
        "rootfs": {"type": "layers", "diff_ids": [digest]},
        "history": [{"created_by": "by hand"}],
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    files = {"config.json": description, "manifest.json": manifest}
    encoded = {file: json.dumps(content).encode() for file, content in files.items()}
    engine.images.load(_tar({**encoded, "layer.tar": layer}))
    return name


def _tar(files):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as writer:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            writer.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def prune(engine, label):
    """Remove the images that have a label from the engine, which does it for one at a time."""
    while True:
        try:
            engine.images.prune({"label": label, "dangling": False})
        except APIError as error:
            if "already running" not in str(error):
                raise
            time.sleep(0.05)
        else:
            return


class Registry:
    """Debian's registry, which lets in one user.

    Args:
        directory: For its files.
    """

    def __init__(self, directory):
        port = free_port()
        self.address = f"localhost:{port}"
        (directory / "htpasswd").write_text(HTPASSWD)
        (directory / "config.yml").write_text(
            "version: 0.1\n"
            f"storage: {{filesystem: {{rootdirectory: {directory}/images}}}}\n"
            f"http: {{addr: '127.0.0.1:{port}'}}\n"
            f"auth: {{htpasswd: {{realm: test, path: {directory}/htpasswd}}}}\n"
        )
        command = ["docker-registry", "serve", directory / "config.yml"]
        with (directory / "log").open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.close()
                    raise RuntimeError((directory / "log").read_text()) from None
                time.sleep(0.02)

    def close(self):
        self._process.terminate()
        self._process.wait(10)
