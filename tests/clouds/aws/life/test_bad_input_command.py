"""What users get wrong, by the command line: exit code, error, what it names, what is left."""

from __future__ import annotations

import io
import json
import threading
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aws_rig import ACCOUNT, SECRET, inventory
from aws_servers import REGION, Server
from command_line import CommandLine

from sebs.aws.limits import LARGEST_PACKAGE


@pytest.fixture
def rid() -> str:
    return f"bad-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def sebs(tmp_path: Path, ministack: Server, rid: str) -> CommandLine:
    made = CommandLine(tmp_path, ministack)
    made.configure(resources={"resources_id": rid})
    return made


def refused(sebs: CommandLine, *arguments: str, code: int = 1, **environment: str) -> Any:
    """The error that invoking a benchmark ends with."""
    named = arguments if arguments and arguments[0][0] != "-" else ("010.sleep", "test", *arguments)
    wanted = (*named, "--config", "sebs.json", "--trigger", "library", "--json")
    out, err = sebs("benchmark", "invoke", *wanted, code=code, **environment)
    assert SECRET not in out + err
    return json.loads(out)["error"]


@contextmanager
def answering(code: str, message: str) -> Iterator[str]:
    """A server that refuses everything; yields its URL."""
    body = (
        f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>r</RequestId></ErrorResponse>"
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(403)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("code", "message", "kind", "said"),
    [
        ("ExpiredToken", "The token expired.", "CredentialsExpiredError", "aws sso login"),
        ("InvalidClientTokenId", "No such key.", "CredentialsError", "get-caller-identity"),
        (
            "AccessDenied",
            "x is not authorized to perform: sts:GetCallerIdentity on resource: arn:aws:sts::1:y",
            "AccessDeniedError",
            "permit sts:GetCallerIdentity on arn:aws:sts::1:y",
        ),
    ],
)
def test_credentials_that_are_expired_wrong_or_not_permitted(
    sebs: CommandLine, code: str, message: str, kind: str, said: str
) -> None:
    with answering(code, message) as url:
        sebs.configure(endpoint_url=url)
        error = refused(sebs)
    assert error["type"] == kind
    assert said in error["message"]


def test_half_a_pair_in_the_environment(sebs: CommandLine) -> None:
    sebs.configure(credentials=None)
    error = refused(sebs, AWS_ACCESS_KEY_ID=ACCOUNT)
    assert error["type"] == "CredentialsError"
    assert "together" in error["message"]


def test_a_region_that_is_nowhere(sebs: CommandLine) -> None:
    sebs.configure(endpoint_url=None, region="eu-south-9")
    error = refused(sebs, code=2)
    assert error["type"] == "ConfigurationError"
    assert "eu-south-1" in error["message"]


def test_a_server_that_is_not_there(sebs: CommandLine) -> None:
    sebs.configure(endpoint_url="http://127.0.0.1:9")
    error = refused(sebs)
    assert error["type"] == "PlatformUnreachableError"
    assert "127.0.0.1:9" in error["message"]


@pytest.mark.parametrize(
    ("option", "value", "kind", "code", "said"),
    [
        ("--memory", "64", "LimitExceededError", 2, "64 MB"),
        ("--timeout", "901", "LimitExceededError", 2, "901 s"),
        ("--language-version", "3.2", "UnsupportedLanguageError", 2, "3.2"),
        ("--architecture", "mips", "ConfigurationError", 2, "mips"),
        ("--function-name", "no spaces", "InvalidNameError", 2, "no spaces"),
    ],
)
def test_what_lambda_would_not_take_is_refused_before_it_is_asked(
    sebs: CommandLine, rid: str, option: str, value: str, kind: str, code: int, said: str
) -> None:
    error = refused(sebs, option, value, code=code)
    assert error["type"] == kind
    assert said in str(error)
    assert inventory(sebs.server, rid) == set()


