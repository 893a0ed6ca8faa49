"""Buckets on an S3 server: what only a server has, and the clients that functions have of it."""

import builtins
import http.server
import io
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from s3_doubles import NodeClient
from wrappers_doubles import load

from sebs import __version__
from sebs.errors import (
    BucketNotFoundError,
    ConfigurationError,
    ObjectNotFoundError,
    StorageError,
    SystemUnavailableError,
)
from sebs.faas.config import Resources

BENCHMARKS = Resources.StorageBucketType.BENCHMARKS
MANY = 1005  # an answer has at most 1,000

# The server does not find the objects whose keys have line breaks: not ours to test.
PARTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="/"),
    min_size=1,
    max_size=40,  # a part fits a file's name, here as everywhere
)
PARTS |= st.text(st.sampled_from("+%~'()*!&=?#:@$,;\\ üa<>\""), min_size=1, max_size=6)
KEYS = st.lists(PARTS.filter(lambda part: part.strip(".")), min_size=1, max_size=3).map("/".join)
PER_TEST = [HealthCheck.function_scoped_fixture]


@pytest.fixture
def backend(s3_server):
    """Every test here has its buckets on the server."""
    return s3_server


@pytest.fixture
def python(backend, monkeypatch):
    """The client of functions in Python."""
    for name, value in backend.variables().items():
        monkeypatch.setenv(name, value)
    return load("storage").storage.get_instance()


@pytest.fixture
def node(backend):
    """The client of functions in Node.js."""
    with NodeClient(backend.variables()) as client:
        yield client


# What only a server has.


def test_buckets_say_whose_they_are_and_who_made_them(storage, bucket, backend):
    tags = backend.client().get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "sebs:resource-id": "rid-12345678",
        "sebs:version": __version__,
    }


def test_buckets_of_others_are_left_alone(storage, resources, backend):
    client = backend.client()
    client.create_bucket(Bucket="sebs-benchmarks-rid-12345678")
    client.put_object(Bucket="sebs-benchmarks-rid-12345678", Key="theirs", Body=b"")
    client.create_bucket(Bucket="elsewhere")
    assert storage.find_deployments() == []
    assert resources.allocated()["buckets"] == []
    with pytest.raises(StorageError, match="belongs to no deployment, not to 'rid-12345678'"):
        storage._create_bucket("sebs-benchmarks-rid-12345678")
    with pytest.raises(StorageError, match="none of this deployment's buckets"):
        resources.remove("buckets", "sebs-benchmarks-rid-12345678")
    assert storage.list_buckets() == ["elsewhere", "sebs-benchmarks-rid-12345678"]


def test_what_a_killed_maker_left_is_taken_up(storage, resources, backend):
    backend.client().create_bucket(Bucket="sebs-benchmarks-rid-12345678")
    assert storage.get_bucket(BENCHMARKS) == "sebs-benchmarks-rid-12345678"
    storage._create_bucket("sebs-benchmarks-rid-12345678")
    assert resources.allocated()["buckets"] == ["sebs-benchmarks-rid-12345678"]


def test_other_regions_are_named_at_creation(backend, deploy_resources):
    backend.section["region"] = "eu-south-2"
    try:
        storage = deploy_resources().get_storage()
    finally:
        del backend.section["region"]
    name = storage._create_bucket("southern")
    place = backend.client().get_bucket_location(Bucket=name)["LocationConstraint"]
    assert place == storage.region == storage.envs()["AWS_REGION"] == "eu-south-2"


def test_versions_marks_and_unfinished_uploads_are_removed(storage, bucket, write, backend):
    client = backend.client()
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for content in (b"one", b"two"):
        write("key", content)
    client.delete_object(Bucket=bucket, Key="key")
    write("other")
    client.create_multipart_upload(Bucket=bucket, Key="unfinished")
    storage.clean_bucket(bucket)
    left = client.list_object_versions(Bucket=bucket)
    assert "Versions" not in left
    assert "DeleteMarkers" not in left
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)
    write("again")
    storage.remove_bucket(bucket)
    assert storage.list_buckets() == []


