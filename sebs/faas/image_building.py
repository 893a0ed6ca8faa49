"""Talking to a Docker engine about an image: building it, pushing it, looking it up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sebs.errors import DockerUnavailableError, ImageError

#: Lines of the build's output that end an error's message.
_TAIL = 15

#: What an engine says of a layer when it need not be mentioned any more.
_DONE = frozenset({"Pushed", "Layer already exists", "Mounted from", "Pull complete"})

Progress = Callable[[str], None]


def build(client: Any, what: str, progress: Progress, **options: Any) -> dict[str, Any]:
    """Build an image, and return what the engine says of it.

    Args:
        client: The Docker client.
        what: What is done, as the beginning of a sentence.
        progress: Told each step.
        options: Of the engine's build: ``path``, ``dockerfile``, ``tag``, ``platform``, …

    Raises:
        ImageError: The build failed; its last lines are in the message.
        DockerUnavailableError: The engine stopped answering.
    """
    image_id, tail = options["tag"], deque[str](maxlen=_TAIL)
    with _explained(what):
        lines = client.api.build(rm=True, forcerm=True, decode=True, **options)
        for line in _checked(lines, what, tail):
            text = str(line.get("stream", "")).strip()
            if text:
                tail.append(text)
            if text.startswith("Step "):
                progress(f"{what}: {text}")
            _tell_layers(line, what, progress)
            image_id = line.get("aux", {}).get("ID", image_id)
        attributes: dict[str, Any] = client.images.get(image_id).attrs
        return attributes


def push(
    client: Any,
    repository: str,
    tag: str,
    login: Mapping[str, str] | None,
    what: str,
    progress: Progress,
) -> str:
    """Push an image, and return the digest under which it can be pulled.

    Args:
        client: The Docker client.
        repository: ``registry/repository``.
        tag: The tag.
        login: ``username`` and ``password``; ``None``: what the user has logged in with.
        what: What is done, as the beginning of a sentence.
        progress: Told each layer.

    Raises:
        ImageError: The registry refused, or did not say a digest.
        DockerUnavailableError: The engine stopped answering.
    """
    digest = None
    with _explained(what):
        lines = client.api.push(
            repository, tag=tag, auth_config=_plain(login), stream=True, decode=True
        )
        for line in _checked(lines, what):
            _tell_layers(line, what, progress)
            digest = line.get("aux", {}).get("Digest", digest)
    if not digest:
        raise ImageError(
            f"{what}: the registry did not say the image's digest, and what is deployed is named "
            "by it.",
            remedy="Use a registry of version 2.",
        )
    return str(digest)


def registry_digest(
    client: Any, image: str, login: Mapping[str, str] | None, what: str
) -> str | None:
    """Return the digest that an image has in its registry; ``None`` where it has none of the name.

    Args:
        client: The Docker client.
        image: ``registry/repository:tag``.
        login: As for :func:`push`.
        what: What is done, as the beginning of a sentence.

    Raises:
        ImageError: The registry did not say.
        DockerUnavailableError: The engine stopped answering.
    """
    import docker

    with _explained(what):
        try:
            found = client.images.get_registry_data(image, auth_config=_plain(login))
        except docker.errors.NotFound:
            return None
        return str(found.id)


def contents_hash(directory: Path, architecture: str) -> str:
    """Return a hash of the names, modes and contents of all that an image is built from.

    Args:
        directory: What it is built from, with the Dockerfile.
        architecture: What it is built for.

    Raises:
        InvalidBenchmarkError: A link leads out of the directory, or something is no file.
    """
    from sebs.benchmark.digest import hash_package
    from sebs.benchmark.layout import Part

    whole = Part("image", directory, lambda _: False)
    return hash_package([whole], {"architecture": architecture}, _NoIndex())


class _NoIndex:
    """Remembers no digests: a build directory is new each time."""

    def tree_index(self, root: Any) -> None:
        return None

    def store_tree_index(self, root: Any, data: bytes) -> None:
        """Forget it."""


def _checked(
    lines: Iterable[dict[str, Any]], what: str, tail: Iterable[str] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the engine's answer line by line, and raise at its end if one says that it failed."""
    failure = None
    # To its end in any case: only then is the connection free for the next request.
    for line in lines:
        detail = line.get("errorDetail") or {}
        failure = failure or detail.get("message") or line.get("error")
        yield line
    if failure:
        raise ImageError("\n".join([f"{what} failed: {str(failure).strip()}", *tail]))


def _tell_layers(line: Mapping[str, Any], what: str, progress: Progress) -> None:
    status = str(line.get("status", ""))
    if any(status.startswith(done) for done in _DONE):
        progress(f"{what}: layer {line.get('id')}: {status.lower()}")


def _plain(login: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if login is None else dict(login)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Say of what the engine, or the connection to it, complains."""
    import docker
    import requests
    import urllib3

    try:
        yield
    except docker.errors.APIError as error:
        raise ImageError(f"{what} failed: {error.explanation or error}") from error
    except docker.errors.DockerException as error:
        raise ImageError(f"{what} failed: {error}") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise DockerUnavailableError(
            f"{what}: the Docker engine stopped answering: {error}.",
            remedy="See whether it still runs, and run the same again: it continues.",
        ) from error
