"""Images of functions, without an engine: names, Dockerfiles, layout, login, what is refused."""

import base64
import json
import os
import re
import stat

import pytest
from aws_servers import REGION, Server
from hypothesis import given
from hypothesis import strategies as st

from sebs import log
from sebs.aws.clients import Clients
from sebs.aws.config import AWSConfig, AWSCredentials, AWSResources
from sebs.aws.container import ECRContainer, check_digest, image_tag
from sebs.aws.ecr import Repository, registry_address, repository_name
from sebs.aws.endpoints import Endpoints
from sebs.aws.limits import LARGEST_IMAGE
from sebs.aws.package import wrappers
from sebs.config import SeBSConfig
from sebs.errors import (
    AccessDeniedError,
    DockerUnavailableError,
    ImageError,
    PackageTooLargeError,
    PlatformError,
    UnsupportedLanguageError,
)
from sebs.sebs_types import Language

RESOURCES_ID = "rid-12345678"
DIGEST = f"sha256:{'0a' * 32}"
IMAGE = {"Architecture": "amd64", "Size": 1000, "Config": {"Entrypoint": ["/start"]}}

#: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
ECR_NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*")
#: https://docs.docker.com/reference/cli/docker/image/tag/
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server("moto", tmp_path_factory.mktemp("moto") / "log")
    yield server
    server.close()


@pytest.fixture
def deployment(server):
    """Return configuration and repository of a deployment; what it has is gone afterwards."""
    opened = []

    def make(resources_id=RESOURCES_ID, given=None, account="123456789012"):
        resources = AWSResources(container_repository=given)
        resources.resources_id = resources_id
        config = AWSConfig(
            AWSCredentials(account, "none"), resources, REGION, Endpoints(server.url)
        )
        clients = Clients(REGION, config.credentials, config.endpoints)
        opened.append(clients)
        return config, Repository(clients, resources)

    yield make
    for clients in opened:
        clients.close()
    server.reset()


@pytest.fixture
def container(deployment):
    config, repository = deployment()
    return ECRContainer(SeBSConfig(), None, config, repository)


# --- names ---


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{0,40}", fullmatch=True))
def test_every_resource_id_has_a_repository_that_ecr_takes(resources_id):
    assert ECR_NAME.fullmatch(repository_name(resources_id))


@given(st.lists(st.text("ab-", min_size=1, max_size=4).map("a".__add__), min_size=2, unique=True))
def test_no_two_deployments_share_a_repository(resources_ids):
    assert len({repository_name(each) for each in resources_ids}) == len(resources_ids)


@given(
    st.text(max_size=200), st.sampled_from(["python", "nodejs"]), st.sampled_from(["3.11", "22"])
)
def test_every_benchmark_has_a_tag_that_ends_with_a_hash(benchmark, language, version):
    assert TAG.fullmatch(f"{image_tag(benchmark, language, version, 'arm64')}-{'0' * 16}")


def test_a_tag_is_readable():
    assert image_tag("110.dynamic-html", "python", "3.11", "x64") == (
        "110.dynamic-html-python-3.11-x64"
    )


AMAZON = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sebs-x"


@pytest.mark.parametrize(
    ("uri", "endpoint", "address"),
    [
        (AMAZON, None, AMAZON),
        (AMAZON, "https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com", AMAZON),
        (AMAZON, "http://localhost:4566", "localhost:4566/sebs-x"),
        ("localhost:4510/sebs-x", "http://localhost:4566", "localhost:4510/sebs-x"),
        (
            "1.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b",
            "http://127.0.0.1:1/",
            "127.0.0.1:1/a/b",
        ),
    ],
)
def test_the_registry_is_where_the_server_is(uri, endpoint, address):
    assert registry_address(uri, endpoint) == address


# --- what an image is made of ---


def test_the_dockerfile_builds_upon_the_image_of_aws(container):
    assert container.dockerfile(Language.NODEJS, "22", "arm64") == (
        "FROM public.ecr.aws/lambda/nodejs:22\n"
        "WORKDIR /var/task\n"
        "COPY code/ /var/task/\n"
        'CMD ["handler.handler"]\n'
    )


def test_the_base_can_be_another(deployment):
    config, repository = deployment()
    config.base_images["python"] = "registry/base:{version}-{architecture}"
    container = ECRContainer(SeBSConfig(), None, config, repository)

    assert container.dockerfile(Language.PYTHON, "3.13", "x64").startswith(
        "FROM registry/base:3.13-x86_64\n"
    )
    assert "nodejs:22" in container.dockerfile(Language.NODEJS, "22", "x64")