def test_what_cannot_be_deleted_is_named(storage, bucket, write, monkeypatch):
    write("kept")
    client = storage._connection.client
    fault = {"Errors": [{"Key": "kept", "Code": "AccessDenied", "Message": "It is locked."}]}
    monkeypatch.setattr(client, "delete_objects", lambda **_: fault)
    with pytest.raises(StorageError, match=r"object kept in bucket .*: AccessDenied: It is locked"):
        storage.clean_bucket(bucket)


def test_a_file_of_many_parts_comes_whole(storage, bucket, write, read):
    content = os.urandom(1 << 20) * 20
    write("large", content)
    assert read("large") == content


@pytest.fixture
def many(bucket, backend):
    """So many objects that one answer does not list them."""
    keys = [f"many/{number:04} +%ü" for number in range(MANY)]
    client = backend.client()

    def put(key):
        client.put_object(Bucket=bucket, Key=key, Body=b"")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, keys))
    return keys


@pytest.mark.node
def test_lists_have_more_than_one_page(storage, bucket, many, python, node):
    assert storage.list_bucket(bucket, "many/") == many
    assert list(python._keys(bucket, "many/")) == many
    assert node("keys", bucket=bucket, prefix="many/") == many
    storage.clean_bucket(bucket)
    assert storage.list_bucket(bucket) == []


# Three clients, one storage.


@pytest.mark.node
@given(key=KEYS, content=st.binary(max_size=50))
@settings(max_examples=40, suppress_health_check=PER_TEST)
def test_what_one_client_writes_the_others_read(
    storage, bucket, write, read, python, node, key, content
):
    storage.clean_bucket(bucket)
    write(key, content)
    assert python.download_stream(bucket, key) == content
    assert node.read(bucket, key) == content
    python._put(bucket, key, io.BytesIO(b"p" + content))
    assert read(key) == b"p" + content
    assert node.write(bucket, key, b"n" + content) == key
    assert read(key) == python.download_stream(bucket, key) == b"n" + content
    listed = storage.list_bucket(bucket, key[:1])
    assert listed == list(python._keys(bucket, key[:1])) == [key]
    assert node("keys", bucket=bucket, prefix=key[:1]) == [key]


@pytest.mark.node
def test_files_and_directories(bucket, write, read, python, node, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3_000_000))
    name = python.upload(bucket, "d/file.txt", str(source))
    assert (name[:7], name[-4:], len(name)) == ("d/file.", ".txt", 19)
    assert python.upload(bucket, "d/kept", str(source), unique_name=False) == "d/kept"
    assert node("upload", bucket=bucket, key="d/e/n", path=str(source)) == "d/e/n"
    write("other", b"")
    python.download_directory(bucket, "d/", str(tmp_path / "python"))
    node("directory", bucket=bucket, prefix="d/", path=str(tmp_path / "nodejs"))
    for directory in (tmp_path / "python", tmp_path / "nodejs"):
        found = {str(path.relative_to(directory)): path for path in directory.rglob("*")}
        assert set(found) == {"d", "d/e", name, "d/kept", "d/e/n"}
        assert {found[key].read_bytes() for key in (name, "d/kept", "d/e/n")} == {
            source.read_bytes()
        }
    node("download", bucket=bucket, key=name, path=str(tmp_path / "one"))
    assert (tmp_path / "one").read_bytes() == source.read_bytes() == read("d/kept")


@pytest.mark.node
@pytest.mark.parametrize("key", ["../x", "/x", "a//b", "a/../../x"])
def test_no_key_leads_out_of_a_directory(bucket, backend, python, node, tmp_path, key):
    with pytest.raises(ValueError, match="cannot be the key of an object"):
        python.download_stream(bucket, key)
    with pytest.raises(OSError, match="cannot be the key of an object"):
        node.read(bucket, key)
    backend.client().put_object(Bucket=bucket, Key=key, Body=b"evil")
    with pytest.raises(ValueError, match="cannot be the key of an object"):
        python.download_directory(bucket, "", str(tmp_path / "deep" / "python"))
    with pytest.raises(OSError, match="cannot be the key of an object"):
        node("directory", bucket=bucket, prefix="", path=str(tmp_path / "deep" / "nodejs"))
    assert not [path for path in tmp_path.rglob("*") if path.name in ("x", "b")]


