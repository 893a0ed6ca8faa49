"""Storage and tables as functions on Lambda reach them, on servers that are not ours."""

from __future__ import annotations

import http.server
import json
import math
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aws_servers import REGION, Server
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from wrapper_doubles import Environment, make_package, s3_event

from sebs.aws.clients import Clients
from sebs.aws.config import AWSConfig, AWSCredentials, AWSResources
from sebs.aws.endpoints import Endpoints
from sebs.aws.resources import AWSSystemResources
from sebs.cache import Cache
from sebs.sebs_types import Language

LANGUAGES = [Language.PYTHON, pytest.param(Language.NODEJS, marks=pytest.mark.node)]
BUCKET = "sebs-benchmarks-rid"

#: Calls what the event names; what it returns is the result.
SOURCES = {
    Language.PYTHON: """
import io
from . import nosql, storage

def store(bucket, key, scratch):
    client = storage.storage.get_instance()
    with open(scratch, "w") as stream:
        stream.write("written in Python")
    first = client.upload(bucket, key, scratch)
    second = client.upload_stream(bucket, key, io.BytesIO(client.download_stream(bucket, first)))
    client.download(bucket, second, scratch)
    with open(scratch) as stream:
        return {"keys": [first, second], "content": stream.read()}

def handler(event):
    if event["call"] == "store":
        return store(*event["arguments"])
    return getattr(nosql.nosql.get_instance(), event["call"])(*event["arguments"])
""",
    Language.NODEJS: """
const fs = require('fs');
const { nosql } = require('./nosql');
const { storage } = require('./storage');

async function store(bucket, key, scratch) {
  const client = storage.get_instance();
  fs.writeFileSync(scratch, 'written in Node.js');
  const [first, uploaded] = client.upload(bucket, key, scratch);
  await uploaded;
  const [stream, stored, second] = client.uploadStream(bucket, key);
  (await client.downloadStream(bucket, first)).pipe(stream);
  await stored;
  await client.download(bucket, second, scratch);
  return { keys: [first, second], content: fs.readFileSync(scratch, 'utf8') };
}

exports.handler = async ({ call, arguments: given }) =>
  call === 'store' ? store(...given) : nosql.get_instance()[call](...given);
""",
}

Call = Callable[..., Any]


class Refusal(Exception):  # noqa: N818 - not ours
    """What the function was told."""


