"""What ``get_function`` does on the local platform, step by step."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sebs import Trigger
from sebs.errors import (
    ColdStartError,
    FunctionGoneError,
    FunctionNameTakenError,
    InvalidNameError,
    LimitExceededError,
    UnsupportedLanguageError,
    UnsupportedTriggerError,
    UnsupportedVariantError,
)
from sebs.local import Local
from sebs.sebs_types import SystemVariant

HTTP, LIBRARY = Trigger.TriggerType.HTTP, Trigger.TriggerType.LIBRARY


def invoke(function, kind=HTTP, **event):
    return function.triggers(kind)[0].sync_invoke(event)


@pytest.mark.parametrize("language", ["python", pytest.param("nodejs", marks=pytest.mark.node)])
def test_created_reused_updated_configured_and_created_again(workshop, mutations, language):
    system = workshop.platform()
    function = workshop.function(system, language=language)
    path = f"/-/functions/{function.name}"
    assert mutations == [f"PUT {path}"]
    assert invoke(function, n=1).output == {"result": {"n": 1}}

    mutations.clear()
    workshop.function(system, language=language)
    assert mutations == []

    workshop.write("python/function.py", "def handler(event):\n    return {'result': 2}\n")
    workshop.write("nodejs/function.js", "exports.handler = () => ({result: 2});\n")
    updated = workshop.function(system, language=language)
    assert mutations == [f"PUT {path}"]
    assert updated.updated_code
    result = invoke(updated)
    assert result.output == {"result": 2}
    assert result.stats.cold_start

    mutations.clear()
    configured = workshop.benchmark(system, language=language)
    configured.benchmark_config.memory = 256
    function = system.get_function(configured)
    assert mutations == [f"PATCH {path}"]
    assert invoke(function, LIBRARY).billing.memory == 256

    mutations.clear()
    system._client.request("DELETE", path)
    again = workshop.benchmark(system, language=language)
    function = system.get_function(again)
    assert mutations == [f"DELETE {path}", f"PUT {path}"]
    assert invoke(function).output == {"result": 2}


def test_changed_scaling_is_applied_without_an_upload(workshop, mutations):
    first = workshop.platform()
    function = workshop.function(first)
    first.shutdown()
    mutations.clear()
    workshop.function(workshop.platform(keep_alive=5.5, queue=False))
    assert mutations == [f"PATCH /-/functions/{function.name}"]
    mutations.clear()
    workshop.function(workshop.platform(keep_alive=5.5, queue=0))
    assert mutations == []


def test_a_function_of_an_earlier_run_works_at_once(workshop, mutations):
    first = workshop.platform()
    name = workshop.function(first).name
    pid = workshop.gateway_pid
    first.shutdown()
    mutations.clear()
    function = workshop.function(workshop.platform())
    assert function.name == name
    assert mutations == []
    assert workshop.gateway_pid not in (None, pid)
    assert invoke(function, n=3).output == {"result": {"n": 3}}


def test_a_trigger_survives_the_gateway(workshop, gone):
    system = workshop.platform()
    function = workshop.function(system)
    assert invoke(function).stats.cold_start
    pid = workshop.gateway_pid
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    result = invoke(function, n=4)
    assert result.output == {"result": {"n": 4}}
    assert result.stats.cold_start


def test_a_function_in_another_directory_is_another(workshop, tmp_path, mutations):
    workshop.function(workshop.platform())
    mutations.clear()
    function = workshop.function(workshop.platform(home=str(tmp_path / "other")))
    assert mutations == [f"PUT /-/functions/{function.name}"]


PROGRAM = """
import sys
from sebs import SeBS
from sebs.local.client import GatewayClient

calls, original = [], GatewayClient.request
def request(self, method, path, body=None):
    calls.append(method)
    return original(self, method, path, body)
GatewayClient.request = request

def meet(word):
    print(word, flush=True)
    sys.stdin.readline()