@pytest.mark.node
def test_functions_are_told_what_is_missing(bucket, python, node, tmp_path):
    for use in (
        lambda: python.download_stream(bucket, "absent"),
        lambda: python.download(bucket, "absent", str(tmp_path / "absent")),
        lambda: node.read(bucket, "absent"),
        lambda: node("download", bucket=bucket, key="absent", path=str(tmp_path / "absent")),
    ):
        with pytest.raises(OSError, match=r"has no object ['\"]absent"):
            use()
    assert not (tmp_path / "absent").exists()
    for name in ("nosuch", "..", "UPPER"):
        for use in (
            lambda name=name: python.upload_stream(name, "key", b""),
            lambda name=name: python.download_directory(name, "", str(tmp_path)),
            lambda name=name: node.write(name, "key", b""),
            lambda name=name: node("keys", bucket=name, prefix=""),
        ):
            with pytest.raises(OSError, match="There is no bucket"):
                use()


@pytest.mark.node
def test_a_file_that_is_too_large_is_refused_before_it_is_sent(bucket, python, node, tmp_path):
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate((5 << 30) + 1)
    with pytest.raises(ValueError, match="would have 5368709121 bytes, of 5368709120 allowed"):
        python.upload(bucket, "key", str(tmp_path / "large"))
    with pytest.raises(OSError, match="would have 5368709121 bytes, of 5368709120 allowed"):
        node("upload", bucket=bucket, key="key", path=str(tmp_path / "large"))


# What goes wrong.


@pytest.mark.node
def test_wrong_credentials_are_named_and_not_repeated(deploy_resources, backend, monkeypatch):
    wrong = "wrongwrongwrongwrong"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", wrong)
    storage = deploy_resources().get_storage()
    for use in (
        storage.list_buckets,
        lambda: storage.exists_bucket("bucket"),
        lambda: storage._create_bucket("bucket"),
        lambda: storage.owner("bucket"),
        lambda: storage.list_bucket("bucket"),
        lambda: storage.upload("bucket", __file__, "key"),
    ):
        with pytest.raises(StorageError, match="SignatureDoesNotMatch: The request") as caught:
            use()
        assert wrong not in str(caught.value)
    variables = {**backend.variables(), "AWS_SECRET_ACCESS_KEY": wrong}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(OSError, match="SignatureDoesNotMatch: The request") as caught:
        load("storage").storage().download_stream("bucket", "key")
    assert wrong not in str(caught.value)
    with (
        NodeClient(variables) as node,
        pytest.raises(OSError, match="SignatureDoesNotMatch: The request") as caught,
    ):
        node.read("bucket", "key")
    assert wrong not in str(caught.value)


def test_an_endpoint_that_does_not_answer_is_named(backend, deploy_resources):
    with socket.create_server(("127.0.0.1", 0)) as server:
        nowhere = f"http://127.0.0.1:{server.getsockname()[1]}"
    answering, backend.section["endpoint"] = backend.section["endpoint"], nowhere
    try:
        storage = deploy_resources().get_storage()
    finally:
        backend.section["endpoint"] = answering
    with pytest.raises(StorageError, match=nowhere):
        storage.list_buckets()


def test_credentials_that_are_missing_are_asked_for(storage, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StorageError, match=r"no credentials .*AWS_ACCESS_KEY_ID"):
        storage.list_buckets()
    with pytest.raises(StorageError, match="no credentials"):
        storage.credentials()