@pytest.fixture(scope="module", params=["moto", "ministack"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    running = Server(request.param, tmp_path_factory.mktemp("server") / "log")
    yield running
    running.close()


@pytest.fixture(scope="module")
def resources(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    own = AWSResources()
    own.resources_id = "rid"
    config = AWSConfig(AWSCredentials("123456789012", "none"), own, REGION, Endpoints(server.url))
    clients = Clients(REGION, config.credentials, config.endpoints)
    made = AWSSystemResources(config, clients, Cache(tmp_path_factory.mktemp("cache")))
    nosql = made.get_nosql_storage()
    nosql.create_benchmark_tables("000.test", "cart", "cart", "item")
    nosql.create_benchmark_tables("000.test", "plain", "key")
    server.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    yield made
    clients.close()


@pytest.fixture(scope="module", params=LANGUAGES)
def environment(
    request: pytest.FixtureRequest, resources: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Environment]:
    language, directory = request.param, tmp_path_factory.mktemp("function")
    archive = make_package(language, SOURCES[language], directory)
    told = resources.function_environment(SimpleNamespace(benchmark="000.test"))
    with Environment(archive, language, directory / "task", told) as started:
        yield started


def result_of(envelope: Any) -> Any:
    if "error" in envelope:
        raise Refusal(envelope["error"]["message"])
    return envelope["result"]


@pytest.fixture
def call(environment: Environment) -> Call:
    """Calls a function's client."""

    def ask(operation: str, *arguments: Any) -> Any:
        return result_of(environment.invoke({"call": operation, "arguments": arguments}))

    return ask


@pytest.fixture
def cart(call: Call, resources: Any, server: Server) -> Call:
    """Calls an operation on an empty table with two keys."""
    nosql = resources.get_nosql_storage()
    nosql.clear_table(nosql.get_tables("000.test")["cart"])
    return lambda operation, *arguments: call(operation, "cart", *arguments)


# Storage.


def test_a_function_reads_and_writes_objects(call: Call, server: Server, tmp_path: Path):
    stored = call("store", BUCKET, "d/ü file.txt", str(tmp_path / "scratch"))
    assert stored["content"].startswith("written in ")
    first, second = stored["keys"]
    assert first != second
    client = server.client("s3")
    for key in (first, second):
        assert (key[:9], key[-4:]) == ("d/ü file.", ".txt")
        content = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert content.decode() == stored["content"]


def test_a_function_is_told_what_is_missing(call: Call, tmp_path: Path):
    with pytest.raises(Refusal, match=r"There is no bucket ['\"]sebs-nosuch"):
        call("store", "sebs-nosuch", "key", str(tmp_path / "scratch"))


# Events in a bucket.


@pytest.fixture
def leave(server: Server) -> Iterator[Callable[[str, bytes], dict[str, Any]]]:
    """Puts an object, and returns the event of it."""
    client = server.client("s3")

    def put(name: str, content: bytes) -> dict[str, Any]:
        client.put_object(Bucket=BUCKET, Key=f"sebs-events/{name}", Body=content)
        return s3_event(BUCKET, f"sebs-events/{name}")

    yield put
    for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=found["Key"])


def answer_of(server: Server, name: str) -> Any:
    found = server.client("s3").get_object(Bucket=BUCKET, Key=f"sebs-answers/{name}")
    return json.load(found["Body"])


def test_the_answer_to_an_object_is_an_object(environment: Environment, server: Server, leave):
    name = "f/a ü+1.json"
    event = {"call": "get", "arguments": ["plain", ["key", "nosuch"], None]}
    assert environment.invoke(leave(name, json.dumps(event).encode())) is None
    envelope = answer_of(server, name)
    assert envelope["result"] is None
    assert envelope["request_id"].startswith("request-")
    assert envelope["end"] >= envelope["begin"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"{", "InvalidEvent"), (b'"\xff"', "InvalidEvent"), (b"{}", "HandlerError")],
)
def test_what_is_wrong_with_an_object_is_its_answer(
    environment: Environment, server: Server, leave, content: bytes, kind: str
):
    environment.invoke(leave("f/1.json", content))
    assert answer_of(server, "f/1.json")["error"]["type"] == kind


def test_an_object_that_is_gone_is_a_failed_invocation(environment: Environment):
    told = environment.tell(s3_event(BUCKET, "sebs-events/f/gone.json"))
    assert "HTTP 404" in told["error"]["errorMessage"]


# Tables.


def test_a_function_and_the_client_share_tables(cart: Call, resources: Any):
    nosql = resources.get_nosql_storage()
    nosql.write_to_table("000.test", "cart", {"price": 1}, ("cart", "ü/%"), ("item", "b"))
    cart("insert", ["cart", "ü/%"], ["item", "a"], {"price": 2.5, "name": "Käse"})
    cart("update", ["cart", "ü/%"], ["item", "b"], {"price": 3, "tags": [None, True]})
    cart("update", ["cart", "ü/%"], ["item", "c"], {"new": {}, "size": "a reserved word"})
    cart("update", ["cart", "ü/%"], ["item", "d"], {})
    cart("insert", ["cart", "other"], ["item", "a"], {"cart": "hidden by the key"})
    items = cart("query", ["cart", "ü/%"], "item")
    assert items == [
        {"cart": "ü/%", "item": "a", "price": 2.5, "name": "Käse"},
        {"cart": "ü/%", "item": "b", "price": 3, "tags": [None, True]},
        {"cart": "ü/%", "item": "c", "new": {}, "size": "a reserved word"},
    ]
    assert cart("get", ["cart", "ü/%"], ["item", "b"]) == items[1]
    cart("insert", ["cart", "ü/%"], ["item", "b"], {"instead": ""})
    assert cart("get", ["cart", "ü/%"], ["item", "b"]) == {
        "cart": "ü/%",
        "item": "b",
        "instead": "",
    }
    cart("delete", ["cart", "ü/%"], ["item", "b"])
    cart("delete", ["cart", "ü/%"], ["item", "b"])
    assert cart("get", ["cart", "ü/%"], ["item", "b"]) is None
    assert cart("query", ["cart", "nosuch"], "item") == []
    assert cart("get", ["cart", "other"], ["item", "a"]) == {"cart": "other", "item": "a"}


