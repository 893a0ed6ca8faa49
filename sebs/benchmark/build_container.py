"""Running a command in a container that is like where the function will run.

The build directory is mounted at ``/mnt/function``, as SeBS does, and is the working directory.
What the command writes there belongs to the user who builds.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sebs.benchmark.commands import Outcome
from sebs.benchmark.dependencies import Target
from sebs.docker_engine import DockerHandle
from sebs.errors import BuildScriptError, DockerUnavailableError, ImageUnavailableError
from sebs.sebs_types import Language

MOUNT = "/mnt/function"

#: The languages' own images, which have compilers: https://hub.docker.com/_/python and
#: https://hub.docker.com/_/node.
_IMAGES = {Language.PYTHON: "python:{version}", Language.NODEJS: "node:{version}"}

_PLATFORMS = {"x64": "linux/amd64", "arm64": "linux/arm64"}


def build_image(target: Target, configured: str | None) -> str:
    """Return the image that code for a target is built in.

    Args:
        target: What the package must run on.
        configured: An image's name, in which ``{version}`` stands for the language's version.
    """
    pattern = configured or _IMAGES.get(target.language, "")
    return pattern.replace("{version}", target.version)


@dataclass(frozen=True, slots=True)
class BuildContainer:
    """Where a command of a build runs.

    Attributes:
        engine: The Docker engine; nothing is connected before a command runs.
        image: The image.
        architecture: ``x64`` or ``arm64``.
    """

    engine: DockerHandle
    image: str
    architecture: str

    def run(
        self,
        command: Sequence[str],
        directory: Path,
        *,
        environment: Mapping[str, str],
        what: str,
    ) -> Outcome:
        """Run a command to its end, and remove the container.

        Args:
            command: The program and its arguments.
            directory: The build directory.
            environment: Environment variables, beside the image's own.
            what: What needs the container, as the beginning of a sentence.

        Raises:
            DockerUnavailableError: There is no engine, or it stopped answering.
            ImageUnavailableError: The image is not there, and cannot be pulled.
            BuildScriptError: The engine refuses to run it.
        """
        client = self._client(what)
        with _explained(what):
            self._provide(client, what)
            import docker

            container = client.containers.create(
                self.image,
                list(command),
                entrypoint=[],
                working_dir=MOUNT,
                environment={**environment, "HOME": "/tmp"},  # noqa: S108 - the container's own
                mounts=[docker.types.Mount(MOUNT, str(directory), type="bind")],
                user=_user(client),
                platform=_PLATFORMS[self.architecture],
            )
            try:
                container.start()
                status = int(container.wait()["StatusCode"])
                return Outcome(status, container.logs().decode(errors="replace"))
            finally:
                container.remove(force=True)

    def _client(self, what: str) -> Any:
        try:
            return self.engine.require(what)
        except DockerUnavailableError as error:
            raise DockerUnavailableError(
                error.message,
                remedy="Start a Docker engine that this user may use, and install the extra with "
                "`pip install 'sebs-faas[docker]'`.",
            ) from error

    def _provide(self, client: Any, what: str) -> None:
        import docker

        try:
            client.images.get(self.image)
            return
        except docker.errors.ImageNotFound:
            repository, tag = docker.utils.parse_repository_tag(self.image)
        try:
            platform = _PLATFORMS[self.architecture]
            client.images.pull(repository, tag=tag or "latest", platform=platform)
        except docker.errors.APIError as error:
            raise ImageUnavailableError(
                f"{what} needs the image {self.image}, which is not on this machine and cannot be "
                f"pulled: {error.explanation or error}",
                remedy="Name another one in experiments.build_image, or make it one of that name.",
            ) from error


def _user(client: Any) -> str:
    """Return as whom the command runs, so that its files are this user's."""
    if "name=rootless" in (client.info().get("SecurityOptions") or ()):
        return "0:0"  # root of such an engine's containers is the user who runs the engine
    return f"{os.getuid()}:{os.getgid()}"


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    import docker
    import requests

    try:
        yield
    except docker.errors.DockerException as error:
        reason = getattr(error, "explanation", None) or str(error)
        raise BuildScriptError(f"{what} failed: {reason}") from error
    except requests.RequestException as error:
        raise DockerUnavailableError(
            f"{what}: the Docker engine stopped answering: {error}.",
            remedy="See whether it still runs, and build again.",
        ) from error
