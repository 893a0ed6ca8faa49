"""Images of functions: what they are built upon and of, and the digest that names one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.aws.config import NAME
from sebs.aws.limits import check_image
from sebs.aws.package import ENTRIES, HANDLER
from sebs.aws.tags import tags
from sebs.benchmark.package_layout import arrange
from sebs.errors import ImageError, UnsupportedLanguageError
from sebs.faas.container import DockerContainer
from sebs.sebs_types import Language

if TYPE_CHECKING:
    from sebs.aws.config import AWSConfig
    from sebs.aws.ecr import Repository
    from sebs.config import SeBSConfig

#: What AWS publishes for images of functions, for both architectures under one name
#: (https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#runtimes-images-lp).
BASE_IMAGES: Mapping[str, str] = {
    Language.PYTHON.value: "public.ecr.aws/lambda/python:{version}",
    Language.NODEJS.value: "public.ecr.aws/lambda/nodejs:{version}",
}

#: Architecture to how AWS calls it in the tags of its images.
_ARCHITECTURES = {"x64": "x86_64", "arm64": "arm64"}

#: Where Lambda looks for code: LAMBDA_TASK_ROOT.
_TASK_ROOT = "/var/task"

#: Where the code is in the directory that an image is built from.
_CODE = "code"

#: Characters of the longest part of a tag that names the benchmark: a tag has 128 at most, and
#: ends with a hash (https://docs.docker.com/reference/cli/docker/image/tag/).
_LONGEST_NAME = 80

_BY_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}\Z")


def check_digest(container_uri: str | None) -> str:
    """Return the URI of an image that is named by its digest.

    A tag may be moved to another image behind our back, so it does not say what runs.

    Raises:
        ImageError: There is no URI, or it names a tag.
    """
    if container_uri is not None and _BY_DIGEST.match(container_uri):
        return container_uri
    raise ImageError(
        f"The image {container_uri!r} has no digest, so it is not certain what would run."
        if container_uri
        else "A function is to run an image, and there is none.",
        remedy="Build it again (update_code), or name it as registry/repository@sha256:<digest>.",
    )


class ECRContainer(DockerContainer):
    """Builds images of functions and pushes them to ECR.

    The image has what the zip has, in the same places, upon an image that speaks Lambda's runtime
    interface. Dependencies are installed for the function's platform beforehand, and the build
    runs no program, so an image for another architecture needs no emulation.

    Args:
        system_config: Global configuration.
        docker_client: A Docker client, a factory or handle of one, or ``None``.
        config: Configuration of the platform.
        repository: Where images are pushed to.
    """

    def __init__(
        self,
        system_config: SeBSConfig,
        docker_client: Any,
        config: AWSConfig,
        repository: Repository,
    ) -> None:
        super().__init__(system_config, docker_client)
        self._config = config
        self._repository = repository

    @staticmethod
    def name() -> str:
        """Return the key of the platform."""
        return NAME

    def registry_name(
        self, benchmark: str, language_name: str, language_version: str, architecture: str
    ) -> tuple[str, str, str, str]:
        """Return registry, repository, the beginning of the tag, and all of it as a URI.

        Raises:
            PlatformError: The repository cannot be used, or made.
        """
        address = self._repository.address()
        registry, _, repository = address.partition("/")
        tag = image_tag(benchmark, language_name, language_version, architecture)
        return registry, repository, tag, f"{address}:{tag}"

    def dockerfile(self, language: Language, language_version: str, architecture: str) -> str:
        """Return the text of the Dockerfile.

        Raises:
            UnsupportedLanguageError: There is no image to build upon.
        """
        base = self._base_image(language, language_version, architecture)
        return (
            f'FROM {base}\nWORKDIR {_TASK_ROOT}\nCOPY {_CODE}/ {_TASK_ROOT}/\nCMD ["{HANDLER}"]\n'
        )

    def context(self, directory: Path, language: Language, benchmark: str) -> Path:
        """Move the build directory to where the image is built from, laid out as in the zip."""
        context = directory.with_name(f"{directory.name}.image")
        code = context / _CODE
        code.mkdir(parents=True)
        arrange(directory, code, language, benchmark, ENTRIES[language])
        _let_everybody_read(context)
        return context

    def login(self) -> Mapping[str, str]:
        """Return what the registry asks for."""
        return self._repository.login()

    def keeps(self, container_uri: str) -> bool:
        """Return whether an image is in the deployment's repository, by its URI."""
        return self._repository.holds(container_uri)

    def labels(self) -> dict[str, str]:
        """Return the deployment's tags."""
        return tags(self._config.resources.resources_id)

    def image_digest(self, repository_uri: str, image_tag: str) -> str | None:
        """Return the digest that a tag has in ECR, which is asked itself: no engine is needed."""
        return self._repository.digest(image_tag)

    def check_image(self, benchmark: str, architecture: str, image: Mapping[str, Any]) -> None:
        """Refuse an image that Lambda would not run.

        Raises:
            ImageError: It is for another architecture, or starts nothing.
            PackageTooLargeError: It is over the limit.
        """
        super().check_image(benchmark, architecture, image)
        check_image(benchmark, int(image["Size"]))
        if not image["Config"].get("Entrypoint"):
            raise ImageError(
                f"The image of {benchmark} has no entry point: what it is built upon does not "
                "speak Lambda's runtime interface.",
                remedy="Name an image that starts a runtime interface client in "
                "deployment.aws.base_images, or leave it out: AWS's own does.",
            )

    def _base_image(self, language: Language, version: str, architecture: str) -> str:
        bases = {**BASE_IMAGES, **self._config.base_images}
        pattern = bases.get(language.value)
        if pattern is None or language not in ENTRIES:
            raise UnsupportedLanguageError(
                f"There is no image to build functions in {language} upon.",
                remedy=f"There are some for: {', '.join(bases)}. Or deploy a code package.",
            )
        return pattern.replace("{version}", version).replace(
            "{architecture}", _ARCHITECTURES[architecture]
        )


def image_tag(benchmark: str, language: str, version: str, architecture: str) -> str:
    """Return the beginning of the tag of a benchmark's images, to be read by people."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", benchmark)[:_LONGEST_NAME].lstrip("-.")
    return "-".join(filter(None, (name, language, version, architecture)))


def _let_everybody_read(directory: Path) -> None:
    """Let any user read all of it, whatever this one's umask: Lambda does not run as root."""
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink():
            mode = 0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644
            path.chmod(mode)
