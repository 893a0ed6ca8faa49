from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_servers import Server
from trigger_doubles import (
    BUCKET,
    RESOURCES_ID,
    SECRET,
    PlainFunction,
    Storage,
    deploy,
    make_clients,
    make_config,
    wait_for_runs,
)
from wrapper_doubles import make_package

from sebs.aws import triggers as triggers_module
from sebs.aws.clients import Clients
from sebs.aws.http_apis import delete_http_api, ensure_http_api, http_apis
from sebs.aws.trigger_resources import TriggerResources
from sebs.aws.triggers import (
    HTTPTrigger,
    LibraryTrigger,
    StorageTrigger,
    deserialize_trigger,
)
from sebs.cache import Cache
from sebs.errors import (
    FunctionGoneError,
    InvocationTimeoutError,
    LimitExceededError,
    UnsupportedTriggerError,
)
from sebs.faas.trigger import Trigger
from sebs.sebs_types import Language

TYPES = Trigger.TriggerType
Make = Callable[..., TriggerResources]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    running = Server("ministack", tmp_path_factory.mktemp("ministack") / "log")
    yield running.url
    running.close()


@pytest.fixture
def clients(server: str) -> Iterator[Clients]:
    clients = make_clients(server)
    clients.control("s3").create_bucket(Bucket=BUCKET)
    yield clients
    clients.close()