cache, benchmarks, name = sys.argv[1:]
with SeBS(cache, cache, benchmarks_dirs=[benchmarks]) as client:
    system = client.get_deployment({"name": "local"})
    meet("made")
    system.initialize()
    meet(system.config.resources.resources_id)
    function = system.get_function(
        client.get_benchmark(name, system, client.get_experiment_config({}))
    )
    meet(calls.count("PUT"))
    meet(function.triggers_all()[0].sync_invoke({"n": 5}).output)
"""


def test_of_two_processes_one_creates_and_one_reuses(workshop, program_environment, gone):
    arguments = [workshop.cache, workshop.source.parent, workshop.source.name]
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=program_environment,
        )
        for _ in range(2)
    ]

    def meet():
        """Wait until both have said something, then let both go on at once."""
        words = [program.stdout.readline().strip() for program in programs]
        for program in programs:
            program.stdin.write("\n")
            program.stdin.flush()
        return words

    assert meet() == ["made", "made"]
    one, other = meet()
    assert one == other != ""
    pid = workshop.gateway_pid
    assert sorted(meet()) == ["0", "1"]
    assert meet() == ["{'result': {'n': 5}}"] * 2
    for program in programs:
        program.communicate(timeout=60)
        assert program.returncode == 0
    assert [path.name for path in workshop.home.glob("storage/sebs-benchmarks-*")] == [
        f"sebs-benchmarks-{one}"
    ]
    gone(pid)


def test_only_the_deployment_that_owns_a_function_touches_it(workshop, mutations):
    owner = workshop.platform(resources={"resources_id": "one"})
    function = workshop.function(owner, "the-function")
    other = workshop.platform(resources={"resources_id": "two"})
    mutations.clear()
    with pytest.raises(FunctionNameTakenError, match=r"'the-function' belongs to .*'one'"):
        workshop.function(other, "the-function")
    with pytest.raises(FunctionNameTakenError):
        other.delete_function("the-function", {"resource_id": "two"})
    assert other.cleanup_resources()["functions"] == []
    assert mutations == []
    assert invoke(function).output == {"result": {}}


def test_a_function_that_the_cache_forgot_is_adopted(workshop):
    system = workshop.platform()
    name = workshop.function(system).name
    system.cache_client.remove_function("local", workshop.source.name, "python", name)
    workshop.write("python/function.py", "def handler(event):\n    return {'result': 'new'}\n")
    function = workshop.function(system)
    assert function.name == name
    assert invoke(function).output == {"result": "new"}


def test_code_and_dependencies_are_found(workshop):
    workshop.write("python/lib/deep.py", "VALUE = 'below'\n")
    workshop.write("python/data/täxt.txt", "ü")
    workshop.write(
        "python/function.py",
        "from pathlib import Path\nfrom .lib.deep import VALUE\n"
        "def handler(event):\n"
        "    return {'result': VALUE + (Path(__file__).parent / 'data/täxt.txt').read_text()}\n",
    )
    assert invoke(workshop.function(workshop.platform())).output == {"result": "belowü"}


def test_cold_warm_and_forced_cold_for_many(workshop):
    system = workshop.platform()
    package = workshop.benchmark(system)
    report = system.get_functions([(package, f"many-{n}") for n in range(6)], max_workers=1)
    assert not report.failures
    functions = list(report.functions)

    def served_by():
        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(invoke, functions))
        assert not [result.error for result in results if result.error]
        return [(result.environment_id, result.stats.cold_start) for result in results]

    first, second = served_by(), served_by()
    assert [cold for _, cold in first] == [True] * 6
    assert second == [(environment, False) for environment, _ in first]
    counter = system.cold_start_counter
    system.enforce_cold_start(functions, package)
    assert system.cold_start_counter != counter
    third = served_by()
    assert [cold for _, cold in third] == [True] * 6
    assert not {environment for environment, _ in third} & {each for each, _ in first}


def test_a_cold_start_that_cannot_be_forced_names_the_function(workshop):
    system = workshop.platform()
    package = workshop.benchmark(system)
    kept, lost = (system.get_function(package, name) for name in ("kept", "lost"))
    invoke(kept)
    system.delete_function("lost", lost.serialize())
    with pytest.raises(ColdStartError, match="lost: ") as caught:
        system.enforce_cold_start([lost, kept], package)
    assert "kept" not in str(caught.value)
    assert invoke(kept).stats.cold_start


@pytest.mark.parametrize(
    ("memory", "timeout", "named"),
    [(127, 10, "127 MB"), (10_241, 10, "10,241 MB"), (128, 901, "901 s")],
)
def test_limits_are_checked_before_anything_is_asked(workshop, mutations, memory, timeout, named):
    system = workshop.platform()
    function = workshop.function(system)
    wrong = workshop.benchmark(system)
    wrong.benchmark_config.memory, wrong.benchmark_config.timeout = memory, timeout
    mutations.clear()
    for name in (None, "another"):
        with pytest.raises(LimitExceededError, match=named):
            system.get_function(wrong, name)
    assert mutations == []
    assert workshop.function(system).config.memory == function.config.memory == 128


def test_what_is_not_supported_is_refused_by_name(workshop, mutations):
    system = workshop.platform()
    package = workshop.benchmark(system)
    function = system.get_function(package)
    mutations.clear()
    for variant in (SystemVariant.CONTAINER, SystemVariant("sandbox")):
        with pytest.raises(UnsupportedVariantError, match=variant.value):
            system.create_function(package, "f", variant, None)
        with pytest.raises(UnsupportedVariantError, match=variant.value):
            system.update_function(function, package, variant, None)
    with pytest.raises(UnsupportedTriggerError, match="storage"):
        system.create_trigger(function, Trigger.TriggerType.STORAGE)
    with pytest.raises(InvalidNameError, match="a/b"):
        system.get_function(package, "a/b")
    with pytest.raises(UnsupportedLanguageError, match=r"2\.7"):
        workshop.function(system, runtime={"language": "python", "version": "2.7"})
    assert mutations == []


def test_a_function_that_is_gone_is_said_to_be_gone(workshop):
    system = workshop.platform()
    function = workshop.function(system)
    system.delete_function(function.name, function.serialize())
    with pytest.raises(FunctionGoneError, match=function.name):
        system.delete_function(function.name, function.serialize())
    with pytest.raises(FunctionGoneError, match=function.name):
        system.cached_function(function)
    result = invoke(function)
    assert result.stats.failure
    assert result.error.startswith("FunctionNotFound: ")


def test_cleanup_finds_everything_and_leaves_others_alone(workshop):
    others = workshop.platform(resources={"resources_id": "others"})
    kept = workshop.function(others)
    invoke(kept)
    system = workshop.platform(resources={"resources_id": "mine"})
    named, deleted = workshop.function(system, "named"), workshop.function(system)
    invoke(named)
    invoke(deleted)
    system.delete_function(deleted.name, deleted.serialize())
    expected = {
        "functions": ["named"],
        "logs": ["named", deleted.name],
        "metrics": ["named", deleted.name],
        "buckets": [],
        "tables": [],
    }
    assert system.cleanup_resources(dry_run=True) == expected
    assert system.cleanup_resources(dry_run=True) == expected
    assert system.cleanup_resources() == expected
    assert system.cleanup_resources() == {kind: [] for kind in expected}
    assert {path.name.partition(".")[0] for path in (workshop.home / "logs").iterdir()} == {
        kept.name
    }
    assert list(system.cache_client.get_all_functions("local")) == [kept.name]
    assert not invoke(kept).stats.cold_start


def test_the_token_is_in_nothing_that_is_stored(workshop):
    system = workshop.platform()
    function = workshop.function(system)
    token = system._client.ensure().token
    invoke(function)
    system.shutdown()
    assert token not in json.dumps(function.serialize())
    assert token not in repr([system._client, *function.triggers_all()])
    for path in workshop.root.rglob("*"):
        if path.is_file():
            assert token.encode() not in path.read_bytes(), path


def test_the_class_is_public():
    import sebs
    from sebs.faas.registry import list_systems, load_system

    assert sebs.Local is Local is load_system("local")
    assert next(info for info in list_systems() if info.name == "local").available
