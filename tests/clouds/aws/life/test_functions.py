"""The life of functions: what is asked of Lambda, and what is done where it refuses."""

from __future__ import annotations

import io
import json
import logging
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aws_answers import answer
from aws_rig import ACCOUNT, CONTROL_PLANE, SECRET, VERSIONS, Recorder, aws_rig
from aws_servers import REGION, Server

from sebs.aws import code as codes
from sebs.aws import functions as life
from sebs.aws.clients import Clients
from sebs.aws.code import Code
from sebs.aws.cold_starts import force_all
from sebs.aws.config import AWSConfig, AWSCredentials, AWSResources
from sebs.aws.endpoints import Endpoints
from sebs.aws.function import LambdaConfig, LambdaFunction
from sebs.aws.functions import COLD_START, Functions, runtime
from sebs.aws.resources import AWSSystemResources
from sebs.aws.roles import Roles
from sebs.cache import Cache
from sebs.errors import (
    CacheFormatError,
    ColdStartError,
    FunctionGoneError,
    FunctionNameTakenError,
    PlatformError,
    PlatformTimeoutError,
)
from sebs.faas.function import Runtime, Trigger
from sebs.sebs_types import Architecture, Language
from sebs.testing.workbench import Workbench

CONFIGURATION = "lambda.GetFunctionConfiguration"