@pytest.fixture
def function(clients: Clients) -> PlainFunction:
    return deploy(clients, f"sebs-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def make(clients: Clients, tmp_path: Path) -> Make:
    def resources(**options: Any) -> TriggerResources:
        cache = Cache(tmp_path / "cache")
        return TriggerResources(clients, make_config(**options), Storage(), cache)  # type: ignore[arg-type]

    return resources


WAYS = pytest.mark.parametrize(
    ("kind", "options"),
    [
        (TYPES.LIBRARY, {}),
        (TYPES.HTTP, {"use_function_url": True}),
        (TYPES.HTTP, {"use_function_url": False}),
        (TYPES.STORAGE, {}),
    ],
    ids=["library", "function-url", "http-api", "storage"],
)


@WAYS
def test_each_way_runs_the_function_cold_and_then_warm(
    make: Make, function: PlainFunction, kind: Trigger.TriggerType, options: dict[str, Any]
) -> None:
    trigger = make(**options).create(function, kind)
    results = [trigger.sync_invoke({"echo": word, "sleep": 0.1}) for word in ("ä", "b")]
    assert [result.output["echo"] for result in results] == ["ä", "b"]
    assert results[0].stats.cold_start
    assert len({result.request_id for result in results} - {""}) == 2
    for result in results:
        assert not result.stats.failure
        assert result.times.client >= result.times.benchmark >= 100_000
        assert result.times.client_begin is not None
        assert result.times.client_end is not None
        assert result.times.client_begin < result.times.client_end
    if kind is not TYPES.STORAGE:  # the server starts an environment for each event in its queue
        assert not results[1].stats.cold_start


SOURCES = {
    Language.PYTHON: """
def handler(event):
    if 'raise' in event:
        raise ValueError(event['raise'])
    return {'echo': event['echo']}
""",
    Language.NODEJS: """
exports.handler = async (event) => {
  if ('raise' in event) throw new Error(event.raise);
  return { echo: event.echo };
};
""",
}
RUNTIMES = {Language.PYTHON: "python3.11", Language.NODEJS: "nodejs20.x"}


@WAYS
@pytest.mark.parametrize(
    "language",
    [Language.PYTHON, pytest.param(Language.NODEJS, marks=pytest.mark.node)],
    ids=lambda language: language.value,
)
def test_each_way_reaches_what_we_package(
    make: Make,
    clients: Clients,
    tmp_path: Path,
    language: Language,
    kind: Trigger.TriggerType,
    options: dict[str, Any],
) -> None:
    archive = make_package(language, SOURCES[language], tmp_path / "code").read_bytes()
    name = f"sebs-{uuid.uuid4().hex[:12]}"
    function = deploy(clients, name, archive=archive, runtime=RUNTIMES[language])
    trigger = make(**options).create(function, kind)
    results = [trigger.sync_invoke({"echo": ["ä", n]}) for n in range(2)]
    assert [result.output["echo"] for result in results] == [["ä", 0], ["ä", 1]]
    assert [result.error for result in results] == [None, None]
    assert results[0].stats.cold_start
    assert results[0].times.initialization > 0
    assert len({result.request_id for result in results} - {""}) == 2
    failed = trigger.sync_invoke({"raise": "as it was told"})
    assert failed.stats.failure
    assert "as it was told" in (failed.error or "")
    assert failed.request_id


@WAYS
def test_a_trigger_survives_the_cache_without_its_secrets(
    make: Make,
    clients: Clients,
    function: PlainFunction,
    kind: Trigger.TriggerType,
    options: dict[str, Any],
) -> None:
    stored = make(**options).create(function, kind).serialize()
    assert SECRET not in repr(stored)
    again = deserialize_trigger(stored, function.config)
    assert again.serialize() == stored
    again.attach(clients)
    assert again.sync_invoke({"echo": 1}).output["echo"] == 1


@WAYS
def test_creating_a_trigger_again_makes_nothing_more(
    make: Make,
    clients: Clients,
    function: PlainFunction,
    kind: Trigger.TriggerType,
    options: dict[str, Any],
) -> None:
    resources = make(**options)
    first = resources.create(function, kind)
    before = existing(clients, function)
    second = resources.create(function, kind)
    assert second.serialize() == first.serialize()
    assert existing(clients, function) == before
    assert function.triggers(kind) == [second]


def existing(clients: Clients, function: PlainFunction) -> dict[str, Any]:
    """Return what AWS has for a function, but for the policy, which is compared by its words."""
    client = clients.control("lambda")
    try:
        policy = client.get_policy(FunctionName=function.name)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        policy = None
    rows = clients.control("s3").get_bucket_notification_configuration(Bucket=BUCKET)
    urls = client.list_function_url_configs(FunctionName=function.name)["FunctionUrlConfigs"]
    return {
        "policy": policy,
        "apis": http_apis(clients, RESOURCES_ID),
        "notifications": rows.get("LambdaFunctionConfigurations"),
        "urls": [(url["FunctionUrl"], url["AuthType"]) for url in urls],
    }


@pytest.mark.parametrize("use_function_url", [True, False])
def test_requests_are_signed_unless_the_trigger_is_public(
    make: Make,
    function: PlainFunction,
    use_function_url: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    private = make(use_function_url=use_function_url).create(function, TYPES.HTTP)
    assert private.sync_invoke({}).output["signed"] is True
    assert "public" not in caplog.text
    public = make(use_function_url=use_function_url, is_public=True).create(function, TYPES.HTTP)
    assert public.sync_invoke({}).output["signed"] is False
    assert "is public" in caplog.text


def test_a_url_that_was_public_is_closed_with_everything_that_opened_it(
    make: Make, clients: Clients, function: PlainFunction
) -> None:
    make(is_public=True).create(function, TYPES.HTTP)
    policy = clients.control("lambda").get_policy(FunctionName=function.name)["Policy"]
    assert '"lambda:InvokeFunctionUrl"' in policy
    assert '"lambda:InvokeFunction"' in policy
    make(is_public=False).attach(function)
    (trigger,) = function.triggers(TYPES.HTTP)
    assert isinstance(trigger, HTTPTrigger)
    assert not trigger.public
    found = existing(clients, function)
    assert [kind for _, kind in found["urls"]] == ["AWS_IAM"]
    assert "InvokeFunction" not in (found["policy"] or "")
    assert trigger.sync_invoke({"echo": 1}).output == {"echo": 1, "signed": True}


def test_attaching_what_fits_costs_no_call(
    make: Make, clients: Clients, function: PlainFunction
) -> None:
    resources = make()
    for kind in (TYPES.LIBRARY, TYPES.HTTP, TYPES.STORAGE):
        resources.create(function, kind)
    calls: list[str] = []
    for service in ("lambda", "s3", "apigatewayv2"):
        events = clients.control(service).meta.events
        events.register("before-send", lambda request, **_: calls.append(request.url))
    resources.attach(function)
    assert calls == []


def test_another_kind_of_http_trigger_takes_the_place_of_the_first(
    make: Make, clients: Clients, function: PlainFunction
) -> None:
    make(use_function_url=False).create(function, TYPES.HTTP)
    assert function.name in http_apis(clients, RESOURCES_ID).values()
    make(use_function_url=True).attach(function)
    (trigger,) = function.triggers(TYPES.HTTP)
    assert function.name not in http_apis(clients, RESOURCES_ID).values()
    assert trigger.sync_invoke({"echo": 1}).output["echo"] == 1


def test_an_http_api_is_continued_where_its_maker_was_killed(
    clients: Clients, function: PlainFunction
) -> None:
    client = clients.control("apigatewayv2")
    arn = clients.control("lambda").get_function(FunctionName=function.name)["Configuration"][
        "FunctionArn"
    ]
    arguments = (clients, function.name, arn, RESOURCES_ID, False)
    whole: str | None = None
    for step in ("create_integration", "create_route", "create_stage"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client, step, power_cut)
            with pytest.raises(KeyboardInterrupt):
                ensure_http_api(*arguments)
        found = [k for k, v in http_apis(clients, RESOURCES_ID).items() if v == function.name]
        assert len(found) == 1
    whole = ensure_http_api(*arguments)
    assert ensure_http_api(*arguments) == whole
    (api_id,) = found
    assert len(client.get_integrations(ApiId=api_id)["Items"]) == 1
    assert [row["AuthorizationType"] for row in client.get_routes(ApiId=api_id)["Items"]] == [
        "AWS_IAM"
    ]
    delete_http_api(clients, api_id)
    delete_http_api(clients, api_id)
    assert function.name not in http_apis(clients, RESOURCES_ID).values()


def power_cut(**_arguments: object) -> None:
    raise KeyboardInterrupt


def test_an_api_of_another_deployment_is_not_adopted(
    make: Make, clients: Clients, function: PlainFunction
) -> None:
    client = clients.control("apigatewayv2")
    foreign = client.create_api(Name=function.name, ProtocolType="HTTP", Tags={"team": "other"})
    resources = make(use_function_url=False)
    trigger = resources.create(function, TYPES.HTTP)
    assert isinstance(trigger, HTTPTrigger)
    assert foreign["ApiId"] not in trigger.url
    resources.delete(function.name, [trigger.serialize()])
    assert client.get_api(ApiId=foreign["ApiId"])["Name"] == function.name


def test_notifications_of_others_stay(make: Make, clients: Clients) -> None:
    """Even where two processes change them at the same time."""
    functions = [deploy(clients, f"sebs-{uuid.uuid4().hex[:12]}") for _ in range(4)]
    theirs = {
        "Id": "theirs",
        "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{functions[0].name}",
        "Events": ["s3:ObjectRemoved:*"],
    }
    s3 = clients.control("s3")
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [theirs]}
    )
    workers = [
        threading.Thread(target=make().create, args=(function, TYPES.STORAGE))
        for function in functions
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    names = [function.name for function in functions]
    assert identifiers(clients) == {"theirs", *(f"sebs-{name}" for name in names)}
    for function in functions:
        (trigger,) = function.triggers(TYPES.STORAGE)
        make().delete(function.name, [trigger.serialize()])
        make().delete(function.name, [trigger.serialize()])
    assert identifiers(clients) == {"theirs"}


def identifiers(clients: Clients) -> set[str]:
    found = clients.control("s3").get_bucket_notification_configuration(Bucket=BUCKET)
    return {row["Id"] for row in found.get("LambdaFunctionConfigurations", [])}


def test_a_storage_trigger_leaves_no_objects_behind(
    make: Make, clients: Clients, function: PlainFunction
) -> None:
    make().create(function, TYPES.STORAGE).sync_invoke({"echo": 1})
    found = clients.control("s3").list_objects_v2(Bucket=BUCKET, Prefix="sebs-")
    assert [row["Key"] for row in found.get("Contents", []) if function.name in row["Key"]] == []


@WAYS
def test_a_function_that_answers_late_ran_once(
    make: Make,
    function: PlainFunction,
    tmp_path: Path,
    kind: Trigger.TriggerType,
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trigger = make(**options).create(function, kind)
    trigger.sync_invoke({})
    # The function may run for ten seconds. An event in S3 must be read before we give it up.
    patience = 3.0 if kind is TYPES.STORAGE else 1.0
    monkeypatch.setattr(triggers_module, "ANSWER_MARGIN", patience - 10)
    count = tmp_path / "runs"
    with pytest.raises(InvocationTimeoutError) as caught:
        trigger.sync_invoke({"count": str(count), "sleep": patience + 1})
    assert caught.value.remedy is not None
    assert wait_for_runs(count, 1) == 1
    # Longer than the function, and longer than any client waits before it tries again.
    assert wait_for_runs(count, 2, within=3) == 1


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"exit": True}, "died"),
        ({"raise": "as it was told"}, "as it was told"),
        ({"sleep": 3}, "timed out after 1.00 seconds"),
    ],
    ids=["crash", "exception", "timeout"],
)
@pytest.mark.parametrize("kind", [TYPES.LIBRARY, TYPES.HTTP], ids=lambda kind: kind.value)
def test_a_function_that_failed_is_a_failed_result(
    make: Make, clients: Clients, kind: Trigger.TriggerType, event: dict[str, Any], reason: str
) -> None:
    function = deploy(clients, f"sebs-{uuid.uuid4().hex[:12]}", timeout=1)
    trigger = make().create(function, kind)
    result = trigger.sync_invoke(event)
    assert result.stats.failure
    assert reason in (result.error or "")
    assert result.times.client > 0
    assert trigger.sync_invoke({"echo": "again"}).output["echo"] == "again"


