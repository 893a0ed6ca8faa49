"""What a deployment's functions run in where ``deployment.local.sandbox`` is ``docker``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sebs.errors import DockerUnavailableError, ImageUnavailableError
from sebs.faas.function import Runtime
from sebs.local import languages
from sebs.local.gateway.functions import NO_NETWORK
from sebs.sebs_types import Language
from sebs.utils import LoggingBase

#: What is published by the languages' own projects, small and for every version.
DEFAULT_IMAGES: Mapping[str, str] = {
    Language.PYTHON.value: "python:{version}-slim",
    Language.NODEJS.value: "node:{version}-slim",
}

_REMEDY = (
    "Start a Docker engine on this machine that this user may use, install the extra with "
    "`pip install 'sebs-faas[docker]'`, or set deployment.local.sandbox to 'process'."
)


@dataclass(frozen=True, slots=True)
class ContainerOptions:
    """How the user wants containers.

    Attributes:
        images: Language to the name of its image, in which ``{version}`` stands for the version.
        network: Name of the engine's network that they are in.
    """

    images: Mapping[str, str]
    network: str = NO_NETWORK

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"images": dict(self.images), "network": self.network}


class Containers(LoggingBase):
    """Says what functions run in, and sees to it that it is there.

    Args:
        options: How the user wants containers; ``None`` where functions run as processes.
        require_docker: Returns the Docker client for an operation that it is told.
    """

    def __init__(
        self, options: ContainerOptions | None, require_docker: Callable[[str], Any]
    ) -> None:
        super().__init__()
        self._options = options
        self._require_docker = require_docker

    def wanted(self, runtime: Runtime) -> dict[str, str] | None:
        """Return what the gateway must know of a function's container; ``None`` for a process."""
        if self._options is None:
            return None
        pattern = self._options.images[runtime.language.value]
        image = pattern.replace("{version}", runtime.version)
        return {"image": image, "network": self._options.network}

    def difference(self, present: Mapping[str, str] | None, runtime: Runtime) -> str | None:
        """Return in words how what a function runs in is not what is wanted."""
        wanted = self.wanted(runtime)
        return None if present == wanted else f"it is {_name(present)}, wanted is {_name(wanted)}"

    def languages(self, cache_dir: Path) -> dict[str, dict[str, list[str]]]:
        """Return what functions can be written in: language to architecture to versions.

        Args:
            cache_dir: Where it is remembered which interpreters of this machine work.
        """
        if self._options is None:
            return languages.supported_languages(cache_dir)
        return languages.contained_languages()

    def check(self) -> None:
        """Make sure that there is an engine, if one is needed.

        Raises:
            DockerUnavailableError: There is none.
        """
        if self._options is not None:
            self._client()

    def provide(self, container: Mapping[str, str] | None) -> None:
        """Pull a container's image where this machine does not have it.

        Raises:
            DockerUnavailableError: There is no engine.
            ImageUnavailableError: It is not here, and cannot be pulled.
        """
        if container is None:
            return
        client = self._client()
        import docker

        image = container["image"]
        try:
            client.images.get(image)
        except docker.errors.ImageNotFound:
            self._pull(client, image)

    def _pull(self, client: Any, image: str) -> None:
        import docker

        self.logging.info("The image %s is not on this machine and is pulled.", image)
        repository, tag = docker.utils.parse_repository_tag(image)
        try:
            lines = client.api.pull(repository, tag or "latest", stream=True, decode=True)
            for line in lines:
                if "error" in line:
                    raise _unavailable(image, line["error"])
                if line.get("status") in ("Download complete", "Pull complete"):
                    self.logging.info("%s: %s: %s", image, line.get("id"), line["status"])
        except docker.errors.APIError as error:
            raise _unavailable(image, error.explanation or str(error)) from error
        self.logging.info("The image %s is here.", image)

    def _client(self) -> Any:
        try:
            return self._require_docker("The sandbox 'docker' of the local platform")
        except DockerUnavailableError as error:
            raise DockerUnavailableError(error.message, remedy=_REMEDY) from error


def _name(container: Mapping[str, str] | None) -> str:
    if container is None:
        return "a process"
    return f"a container of {container['image']} in the network {container['network']}"


def _unavailable(image: str, reason: str) -> ImageUnavailableError:
    return ImageUnavailableError(
        f"The image {image} is not on this machine and cannot be pulled: {reason}",
        remedy="Name another one in deployment.local.images, or make it one of that name.",
    )
