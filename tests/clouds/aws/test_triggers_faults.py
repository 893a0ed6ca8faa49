from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from trigger_doubles import (
    BUCKET,
    SECRET,
    ScriptedServer,
    Storage,
    deploy,
    make_clients,
    make_config,
    make_function,
)

from sebs.aws import http_apis, notifications
from sebs.aws.clients import Clients
from sebs.aws.config import AWSCredentials
from sebs.aws.endpoints import Endpoints
from sebs.aws.permissions import permit
from sebs.aws.signing import FUNCTION_URL, HTTP_API, destination
from sebs.aws.trigger_resources import TriggerResources
from sebs.aws.triggers import (
    AWSTrigger,
    HTTPTrigger,
    LibraryTrigger,
    StorageTrigger,
    deserialize_trigger,
)
from sebs.cache import Cache
from sebs.errors import (
    AccessDeniedError,
    CredentialsError,
    CredentialsExpiredError,
    InvocationConnectionError,
    InvocationStatusError,
    MalformedResponseError,
    PlatformError,
    UsageError,
)
from sebs.faas.trigger import Trigger

URL = "https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws/"
ENVELOPE = {
    "request_id": "8e524836-ecfb-47a7-8e2c-7652579b22db",
    "environment_id": "e1",
    "begin": 1.0,
    "end": 1.5,
    "is_cold": False,
    "result": {"answer": 42},
}


def library(clients: Clients) -> LibraryTrigger:
    return attached(LibraryTrigger("f", make_function("f").config), clients)


def by_url(clients: Clients) -> HTTPTrigger:
    trigger = HTTPTrigger("f", make_function("f").config, url=URL, service=FUNCTION_URL)
    return attached(trigger, clients)


def by_bucket(clients: Clients) -> StorageTrigger:
    return attached(StorageTrigger("f", make_function("f").config, bucket=BUCKET), clients)


def attached(trigger: Any, clients: Clients) -> Any:
    trigger.attach(clients)
    return trigger


def sdk_error(code: str, message: str) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"message": message}).encode(), {"x-amzn-errortype": code}


DENIED = "User: u is not authorized to perform: lambda:InvokeFunction on resource: arn:f"


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (429, "TooManyRequestsException", "Rate Exceeded.", InvocationStatusError),
        (500, "ServiceException", "An error occurred.", InvocationStatusError),
        (502, "EC2UnexpectedException", "no", InvocationStatusError),
        (409, "ResourceConflictException", "is being updated", InvocationStatusError),
        (403, "ExpiredTokenException", "The security token expired", CredentialsExpiredError),
        (403, "UnrecognizedClientException", "The token is invalid", CredentialsError),
        (403, "AccessDeniedException", DENIED, AccessDeniedError),
    ],
)
def test_what_lambda_refuses_is_named_and_not_sent_again(
    status: int, code: str, message: str, expected: type[Exception]
) -> None:
    body, headers = sdk_error(code, message)
    with ScriptedServer(status, body, headers) as server:
        with pytest.raises(expected) as caught:
            library(make_clients(server.url)).sync_invoke({})
        assert len(server.requests) == 1
    assert "f" in str(caught.value)
    assert SECRET not in str(caught.value)
    if isinstance(caught.value, InvocationStatusError):
        assert caught.value.status == status
        assert status != 429 or "concurrent executions" in str(caught.value)
    if isinstance(caught.value, AccessDeniedError):
        assert (caught.value.action, caught.value.resource) == ("lambda:InvokeFunction", "arn:f")


@pytest.mark.parametrize("make", [library, by_url, by_bucket])
def test_a_connection_that_is_cut_is_not_tried_again(make: Any) -> None:
    with ScriptedServer(0) as server:
        with pytest.raises(InvocationConnectionError):
            make(make_clients(server.url)).sync_invoke({})
        # By the bucket: the upload, and the deletion of what it may have left.
        assert [request["path"].partition("?")[2] for request in server.requests][1:] in (
            [],
            ["delete"],
        )


