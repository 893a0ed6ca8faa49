"""Functions that use storage and tables, in both languages, and what their token opens."""

import email.parser
import os
import socket
import threading
from http.client import IncompleteRead

import pytest
from wrappers_doubles import load

from sebs.errors import BucketNotFoundError

LANGUAGES = ["python", pytest.param("nodejs", marks=pytest.mark.node)]

USES_STORAGE = {
    "python": """
import io
from . import storage

client = storage.storage.get_instance()

def handler(event):
    bucket = event["bucket"]
    client.download(bucket, "in/first.txt", event["scratch"])
    with open(event["scratch"], "a") as stream:
        stream.write(" and more")
    first = client.upload(bucket, "out/first.txt", event["scratch"])
    content = bytes(client.download_stream(bucket, "in/second")).decode().upper()
    second = client.upload_stream(bucket, "out/second", io.BytesIO(content.encode()))
    return {"keys": [first, second]}
""",
    "nodejs": """
const fs = require('fs');
const storage = require('./storage');

const client = new storage.storage();

exports.handler = async (event) => {
  await client.download(event.bucket, 'in/first.txt', event.scratch);
  fs.appendFileSync(event.scratch, ' and more');
  const [first, uploaded] = client.upload(event.bucket, 'out/first.txt', event.scratch);
  const [stream, written, second] = client.uploadStream(event.bucket, 'out/second');
  for await (const part of await client.downloadStream(event.bucket, 'in/second')) {
    stream.write(part.toString().toUpperCase());
  }
  stream.end();
  await Promise.all([uploaded, written]);
  return {keys: [first, second]};
};
""",
}

USES_TABLES = {
    "python": """
from . import nosql

client = nosql.nosql.get_instance()

def handler(event):
    operation, *arguments = event["call"]
    return {"got": getattr(client, operation)(*arguments)}
""",
    "nodejs": """
const nosql = require('./nosql');

const client = nosql.nosql.get_instance();

exports.handler = async (event) => {
  const [operation, ...args] = event.call;
  const got = await client[operation](...args);
  return {got: got === undefined ? null : got};
};
""",
}