def test_a_language_without_images_is_refused(container, tmp_path):
    with pytest.raises(UnsupportedLanguageError, match="java") as refused:
        container.dockerfile(Language.JAVA, "21", "x64")
    assert "python" in str(refused.value)


def test_the_image_has_what_the_zip_has_and_everybody_may_read_it(container, tmp_path):
    directory = tmp_path / "code"
    packages = directory / ".python_packages" / "lib" / "site-packages" / "dependency"
    packages.mkdir(parents=True)
    (packages / "__init__.py").write_text("")
    (directory / "function.py").write_text("")
    (directory / "tool").write_text("")
    for source in wrappers(Language.PYTHON):
        for file in source.glob("*.py"):
            (directory / file.name).write_text("")
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o700 if path.is_dir() or path.name == "tool" else 0o600)

    context = container.context(directory, Language.PYTHON, "bench")

    code = context / "code"
    assert (code / "function" / "function.py").is_file()
    assert (code / "handler.py").is_file()
    assert (code / "dependency" / "__init__.py").is_file()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (context, *context.rglob("*"))}
    executable = {path for path in modes if path.is_dir() or path.name == "tool"}
    assert {mode for path, mode in modes.items() if path in executable} == {0o755}
    assert {mode for path, mode in modes.items() if path not in executable} == {0o644}


def test_modes_are_set_of_what_links_lead_to_only_where_it_is_ours(container, tmp_path):
    directory = tmp_path / "code"
    directory.mkdir()
    outside = tmp_path / "outside"
    outside.write_text("")
    outside.chmod(0o600)
    for name in ("handler.py", "function.py"):
        (directory / name).write_text("")
    os.symlink(outside, directory / "link")

    container.context(directory, Language.PYTHON, "bench")

    assert stat.S_IMODE(outside.stat().st_mode) == 0o600


# --- what is refused ---


def test_an_image_that_lambda_runs_is_not_refused(container):
    container.check_image("bench", "x64", IMAGE)
    container.check_image("bench", "x64", {**IMAGE, "Size": LARGEST_IMAGE})


@pytest.mark.parametrize(
    ("difference", "error", "words"),
    [
        ({"Architecture": "arm64"}, ImageError, "is for arm64, wanted is amd64"),
        ({"Size": LARGEST_IMAGE + 1}, PackageTooLargeError, "10,737,418,241"),
        ({"Config": {"Entrypoint": None}}, ImageError, "runtime interface"),
        ({"Config": {}}, ImageError, "runtime interface"),
    ],
)
def test_an_image_that_lambda_would_not_run_is_refused(container, difference, error, words):
    with pytest.raises(error, match=words):
        container.check_image("bench", "x64", {**IMAGE, **difference})


def test_an_image_is_named_by_its_digest():
    assert check_digest(f"registry:5000/repo@{DIGEST}") == f"registry:5000/repo@{DIGEST}"


@pytest.mark.parametrize(
    "uri",
    [None, "", "repo", "repo:tag", f"repo@{DIGEST[:-1]}", f"repo@{DIGEST}0", f"repo@{DIGEST}\n"],
)
def test_an_image_without_a_digest_is_refused(uri):
    with pytest.raises(ImageError, match=r"digest|there is none"):
        check_digest(uri)


def test_without_an_engine_the_operation_is_named_and_nothing_is_made(deployment, tmp_path):
    config, repository = deployment()
    container = ECRContainer(SeBSConfig(), None, config, repository)
    (tmp_path / "code").mkdir()
    for name in ("handler.py", "function.py"):
        (tmp_path / "code" / name).write_text("")

    with pytest.raises(DockerUnavailableError, match="Building the image of bench"):
        container.build_base_image(
            str(tmp_path / "code"), Language.PYTHON, "3.11", "x64", "bench", False
        )
    assert repository.allocated() == []


# --- the repository ---


def ecr_of(server, account="123456789012"):
    return server.client("ecr", account)