@dataclass
class Account:
    """A deployment on a server, and an archive that can be deployed."""

    clients: Clients
    functions: Functions
    roles: Roles
    resources_id: str
    archive: Path
    recorder: Recorder

    @property
    def client(self) -> Any:
        """The very client that the functions are made by: what it is answered can be scripted."""
        return self.clients.control("lambda")

    @property
    def code(self) -> Code:
        return Code("c0de", self.archive)

    def config(self, **changes: Any) -> LambdaConfig:
        version = Runtime(Language.PYTHON, VERSIONS[Language.PYTHON])
        settings = {"role": self.roles.ensure(), "environment": {"SEBS_BENCHMARK": "x"}, **changes}
        return LambdaConfig(**{"timeout": 10, "memory": 256, "runtime": version, **settings})

    def create(self, name: str | None = None, **changes: Any) -> str:
        name = name or f"sebs-{uuid.uuid4().hex[:8]}"
        self.functions.create(name, self.code, self.config(**changes), self.resources_id, 1)
        return name

    def configuration(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_function(FunctionName=name)["Configuration"]
        return found

    def parameters(self, operation: str) -> list[Any]:
        """What the operation is asked for from now on."""
        asked: list[Any] = []
        self.client.meta.events.register(
            f"provide-client-params.lambda.{operation}",
            lambda params, **_: asked.append(params),
        )
        return asked

    def asked(self, *calls: str) -> list[str]:
        """Which of these calls were made since this was asked last."""
        made = [call for call in self.recorder.calls if call in calls]
        self.recorder.calls.clear()
        return made


@pytest.fixture
def account(moto: Server, recorder: Recorder, tmp_path: Path) -> Iterator[Account]:
    archive = tmp_path / "package.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("handler.py", "def handler(event, context): return event")
    archive.write_bytes(buffer.getvalue())
    resources = AWSResources()
    resources.resources_id = f"life-{uuid.uuid4().hex[:8]}"
    config = AWSConfig(AWSCredentials(ACCOUNT, SECRET), resources, REGION, Endpoints(moto.url))
    clients = Clients(REGION, config.credentials, config.endpoints)
    services = AWSSystemResources(config, clients, Cache(tmp_path / "cache"))
    functions, roles = Functions(clients, services), Roles(clients, config)
    yield Account(clients, functions, roles, resources.resources_id, archive, recorder)
    clients.close()


def refusal(code: str, message: str, status: int = 409) -> tuple[int, str]:
    """What Lambda answers where it refuses."""
    return status, json.dumps({"__type": code, "Message": message, "message": message})


def state(name: str, **told: str) -> tuple[int, str]:
    """What Lambda says of a function."""
    return 200, json.dumps({"FunctionName": name, "FunctionArn": f"arn:aws:lambda:::{name}"} | told)


BUSY = refusal("ResourceConflictException", "The operation cannot be performed: update in progress")
NO_ROLE = refusal(
    "InvalidParameterValueException",
    "The role defined for the function cannot be assumed by Lambda.",
    400,
)


# --- making ---


def test_a_new_function_has_all_that_it_was_given(account: Account) -> None:
    asked = account.parameters("CreateFunction")
    found = account.functions.create(
        "sebs-new", account.code, account.config(log_format="JSON"), account.resources_id, 7
    )
    made = account.configuration("sebs-new")
    assert (made["Timeout"], made["MemorySize"], made["PackageType"]) == (10, 256, "Zip")
    assert made["Runtime"] == f"python{VERSIONS[Language.PYTHON]}"
    assert made["Handler"] == "handler.handler"
    assert made["Environment"]["Variables"] == {"SEBS_BENCHMARK": "x", COLD_START: "7"}
    logged = {"LogFormat": "JSON", "LogGroup": "/aws/lambda/sebs-new"}
    assert [each["LoggingConfig"] for each in asked] == [logged]  # the server keeps none
    assert made["Role"] == account.roles.ensure()
    tags = account.client.list_tags(Resource=found.arn)["Tags"]
    assert tags["sebs:resource-id"] == account.resources_id
    assert account.functions.find("sebs-new").owner == account.resources_id


@pytest.mark.parametrize("architecture", list(Architecture))
def test_the_architecture_is_what_was_asked_for(
    account: Account, architecture: Architecture
) -> None:
    name = account.create(architecture=architecture)
    expected = {Architecture.X86: "x86_64", Architecture.ARM: "arm64"}[architecture]
    assert account.configuration(name)["Architectures"] == [expected]


@pytest.mark.parametrize(
    ("language", "version", "expected"),
    [
        (Language.PYTHON, "3.13", "python3.13"),
        (Language.NODEJS, "22", "nodejs22.x"),
        (Language.JAVA, "21", "java21"),
        (Language.CPP, "all", "provided.al2023"),
    ],
)
def test_lambda_has_its_own_names_of_languages(
    language: Language, version: str, expected: str
) -> None:
    assert runtime(LambdaConfig(1, 128, Runtime(language, version))) == expected


def test_a_new_role_that_lambda_cannot_use_yet_is_waited_for(account: Account) -> None:
    account.config()
    requests = answer(account.client, "CreateFunction", NO_ROLE, NO_ROLE)
    account.create("sebs-patient")
    assert len(requests) == 3
    assert account.configuration("sebs-patient")["State"] == "Active"


def test_another_refusal_is_reported_at_once(account: Account) -> None:
    wrong = refusal("InvalidParameterValueException", "Unzipped size is too large.", 400)
    requests = answer(account.client, "CreateFunction", wrong)
    with pytest.raises(PlatformError, match=r"sebs-wrong: .*Unzipped size is too large"):
        account.create("sebs-wrong")
    assert len(requests) == 1


def test_what_stays_in_the_way_is_said_in_the_end(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "_SETTLED_WITHIN", 0.2)
    answer(account.client, "CreateFunction", *[NO_ROLE] * 50)
    with pytest.raises(PlatformTimeoutError, match="cannot be assumed by Lambda") as caught:
        account.create("sebs-never")
    assert "--update-code" in (caught.value.remedy or "")


def test_throttling_is_waited_out(account: Account) -> None:
    account.config()
    throttled = refusal("TooManyRequestsException", "Rate exceeded", 429)
    requests = answer(account.client, "CreateFunction", throttled)
    account.create("sebs-throttled")
    assert len(requests) == 2


def test_an_answer_that_was_lost_makes_no_second_function(account: Account) -> None:
    """The SDK sends it again, and Lambda says that it is there: it is ours, and is taken up."""
    name = account.create(memory=128)
    account.asked()
    arn = account.functions.find(name).arn
    found = account.functions.create(
        name, account.code, account.config(memory=512), account.resources_id, 2
    )
    assert (found.arn, account.configuration(name)["MemorySize"]) == (arn, 512)


def test_a_name_that_somebody_takes_meanwhile_stays_theirs(account: Account) -> None:
    name = account.create()
    before = account.configuration(name)
    with pytest.raises(FunctionNameTakenError, match=account.resources_id):
        account.functions.create(name, account.code, account.config(memory=512), "other", 2)
    assert account.configuration(name) == before


def test_a_large_package_goes_through_s3_once(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "LARGEST_DIRECT_UPLOAD", 10)
    asked = account.parameters("CreateFunction")
    for _ in range(2):
        account.create()
    sent = [each["Code"] for each in asked]
    [key] = {place["S3Key"] for place in sent}
    assert key.startswith("packages/c0de-")
    assert account.resources_id in sent[0]["S3Bucket"]
    assert account.asked("s3.PutObject") == ["s3.PutObject"]
    stored = account.clients.control("s3").get_object(Bucket=sent[0]["S3Bucket"], Key=key)
    assert stored["Body"].read() == account.archive.read_bytes()


def test_a_large_package_that_was_built_anew_of_the_same_sources_is_deployed(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "LARGEST_DIRECT_UPLOAD", 10)
    name = account.create()
    before = account.configuration(name)["CodeSha256"]
    with zipfile.ZipFile(account.archive, "a") as package:
        package.writestr("dependency.py", "version = 2")
    account.functions.update_code(name, account.code, account.config())
    assert account.configuration(name)["CodeSha256"] != before


# --- waiting ---


def test_a_function_is_waited_for_until_it_is_ready(account: Account) -> None:
    name = account.create()
    requests = answer(
        account.client,
        "GetFunctionConfiguration",
        state(name, State="Pending"),
        state(name, State="Active", LastUpdateStatus="InProgress"),
    )
    found = account.functions.wait(name)
    assert (len(requests), found.configuration["State"]) == (3, "Active")


@pytest.mark.parametrize(
    "told",
    [
        {"State": "Failed", "StateReason": "The image was deleted."},
        {
            "State": "Active",
            "LastUpdateStatus": "Failed",
            "LastUpdateStatusReason": "The image was deleted.",
        },
    ],
)
def test_what_failed_is_said_with_lambdas_reason(account: Account, told: dict[str, str]) -> None:
    answer(account.client, "GetFunctionConfiguration", state("sebs-failed", **told))
    with pytest.raises(PlatformError, match=r"sebs-failed ready: The image was deleted\."):
        account.functions.wait("sebs-failed")


def test_waiting_ends(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "_READY_WITHIN", 0.2)
    pending = state("sebs-slow", State="Pending")
    answer(account.client, "GetFunctionConfiguration", *[pending] * 50)
    with pytest.raises(PlatformTimeoutError, match="sebs-slow"):
        account.functions.wait("sebs-slow")


@pytest.mark.parametrize("operation", ["UpdateFunctionCode", "UpdateFunctionConfiguration"])
def test_an_update_in_progress_is_waited_out(account: Account, operation: str) -> None:
    name = account.create()
    requests = answer(account.client, operation, BUSY, BUSY)
    account.functions.update_code(name, account.code, account.config())
    account.functions.update_configuration(name, account.config(memory=512), 2)
    assert len(requests) == 3
    assert account.configuration(name)["MemorySize"] == 512


def test_each_update_is_waited_for_once(account: Account) -> None:
    name, config = account.create(), account.config()
    account.asked()
    account.functions.update_code(name, account.code, config)
    assert account.asked(CONFIGURATION) == [CONFIGURATION]
    account.functions.update_configuration(name, config, 2)
    assert account.asked(CONFIGURATION) == [CONFIGURATION]


# --- changing ---


def test_new_code_keeps_the_configuration(account: Account) -> None:
    name = account.create()
    before = account.configuration(name)
    with zipfile.ZipFile(account.archive, "a") as package:
        package.writestr("more.py", "")
    asked = account.parameters("UpdateFunctionCode")
    wanted = account.config(memory=512, architecture=Architecture.ARM)
    account.functions.update_code(name, account.code, wanted)
    assert [each["Architectures"] for each in asked] == [["arm64"]]
    after = account.configuration(name)
    assert after["CodeSha256"] != before["CodeSha256"]
    assert after["MemorySize"] == before["MemorySize"]
    assert after["Environment"] == before["Environment"]


def test_a_package_never_becomes_an_image(account: Account) -> None:
    name = account.create()
    before = account.configuration(name)
    image = Code("c0de", image="1.dkr.ecr/x@sha256:1")
    with pytest.raises(PlatformError, match="cannot make it Image") as caught:
        account.functions.replace(
            account.functions.find(name), name, image, account.config(package_type="Image"), 2
        )
    assert caught.value.remedy is not None
    assert account.configuration(name) == before


@pytest.mark.parametrize("what", ["code", "configuration", "cold start"])
def test_a_function_that_is_gone_is_said_to_be(account: Account, what: str) -> None:
    config = account.config()
    actions = {
        "code": lambda: account.functions.update_code("sebs-gone", account.code, config),
        "configuration": lambda: account.functions.update_configuration("sebs-gone", config, 1),
        "cold start": lambda: account.functions.force_cold_start("sebs-gone", 1),
    }
    with pytest.raises(FunctionGoneError, match="sebs-gone"):
        actions[what]()
    account.functions.delete("sebs-gone")  # which is as it should be


def test_a_forced_cold_start_changes_one_variable(account: Account) -> None:
    name = account.create(environment={"SEBS_BENCHMARK": "x", "SOMEBODY_ELSES": "y"})
    before = account.configuration(name)
    account.functions.force_cold_start(name, 42)
    after = account.configuration(name)
    variables = before["Environment"]["Variables"]
    assert after["Environment"]["Variables"] == {**variables, COLD_START: "42"}
    ignored = {"Environment", "LastModified", "RevisionId", "ResponseMetadata"}
    assert {k: v for k, v in after.items() if k not in ignored} == {
        k: v for k, v in before.items() if k not in ignored
    }


def test_one_cold_start_that_fails_stops_no_other(account: Account) -> None:
    names = [account.create(), "sebs-gone", account.create()]
    functions: list[Any] = [SimpleNamespace(name=name) for name in names]
    with pytest.raises(ColdStartError, match="sebs-gone") as caught:
        force_all(functions, lambda one: account.functions.force_cold_start(one.name, 42))
    for name in (names[0], names[2]):
        assert name not in caught.value.message
        assert account.configuration(name)["Environment"]["Variables"][COLD_START] == "42"


# --- what the cache remembers ---


@pytest.mark.parametrize("kind", ["moto", "ministack"])
def test_a_function_that_is_up_to_date_costs_one_request(
    kind: str, request: pytest.FixtureRequest, recorder: Recorder, tmp_path: Path
) -> None:
    rig = aws_rig(request.getfixturevalue(kind), recorder, CONTROL_PLANE)
    bench = Workbench(rig, tmp_path / "bench")
    try:
        first = bench.system()
        for trigger in (Trigger.TriggerType.HTTP, Trigger.TriggerType.LIBRARY):
            bench.trigger(first, bench.deploy(first), trigger)
        system = bench.restart()
        recorder.calls.clear()
        function = bench.deploy(system)
        assert recorder.calls == ["lambda.GetFunction"]
        assert len(function.triggers(Trigger.TriggerType.HTTP)) == 1
        system.enforce_cold_start([function], bench.benchmark(system))
        recorder.calls.clear()
        bench.deploy(system)
        assert recorder.calls == ["lambda.GetFunction"]
    finally:
        bench.close()


def test_another_architecture_under_the_same_name_is_deployed(
    moto: Server, recorder: Recorder, tmp_path: Path
) -> None:
    bench = Workbench(aws_rig(moto, recorder, CONTROL_PLANE), tmp_path / "bench")
    try:
        system = bench.system()
        name = bench.name(system, "moves")
        assert bench.deploy(system, name).config.architecture is Architecture.X86
        bench.rig = replace(bench.rig, architecture="arm64")
        recorder.calls.clear()
        assert bench.deploy(system, name).config.architecture is Architecture.ARM
        assert "lambda.UpdateFunctionCode" in recorder.calls
        system = bench.restart()
        recorder.calls.clear()
        bench.deploy(system, name)
        assert recorder.calls == ["lambda.GetFunction"]
    finally:
        bench.close()


FUNCTION = {
    "name": "f",
    "hash": "h",
    "benchmark": "b",
    "arn": "arn:aws:lambda:eu-south-2:123456789012:function:f",
    "resource_id": "rid",
    "triggers": [],
    "config": LambdaConfig(1, 128, Runtime(Language.PYTHON, "3.13")).serialize(),
}
WANTED = {
    "resource_id": "rid",
    "region": "eu-south-2",
    "account": "123456789012",
    "package_type": "Zip",
    "architecture": "x64",
}


def test_a_function_that_is_what_is_wanted_is_reused() -> None:
    function = LambdaFunction.deserialize(FUNCTION)
    assert function.obstacle(**WANTED) is None  # type: ignore[arg-type]
    assert function.obstacle(**{**WANTED, "account": None}) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("resource_id", "other"),
        ("region", "us-east-1"),
        ("account", "999999999999"),
        ("package_type", "Image"),
        ("architecture", "arm64"),
    ],
)
def test_a_function_of_another_kind_or_place_is_not_reused(what: str, other: str) -> None:
    obstacle = LambdaFunction.deserialize(FUNCTION).obstacle(
        **{**WANTED, what: other}  # type: ignore[arg-type]
    )
    assert obstacle is not None
    assert other in obstacle
    assert WANTED[what] in obstacle


@pytest.mark.parametrize(
    "damage",
    [
        {"arn": "none"},
        {"arn": None},
        {"config": {}},
        {"config": None},
        {"triggers": [{"type": "TELEPATHY"}]},
        {"triggers": [{"type": "http"}]},
        {"triggers": None},
    ],
)
def test_an_entry_that_cannot_be_read_is_not_used(damage: dict[str, Any]) -> None:
    with pytest.raises(CacheFormatError, match="cannot be read"):
        LambdaFunction.deserialize(FUNCTION | damage)


def test_differences_are_said_with_both_values(caplog: pytest.LogCaptureFixture) -> None:
    config = LambdaConfig.deserialize(FUNCTION["config"] | {"role": "old"})  # type: ignore[operator]
    with caplog.at_level(logging.INFO):
        assert config.differences(role="new", log_format="Text") == ["role is old, wanted is new"]
