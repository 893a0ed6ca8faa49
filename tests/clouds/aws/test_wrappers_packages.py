"""Whole packages: the bundled benchmarks by every event, and each runtime of a server."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_servers import REGION, Server
from runtime_client import with_bootstrap
from wrapper_doubles import Environment, http_event, make_package, s3_event

from sebs import SeBS
from sebs.aws.package import HANDLER
from sebs.faas.config import Resources
from sebs.faas.result import ExecutionResult
from sebs.sebs_types import Language

LANGUAGES = [Language.PYTHON, pytest.param(Language.NODEJS, marks=pytest.mark.node)]
VERSIONS = {
    Language.PYTHON: f"{sys.version_info.major}.{sys.version_info.minor}",
    Language.NODEJS: "20",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server("ministack", tmp_path_factory.mktemp("server") / "log")
    yield running
    running.close()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[SeBS]:
    with SeBS(tmp_path / "cache", tmp_path / "output") as made:
        yield made


# Ways of an event to the benchmark, and of its answer back; each returns the envelope.


def by_library(environment: Environment, payload: Any, **_: Any) -> Any:
    return environment.invoke(payload)


def by_http(environment: Environment, payload: Any, **_: Any) -> Any:
    answer = environment.invoke(http_event(json.dumps(payload)))
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


def by_base64(environment: Environment, payload: Any, **_: Any) -> Any:
    body = base64.b64encode(json.dumps(payload).encode()).decode()
    answer = environment.invoke(http_event(body, "1.0", is_base64=True))
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


def by_object(environment: Environment, payload: Any, server: Server, bucket: str) -> Any:
    objects = server.client("s3")
    objects.put_object(Bucket=bucket, Key="sebs-events/f/1.json", Body=json.dumps(payload))
    assert environment.invoke(s3_event(bucket, "sebs-events/f/1.json")) is None
    return json.load(objects.get_object(Bucket=bucket, Key="sebs-answers/f/1.json")["Body"])


WAYS: tuple[Callable[..., Any], ...] = (by_library, by_http, by_base64, by_object)


@pytest.mark.registry
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["010.sleep", "110.dynamic-html", "311.compression"])
def test_bundled_benchmarks_run_whatever_invokes_them(
    server: Server, client: SeBS, tmp_path: Path, language: Language, name: str
) -> None:
    credentials = {"access_key": "123456789012", "secret_key": "none"}
    section = {"region": REGION, "endpoint_url": server.url, "credentials": credentials}
    system = client.get_deployment({"name": "aws", "aws": section})
    system.initialize()
    runtime = {"language": language.value, "version": VERSIONS[language]}
    config = client.get_experiment_config({"runtime": runtime})
    benchmark = client.get_benchmark(name, system, config)
    payload = benchmark.prepare_input(system.system_resources, "test")
    benchmark.build(system.package_code, None, None)
    assert benchmark.code_location is not None
    storage = system.system_resources.get_storage()
    bucket = storage.get_bucket(Resources.StorageBucketType.BENCHMARKS)
    told = system.system_resources.function_environment(benchmark)
    archive = Path(benchmark.code_location)
    with Environment(archive, language, tmp_path / "task", told) as environment:
        for number, way in enumerate(WAYS):
            envelope = way(environment, payload, server=server, bucket=bucket)
            result = ExecutionResult()
            result.parse_benchmark_output(envelope)
            assert not result.stats.failure, result.error
            assert result.stats.cold_start is (number == 0)
            assert benchmark.validate_output(payload, result.output, storage) is None


# The runtimes that the server has; the last one runs the official client.

SOURCES = {
    Language.PYTHON: """
import io
from . import storage

def handler(event):
    client = storage.storage.get_instance()
    key = client.upload_stream(event["bucket"], "made.txt", io.BytesIO(b"content"))
    return {"content": client.download_stream(event["bucket"], key).decode()}
""",
    Language.NODEJS: """
const { storage } = require('./storage');

exports.handler = async ({ bucket }) => {
  const client = storage.get_instance();
  const [stream, stored, key] = client.uploadStream(bucket, 'made.txt');
  stream.end('content');
  await stored;
  let content = '';
  for await (const part of await client.downloadStream(bucket, key)) content += part;
  return { content };
};
""",
}


@pytest.mark.parametrize(
    ("runtime", "language"),
    [
        (f"python{VERSIONS[Language.PYTHON]}", Language.PYTHON),
        ("provided.al2023", Language.PYTHON),
        pytest.param("nodejs20.x", Language.NODEJS, marks=pytest.mark.node),
    ],
)
def test_packages_run_in_every_runtime(
    server: Server, tmp_path: Path, runtime: str, language: Language
) -> None:
    archive = make_package(language, SOURCES[language], tmp_path)
    if runtime.startswith("provided"):
        with_bootstrap(archive)
    name = runtime.replace(".", "-")
    server.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    functions = server.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime=runtime,
        Role="arn:aws:iam::123456789012:role/none",
        Handler=HANDLER,
        Code={"ZipFile": archive.read_bytes()},
        Timeout=30,
        Environment={"Variables": {"AWS_ENDPOINT_URL": server.url}},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    envelopes = []
    for _ in range(2):
        answer = functions.invoke(FunctionName=name, Payload=json.dumps({"bucket": name}))
        assert "FunctionError" not in answer, answer["Payload"].read()
        envelopes.append(json.load(answer["Payload"]))
    cold, warm = envelopes
    assert [cold["result"], warm["result"]] == [{"content": "content"}] * 2
    assert [cold["is_cold"], warm["is_cold"]] == [True, False]
    assert cold["environment_id"] == warm["environment_id"]
    assert cold["request_id"] != warm["request_id"]
    assert cold["init_time"] > 0