def test_the_repository_is_made_once_with_tags_and_lambda_may_pull(deployment, server):
    _, repository = deployment()
    assert repository.allocated() == []

    address = repository.address()

    assert address == f"{server.url.removeprefix('http://')}/sebs-{RESOURCES_ID}"
    assert deployment()[1].address() == address
    assert repository.allocated() == [f"sebs-{RESOURCES_ID}"]
    (found,) = ecr_of(server).describe_repositories()["repositories"]
    tags = ecr_of(server).list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    assert {"Key": "sebs:resource-id", "Value": RESOURCES_ID} in tags
    policy = ecr_of(server).get_repository_policy(repositoryName=found["repositoryName"])
    (statement,) = json.loads(policy["policyText"])["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert sorted(statement["Action"]) == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    (only,) = statement["Condition"]["StringLike"].values()
    assert only == f"arn:aws:lambda:{REGION}:123456789012:function:*"


def test_a_deleted_repository_is_made_again(deployment):
    _, repository = deployment()
    repository.address()

    repository.remove(repository.name)

    assert repository.allocated() == []
    repository.address()
    assert repository.allocated() == [repository.name]


@pytest.mark.parametrize("tags", [[], [{"Key": "sebs:resource-id", "Value": "another"}]])
def test_a_repository_of_somebody_else_is_not_touched(deployment, server, tags):
    _, repository = deployment()
    ecr_of(server).create_repository(repositoryName=repository.name, tags=tags)

    with pytest.raises(PlatformError, match="not this deployment's"):
        repository.address()
    with pytest.raises(PlatformError, match="no ECR repository of this deployment"):
        repository.remove(repository.name)

    assert repository.allocated() == []
    assert len(ecr_of(server).describe_repositories()["repositories"]) == 1
    with pytest.raises(ecr_of(server).exceptions.RepositoryPolicyNotFoundException):
        ecr_of(server).get_repository_policy(repositoryName=repository.name)


def test_a_repository_that_was_given_is_used_and_left_as_it_is(deployment, server):
    ecr_of(server).create_repository(repositoryName="team/images")
    _, repository = deployment(given="team/images")

    assert repository.address().endswith("/team/images")

    assert repository.allocated() == []
    with pytest.raises(PlatformError):
        repository.remove("team/images")
    with pytest.raises(ecr_of(server).exceptions.RepositoryPolicyNotFoundException):
        ecr_of(server).get_repository_policy(repositoryName="team/images")


def test_a_repository_that_was_given_and_is_not_there_is_named(deployment):
    _, repository = deployment(given="team/absent")

    with pytest.raises(PlatformError, match="no ECR repository 'team/absent'") as refused:
        repository.address()

    assert "container-repository" in str(refused.value)
    assert repository.allocated() == []


def test_the_digest_of_a_tag_is_what_ecr_has(deployment, server):
    _, repository = deployment()
    repository.address()
    pushed = ecr_of(server).put_image(
        repositoryName=repository.name,
        imageManifest=json.dumps({"schemaVersion": 2, "layers": [], "config": {}}),
        imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
        imageTag="bench-1",
    )

    assert repository.digest("bench-1") == pushed["image"]["imageId"]["imageDigest"]
    assert repository.digest("bench-2") is None


@pytest.mark.parametrize(
    ("image", "holds"),
    [
        (f"localhost:1/sebs-{RESOURCES_ID}@{DIGEST}", True),
        (f"localhost:1/sebs-{RESOURCES_ID}:tag", True),
        (f"localhost:1/sebs-{RESOURCES_ID}0@{DIGEST}", False),
        (f"localhost:1/team/sebs-{RESOURCES_ID}@{DIGEST}", False),
        (f"123456789012.dkr.ecr.{REGION}.amazonaws.com/sebs-{RESOURCES_ID}@{DIGEST}", True),
        (f"123456789012.dkr.ecr.us-east-1.amazonaws.com/sebs-{RESOURCES_ID}@{DIGEST}", False),
        (f"sebs-{RESOURCES_ID}", False),
    ],
)
def test_an_image_is_in_the_repository_of_its_deployment_and_region(container, image, holds):
    assert container.keeps(image) is holds


# --- signing in ---


class Answering:
    """Clients whose ECR gives out one token."""

    def __init__(self, token):
        self._token = token

    def control(self, service):
        assert service == "ecr"
        return self

    def get_authorization_token(self):
        return {"authorizationData": [{"authorizationToken": self._token}]}


def test_the_token_is_split_and_hidden_from_every_log_line():
    password = "a:password/with=strange+characters"
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    repository = Repository(Answering(token), AWSResources())

    assert repository.login() == {"username": "AWS", "password": password}

    assert password not in log.redact(f"pushing with {password}")
    assert token not in log.redact(f"pushing with {token}")
    assert password not in repr(repository)


def test_a_token_that_is_denied_names_the_action(deployment, monkeypatch):
    _, repository = deployment()
    from botocore.exceptions import ClientError

    denied = {
        "Error": {
            "Code": "AccessDeniedException",
            "Message": "User: arn:aws:iam::1:user/u is not authorized to perform: "
            "ecr:GetAuthorizationToken on resource: *",
        }
    }

    def refuse():
        raise ClientError(denied, "GetAuthorizationToken")

    monkeypatch.setattr(repository._ecr, "get_authorization_token", refuse)

    with pytest.raises(AccessDeniedError) as refused:
        repository.login()

    assert (refused.value.action, refused.value.resource) == ("ecr:GetAuthorizationToken", "*")
