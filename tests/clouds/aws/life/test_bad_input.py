"""What users get wrong: which error it is, which value it names, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_answers import answer
from aws_rig import SECRET, VERSIONS, Recorder, inventory, section
from aws_servers import REGION, Server

from sebs import SeBS
from sebs.aws import limits
from sebs.aws.clients import Clients
from sebs.aws.config import AWSCredentials
from sebs.aws.container import check_digest
from sebs.aws.endpoints import Endpoints
from sebs.aws.faults import explained
from sebs.aws.triggers import LibraryTrigger
from sebs.errors import (
    BucketNameTakenError,
    ConfigurationError,
    CredentialsError,
    CredentialsExpiredError,
    FunctionNameTakenError,
    ImageError,
    InvocationStatusError,
    LimitExceededError,
    PackageTooLargeError,
    PlatformError,
    PlatformUnreachableError,
    UnsupportedLanguageError,
)
from sebs.sebs_types import Language, StorageBucketType

BENCHMARK = "311.compression"


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Sign in as nobody, unless a test says so; never ask the machine's own network for a role."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


class Bench:
    """A user's deployment on a server."""

    def __init__(self, client: SeBS, server: Server) -> None:
        self.client, self.server = client, server

    def system(self, **more: Any) -> Any:
        own = {k: v for k, v in {**section(self.server), **more}.items() if v is not None}
        return self.client.get_deployment({"name": "aws", "aws": own})

    def benchmark(self, system: Any, **settings: Any) -> Any:
        runtime = {"language": "python", "version": VERSIONS[Language.PYTHON]}
        config = self.client.get_experiment_config({"runtime": runtime, **settings})
        return self.client.get_benchmark(BENCHMARK, system, config)


@pytest.fixture
def bench(moto: Server, tmp_path: Path) -> Any:
    with SeBS(tmp_path / "cache", tmp_path / "results") as client:
        yield Bench(client, moto)


def test_without_credentials_it_is_said_how_to_sign_in(bench: Bench) -> None:
    with pytest.raises(CredentialsError, match="aws configure"):
        bench.system(credentials=None).initialize()


@pytest.mark.parametrize("half", ["access_key", "secret_key"])
def test_half_a_pair_in_the_configuration(bench: Bench, half: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bench.system(credentials={half: SECRET})
    assert "deployment.aws.credentials" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_half_a_pair_in_the_environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    with pytest.raises(CredentialsError, match="together"):
        bench.system(credentials=None).initialize()


def test_half_a_pair_in_a_profile(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[half]\naws_access_key_id = AKIA\n")
    with pytest.raises(CredentialsError, match="together"):
        bench.system(credentials={"profile": "half"}).initialize()


def test_a_profile_that_does_not_exist_is_named_with_those_that_do(
    bench: Bench, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile mine]\nregion = eu-west-1\n")
    with pytest.raises(ConfigurationError) as caught:
        bench.system(credentials={"profile": "nobody"}).initialize()
    assert "'nobody'" in str(caught.value)
    assert "mine" in (caught.value.remedy or "")


def test_a_region_that_does_not_exist_is_named_with_the_nearest(bench: Bench) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bench.system(region="eu-south-9", endpoint_url=None).initialize()
    assert "eu-south-9" in str(caught.value)
    assert "eu-south-1" in (caught.value.remedy or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_a_server_that_is_not_there_is_asked_twice_and_named(host: str) -> None:
    clients = Clients(REGION, AWSCredentials("AKIA", SECRET), Endpoints(f"http://{host}:9"))
    client = clients.control("sts")
    sent: list[Any] = []
    client.meta.events.register("before-send", lambda **_: sent.append(1))
    with pytest.raises(PlatformUnreachableError, match=f"{host}:9"), explained("Signing in"):
        client.get_caller_identity()
    assert len(sent) == 2
    clients.close()


def test_an_expired_token_is_told_from_a_wrong_one() -> None:
    credentials = AWSCredentials("AKIA", SECRET)
    clients = Clients(REGION, credentials, Endpoints("http://127.0.0.1:9"))
    client = clients.control("lambda")
    for code, error in (
        ("ExpiredTokenException", CredentialsExpiredError),
        ("UnrecognizedClientException", CredentialsError),
    ):
        answer(client, "ListFunctions", (403, json.dumps({"__type": code, "message": "no"})))
        with pytest.raises(error, match="Listing") as caught, explained("Listing"):
            client.list_functions()
        assert type(caught.value) is error
        assert SECRET not in str(caught.value)
    clients.close()


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidParameterValueException"])
def test_a_function_without_its_role_is_told_from_one_that_we_may_not_invoke(code: str) -> None:
    clients = Clients(REGION, AWSCredentials("AKIA", SECRET), Endpoints("http://127.0.0.1:9"))
    trigger = LibraryTrigger("sebs-orphan")
    trigger.attach(clients)
    told = {
        "__type": code,
        "message": "The role defined for the function cannot be assumed by Lambda.",
    }
    answer(clients.invocation(trigger.patience), "Invoke", (403, json.dumps(told)))
    with pytest.raises(InvocationStatusError, match="sebs-orphan") as caught:
        trigger.sync_invoke({})
    assert "--update-code" in (caught.value.remedy or "")
    clients.close()


@pytest.mark.parametrize(
    ("service", "operation"),
    [("iam", "ListRoles"), ("lambda", "ListFunctions"), ("dynamodb", "ListTables")],
)
@pytest.mark.parametrize("page", ["<html>Please pay.<p></html>", "\n<!DOCTYPE HTML>\n<p>Hello"])
def test_an_answer_that_is_none_of_aws_names_what_may_stand_in_between(
    service: str, operation: str, page: str
) -> None:
    clients = Clients(REGION, AWSCredentials("AKIA", SECRET), Endpoints("http://127.0.0.1:9"))
    client = clients.control(service)
    answer(client, operation, (200, page))
    with pytest.raises(PlatformError, match="none of AWS's") as caught, explained("Listing"):
        client._make_api_call(operation, {})
    assert "proxy" in (caught.value.remedy or "")
    clients.close()


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"memory": 64}, "64 MB"), ({"memory": 10_241}, "10,241 MB"), ({"timeout": 901}, "901 s")],
)
def test_what_is_out_of_range_is_refused_before_anything_is_asked(
    bench: Bench, recorder: Recorder, settings: dict[str, int], named: str
) -> None:
    system = bench.system()
    system.initialize()
    recorder.calls.clear()
    with pytest.raises(LimitExceededError, match=named):
        system.get_function(bench.benchmark(system, **settings))
    assert recorder.calls == []


