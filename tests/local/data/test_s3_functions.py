"""The local platform with its buckets on an S3 server, used as a script does it."""

import json
import logging
import os
import signal
from pathlib import Path

import pytest

import sebs
from sebs import SeBS, log
from sebs.local.launch import published

COMPRESSION = "311.compression"
HANDLER = """
import os
from . import storage

def handler(event):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_S3")
    return {
        "result": [name in os.environ for name in names],
        "kind": storage.storage.__module__,
        "access_key": os.environ.get("AWS_ACCESS_KEY_ID"),
    }
"""


@pytest.fixture
def backend(s3_server):
    """Buckets are on the server, unless a test says otherwise."""
    return s3_server


@pytest.fixture
def programs(tmp_path):
    """Starts the platform as a program of its own does; all have one cache."""
    started = []
    (tmp_path / "own").mkdir()

    def start(storage=None):
        program = SeBS(tmp_path / "cache", tmp_path / "results", benchmarks_dirs=[tmp_path / "own"])
        started.append(program)
        section = {"resources": {"resources_id": "rid"}}
        if storage is not None:
            section["storage"] = storage
        system = program.get_deployment({"name": "local", "local": section})
        system.initialize(quiet=True)
        return program, system

    yield start
    for program in started:
        program.shutdown()


@pytest.fixture
def probe(tmp_path):
    """A benchmark whose function says what it has of the storage."""
    source = tmp_path / "own" / "910.probe"
    (source / "python").mkdir(parents=True)
    settings = {"timeout": 10, "memory": 128, "languages": ["python"], "modules": ["storage"]}
    (source / "config.json").write_text(json.dumps(settings))
    (source / "input.py").write_text("def generate_input(*_):\n    return {}\n")
    (source / "python" / "function.py").write_text(HANDLER)

    def deploy(program, system):
        experiment = program.get_experiment_config({"runtime": {"language": "python"}})
        return system.get_function(program.get_benchmark("910.probe", system, experiment))

    return deploy


def invoke(function, event=None):
    result = function.triggers_all()[0].sync_invoke(event or {})
    assert result.error is None, result.error
    return result


@pytest.mark.parametrize(
    "language", ["python", pytest.param("nodejs", marks=[pytest.mark.node, pytest.mark.registry])]
)
def test_a_benchmark_runs_and_leaves_nothing(programs, backend, tmp_path, language):
    logged = tmp_path / "results" / "log"
    logged.parent.mkdir()
    log.set_up(verbose=True, filename=logged)
    try:
        program, system = programs(backend.section)
        config = program.get_experiment_config({"runtime": {"language": language}})
        benchmark = program.get_benchmark(COMPRESSION, system, config)
        event = benchmark.prepare_input(system.system_resources, "test")
        function = system.get_function(benchmark)
        result = invoke(function, event)
        storage = system.system_resources.get_storage()
        assert benchmark.validate_output(event, result.output, storage) is None
        bucket, key = (result.output["result"][name] for name in ("bucket", "key"))
        assert backend.client().head_object(Bucket=bucket, Key=key)["ContentLength"] > 0

        found = system.cleanup_resources(dry_run=True)
        assert found["buckets"] == [bucket] == ["sebs-benchmarks-rid"]
        assert found["functions"] == [function.name]
        (tmp_path / "results" / "result.json").write_text(json.dumps(function.serialize()))
        assert backend.secret_key not in repr([system, system.config, function, storage])
        status = system._client.request("GET", "/-/functions")
        assert backend.secret_key not in json.dumps(status)

        assert system.cleanup_resources() == found
        assert backend.client().list_buckets()["Buckets"] == []
        assert not any(system.cleanup_resources(dry_run=True).values())
        system.shutdown()
    finally:
        for handler in logging.getLogger("sebs").handlers:
            handler.flush()
        log.set_up()
    assert "sebs-benchmarks-rid" in logged.read_text()
    assert_nowhere(tmp_path, backend.secret_key, backend.access_key)


def assert_nowhere(directory, *secrets):
    """Read every file, and every command line of this machine."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in [*files, *Path("/proc").glob("[0-9]*/cmdline")]:
        try:
            content = path.read_bytes()
        except OSError:
            continue  # a process that has ended
        assert not [secret for secret in secrets if secret.encode() in content], path


def test_a_function_of_before_sees_where_its_storage_is_now(programs, backend, probe, tmp_path):
    program, system = programs()
    function = probe(program, system)
    assert invoke(function).output["kind"] == "function.storage_files"
    deployed = system._client.request("GET", f"/-/functions/{function.name}")
    program.shutdown()

    for section, kind in ((backend.section, "s3"), (backend.section, "s3"), (None, "files")):
        program, system = programs(section)
        function = probe(program, system)
        expected = [kind == "s3"] * 3
        # The file system needs no credentials, and a new gateway has none.
        output = invoke(function).output
        assert (output["result"], output["kind"]) == (expected, f"function.storage_{kind}")
        now = system._client.request("GET", f"/-/functions/{function.name}")
        assert now["sha256"] == deployed["sha256"]
        assert ("SEBS_LOCAL_STORAGE" in now["environment"]) == (kind == "files")
        assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(now["environment"])
        program.shutdown()
    # Created, changed for the server, left alone, changed back.
    assert now["version"] == deployed["version"] + 2


def test_a_gateway_that_was_killed_is_told_again(programs, backend, probe, tmp_path, gone):
    function = probe(*programs(backend.section))
    assert invoke(function).output["result"] == [True] * 3
    pid = published(tmp_path / "cache" / "local").pid
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    again = invoke(function)
    assert published(tmp_path / "cache" / "local").pid != pid
    assert again.stats.cold_start
    assert again.output["result"] == [True] * 3
    assert_nowhere(tmp_path, backend.secret_key, backend.access_key)


def test_other_credentials_reach_warm_functions(programs, backend, probe, monkeypatch):
    program, system = programs(backend.section)
    function = probe(program, system)
    assert invoke(function).stats.cold_start
    assert not invoke(function).stats.cold_start
    system.cached_function(function)
    probe(*programs(backend.section))
    assert not invoke(function).stats.cold_start  # the same ones do not disturb it
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other-secret")
    probe(*programs(backend.section))
    result = invoke(function)
    assert result.stats.cold_start
    assert result.output["access_key"] == "AKIAOTHER"


def test_credentials_are_for_the_functions_of_their_deployment(programs, backend, probe):
    program, system = programs(backend.section)
    function = probe(program, system)
    system._client.request(
        "PUT", "/-/services", {"resource_id": "other", "variables": {"AWS_ACCESS_KEY_ID": "x"}}
    )
    assert invoke(function).output["result"] == [True] * 3
    for wrong in (
        {"variables": {}},
        {"resource_id": "", "variables": {}},
        {"resource_id": "rid", "variables": {"A": "hidden-value\0"}},
        {"resource_id": "rid", "variables": {"A": ["hidden-value"]}},
        {"resource_id": "rid", "variables": {"hidden=name": ""}},
    ):
        with pytest.raises(sebs.errors.GatewayError, match="InvalidDefinition") as caught:
            system._client.request("PUT", "/-/services", wrong)
        assert "hidden-value" not in str(caught.value)
