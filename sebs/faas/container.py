"""Container images: resolving a Docker engine, building an image, pushing it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sebs.errors import BuildScriptError, DockerUnavailableError
from sebs.sebs_types import Language
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.config import SeBSConfig

_REMEDY = (
    "Start a Docker engine that this user may use, install the extra with "
    "`pip install 'sebs-faas[docker]'`, or choose a system variant that deploys a code package."
)


def docker_from_environment() -> Any:
    """Return a client of the engine that the environment names.

    Raises:
        DockerUnavailableError: The Docker SDK is not installed, or no engine answers.
    """
    try:
        import docker
    except ImportError as error:
        raise DockerUnavailableError(
            "The Docker SDK for Python is not installed.", remedy=_REMEDY
        ) from error
    try:
        client = docker.from_env()
        client.ping()
    except docker.errors.DockerException as error:
        raise DockerUnavailableError(
            f"No Docker engine answers: {error}.", remedy=_REMEDY
        ) from error
    return client


class DockerHandle:
    """A Docker client that is made when the first operation needs it.

    Args:
        source: A ``docker.DockerClient``, a factory of one without arguments, or ``None`` where
            there is no engine.
    """

    def __init__(self, source: Any) -> None:
        # A double of a client may be callable; only a client has containers.
        is_factory = callable(source) and not hasattr(source, "containers")
        self._factory = source if is_factory else None
        self._client = None if is_factory else source

    def require(self, operation: str) -> Any:
        """Return the client.

        Args:
            operation: What needs it, for the error: "building the image of 110.dynamic-html".

        Raises:
            DockerUnavailableError: There is none; the message names the operation.
        """
        if self._client is None and self._factory is not None:
            try:
                self._client = self._factory()
            except (DockerUnavailableError, OSError) as error:
                reason = error.message if isinstance(error, DockerUnavailableError) else str(error)
                raise DockerUnavailableError(
                    f"{operation} needs a Docker engine: {reason}", remedy=_REMEDY
                ) from error
        if self._client is None:
            raise DockerUnavailableError(f"{operation} needs a Docker engine.", remedy=_REMEDY)
        return self._client

    def close(self) -> None:
        """Close the client, if the handle made it; the next operation makes another."""
        if self._factory is not None and self._client is not None:
            client, self._client = self._client, None
            client.close()


class DockerContainer(ABC, LoggingBase):
    """Builds a benchmark's image and pushes it to the registry that the platform pulls from.

    Args:
        system_config: Global configuration.
        docker_client: A Docker client, a factory of one, or ``None``.
        experimental_manifest: Whether existing images are looked up by their manifest only.
    """

    def __init__(
        self, system_config: SeBSConfig, docker_client: Any, experimental_manifest: bool = False
    ) -> None:
        super().__init__()
        self._system_config = system_config
        self._docker = (
            docker_client
            if isinstance(docker_client, DockerHandle)
            else DockerHandle(docker_client)
        )
        self.experimental_manifest = experimental_manifest
        self.show_progress = True

    def engine_answers(self) -> bool:
        """Return whether there is an engine to build images with."""
        try:
            self._docker.require("Building images")
        except DockerUnavailableError:
            return False
        return True

    @staticmethod
    @abstractmethod
    def name() -> str:
        """Return the key of the platform."""

    @abstractmethod
    def registry_name(
        self, benchmark: str, language_name: str, language_version: str, architecture: str
    ) -> tuple[str, str, str, str]:
        """Return registry, repository, tag and the whole image URI of a benchmark's image."""

    @abstractmethod
    def dockerfile(self, language: Language, language_version: str, architecture: str) -> str:
        """Return the text of the Dockerfile that turns a build directory into the image."""

    def find_image(self, repository_name: str, image_tag: str) -> bool:
        """Return whether the registry has the image."""
        import docker

        client = self._docker.require(f"Looking up image {repository_name}:{image_tag}")
        try:
            client.images.get_registry_data(f"{repository_name}:{image_tag}")
        except docker.errors.NotFound:
            return False
        return True

    def push_image(self, repository_uri: str, image_tag: str) -> None:
        """Push an image that was built here.

        Raises:
            BuildScriptError: The registry refused; its reason is in the message.
        """
        client = self._docker.require(f"Pushing image {repository_uri}:{image_tag}")
        for line in client.images.push(repository_uri, tag=image_tag, stream=True, decode=True):
            if "error" in line:
                raise BuildScriptError(
                    f"The registry refused {repository_uri}:{image_tag}: {line['error']}"
                )

    def build_base_image(
        self,
        directory: str,
        language: Language,
        language_version: str,
        architecture: str,
        benchmark: str,
        is_cached: bool,
    ) -> tuple[bool, str, int]:
        """Build a benchmark's image from its build directory, and push it.

        Args:
            directory: The build directory.
            language: Language of the benchmark.
            language_version: Its version.
            architecture: ``x64`` or ``arm64``.
            benchmark: Name of the benchmark.
            is_cached: Whether an image that the registry has is good enough.

        Returns:
            Whether an image was built, its URI, and its size in bytes (0 where none was built).

        Raises:
            DockerUnavailableError: No engine.
            BuildScriptError: The build failed; its last lines are in the message.
        """
        _, repository, tag, uri = self.registry_name(
            benchmark, language.value, language_version, architecture
        )
        if is_cached and self.find_image(repository, tag):
            return False, uri, 0
        client = self._docker.require(f"Building the image of {benchmark}")
        import docker

        platform = {"x64": "linux/amd64", "arm64": "linux/arm64"}[architecture]
        try:
            image, _ = client.images.build(
                path=directory,
                dockerfile=self._write_dockerfile(
                    directory, language, language_version, architecture
                ),
                tag=uri,
                platform=platform,
                rm=True,
            )
        except docker.errors.BuildError as error:
            tail = "".join(str(line.get("stream", "")) for line in error.build_log)[-2000:]
            raise BuildScriptError(
                f"The image of {benchmark} could not be built: {error.msg}\n{tail}"
            ) from error
        self.push_image(uri.rsplit(":", 1)[0], tag)
        return True, uri, int(image.attrs["Size"])

    def _write_dockerfile(
        self, directory: str, language: Language, language_version: str, architecture: str
    ) -> str:
        from pathlib import Path

        path = Path(directory, "Dockerfile.sebs")
        path.write_text(self.dockerfile(language, language_version, architecture))
        return path.name