@pytest.mark.parametrize("make", [library, by_url, by_bucket])
def test_an_endpoint_where_nobody_listens_is_named(make: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(InvocationConnectionError):
        make(make_clients(f"http://127.0.0.1:{port}")).sync_invoke({})


@pytest.mark.parametrize("make", [library, by_url])
def test_an_answer_that_is_no_json_is_malformed(make: Any) -> None:
    with ScriptedServer(200, b"<html>") as server, pytest.raises(MalformedResponseError):
        make(make_clients(server.url)).sync_invoke({})


@pytest.mark.parametrize(
    ("body", "expected", "words"),
    [
        (b'{"Message": "Forbidden"}', AccessDeniedError, "lambda:InvokeFunctionUrl"),
        (
            b'{"message": "The security token included in the request is expired"}',
            CredentialsExpiredError,
            "expired",
        ),
        (b"", AccessDeniedError, URL),
    ],
)
def test_a_url_that_refuses_the_credentials_is_named(
    body: bytes, expected: type[Exception], words: str
) -> None:
    with ScriptedServer(403, body) as server:
        with pytest.raises(expected, match=words):
            by_url(make_clients(server.url)).sync_invoke({})
        assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b'{"allowed": false}', b"No entry.", b"[1]"])
def test_what_a_function_itself_forbids_is_its_answer(body: bytes) -> None:
    with ScriptedServer(403, body) as server:
        result = by_url(make_clients(server.url)).sync_invoke({})
    assert result.stats.failure
    assert "HTTP 403" in (result.error or "")
    # The same words are a refusal where Lambda's own header says so.
    refused = ScriptedServer(403, body, {"x-amzn-ErrorType": "AccessDeniedException"})
    with refused as server, pytest.raises(AccessDeniedError):
        by_url(make_clients(server.url)).sync_invoke({})


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (502, b'{"Message": "Internal Server Error"}', "HTTP 502: Internal Server Error"),
        (503, b'{"message": "Service Unavailable"}', "HTTP 503: Service Unavailable"),
        (429, b'{"Reason": "ConcurrentInvocationLimitExceeded"}', "ConcurrentInvocationLimit"),
        (500, b"", "HTTP 500: no reason was given"),
        (500, b"[1]", "HTTP 500: [1]"),
        (
            500,
            json.dumps({**ENVELOPE, "error": {"type": "ValueError", "message": "x"}}).encode(),
            "ValueError: x",
        ),
        (302, b"", "HTTP 302"),
    ],
)
def test_a_url_that_fails_is_a_failed_result(status: int, body: bytes, words: str) -> None:
    headers = {"x-amzn-requestid": "r1"}
    with ScriptedServer(status, body, headers) as server:
        result = by_url(make_clients(server.url)).sync_invoke({})
        assert len(server.requests) == 1
    assert result.stats.failure
    assert words in (result.error or "")
    assert result.request_id in ("r1", ENVELOPE["request_id"])


def test_what_was_turned_away_has_no_report_to_wait_for() -> None:
    body, headers = sdk_error("TooManyRequestsException", "Rate Exceeded.")
    with ScriptedServer(429, body, {**headers, "x-amzn-requestid": "r1"}) as server:
        result = by_url(make_clients(server.url)).sync_invoke({})
    assert result.error == "HTTP 429: Rate Exceeded."
    assert result.request_id == ""
    # A function that fails has run, and Lambda's header says who puts it in these words.
    body, headers = sdk_error("InternalServerErrorException", "Internal Server Error")
    with ScriptedServer(502, body, {**headers, "x-amzn-requestid": "r2"}) as server:
        assert by_url(make_clients(server.url)).sync_invoke({}).request_id == "r2"


