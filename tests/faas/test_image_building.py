"""What an engine answers about an image, without an engine."""

import docker
import pytest
import requests
import urllib3

from sebs.errors import DockerUnavailableError, ImageError
from sebs.faas import image_building

DIGEST = f"sha256:{'0a' * 32}"
LOGIN = {"username": "AWS", "password": "a very secret password"}


class Engine:
    """Answers with lines that were laid out, or raises; notes what it was asked."""

    def __init__(self, *lines, error=None):
        self._lines, self._error = lines, error
        self.api = self.images = self
        self.attrs = {"Id": "made"}
        self.asked = []

    def _answer(self, **asked):
        self.asked.append(asked)
        yield from self._lines
        if self._error is not None:
            raise self._error

    def build(self, **options):
        return self._answer(**options)

    def push(self, repository, **options):
        return self._answer(repository=repository, **options)

    def get(self, image):
        self.asked.append({"get": image})
        return self

    def get_registry_data(self, image, auth_config):
        self.asked.append({"image": image, "auth_config": auth_config})
        raise self._error


def push(engine, progress=lambda text: None):
    return image_building.push(engine, "registry/repo", "tag", LOGIN, "Pushing it", progress)


def build(engine, progress=lambda text: None):
    return image_building.build(engine, "Building it", progress, path="/p", tag="repo:tag")


def test_a_push_returns_the_digest():
    engine = Engine({"status": "Pushed", "id": "1"}, {"aux": {"Digest": DIGEST}}, {})

    assert push(engine) == DIGEST
    assert engine.asked[0]["auth_config"] == LOGIN


def test_a_push_without_a_digest_is_refused():
    with pytest.raises(ImageError, match="did not say the image's digest"):
        push(Engine({"status": "Pushed", "id": "1"}))


@pytest.mark.parametrize(
    "line",
    [
        {"errorDetail": {"message": "denied: no"}, "error": "denied: no"},
        {"errorDetail": {"message": "denied: no"}},
        {"error": "denied: no"},
    ],
)
def test_a_push_that_is_refused_says_why_and_not_the_password(line):
    finished = []

    class Watched(Engine):
        def _answer(self, **asked):
            yield from super()._answer(**asked)
            finished.append(True)

    with pytest.raises(ImageError, match="Pushing it failed: denied: no") as refused:
        push(Watched({}, line, {"aux": {"Digest": DIGEST}}))

    assert LOGIN["password"] not in str(refused.value)
    assert finished, "the answer was read to its end"


def test_progress_is_of_layers_that_are_done():
    told = []

    push(
        Engine(
            {"status": "Preparing", "id": "a"},
            {"status": "Pushing", "id": "a", "progress": "50 %"},
            {"status": "Pushed", "id": "a"},
            {"status": "Mounted from other", "id": "b"},
            {"aux": {"Digest": DIGEST}},
        ),
        told.append,
    )

    assert told == ["Pushing it: layer a: pushed", "Pushing it: layer b: mounted from other"]


def test_a_build_returns_the_image_that_it_says_it_made():
    told = []
    engine = Engine(
        {"stream": "Step 1/2 : FROM base\n"},
        {"stream": " ---> 1234\n"},
        {"status": "Pull complete", "id": "c"},
        {"stream": "Step 2/2 : COPY a b\n"},
        {"aux": {"ID": "sha256:made"}},
        {"stream": "Successfully built\n"},
    )

    assert build(engine, told.append) == {"Id": "made"}

    assert engine.asked[-1] == {"get": "sha256:made"}
    assert told == [
        "Building it: Step 1/2 : FROM base",
        "Building it: layer c: pull complete",
        "Building it: Step 2/2 : COPY a b",
    ]


def test_an_engine_that_says_no_id_made_the_tag():
    engine = Engine({"stream": "Step 1/1 : FROM base\n"})

    build(engine)

    assert engine.asked[-1] == {"get": "repo:tag"}


def test_a_build_that_fails_ends_with_its_last_lines():
    lines = [{"stream": f"line {number}\n"} for number in range(40)]

    with pytest.raises(ImageError) as failed:
        build(Engine(*lines, {"error": "code 3", "errorDetail": {"code": 3, "message": "code 3"}}))

    first, *rest = str(failed.value).split("\n")
    assert first == "Building it failed: code 3"
    assert rest == [f"line {number}" for number in range(25, 40)]


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("gone"),
        requests.ReadTimeout("gone"),
        urllib3.exceptions.ProtocolError("gone"),
    ],
)
def test_an_engine_that_goes_away_is_told(error):
    with pytest.raises(DockerUnavailableError, match="Pushing it: the Docker engine stopped"):
        push(Engine({}, error=error))


def test_what_the_engine_itself_refuses_is_told():
    error = docker.errors.APIError("500", explanation="no space left on device")

    with pytest.raises(ImageError, match="Building it failed: no space left on device"):
        build(Engine(error=error))


def test_an_image_that_the_registry_has_not_has_no_digest():
    engine = Engine(error=docker.errors.NotFound("404"))

    assert image_building.registry_digest(engine, "r/i:t", LOGIN, "Asking") is None
    assert engine.asked == [{"image": "r/i:t", "auth_config": LOGIN}]


def test_a_registry_that_does_not_say_is_an_error():
    engine = Engine(error=docker.errors.APIError("500", explanation="unauthorized"))

    with pytest.raises(ImageError, match="unauthorized"):
        image_building.registry_digest(engine, "r/i:t", None, "Asking")


def test_the_hash_is_of_contents_modes_and_architecture(tmp_path):
    def hashed(contents="x", mode=0o644, architecture="x64"):
        file = tmp_path / "file"
        file.write_text(contents)
        file.chmod(mode)
        return image_building.contents_hash(tmp_path, architecture)

    first = hashed()

    assert hashed() == first
    assert len({first, hashed("y"), hashed(mode=0o755), hashed(architecture="arm64")}) == 4