def test_a_failed_storage_event_is_not_run_again(
    make: Make, function: PlainFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers_module, "ANSWER_MARGIN", -7.0)
    count = tmp_path / "runs"
    trigger = make().create(function, TYPES.STORAGE)
    with pytest.raises(InvocationTimeoutError):
        trigger.sync_invoke({"count": str(count), "raise": "as it was told"})
    assert wait_for_runs(count, 2, within=3) == 1


def test_an_event_is_submitted_and_not_waited_for(
    make: Make, function: PlainFunction, tmp_path: Path
) -> None:
    trigger = make().create(function, TYPES.LIBRARY)
    assert isinstance(trigger, LibraryTrigger)
    result = trigger.submit({"count": str(tmp_path / "runs"), "sleep": 1})
    assert result.request_id
    assert 0 < result.times.client < 1_000_000
    assert wait_for_runs(tmp_path / "runs", 1) == 1


def test_a_submitted_event_that_failed_is_not_run_again(
    make: Make, function: PlainFunction, tmp_path: Path
) -> None:
    trigger = make().create(function, TYPES.LIBRARY)
    assert isinstance(trigger, LibraryTrigger)
    trigger.submit({"count": str(tmp_path / "runs"), "raise": "as it was told"})
    assert wait_for_runs(tmp_path / "runs", 2, within=3) == 1


