"""Functions in containers reach the buckets and tables of their deployment, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from base_images import IMAGES, base_image

from sebs import Function, SeBS, runtimes
from sebs.errors import DockerUnavailableError, ImageUnavailableError
from sebs.faas.config import Resources

PYTHON = """
import os, tempfile
from . import nosql, storage

def handler(event):
    store, tables = storage.storage.get_instance(), nosql.nosql.get_instance()
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'in')
        store.download(event['bucket'], event['key'], path)
        with open(path, 'rb') as stream:
            data = stream.read()
    key = store.upload_stream(event['bucket'], 'made/by/out', data * 2)
    tables.insert('t', ('p', '1'), None, {'number': 7})
    return {'result': {'key': key, 'item': tables.get('t', ('p', '1'), None), 'uid': os.getuid()}}
"""

NODEJS = """
const fs = require('fs');
const os = require('os');
const { storage } = require('./storage');
const { nosql } = require('./nosql');

exports.handler = async (event) => {
  const store = storage.get_instance();
  const tables = nosql.get_instance();
  const directory = fs.mkdtempSync(`${os.tmpdir()}/`);
  await store.download(event.bucket, event.key, `${directory}/in`);
  fs.writeFileSync(`${directory}/out`, fs.readFileSync(`${directory}/in`, 'utf8').repeat(2));
  const [key, written] = store.upload(event.bucket, 'made/by/out', `${directory}/out`);
  await written;
  await tables.insert('t', ['p', '1'], null, { number: 7 });
  const item = await tables.get('t', ['p', '1'], null);
  return { result: { key, item, uid: process.getuid() } };
};
"""


def section(language: str) -> dict[str, Any]:
    return {"sandbox": "docker", "images": {language: base_image(language)}}


@pytest.mark.docker
@pytest.mark.parametrize(("language", "source"), [("python", PYTHON), ("nodejs", NODEJS)])
def test_buckets_and_tables_are_reached(
    workshop: Any, tmp_path: Path, language: str, source: str
) -> None:
    suffix = {"python": "py", "nodejs": "js"}[language]
    workshop.write(f"{language}/function.{suffix}", source)
    before = workshop.platform()  # buckets that were made before anything ran in a container
    storage = before.system_resources.get_storage()
    bucket = storage.get_bucket(Resources.StorageBucketType.BENCHMARKS)
    given = tmp_path / "given"
    given.write_text("bytes")
    storage.upload(bucket, str(given), "deep/in")

    system = workshop.platform(**section(language))
    assert system.config.resources.resources_id == before.config.resources.resources_id
    system.system_resources.get_nosql_storage().create_benchmark_tables("910.probe", "t", "p")
    version = IMAGES[language].rpartition(":")[2]
    contained = workshop.function(system, runtime={"language": language, "version": version})
    plain = workshop.function(before, "plain", runtime={"language": language, "version": None})

    def call(function: Function, key: str) -> dict[str, Any]:
        result = function.triggers_all()[0].sync_invoke({"bucket": bucket, "key": key})
        assert not result.stats.failure, result.error
        found: dict[str, Any] = result.output["result"]
        assert found["item"]["number"] == 7
        return found

    # Each reads what one of another kind has written: the client, a container, a process.
    first = call(contained, "deep/in")
    second = call(plain, first["key"])
    third = call(contained, second["key"])
    assert 0 not in (first["uid"], third["uid"])
    storage.download(bucket, third["key"], str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "bytes" * 8


@pytest.mark.docker
def test_the_sandbox_of_a_function_can_be_changed(workshop: Any) -> None:
    workshop.write(
        "python/function.py", "import os\ndef handler(event):\n    return {'result': os.getpid()}\n"
    )
    version = base_image("python").rpartition(":")[2]
    if version not in runtimes.python_interpreters():
        pytest.skip(f"there is no Python {version} outside of the image")
    runtime = {"language": "python", "version": version}
    contained = workshop.platform(**section("python"))
    for system, is_contained in ((workshop.platform(), False), (contained, True)) * 2:
        function = workshop.function(system, runtime=runtime)
        found = function.triggers_all()[0].sync_invoke({}).output["result"]
        # Few processes are in a container, and their numbers are its own.
        assert (found < 100) == is_contained
        plan = system.plan_function(workshop.benchmark(system, runtime=runtime))
        assert not plan.steps


@pytest.mark.docker
def test_an_image_that_cannot_be_had_is_refused_before_anything_is_deployed(
    workshop: Any, mutations: list[str]
) -> None:
    system = workshop.platform(sandbox="docker", images={"python": "localhost:1/none:{version}"})
    mutations.clear()
    with pytest.raises(ImageUnavailableError, match=r"localhost:1/none:3\.11"):
        workshop.function(system, runtime={"language": "python", "version": "3.11"})
    assert mutations == []


def test_without_an_engine_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with SeBS(tmp_path / "cache", tmp_path / "results") as program:
        system = program.get_deployment({"name": "local", "local": {"sandbox": "docker"}})
        with pytest.raises(DockerUnavailableError, match="to 'process'"):
            system.initialize(quiet=True)
    assert not os.path.exists(tmp_path / "cache" / "local" / "gateway.json")
