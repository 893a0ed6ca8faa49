"""Container images: building one from a benchmark's code, and pushing it to a registry."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.docker_engine import DockerHandle, docker_from_environment
from sebs.errors import DockerUnavailableError, ImageError, UnsupportedLanguageError
from sebs.faas import image_building
from sebs.sebs_types import Language
from sebs.utils import LoggingBase

if TYPE_CHECKING:
    from sebs.config import SeBSConfig

__all__ = ["DockerContainer", "DockerHandle", "docker_from_environment"]

#: What a build directory's Dockerfile is called, so that it replaces none of the benchmark's own.
_DOCKERFILE = "Dockerfile.sebs"

#: Architecture to how Docker calls it.
_MACHINES = {"x64": "amd64", "arm64": "arm64"}

#: Hexadecimal digits of the contents' hash that end a tag, and are enough to tell builds apart.
_DIGITS = 16


class DockerContainer(ABC, LoggingBase):
    """Builds a benchmark's image and pushes it to the registry that the platform pulls from.

    An image's tag ends with a hash of all that it is built from, so that what the registry has is
    neither built nor pushed again. What is deployed is named by its digest: a tag may be moved.

    Args:
        system_config: Global configuration.
        docker_client: A Docker client, a factory of one, or ``None``.
        experimental_manifest: Kept for programs written for SeBS; the registry itself is asked.
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
        """Return where the images of a benchmark are kept.

        Returns:
            The registry, the repository in it, the beginning of the tag, and these as one URI:
            ``registry/repository:tag``.
        """

    @abstractmethod
    def dockerfile(self, language: Language, language_version: str, architecture: str) -> str:
        """Return the text of the Dockerfile that makes the image of what :meth:`context` returns.

        Raises:
            UnsupportedLanguageError: The platform has no images of that language.
        """

    def context(self, directory: Path, language: Language, benchmark: str) -> Path:
        """Return the directory that the image is built from.

        Args:
            directory: The build directory; by default it is returned as it is.
            language: Language of the benchmark.
            benchmark: Name of the benchmark.
        """
        return directory

    def login(self) -> Mapping[str, str] | None:
        """Return the registry's ``username`` and ``password``; they are never written anywhere.

        By default it is ``None``: the Docker SDK uses what the user has logged in with.
        """
        return None

    def keeps(self, container_uri: str) -> bool:
        """Return whether an image of an earlier build is kept where this deployment's are.

        Nothing is asked of the registry. By default all deployments share one.
        """
        return True

    def labels(self) -> dict[str, str]:
        """Return the labels of the image, by which the engine's own are found again."""
        return {}

    def check_image(self, benchmark: str, architecture: str, image: Mapping[str, Any]) -> None:
        """Refuse an image that could not be deployed, before it is pushed.

        Args:
            benchmark: Name of the benchmark.
            architecture: ``x64`` or ``arm64``, what was asked for.
            image: What the engine says of the image: ``Architecture``, ``Size`` in bytes, …

        Raises:
            ImageError: It is for another architecture.
        """
        if image["Architecture"] != _MACHINES[architecture]:
            raise ImageError(
                f"The image of {benchmark} is for {image['Architecture']}, wanted is "
                f"{_MACHINES[architecture]}: what it is built upon has no other.",
                remedy=f"Name an image that there is for {architecture}, or pull it: "
                f"`docker pull --platform linux/{_MACHINES[architecture]} IMAGE`.",
            )

    def image_digest(self, repository_uri: str, image_tag: str) -> str | None:
        """Return the digest that a tag has in the registry; ``None`` where there is no such tag.

        Args:
            repository_uri: ``registry/repository``.
            image_tag: The tag.

        Raises:
            ImageError: The registry did not say.
        """
        what = f"Looking up {repository_uri}:{image_tag}"
        client = self._docker.require(what)
        return image_building.registry_digest(
            client, f"{repository_uri}:{image_tag}", self.login(), what
        )

    def find_image(self, repository_name: str, image_tag: str) -> bool:
        """Return whether the registry has an image; see :meth:`image_digest`."""
        return self.image_digest(repository_name, image_tag) is not None

    def push_image(self, repository_uri: str, image_tag: str) -> str:
        """Push an image that was built here, and return the digest under which it can be pulled.

        Args:
            repository_uri: ``registry/repository``.
            image_tag: The tag.

        Raises:
            ImageError: The registry refused, or did not say a digest.
        """
        what = f"Pushing {repository_uri}:{image_tag}"
        client = self._docker.require(what)
        return image_building.push(
            client, repository_uri, image_tag, self.login(), what, self._progress
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
            directory: The build directory; the platform may move what is in it.
            language: Language of the benchmark.
            language_version: Its version.
            architecture: ``x64`` or ``arm64``.
            benchmark: Name of the benchmark.
            is_cached: Whether an image of the same contents that the registry has is good enough.

        Returns:
            Whether an image was built, its URI with its digest, and its size in bytes (0 where
            none was built).

        Raises:
            UnsupportedLanguageError: The platform has no images of that language.
            DockerUnavailableError: No engine, or it stopped answering.
            ImageError: The build failed, or the registry refused it; the reason is in the message.
        """
        what = f"Building the image of {benchmark}"
        if architecture not in _MACHINES:
            raise UnsupportedLanguageError(f"There are no images for {architecture!r}.")
        if not is_cached:
            self._docker.require(what)  # before a repository is made for an image that cannot be
        dockerfile = self.dockerfile(language, language_version, architecture)
        _, _, tag, uri = self.registry_name(
            benchmark, language.value, language_version, architecture
        )
        repository = uri.removesuffix(f":{tag}")
        context = self.context(Path(directory), language, benchmark)
        Path(context, _DOCKERFILE).write_text(dockerfile, encoding="utf-8")
        contents = image_building.contents_hash(context, architecture)
        tag = f"{tag}-{contents[:_DIGITS]}"
        if is_cached and (digest := self.image_digest(repository, tag)) is not None:
            self.logging.info("The registry has the image of %s already.", benchmark)
            return False, f"{repository}@{digest}", 0
        client = self._docker.require(what)
        image = image_building.build(
            client,
            what,
            self._progress,
            path=str(context),
            dockerfile=_DOCKERFILE,
            tag=f"{repository}:{tag}",
            platform=f"linux/{_MACHINES[architecture]}",
            labels=self.labels(),
        )
        self.check_image(benchmark, architecture, image)
        digest = self.push_image(repository, tag)
        return True, f"{repository}@{digest}", int(image["Size"])

    def _progress(self, text: str) -> None:
        self.logging.log(logging.INFO if self.show_progress else logging.DEBUG, "%s", text)