@pytest.mark.parametrize("answer", ["text", [1, 2], {"a": 1}, 0.5])
def test_what_another_function_returns_is_the_output(
    make: Make, function: PlainFunction, answer: Any
) -> None:
    result = make().create(function, TYPES.LIBRARY).sync_invoke({"plain": answer})
    assert result.output == (answer if isinstance(answer, dict) else {"result": answer})
    assert result.request_id


@pytest.mark.parametrize("kind", [TYPES.QUEUE, TYPES.TIMER], ids=lambda kind: kind.value)
def test_a_type_that_lambda_has_not_here_is_refused(
    make: Make, function: PlainFunction, kind: Trigger.TriggerType
) -> None:
    with pytest.raises(UnsupportedTriggerError, match="http, library, storage"):
        make().create(function, kind)
    assert function.triggers_all() == []


@pytest.mark.parametrize("kind", [TYPES.LIBRARY, TYPES.HTTP], ids=lambda kind: kind.value)
def test_an_event_that_is_too_large_is_not_sent(
    make: Make, function: PlainFunction, tmp_path: Path, kind: Trigger.TriggerType
) -> None:
    trigger = make().create(function, kind)
    event = {"count": str(tmp_path / "runs"), "data": "x" * (6 * 2**20)}
    with pytest.raises(LimitExceededError, match="6,291,456"):
        trigger.sync_invoke(event)
    if isinstance(trigger, LibraryTrigger):
        with pytest.raises(LimitExceededError, match="1,048,576"):
            trigger.submit({**event, "data": "x" * 2**20})
    assert wait_for_runs(tmp_path / "runs", 1, within=0.3) == 0


def test_an_object_may_be_larger_than_an_event(make: Make, function: PlainFunction) -> None:
    text = "x" * (7 * 2**20)
    result = make().create(function, TYPES.STORAGE).sync_invoke({"echo": text})
    assert result.output["echo"] == text


def test_a_function_that_is_gone_is_named(make: Make, clients: Clients) -> None:
    function = deploy(clients, f"sebs-{uuid.uuid4().hex[:12]}")
    trigger = make().create(function, TYPES.LIBRARY)
    clients.control("lambda").delete_function(FunctionName=function.name)
    with pytest.raises(FunctionGoneError, match=function.name):
        trigger.sync_invoke({})


def test_long_calls_through_an_http_api_are_warned_of(
    make: Make, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    function = deploy(clients, f"sebs-{uuid.uuid4().hex[:12]}", timeout=60)
    make(use_function_url=False).create(function, TYPES.HTTP)
    assert "60 s" in caplog.text
    assert "503 after 30 s" in caplog.text


def test_a_bucket_takes_a_hundred_notifications(
    make: Make, clients: Clients, function: PlainFunction
) -> None:
    s3 = clients.control("s3")
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function.name}"
    rows = [
        {
            "Id": f"row-{number}",
            "LambdaFunctionArn": arn,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": f"row-{number}/"}]}},
        }
        for number in range(100)
    ]
    before = {"LambdaFunctionConfigurations": rows}
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=before)
    with pytest.raises(LimitExceededError, match="100"):
        make().create(function, TYPES.STORAGE)
    assert len(identifiers(clients)) == 100
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})


def test_nothing_secret_is_logged(
    make: Make, function: PlainFunction, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in (TYPES.LIBRARY, TYPES.HTTP, TYPES.STORAGE):
        trigger = make().create(function, kind)
        trigger.sync_invoke({})
        assert SECRET not in repr(trigger)
    assert isinstance(trigger, StorageTrigger)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("sebs")]
    assert not any(SECRET in line for line in ours)
