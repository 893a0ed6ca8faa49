"""Functions on Lambda that are not ours, on servers that are not ours either."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from aws_servers import REGION, Server

from sebs import SeBS
from sebs.aws import attached, clients
from sebs.aws.aws import AWS
from sebs.errors import (
    AccessDeniedError,
    AttachedFunctionError,
    ColdStartError,
    FunctionGoneError,
    FunctionNameTakenError,
    UnsupportedOperationError,
    UsageError,
)
from sebs.faas.attached import Attached
from sebs.faas.function import ExecutionResult, Trigger

ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:theirs"
GROUP = "/a/group/of/their/own"
SECRET = "their-own-secret"
HTTP, LIBRARY = Trigger.TriggerType.HTTP, Trigger.TriggerType.LIBRARY

#: Returns what its owner likes; with ``envelope`` what a function deployed by us would.
HANDLER = f"""
import json, os

def main(event, context):
    payload = json.loads(event["body"]) if "requestContext" in event else event
    if "raise" in payload:
        raise ValueError(payload["raise"])
    if "envelope" in payload:
        return {{"request_id": context.aws_request_id, "begin": 1.5, "end": 1.75, "is_cold": True,
                "environment_id": "env", "result": {{"result": 42}}}}
    return {{"payload": payload, "version": VERSION, "secret": os.environ["SECRET"] == {SECRET!r}}}
"""


def code(version: str) -> dict[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", f"VERSION = {version!r}\n{HANDLER}")
    return {"ZipFile": packed.getvalue()}


class Account:
    """Somebody's function, as its owner made it, and our platform beside it."""

    def __init__(self, server: Server, root: Any) -> None:
        self.server = server
        self.client = server.client("lambda")
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = server.client("iam").create_role(RoleName="own", AssumeRolePolicyDocument=trust)
        self.settings = {
            "Runtime": "python3.11",
            "Role": role["Role"]["Arn"],
            "Handler": "app.main",
            "Environment": {"Variables": {"SECRET": SECRET}},
            "Timeout": 7,
            "MemorySize": 256,
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": GROUP},
        }
        self.client.create_function(FunctionName="theirs", Code=code("one"), **self.settings)
        self.client.get_waiter("function_active_v2").wait(FunctionName="theirs")
        self.program = SeBS(root / "cache", root / "results")
        system = self.program.get_deployment(
            {
                "name": "aws",
                "aws": {
                    "region": REGION,
                    "endpoint_url": server.url,
                    "credentials": {"access_key": ACCOUNT, "secret_key": "none"},
                },
            }
        )
        assert isinstance(system, AWS)
        self.system = system

    def attach(self, name: str = "theirs", **options: Any) -> Attached:
        return self.system.attach_function(name, **options)

    def state(self, name: str = "theirs") -> dict[str, Any]:
        found = self.client.get_function(FunctionName=name)
        return {key: found.get(key) for key in ("Configuration", "Tags", "Concurrency")}


def invoke(function: Attached, event: dict[str, Any], kind: Any = LIBRARY) -> ExecutionResult:
    [trigger] = function.triggers(kind)
    return trigger.sync_invoke(event)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    running: dict[str, Server] = {}

    def get(kind: str) -> Server:
        if kind not in running:
            running[kind] = Server(kind, tmp_path_factory.mktemp("server") / "log")
        running[kind].reset()
        return running[kind]

    yield get
    for server in running.values():
        server.close()


@pytest.fixture(params=["moto", "ministack"])
def account(request: Any, servers: Any, tmp_path: Any) -> Iterator[Account]:
    made = Account(servers(request.param), tmp_path)
    yield made
    made.program.shutdown()