def test_a_table_with_one_key(call: Call):
    call("insert", "plain", ["key", "a"], None, {"value": 1})
    call("update", "plain", ["key", "a"], None, {"other": "text"})
    item = {"key": "a", "value": 1, "other": "text"}
    assert call("get", "plain", ["key", "a"], None) == item
    assert call("query", "plain", ["key", "a"], None) == [item]
    call("delete", "plain", ["key", "a"], None)
    assert call("get", "plain", ["key", "a"], None) is None


def test_an_answer_of_many_pages_is_whole_and_in_order(cart: Call):
    names = [f"{number}" for number in (3, 1, 4, 0, 2)]
    for name in names:
        cart("insert", ["cart", "1"], ["item", name], {"text": name * 350_000})
    found = cart("query", ["cart", "1"], "item")
    assert [item["item"] for item in found] == sorted(names)
    assert {len(item["text"]) for item in found} == {350_000}


NUMBERS = st.integers(-(2**53), 2**53) | st.floats(-1e100, 1e100).filter(
    lambda number: number == 0 or abs(number) > 1e-100
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
NAMES = TEXTS.filter(lambda name: name not in ("", "cart", "item"))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal, and true is not one."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-15)
    return bool(one == other)


@given(item=st.dictionaries(NAMES, VALUES, min_size=1, max_size=4))
@example({"#0": 1, ":0": 2, "a.b": 3, "SET": 4, "size": [], "ü": {}})
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_what_is_written_is_read(cart: Call, resources: Any, item: dict[str, Any]):
    keys = {"cart": "k", "item": "k"}
    pair = [["cart", "k"], ["item", "k"]]
    cart("insert", *pair, item)
    assert same(cart("get", *pair), {**item, **keys})
    resources.get_nosql_storage().write_to_table("000.test", "cart", item, *map(tuple, pair))
    assert same(cart("get", *pair), {**item, **keys})
    cart("delete", *pair)
    cart("update", *pair, item)
    assert same(cart("query", pair[0], "item"), [{**item, **keys}])


def test_a_function_is_told_what_is_wrong_with_its_request(call: Call, cart: Call):
    with pytest.raises(Refusal, match=r"GetItem in 'cart': ValidationException: .*"):
        cart("get", ["kart", "1"], ["item", "1"])
    with pytest.raises(Refusal, match=r"PutItem in 'cart': ValidationException: .*size"):
        cart("insert", ["cart", "1"], ["item", "1"], {"large": "x" * 500_000})
    with pytest.raises(Refusal, match=r"Query in 'nosuch': ResourceNotFoundException"):
        call("query", "nosuch", ["cart", "1"], None)


# A service that is busy.


class Busy(http.server.BaseHTTPRequestHandler):
    """Answers with what it was told to, then that all is well."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        server: Any = self.server
        server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        status, body = server.told.pop(0) if server.told else (200, b'{"Items": []}')
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = answer  # noqa: N815 - the names of the base class

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def busy() -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    server.told, server.bodies = [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=LANGUAGES)
def isolated(request: pytest.FixtureRequest, busy: Any, tmp_path: Path) -> Iterator[Call]:
    """Calls a function's client that has nothing but a busy service."""
    variables = {
        "SEBS_AWS_TABLES": "p",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{busy.server_port}",
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{busy.server_port}",
    }
    archive = make_package(request.param, SOURCES[request.param], tmp_path)
    with Environment(archive, request.param, tmp_path / "task", variables) as started:
        yield lambda *given: result_of(started.invoke({"call": given[0], "arguments": given[1:]}))


def fault(code: str) -> bytes:
    return b'{"__type":"com.amazonaws.dynamodb.v20120810#%b","message":"No."}' % code.encode()


QUERY = ("query", "cart", ["cart", "1"], None)
THROTTLED = [
    (400, fault("ProvisionedThroughputExceededException")),
    (400, fault("ThrottlingException")),
    (400, fault("RequestLimitExceeded")),
    (500, fault("InternalServerError")),
]


def test_a_busy_service_is_asked_again(isolated: Call, busy: Any):
    busy.told = [*THROTTLED]
    assert isolated(*QUERY) == []
    assert len(busy.bodies) == 5
    assert len(set(busy.bodies)) == 1


def test_reads_see_what_was_written_before(isolated: Call, busy: Any):
    isolated(*QUERY)
    isolated("get", *QUERY[1:])
    assert [json.loads(body)["ConsistentRead"] for body in busy.bodies] == [True, True]


def test_a_service_that_stays_busy_is_given_up(isolated: Call, busy: Any):
    busy.told = [(503, b"<html>")] * 9
    with pytest.raises(Refusal, match="Query in 'cart': HTTP 503"):
        isolated(*QUERY)
    assert len(busy.bodies) == 5


@pytest.mark.parametrize("told", [(400, fault("ValidationException")), (403, b""), (404, b"[]")])
def test_a_refusal_is_not_asked_again(isolated: Call, busy: Any, told: tuple[int, bytes]):
    busy.told = [told]
    with pytest.raises(Refusal, match=r"Query in 'cart': (ValidationException: No|HTTP 40)"):
        isolated(*QUERY)
    assert len(busy.bodies) == 1


def test_an_upload_is_sent_again_whole(isolated: Call, busy: Any, tmp_path: Path):
    slow_down = (503, b"<Error><Code>SlowDown</Code><Message>Please</Message></Error>")
    busy.told = [slow_down, slow_down, (200, b""), (200, b"content")]
    isolated("store", "bucket", "key", str(tmp_path / "scratch"))
    first, *again = busy.bodies[:3]
    assert first.startswith(b"written in ")
    assert again == [first, first]


# Who is not a service.


@pytest.mark.tools
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_server_that_nobody_vouches_for_gets_no_request(
    language: Language, busy: Any, tmp_path: Path
):
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-days", "1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    busy.socket = context.wrap_socket(busy.socket, server_side=True)
    endpoint = f"https://localhost:{busy.server_port}"
    variables = {"SEBS_AWS_TABLES": "p", "AWS_ENDPOINT_URL": endpoint}
    archive = make_package(language, SOURCES[language], tmp_path)
    call = {"call": QUERY[0], "arguments": QUERY[1:]}
    with (
        Environment(archive, language, tmp_path / "task", variables) as environment,
        pytest.raises(Refusal, match=r"(?i)self.signed certificate"),
    ):
        result_of(environment.invoke(call))
    assert busy.bodies == []
    vouching = {"SSL_CERT_FILE": str(certificate), "NODE_EXTRA_CA_CERTS": str(certificate)}
    with Environment(archive, language, tmp_path / "again", variables | vouching) as environment:
        assert result_of(environment.invoke(call)) == []


# Where services are.


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "dynamodb.eu-south-2.amazonaws.com"),
        ({"AWS_REGION": "cn-north-1"}, "dynamodb.cn-north-1.amazonaws.com.cn"),
        ({"AWS_ENDPOINT_URL": "http://all:1"}, "all:1"),
        ({"AWS_ENDPOINT_URL": ""}, "dynamodb.eu-south-2.amazonaws.com"),
        (
            {"AWS_ENDPOINT_URL": "http://all:1", "AWS_ENDPOINT_URL_DYNAMODB": "https://one:443"},
            "one",
        ),
        ({"AWS_ENDPOINT_URL_S3": "http://other"}, "dynamodb.eu-south-2.amazonaws.com"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_services_are_amazons_unless_it_is_said(
    language: Language, variables: dict[str, str], expected: str, tmp_path: Path
):
    source = {
        Language.PYTHON: "from .aws_client import Client\n"
        "def handler(event):\n    return Client('dynamodb')._host\n",
        Language.NODEJS: "const { Client } = require('./aws_client');\n"
        "exports.handler = () => new Client('dynamodb').endpoint.host;\n",
    }
    archive = make_package(language, source[language], tmp_path)
    with Environment(archive, language, tmp_path / "task", variables) as environment:
        assert environment.invoke({})["result"] == expected