def test_a_package_that_is_too_large(sebs: CommandLine, rid: str) -> None:
    benchmark = sebs.root / "benchmarks/900.large"
    (benchmark / "python").mkdir(parents=True)
    config = {"timeout": 5, "memory": 128, "languages": ["python"]}
    (benchmark / "config.json").write_text(json.dumps(config))
    (benchmark / "input.py").write_text("def generate_input(*_):\n    return {}\n")
    (benchmark / "python/function.py").write_text("def handler(event):\n    return {}\n")
    with (benchmark / "python/weights").open("wb") as stream:
        stream.truncate(LARGEST_PACKAGE)
    error = refused(sebs, "900.large", "test", "--benchmarks-dir", "benchmarks")
    assert error["type"] == "PackageTooLargeError"
    assert "900.large" in error["message"]
    assert "container" in error["message"]
    assert inventory(sebs.server, rid) == set()


def test_a_function_of_somebody_else(sebs: CommandLine, rid: str) -> None:
    client, name = sebs.server.client("lambda"), f"theirs-{rid}"
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("x.py", "def y(event, context): pass")
    client.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=f"arn:aws:iam::{ACCOUNT}:role/x",
        Handler="x.y",
        Code={"ZipFile": package.getvalue()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    before = client.get_function(FunctionName=name)["Configuration"]
    error = refused(sebs, "--function-name", name)
    assert error["type"] == "FunctionNameTakenError"
    assert name in error["message"]
    assert "attach" in error["message"]
    assert client.get_function(FunctionName=name)["Configuration"] == before
    client.delete_function(FunctionName=name)


def test_a_bucket_of_somebody_else(sebs: CommandLine, rid: str) -> None:
    name, theirs = f"sebs-benchmarks-{rid}", sebs.server.client("s3")
    theirs.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    theirs.put_object(Bucket=name, Key="theirs", Body=b"theirs")
    error = refused(sebs, "311.compression", "test")
    assert error["type"] == "BucketNameTakenError"
    assert name in error["message"]
    objects = theirs.list_objects_v2(Bucket=name)["Contents"]
    assert [each["Key"] for each in objects] == ["theirs"]


def test_what_was_deleted_behind_our_back_is_made_again(sebs: CommandLine, rid: str) -> None:
    arguments = ("010.sleep", "test", "--config", "sebs.json", "--trigger", "library", "--json")
    sebs("benchmark", "invoke", *arguments)
    before = inventory(sebs.server, rid)
    (function,) = (name for name in before if " " not in name)
    sebs.server.client("lambda").delete_function(FunctionName=function)
    iam, role = sebs.server.client("iam"), f"sebs-lambda-{rid}"
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    iam.delete_role(RoleName=role)
    sebs("benchmark", "invoke", *arguments)
    assert inventory(sebs.server, rid) == before
    sebs("resource", "clean", "--config", "sebs.json")
    assert inventory(sebs.server, rid) == set()


def test_an_alias_brings_region_and_endpoint(sebs: CommandLine, rid: str) -> None:
    sebs.patience = 1.0
    name = f"sebs-{rid}-attached"
    sebs(
        "benchmark", "invoke", "010.sleep", "test", "--config", "sebs.json", "--function-name", name
    )
    sebs("function", "attach", name, "--config", "sebs.json")
    out, _ = sebs("function", "invoke", name, "--event", '{"sleep": 0}', "-n", "1", "--json")
    assert json.loads(out)["deployment"] == "aws"
    sebs("function", "detach", name)
    # What the environment said then holds as well where it is another one.
    sebs.configure(region=None, endpoint_url=None)
    there = {"AWS_REGION": REGION, "AWS_ENDPOINT_URL": sebs.server.url}
    sebs("function", "attach", name, "--config", "sebs.json", **there)
    out, _ = sebs("function", "list", "--json")
    [entry] = json.loads(out)
    assert entry["section"] == {"region": REGION, "endpoint_url": sebs.server.url}
    out, _ = sebs("function", "invoke", name, "--event", '{"sleep": 0}', "-n", "1", "--json")
    assert json.loads(out)["deployment"] == "aws"
    # Another file is asked alone: it has no region.
    sebs("function", "invoke", name, "--config", "sebs.json", code=2)
    sebs("function", "detach", name)
    sebs.configure()
    sebs("resource", "clean", "--config", "sebs.json")