def test_a_profile_is_used_and_must_exist(backend, deploy_resources, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (tmp_path / "config").write_text(
        f"[profile own]\naws_access_key_id = {backend.access_key}\n"
        f"aws_secret_access_key = {backend.secret_key}\naws_session_token = temporary\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    backend.section["profile"] = "own"
    try:
        storage = deploy_resources().get_storage()
        backend.section["profile"] = "other"
        without = deploy_resources().get_storage()
    finally:
        del backend.section["profile"]
    assert storage.credentials() == {
        "AWS_ACCESS_KEY_ID": backend.access_key,
        "AWS_SECRET_ACCESS_KEY": backend.secret_key,
        "AWS_SESSION_TOKEN": "temporary",
    }
    with pytest.raises(ConfigurationError, match=r"storage\.profile: .*other"):
        without.list_buckets()


def test_without_its_sdk_the_way_to_it_is_told(storage, monkeypatch):
    original = builtins.__import__

    def without(name, *arguments):
        if name.startswith(("boto3", "botocore")):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return original(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SystemUnavailableError, match=r"pip install 'sebs-faas\[s3\]'"):
        storage.list_buckets()


def test_a_bucket_that_is_gone_is_named(storage, bucket, tmp_path):
    storage.remove_bucket(bucket)
    for use in (
        lambda: storage.upload(bucket, __file__, "key"),
        lambda: storage.download(bucket, "key", str(tmp_path / "x")),
        lambda: storage.list_bucket(bucket),
        lambda: storage.clean_bucket(bucket),
        lambda: storage.remove_bucket(bucket),
    ):
        with pytest.raises(BucketNotFoundError, match="There is no bucket 'bucket'"):
            use()
    storage._create_bucket(bucket)
    with pytest.raises(ObjectNotFoundError, match="no object 'key'"):
        storage.download(bucket, "key", str(tmp_path / "x"))


def test_what_functions_are_told_is_no_secret(resources, backend):
    told = resources.function_environment(SimpleNamespace(benchmark="b"))
    assert told == {
        "AWS_ENDPOINT_URL_S3": backend.endpoint,
        "AWS_REGION": "us-east-1",
        "SEBS_LOCAL_TABLES": "sebs-benchmarks-rid-12345678/b/",
    }
    hidden = (backend.secret_key, backend.access_key)
    shown = repr([resources.get_storage(), resources.get_storage()._connection, resources.config])
    assert not [secret for secret in hidden if secret in f"{told} {shown}"]


# Servers that hang up.


class Rude(http.server.BaseHTTPRequestHandler):
    """Hangs up after each answer without saying so, and cuts the last one short."""

    protocol_version = "HTTP/1.1"
    lengths: tuple[int, ...] = ()

    def do_GET(self):
        self.server.served += 1
        self.send_response(200)
        self.send_header("Content-Length", str(100 if self.path.endswith("short") else 5))
        self.end_headers()
        self.wfile.write(b"hello")
        self.close_connection = True

    def do_PUT(self):
        received = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(received)
        self.do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def rude(monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rude)
    server.served, server.received = 0, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.variables = {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_port}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_python_connects_again_and_notices_what_is_cut(rude, tmp_path):
    client = load("storage").storage()
    for _ in range(3):
        assert client.download_stream("bucket", "key") == b"hello"
    client.upload_stream("bucket", "key", b"first")
    client.upload_stream("bucket", "key", io.BytesIO(b"second"))
    assert rude.received == [b"first", b"second"]
    with pytest.raises(IncompleteRead):
        client.download_stream("bucket", "short")
    with pytest.raises(IncompleteRead):
        client.download("bucket", "short", str(tmp_path / "x"))
    assert client.download_stream("bucket", "key") == b"hello"
    client._client.disconnect()


@pytest.mark.node
def test_node_connects_again_and_notices_what_is_cut(rude, tmp_path):
    with NodeClient(rude.variables) as client:
        for _ in range(3):
            assert client.read("bucket", "key") == b"hello"
        client.write("bucket", "key", b"first")
        client.write("bucket", "key", b"second")
        assert rude.received == [b"first", b"second"]
        with pytest.raises(OSError, match="aborted"):
            client.read("bucket", "short")
        with pytest.raises(OSError, match=r"aborted|Premature"):
            client("download", bucket="bucket", key="short", path=str(tmp_path / "x"))
        assert client.read("bucket", "key") == b"hello"


@pytest.mark.node
def test_functions_without_credentials_say_what_is_missing(rude, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(PermissionError, match="AWS_SECRET_ACCESS_KEY is not set: the platform"):
        load("storage").storage()
    del rude.variables["AWS_SECRET_ACCESS_KEY"]
    with (
        NodeClient(rude.variables) as node,
        pytest.raises(OSError, match="AWS_SECRET_ACCESS_KEY is not set: the platform"),
    ):
        node.read("bucket", "key")