@pytest.mark.parametrize("token", [None, "TOKEN/EXAMPLE+="])
@pytest.mark.parametrize(
    ("service", "url"),
    [(FUNCTION_URL, URL), (HTTP_API, "https://abc.execute-api.us-east-1.amazonaws.com/")],
)
def test_what_arrives_is_what_was_signed(service: str, url: str, token: str | None) -> None:
    payload = {"text": "ä", "n": 1}
    with ScriptedServer(200, json.dumps(ENVELOPE).encode()) as server:
        trigger = HTTPTrigger("f", url=url, service=service)
        trigger.attach(make_clients(server.url, token))
        result = trigger.sync_invoke(payload)
        (request,) = server.requests
    assert result.output == {"answer": 42}
    assert result.times.benchmark == 500_000
    body = json.dumps(payload, separators=(",", ":")).encode()
    assert request["host"] == url.split("/")[2]
    assert request.get("x-amz-security-token") == token
    assert request["authorization"].rpartition("=")[2] == signature_of(request, service, body)
    assert SECRET not in repr(request)


def signature_of(request: dict[str, str], service: str, body: bytes) -> str:
    """Compute Signature Version 4 as a server does, from what arrived."""
    fields = dict(
        part.split("=", 1) for part in request["authorization"].split(" ", 1)[1].split(", ")
    )
    names = fields["SignedHeaders"].split(";")
    _, day, *rest = fields["Credential"].split("/")
    assert rest == ["us-east-1", service, "aws4_request"]
    assert {"host", "x-amz-date"} <= set(names)
    canonical = "\n".join(
        [
            "POST",
            request["path"],
            "",
            *(f"{name}:{request[name].strip()}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = "/".join([day, *rest])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", request["x-amz-date"], scope, digest])
    key = ("AWS4" + SECRET).encode()
    for word in [day, *rest]:
        key = hmac.digest(key, word.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def test_without_an_endpoint_of_ours_a_url_is_used_as_it_is() -> None:
    clients = Clients("us-east-1", AWSCredentials(), Endpoints())
    assert destination(clients, FUNCTION_URL, URL) == (URL, {})
    elsewhere = Endpoints(by_service={"apigatewayv2": "http://127.0.0.1:1"})
    clients = Clients("us-east-1", AWSCredentials(), elsewhere)
    assert destination(clients, FUNCTION_URL, URL) == (URL, {})
    assert destination(clients, HTTP_API, "https://a.example/") == (
        "http://127.0.0.1:1/",
        {"Host": "a.example"},
    )


REQUEST = ENVELOPE["request_id"]
REPORT = (
    f"START RequestId: {REQUEST} Version: $LATEST\n"
    f"END RequestId: {REQUEST}\n"
    f"REPORT RequestId: {REQUEST}\tDuration: 12.34 ms\tBilled Duration: 13 ms\t"
    "Memory Size: 256 MB\tMax Memory Used: 51 MB\t"
)


def invoke_with_tail(
    tail: str | bytes, answer: dict[str, Any], headers: dict[str, str] | None = None
) -> Any:
    text = base64.b64encode(tail.encode() if isinstance(tail, str) else tail).decode()
    named = {"x-amzn-requestid": str(REQUEST), "x-amz-log-result": text, **(headers or {})}
    with ScriptedServer(200, json.dumps(answer).encode(), named) as server:
        result = library(make_clients(server.url)).sync_invoke({})
        assert server.requests[0]["x-amz-log-type"] == "Tail"
    return result


def test_the_platform_s_report_comes_with_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    result = invoke_with_tail(REPORT + "\n", ENVELOPE)
    assert result.provider_times.serialize() == {"initialization": 0, "execution": 12_340}
    assert (result.billing.memory, result.billing.billed_time) == (256, 13)
    assert result.billing.gb_seconds == pytest.approx(0.25 * 0.013)
    assert result.stats.memory_used == 51
    assert not result.stats.cold_start
    assert caplog.records == []


def test_the_report_may_be_json_behind_a_line_that_is_cut() -> None:
    metrics = {
        "durationMs": 12.34,
        "billedDurationMs": 13,
        "memorySizeMB": 256,
        "maxMemoryUsedMB": 51,
    }
    record = {"requestId": REQUEST, "metrics": metrics, "status": "success"}
    report = {"time": "2026-11-24T15:00:00.000Z", "type": "platform.report", "record": record}
    faked = {**report, "record": {**record, "requestId": "mine"}}
    tail = "\n".join(['...cut"}', json.dumps(report), json.dumps(faked), '{"no": "report"}', "{"])
    result = invoke_with_tail(tail, ENVELOPE)
    assert (result.provider_times.execution, result.billing.billed_time) == (12_340, 13)


def test_where_wrapper_and_platform_disagree_about_the_cold_start_it_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cold = REPORT + "Init Duration: 250.00 ms\t\n"
    assert invoke_with_tail(cold, {**ENVELOPE, "is_cold": True}).stats.cold_start
    assert caplog.records == []
    result = invoke_with_tail(cold, ENVELOPE)
    assert result.provider_times.initialization == 250_000
    assert not result.stats.cold_start
    assert str(REQUEST) in caplog.text


def test_where_no_wrapper_answered_the_platform_tells_the_cold_start() -> None:
    cold = REPORT + "Init Duration: 250.00 ms\t\n"
    assert invoke_with_tail(cold, {"plain": 1}).stats.cold_start
    failed = {"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"}
    result = invoke_with_tail(cold, failed, {"x-amz-function-error": "Unhandled"})
    assert result.stats.cold_start
    assert result.error == "Runtime.ExitError: signal: killed"


@pytest.mark.parametrize(
    "tail", ["", "no report\n", REPORT.replace(str(REQUEST), "other"), b"\xff"]
)
def test_a_tail_without_a_report_of_this_request_fills_in_nothing(tail: str | bytes) -> None:
    result = invoke_with_tail(tail, ENVELOPE)
    assert result.output == {"answer": 42}
    assert result.billing.memory is None


def test_a_tail_that_is_no_base64_is_told(caplog: pytest.LogCaptureFixture) -> None:
    headers = {"x-amzn-requestid": "r1", "x-amz-log-result": "?"}
    with ScriptedServer(200, json.dumps(ENVELOPE).encode(), headers) as server:
        library(make_clients(server.url)).sync_invoke({})
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("trigger", [LibraryTrigger("f"), StorageTrigger("f", bucket="b")])
def test_a_trigger_that_is_not_attached_says_so(trigger: AWSTrigger) -> None:
    with pytest.raises(UsageError, match="f is not attached"):
        trigger.sync_invoke({})


@pytest.mark.parametrize(
    "cached",
    [{}, {"type": "http", "function": "f"}, {"type": "timer"}, {"type": "HTTP", "url": ""}],
)
def test_a_cached_trigger_that_lacks_something_is_refused(cached: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        deserialize_trigger(cached, make_function("f").config)


def test_an_event_that_json_does_not_know_is_refused() -> None:
    with ScriptedServer(200) as server:
        with pytest.raises(ValueError, match="JSON"):
            library(make_clients(server.url)).sync_invoke({"x": float("nan")})
        assert server.requests == []


class Bucket:
    """The S3 client of a bucket whose notifications others replace, or S3 does not believe."""

    def __init__(self, forgets: bool = False, disbelieves: bool = False) -> None:
        self.document: dict[str, Any] = {}
        self.skipped = False
        self._forgets, self._disbelieves = forgets, disbelieves

    def control(self, _service: str) -> Bucket:
        return self

    def get_bucket_notification_configuration(self, **_: Any) -> dict[str, Any]:
        return {**self.document, "ResponseMetadata": {}}

    def put_bucket_notification_configuration(self, **given: Any) -> None:
        self.skipped = given.get("SkipDestinationValidation", False)
        if self._disbelieves and not self.skipped:
            error = {"Code": "InvalidArgument", "Message": "Unable to validate"}
            raise ClientError({"Error": error}, "PutBucketNotificationConfiguration")
        if not self._forgets:
            self.document = given["NotificationConfiguration"]

    def __getattr__(self, _name: str) -> Any:
        return lambda **_: None


ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


class NoLock:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def ensure(bucket: Bucket) -> None:
    notifications.ensure_notification(bucket, "b", "f", ARN, NoLock())  # type: ignore[arg-type]


def test_notifications_that_others_replace_all_the_time_are_given_up() -> None:
    with pytest.raises(PlatformError, match="changed by others"):
        ensure(Bucket(forgets=True))


def test_a_notification_in_vain_of_another_does_not_stop_ours(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notifications, "_SETTLES_WITHIN", 0.1)
    bucket = Bucket(disbelieves=True)
    ensure(bucket)
    assert bucket.skipped
    assert [row["Id"] for row in bucket.document["LambdaFunctionConfigurations"]] == ["sebs-f"]
    assert "Unable to validate" in caplog.text


class Gateway:
    """The API Gateway client of an API whose deployment takes a while."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)

    def get_paginator(self, _operation: str) -> Gateway:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        state = self.states.pop(0)
        return [{"Items": [{"DeploymentStatus": state, "DeploymentStatusMessage": "because"}]}]


def test_an_http_api_is_waited_for_until_it_is_deployed() -> None:
    gateway = Gateway("PENDING", "PENDING", "DEPLOYED")
    http_apis._wait_until_deployed(gateway, "a")
    assert gateway.states == []
    with pytest.raises(PlatformError, match="because"):
        http_apis._wait_until_deployed(Gateway("PENDING", "FAILED"), "a")


class Busy:
    """The Lambda client of a function that is being updated, and then has the statement."""

    class exceptions:  # noqa: N801 - as the SDK's clients have it
        ResourceConflictException = ClientError

    def __init__(self, *words: str) -> None:
        self.words = list(words)

    def control(self, _service: str) -> Busy:
        return self

    def add_permission(self, **_: Any) -> None:
        error = {"Code": "ResourceConflictException", "Message": self.words.pop(0)}
        raise ClientError({"Error": error}, "AddPermission")


def test_a_permission_is_given_when_the_function_s_update_is_over() -> None:
    busy = Busy("An update is in progress", "The statement id (s) provided already exists.")
    permit(busy, "f", "s", Action="lambda:InvokeFunction")  # type: ignore[arg-type]
    assert busy.words == []


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # moto has stages and knows nothing of their deployments.
    monkeypatch.setattr(http_apis, "_wait_until_deployed", lambda *_: None)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        yield


@pytest.mark.usefixtures("moto")
@pytest.mark.parametrize("use_function_url", [True, False])
def test_triggers_are_made_and_deleted_on_moto(tmp_path: Any, use_function_url: bool) -> None:
    clients = Clients("us-east-1", AWSCredentials("AKIAIOSFODNN7EXAMPLE", SECRET), Endpoints())
    iam = clients.control("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    clients.control("s3").create_bucket(Bucket=BUCKET)
    function = deploy(clients, "sebs-moto", role=role)
    for public in (False, True, False):
        resources = TriggerResources(
            clients,
            make_config(use_function_url, public),
            Storage(),  # type: ignore[arg-type]
            Cache(tmp_path),
        )
        for kind in (Trigger.TriggerType.HTTP, Trigger.TriggerType.STORAGE):
            first = resources.create(function, kind).serialize()
            assert resources.create(function, kind).serialize() == first
    stored = [trigger.serialize() for trigger in function.triggers_all()]
    resources.delete(function.name, stored)
    resources.delete(function.name, stored)
    assert clients.control("apigatewayv2").get_apis()["Items"] == []
    s3 = clients.control("s3")
    rows = s3.get_bucket_notification_configuration(Bucket=BUCKET)
    assert not rows.get("LambdaFunctionConfigurations")