@pytest.fixture
def executing(servers: Any, tmp_path: Any) -> Iterator[Account]:
    """On the server that runs what is deployed."""
    made = Account(servers("ministack"), tmp_path)
    yield made
    made.program.shutdown()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that the SDK is asked for."""
    noted: list[str] = []
    original = clients.open_session

    def open_session(*arguments: Any) -> Any:
        session = original(*arguments)
        session.events.register("before-call", lambda model, **_: noted.append(model.name))
        return session

    monkeypatch.setattr(clients, "open_session", open_session)
    return noted


def test_attaching_reads_and_does_nothing_else(calls, account) -> None:
    before = account.state()
    function = account.attach()
    assert calls == ["GetFunctionConfiguration", "GetFunctionUrlConfig"]
    assert account.state() == before
    assert function.attached
    assert (function.name, function.target, function.benchmark) == (ARN, ARN, "theirs")
    assert (function.config.memory, function.config.timeout) == (256, 7)
    assert function.config.serialize()["runtime"] == {"language": "python", "version": "3.11"}
    assert SECRET not in json.dumps(function.serialize())


@pytest.mark.parametrize("name", ["theirs", "function:theirs", ARN, f"{ARN}:$LATEST"])
def test_a_function_is_found_by_whatever_lambda_calls_it(executing, name) -> None:
    output = invoke(executing.attach(name), {"a": 1}).output
    assert output == {"payload": {"a": 1}, "version": "one", "secret": True}


@pytest.mark.parametrize("qualifier", ["live", "1"])
def test_a_version_or_an_alias_is_what_is_invoked(executing, qualifier) -> None:
    client = executing.client
    client.publish_version(FunctionName="theirs")
    client.create_alias(FunctionName="theirs", Name="live", FunctionVersion="1")
    client.update_function_code(FunctionName="theirs", **code("two"))
    for name in (f"theirs:{qualifier}", f"{ARN}:{qualifier}"):
        function = executing.attach(name)
        assert function.name == f"{ARN}:{qualifier}"
        assert invoke(function, {}).output["version"] == "one"
    assert invoke(executing.attach(), {}).output["version"] == "two"


def test_an_envelope_of_a_function_of_ours_is_recognized(executing) -> None:
    result = invoke(executing.attach(), {"envelope": True})
    assert result.output == {"result": 42}
    assert (result.times.benchmark, result.environment_id) == (250_000, "env")
    plain = invoke(executing.attach(), {})
    assert (plain.times.benchmark, plain.environment_id) == (0, "")
    assert plain.request_id


def test_a_handler_that_raises_is_a_failed_invocation_with_its_message(executing) -> None:
    result = invoke(executing.attach(), {"raise": "no picture"})
    assert result.stats.failure
    assert "no picture" in str(result.error)


@pytest.mark.parametrize(("kind", "public"), [("AWS_IAM", False), ("NONE", True)])
def test_its_url_is_found_and_signed_for_unless_it_is_public(executing, kind, public) -> None:
    executing.client.create_function_url_config(FunctionName="theirs", AuthType=kind)
    function = executing.attach()
    [trigger] = function.triggers(HTTP)
    assert trigger.serialize()["public"] is public
    assert invoke(function, {"a": 1}, HTTP).output["payload"] == {"a": 1}


@pytest.mark.parametrize("public", [True, False])
def test_a_function_is_invoked_by_nothing_but_its_url(executing, calls, public) -> None:
    made = executing.client.create_function_url_config(FunctionName="theirs", AuthType="NONE")
    function = executing.attach(made["FunctionUrl"], public=public)
    assert function.target == made["FunctionUrl"]
    assert invoke(function, {"a": 1}, HTTP).output["payload"] == {"a": 1}
    assert calls == []
    assert function.triggers(LIBRARY) == []
    with pytest.raises(UnsupportedOperationError, match="name or ARN"):
        executing.system._log_of(function.name)
    with pytest.raises(UnsupportedOperationError), function.permitting("cold start"):
        raise AssertionError


def test_an_arn_of_another_region_is_asked_for_there(account) -> None:
    account.settings["LoggingConfig"] = {"LogFormat": "Text"}
    elsewhere = account.server.client("lambda").meta.config
    assert elsewhere.region_name == REGION
    other = account.system._clients.of_region("us-west-2")
    assert account.system._clients.of_region("us-west-2") is other
    assert other.region == "us-west-2"
    assert other.control("lambda").meta.region_name == "us-west-2"
    with pytest.raises(FunctionGoneError, match="us-west-2"):
        account.attach(ARN.replace(REGION, "us-west-2"))


@pytest.mark.parametrize("name", ["nobodys", "theirs:nobodys", ARN.replace("theirs", "nobodys")])
def test_a_function_that_does_not_exist_is_said_with_where_it_was_looked_for(account, name) -> None:
    with pytest.raises(FunctionGoneError, match=REGION):
        account.attach(name)


def test_an_option_of_another_platform_is_refused(account, calls) -> None:
    with pytest.raises(UsageError, match="handler"):
        account.attach(handler="app.main")
    assert calls == []


def test_a_url_that_may_not_be_looked_for_is_none(account, monkeypatch) -> None:
    real = attached.explained

    def explained(what: str, *more: Any) -> Any:
        if "URL" in what:
            raise AccessDeniedError("No.", action="lambda:GetFunctionUrlConfig")
        return real(what, *more)

    monkeypatch.setattr(attached, "explained", explained)
    assert account.attach().triggers(HTTP) == []


# --- what is permitted, and what is not ---


def change_of(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    old, new = before["Configuration"], after["Configuration"]
    ignored = {"LastModified", "RevisionId"}
    return {key: new.get(key) for key in {*old, *new} - ignored if old.get(key) != new.get(key)}


def test_a_cold_start_is_not_forced_unless_it_is_permitted(account, calls) -> None:
    function, before = account.attach(), account.state()
    calls.clear()
    with pytest.raises(AttachedFunctionError):
        account.system.enforce_cold_start([function], None)
    assert calls == []
    assert account.state() == before


def test_a_forced_cold_start_adds_one_variable_and_says_so(account, caplog) -> None:
    function, before = account.attach(), account.state()
    with caplog.at_level(logging.WARNING), function.permitting("cold start"):
        account.system.enforce_cold_start([function], None)
    change = change_of(before, account.state())
    counter = str(account.system.cold_start_counter)
    assert change == {"Environment": {"Variables": {"SECRET": SECRET, "SEBS_COLD_START": counter}}}
    assert "SEBS_COLD_START" in caplog.text
    assert "stays so" in caplog.text
    assert SECRET not in caplog.text
    assert account.state()["Tags"] == before["Tags"]


@pytest.mark.parametrize("qualifier", ["live", "1"])
def test_a_published_version_cannot_be_forced_cold(account, qualifier) -> None:
    account.client.publish_version(FunctionName="theirs")
    account.client.create_alias(FunctionName="theirs", Name="live", FunctionVersion="1")
    function, before = account.attach(f"theirs:{qualifier}"), account.state()
    with pytest.raises(ColdStartError, match="published"), function.permitting("cold start"):
        account.system.enforce_cold_start([function], None)
    assert account.state() == before


def test_variables_that_cannot_be_read_are_not_lost(account, monkeypatch) -> None:
    function, before = account.attach(), account.state()
    refused = {"Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "KMS"}}}
    monkeypatch.setattr(attached, "_read", lambda *_: refused)
    with pytest.raises(ColdStartError, match="KMS"), function.permitting("cold start"):
        account.system.enforce_cold_start([function], None)
    assert account.state() == before


def test_a_change_that_its_owner_makes_meanwhile_is_not_overwritten(
    account, calls, monkeypatch
) -> None:
    """Lambda refuses an update that names a revision which is no longer the last one."""
    function, sent = account.attach(), []
    read = attached._read
    monkeypatch.setattr(attached, "_read", lambda *a: {**read(*a), "RevisionId": "of-long-ago"})
    client = function.clients.control("lambda")
    client.meta.events.register(
        "provide-client-params.lambda.UpdateFunctionConfiguration",
        lambda params, **_: sent.append(params),
    )
    # One of the servers checks it as Lambda does, one knows no revisions.
    with suppress(ColdStartError), function.permitting("cold start"):
        account.system.enforce_cold_start([function], None)
    assert [params["RevisionId"] for params in sent] == ["of-long-ago"]


def test_deleting_is_for_who_says_so(account) -> None:
    function = account.attach()
    for entry in (function.serialize(), {}):
        refusals = (AttachedFunctionError, FunctionNameTakenError, UsageError)
        with pytest.raises(refusals):
            account.system.delete_function(function.name, entry)
    account.state()
    with function.permitting("deletion"):
        account.system.delete_function(function.name, function.serialize())
    with pytest.raises(account.client.exceptions.ResourceNotFoundException):
        account.state()
    with pytest.raises(FunctionGoneError), function.permitting("deletion"):
        account.system.delete_function(function.name, function.serialize())


def test_code_and_configuration_cannot_even_be_permitted(account) -> None:
    for change in ("new code", "configuration", "trigger"):
        with pytest.raises(UnsupportedOperationError), account.attach().permitting(change):
            raise AssertionError


def test_cleaning_a_deployment_leaves_it_alone(account) -> None:
    account.system.config.resources.resources_id = "rid-12345678"
    account.attach()
    before = account.state()
    assert account.system.cleanup_functions(dry_run=False) == []
    found = account.system.cleanup_resources()
    assert not [name for names in found.values() for name in names if "theirs" in name]
    assert account.state() == before


def test_its_metrics_are_looked_for_in_its_own_log(executing) -> None:
    place, group = executing.system._log_of(executing.attach().name)
    assert (place.region, group) == (REGION, GROUP)


def test_metrics_are_fetched_by_the_name_alone_as_for_a_saved_run(executing) -> None:
    executing.client.update_function_configuration(
        FunctionName="theirs", LoggingConfig={"LogFormat": "Text", "LogGroup": "/aws/lambda/theirs"}
    )
    function = executing.attach()
    # The server names an invocation in its answer otherwise than in the log; this one says itself.
    result = invoke(function, {"envelope": True})
    assert result.times.client_begin is not None
    begin = int(result.times.client_begin.timestamp())
    metrics: dict[str, Any] = {}
    requests = {result.request_id: result}
    executing.system.download_metrics(function.name, begin, begin + 5, requests, metrics)
    assert metrics["found"] == 1
    assert result.provider_times.execution > 0
    assert result.billing.memory == 256


def test_one_without_a_log_of_its_own_has_the_usual_one(account) -> None:
    settings = {key: value for key, value in account.settings.items() if key != "LoggingConfig"}
    account.client.create_function(FunctionName="plain", Code=code("one"), **settings)
    assert account.system._log_of(account.attach("plain").name)[1] == "/aws/lambda/plain"


Words = dict[str, str]
RUNTIMES: dict[str | None, Words] = {
    "nodejs22.x": {"language": "nodejs", "version": "22"},
    "java21": {"language": "java", "version": "21"},
    "ruby3.4": {"language": "ruby", "version": "3.4"},
    "provided.al2023": {"language": "provided", "version": "al2023"},
    None: {"language": "container", "version": "image"},
}


@pytest.mark.parametrize("name", RUNTIMES)
def test_any_runtime_is_called_what_lambda_calls_it(name) -> None:
    found = {"Runtime": name, "Timeout": 3, "MemorySize": 128, "Role": "arn", "Architectures": None}
    make: Callable[..., Any] = attached._config
    assert make(found).serialize()["runtime"] == RUNTIMES[name]