SHOWS_VARIABLES = """
import os

def handler(event):
    return dict(os.environ)
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_function_downloads_and_uploads(
    functions, storage, bucket, root, write, read, tmp_path, language
):
    write("in/first.txt", b"first")
    write("in/second", "zweites Stück".encode())
    functions.deploy(USES_STORAGE[language], language=language)
    event = {"bucket": bucket, "scratch": str(tmp_path / "scratch")}
    first, second = functions.invoke(event)["keys"]
    assert (first, second) != ("out/first.txt", "out/second")
    assert (first[:10], first[-4:], second[:11]) == ("out/first.", ".txt", "out/second.")
    assert storage.list_bucket(bucket, "out/") == sorted([first, second])
    assert read(first) == b"first and more"
    assert read(second) == "ZWEITES STÜCK".encode()
    assert os.listdir(root / ".staging") == []


@pytest.fixture(params=LANGUAGES)
def table(request, functions, resources):
    """Calls one operation on a table as a function does it."""
    nosql = resources.get_nosql_storage()
    nosql.create_benchmark_tables("bench", "cart", "cart", "item")
    functions.deploy(USES_TABLES[request.param], language=request.param)

    def call(operation, *arguments):
        response = functions.post("/functions/f", {"call": [operation, "cart", *arguments]})
        if response.status != 200:
            raise LookupError(response.json()["error"]["message"])
        return response.json()["result"]["got"]

    return call


def test_a_function_and_the_client_share_tables(table, resources):
    nosql = resources.get_nosql_storage()
    nosql.write_to_table("bench", "cart", {"price": 1}, ("cart", "ü/%"), ("item", "b"))
    table("insert", ["cart", "ü/%"], ["item", "a"], {"price": 2.5, "name": "Käse"})
    table("update", ["cart", "ü/%"], ["item", "b"], {"price": 3, "tags": [None, True]})
    table("update", ["cart", "ü/%"], ["item", "c"], {"new": {}})
    items = table("query", ["cart", "ü/%"], "item")
    assert items == [
        {"cart": "ü/%", "item": "a", "price": 2.5, "name": "Käse"},
        {"cart": "ü/%", "item": "b", "price": 3, "tags": [None, True]},
        {"cart": "ü/%", "item": "c", "new": {}},
    ]
    assert table("get", ["cart", "ü/%"], ["item", "b"]) == items[1]
    table("delete", ["cart", "ü/%"], ["item", "b"])
    table("delete", ["cart", "ü/%"], ["item", "b"])
    assert table("get", ["cart", "ü/%"], ["item", "b"]) is None
    assert table("query", ["cart", "other"], "item") == []


def test_a_function_is_told_what_is_wrong_with_its_request(table, resources):
    with pytest.raises(LookupError, match=r"InvalidItem: The primary key .* is 'cart', not 'kart'"):
        table("get", ["kart", "1"], ["item", "1"])
    with pytest.raises(LookupError, match=r"InvalidItem: .* bytes, of 409600 allowed"):
        table("insert", ["cart", "1"], ["item", "1"], {"large": "x" * 500_000})
    nosql = resources.get_nosql_storage()
    nosql.remove_table(nosql.get_tables("bench")["cart"])
    with pytest.raises(LookupError, match="TableNotFound: There is no table"):
        table("get", ["cart", "1"], ["item", "1"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_function_does_not_leave_the_storage(functions, bucket, language):
    functions.deploy(USES_STORAGE[language], language=language)
    response = functions.post("/functions/f", {"bucket": "..", "scratch": "x"})
    assert response.status == 500
    assert "There is no bucket" in response.json()["error"]["message"]


@pytest.fixture
def variables(functions):
    functions.deploy(SHOWS_VARIABLES)
    return functions.invoke()


def test_the_token_of_functions_opens_nothing_but_tables(functions, variables, resources):
    token = variables["SEBS_LOCAL_DATA_TOKEN"]
    targets = [
        ("GET", "/-/status"),
        ("GET", "/-/functions"),
        ("GET", "/-/lease"),
        ("POST", "/-/stop"),
        ("POST", "/-/pin"),
        ("DELETE", "/-/functions/f"),
        ("POST", "/functions/f"),
        ("GET", "/-/tables"),
        ("POST", "/-/Tables/t/get"),
    ]
    for method, path in targets:
        response = functions.post(path, token=token, method=method)
        assert response.status == 401, path
    assert functions.post("/-/tables/t/get", token="x").status == 401
    assert functions.post("/-/tables/t/get").status == 401  # nor is it the gateway's own


def test_no_variable_has_the_token_of_the_gateway(functions, variables, resources):
    token = functions.client.ensure().headers["Authorization"].split()[1]
    assert variables["SEBS_LOCAL_DATA_URL"].endswith(str(functions.client.ensure().port))
    assert not [name for name, value in variables.items() if token in value]
    published = (resources.config.home / "gateway.json").read_text()
    assert variables["SEBS_LOCAL_DATA_TOKEN"] not in published


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "/-/tables/t/get", b"", 405, "MethodNotAllowed"),
        ("POST", "/-/tables/t/drop", b"{}", 404, "NotFound"),
        ("POST", "/-/tables/t/get/x", b"{}", 404, "NotFound"),
        ("POST", "/-/tables/t/get", b"[", 400, "InvalidRequest"),
        ("POST", "/-/tables/t/get", b"[]", 400, "InvalidRequest"),
        ("POST", "/-/tables/t/get", b"{}", 400, "InvalidItem"),
        ("POST", "/-/tables/t/get", b'{"primary_key": ["a", 1]}', 400, "InvalidItem"),
        ("POST", "/-/tables/t/get", b'{"primary_key": ["a", "b"]}', 404, "TableNotFound"),
        ("POST", "/-/tables/%ff/get", b'{"primary_key": ["a", "b"]}', 404, "TableNotFound"),
        ("POST", "/-/tables/t/insert", b'{"primary_key": ["a", "b"]}', 400, "InvalidItem"),
        ("POST", "/-/tables/t/query", b'{"primary_key": ["a", null]}', 400, "InvalidItem"),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused(functions, variables, method, path, body, status, kind):
    token = variables["SEBS_LOCAL_DATA_TOKEN"]
    response = functions.post(path, body, token=token, method=method)
    assert (response.status, response.json()["error"]["type"]) == (status, kind)


def test_large_answers_come_whole(functions, resources):
    nosql = resources.get_nosql_storage()
    nosql.create_benchmark_tables("bench", "cart", "cart", "item")
    for number in range(8):
        key = ("cart", "1"), ("item", str(number))
        nosql.write_to_table("bench", "cart", {"text": "x" * 350_000}, *key)
    functions.deploy(USES_TABLES["python"])
    got = functions.invoke({"call": ["query", "cart", ["cart", "1"], "item"]})["got"]
    assert [len(item["text"]) for item in got] == [350_000] * 8


def test_a_table_is_reached_from_its_own_benchmark_only(functions, resources):
    nosql = resources.get_nosql_storage()
    nosql.create_benchmark_tables("other", "cart", "cart")
    functions.deploy(USES_TABLES["python"])
    response = functions.post("/functions/f", {"call": ["get", "cart", ["cart", "1"], None]})
    assert "TableNotFound" in response.json()["error"]["message"]
    with pytest.raises(BucketNotFoundError):
        nosql.write_to_table("bench", "cart", {}, ("cart", "1"))


def test_the_wrapper_for_python_connects_again_after_a_failure(monkeypatch):
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        for length in (99, 15):
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as request:
                # All of it: to close on something unread would reset the connection.
                headers = email.parser.BytesParser().parsebytes(
                    b"".join(iter(request.readline, b"\r\n")).partition(b"\r\n")[2]
                )
                request.read(int(headers["Content-Length"]))
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
                connection.sendall(head.encode() + b'{"result": [1]}')

    thread = threading.Thread(target=serve)
    thread.start()
    monkeypatch.setenv("SEBS_LOCAL_TABLES", "prefix/")
    monkeypatch.setenv("SEBS_LOCAL_DATA_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
    monkeypatch.setenv("SEBS_LOCAL_DATA_TOKEN", "token")
    client = load("nosql").nosql.get_instance()
    with pytest.raises(IncompleteRead):
        client.query("cart", ("part", "a"), None)
    assert client.query("cart", ("part", "a"), None) == [1]
    client._gateway.close()
    thread.join()
    server.close()