def test_a_package_that_is_too_large_makes_nothing(
    bench: Bench, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = bench.system()
    system.initialize()
    recorder.calls.clear()
    monkeypatch.setattr(limits, "LARGEST_PACKAGE", 10)
    with pytest.raises(PackageTooLargeError, match=BENCHMARK) as caught:
        system.get_function(bench.benchmark(system))
    assert "container" in (caught.value.remedy or "")
    assert recorder.mutations == []


def test_a_version_that_lambda_does_not_run_is_named_with_those_that_it_does(bench: Bench) -> None:
    system = bench.system()
    system.initialize()
    runtime = {"language": "python", "version": "3.2"}
    with pytest.raises((ConfigurationError, UnsupportedLanguageError)) as caught:
        system.get_function(bench.benchmark(system, runtime=runtime))
    assert "3.2" in str(caught.value)
    assert VERSIONS[Language.PYTHON] in str(caught.value)


@pytest.mark.parametrize("uri", ["registry/image", "registry/image:latest"])
def test_an_image_without_a_digest_is_refused(uri: str) -> None:
    with pytest.raises(ImageError, match=uri):
        check_digest(uri)


def test_a_function_of_somebody_else_is_never_touched(bench: Bench, recorder: Recorder) -> None:
    first = bench.system()
    first.initialize(resource_prefix="first")
    benchmark = bench.benchmark(first)
    first.get_function(benchmark, "taken-by-the-first")
    before = bench.server.client("lambda").get_function(FunctionName="taken-by-the-first")
    second = bench.system(resources={"resources_id": "second"})
    second.initialize()
    recorder.calls.clear()
    with pytest.raises(FunctionNameTakenError, match="taken-by-the-first"):
        second.create_function(benchmark, "taken-by-the-first", benchmark.system_variant, None)
    assert recorder.mutations == []
    after = bench.server.client("lambda").get_function(FunctionName="taken-by-the-first")
    assert after["Configuration"] == before["Configuration"]
    first.cleanup_resources()


def delete_function(bench: Bench, name: str, role: str) -> None:
    bench.server.client("lambda").delete_function(FunctionName=name)


def delete_role(bench: Bench, name: str, role: str) -> None:
    delete_policy(bench, name, role)
    bench.server.client("iam").delete_role(RoleName=role)


def delete_policy(bench: Bench, name: str, role: str) -> None:
    client = bench.server.client("iam")
    for policy in client.list_role_policies(RoleName=role)["PolicyNames"]:
        client.delete_role_policy(RoleName=role, PolicyName=policy)


@pytest.mark.parametrize("delete", [delete_function, delete_role, delete_policy])
def test_what_was_deleted_behind_our_back_is_made_again(
    bench: Bench, tmp_path: Path, delete: Callable[[Bench, str, str], None]
) -> None:
    system = bench.system()
    system.initialize()
    own = system.config.resources.resources_id
    function = system.get_function(bench.benchmark(system))
    role = function.config.role.rpartition("/")[2]
    before = inventory(bench.server, own)
    policies = bench.server.client("iam").list_role_policies(RoleName=role)["PolicyNames"]
    assert policies
    bench.client.shutdown()
    delete(bench, function.name, role)
    with SeBS(tmp_path / "cache", tmp_path / "results") as again:
        later = Bench(again, bench.server)
        system = later.system()
        system.initialize()
        # New code: a function whose role is gone still exists, and is asked for nothing more.
        benchmark = later.benchmark(system, update_code=True)
        system.get_function(benchmark)
        assert inventory(bench.server, own) == before
        found = bench.server.client("iam").list_role_policies(RoleName=role)["PolicyNames"]
        assert found == policies
        system.cleanup_resources()


def test_a_bucket_whose_name_is_taken_is_named_and_left_alone(bench: Bench) -> None:
    name = "sebs-benchmarks-taken"
    foreign = bench.server.client("s3")
    place = {"LocationConstraint": REGION}
    foreign.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    foreign.put_object(Bucket=name, Key="theirs", Body=b"theirs")
    system = bench.system(resources={"resources_id": "taken"})
    system.initialize()
    with pytest.raises(BucketNameTakenError, match=name):
        system.system_resources.get_storage().get_bucket(StorageBucketType.BENCHMARKS)
    system.cleanup_resources()
    assert foreign.get_object(Bucket=name, Key="theirs")["Body"].read() == b"theirs"


def test_a_bucket_that_was_left_half_made_is_finished_or_found(bench: Bench) -> None:
    name = "sebs-benchmarks-halfmade"
    server = bench.server.client("s3")
    place = {"LocationConstraint": REGION}
    server.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    system = bench.system(resources={"resources_id": "halfmade"})
    system.initialize()
    assert f"bucket {name}" in inventory(bench.server, "halfmade")
    assert system.cleanup_resources(dry_run=True)["buckets"] == [name]
    assert system.system_resources.get_storage().get_bucket(StorageBucketType.BENCHMARKS) == name
    assert server.get_bucket_tagging(Bucket=name)["TagSet"]
    system.cleanup_resources()
    assert inventory(bench.server, "halfmade") == set()


@pytest.mark.parametrize("change", ["code", "memory"])
def test_what_lambda_has_wins_over_what_the_cache_says(
    bench: Bench, recorder: Recorder, change: str
) -> None:
    """As after an update whose answer was lost, and whose owner went back to what was before."""
    system = bench.system()
    system.initialize()
    benchmark = bench.benchmark(system)
    function = system.get_function(benchmark)
    client = bench.server.client("lambda")
    before = client.get_function_configuration(FunctionName=function.name)
    if change == "code":
        client.update_function_code(FunctionName=function.name, ZipFile=b"PK\5\6" + bytes(18))
    else:
        client.update_function_configuration(FunctionName=function.name, MemorySize=3008)
    system.get_function(benchmark)
    after = client.get_function_configuration(FunctionName=function.name)
    for what in ("CodeSha256", "MemorySize"):
        assert after[what] == before[what]
    recorder.calls.clear()
    system.get_function(benchmark)
    assert recorder.mutations == []
    system.cleanup_resources()


def test_a_role_that_is_no_longer_given_is_no_longer_used(bench: Bench, tmp_path: Path) -> None:
    iam, name = bench.server.client("iam"), "given-for-a-while"
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    given = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    system = bench.system(resources={"lambda-role": given})
    system.initialize()
    assert system.get_function(bench.benchmark(system)).config.role == given
    bench.client.shutdown()
    with SeBS(tmp_path / "cache", tmp_path / "results") as again:
        later = Bench(again, bench.server)
        system = later.system()
        system.initialize()
        function = system.get_function(later.benchmark(system))
        found = bench.server.client("lambda").get_function_configuration(FunctionName=function.name)
        own = system.config.resources.resources_id
        assert found["Role"].endswith(f":role/sebs-lambda-{own}")
        assert function.config.role == found["Role"]
        system.cleanup_resources()
    assert iam.get_role(RoleName=name)
