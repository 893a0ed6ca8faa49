"""The whole life of functions on a server that executes them, and nothing left of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_rig import VERSIONS, Recorder, others, section
from aws_servers import Server
from runtime_client import with_bootstrap

from sebs import SeBS
from sebs.aws import functions
from sebs.aws.aws import AWS
from sebs.aws.identity import remembered_deployment
from sebs.benchmark.source import find_benchmark, list_benchmarks
from sebs.errors import ConfigurationError, PlatformUnreachableError
from sebs.faas.result import ExecutionResult
from sebs.faas.system import System
from sebs.faas.trigger import Trigger
from sebs.regression.cases import Selection, cases_of
from sebs.regression.outcome import Outcome
from sebs.regression.runner import Setting, run_cases
from sebs.sebs_types import Language

Kind = Trigger.TriggerType
LANGUAGES = [Language.PYTHON, pytest.param(Language.NODEJS, marks=pytest.mark.node)]


def everything(server: Server) -> set[str]:
    functions = server.client("lambda").get_paginator("list_functions").paginate()
    names = {each["FunctionName"] for page in functions for each in page["Functions"]}
    return names | {f"{kind} {name}" for kind, name in others(server)}


class Deployment:
    """What a script has: a client, a platform, a configuration."""

    def __init__(self, client: SeBS, server: Server, **more: Any) -> None:
        self.client = client
        self.system: System = client.get_deployment({"name": "aws", "aws": section(server, **more)})
        self.system.initialize()

    def benchmark(self, name: str, language: Language, **more: Any) -> Any:
        runtime = {"language": language.value, "version": VERSIONS[language]}
        config = self.client.get_experiment_config({"runtime": runtime, **more})
        return self.client.get_benchmark(name, self.system, config)

    def invoke(self, function: Any, kind: Kind, payload: dict[str, Any]) -> ExecutionResult:
        found = function.triggers(kind)
        trigger = found[0] if found else self.system.create_trigger(function, kind)
        result = trigger.sync_invoke(payload)
        assert not result.stats.failure, result.error
        return result


@pytest.fixture
def client(tmp_path: Path) -> Iterator[SeBS]:
    with SeBS(tmp_path / "cache", tmp_path / "output") as made:
        yield made


@pytest.mark.registry
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("use_function_url", [True, False], ids=["function-url", "http-api"])
def test_from_the_first_call_to_the_last(
    ministack: Server, client: SeBS, language: Language, use_function_url: bool
) -> None:
    before = everything(ministack)
    resources = {"use-function-url": use_function_url}
    deployment = Deployment(client, ministack, resources=resources)
    system = deployment.system
    benchmark = deployment.benchmark("110.dynamic-html", language)
    payload = benchmark.prepare_input(system.system_resources, "test")
    function = system.get_function(benchmark)
    began = int(time.time())

    # Cold, then warm, by every way; all ways lead to the same environment.
    results = [deployment.invoke(function, Kind.LIBRARY, payload) for _ in range(2)]
    results += [deployment.invoke(function, Kind.HTTP, payload) for _ in range(2)]
    assert [result.stats.cold_start for result in results] == [True, False, False, False]
    assert len({result.environment_id for result in results}) == 1
    for result in results:
        assert benchmark.validate_output(payload, result.output) is None
        assert result.times.client > result.times.benchmark > 0

    system.enforce_cold_start([function], benchmark)
    forced = deployment.invoke(function, Kind.HTTP, payload)
    assert forced.stats.cold_start
    assert forced.environment_id != results[0].environment_id

    # New code, and a new configuration, of the same function.
    updated = deployment.benchmark("110.dynamic-html", language, update_code=True, memory=512)
    again = system.get_function(updated)
    assert again.name == function.name
    assert again.updated_code
    found = ministack.client("lambda").get_function_configuration(FunctionName=again.name)
    assert found["MemorySize"] == 512
    results.append(deployment.invoke(again, Kind.LIBRARY, payload))

    requests = {result.request_id: result for result in [*results, forced]}
    metrics: dict[str, Any] = {}
    system.download_metrics(function.name, began, int(time.time()) + 1, requests, metrics)
    assert metrics["found"] == len(requests) == 6
    for result in requests.values():
        assert 0 < result.provider_times.execution <= result.times.client
        assert result.billing.billed_time is not None
        assert result.billing.billed_time * 1000 >= result.provider_times.execution - 1000
        assert result.billing.gb_seconds > 0
        assert result.billing.memory in (128, 512)

    assert everything(ministack) > before
    system.cleanup_resources()
    assert everything(ministack) == before


def run_one(client: SeBS, system: System, name: str, language: Language) -> Outcome:
    """Deploy a benchmark, and invoke it cold and warm; both outputs are judged."""
    selection = Selection([language.value], ["x64"], ["package"], [VERSIONS[language]])
    cases = cases_of(system, [find_benchmark(name)], selection)
    setting = Setting(
        system,
        lambda benchmark, experiment: client.get_benchmark(benchmark, system, experiment),
        "test",
        Kind.LIBRARY,
    )
    [outcome] = run_cases(setting, cases, jobs=1)
    return outcome


def in_python(source: Any) -> bool:
    return Language.PYTHON in source.config.languages


BUNDLED = [
    pytest.param(source.name, language, marks=marks)
    for source in list_benchmarks()
    for language, marks in ((Language.PYTHON, ()), (Language.NODEJS, pytest.mark.node))
    if language in source.config.languages
]


@pytest.mark.registry
@pytest.mark.parametrize(("name", "language"), BUNDLED)
def test_every_bundled_benchmark_runs(
    ministack: Server, client: SeBS, name: str, language: Language
) -> None:
    system = Deployment(client, ministack).system
    outcome = run_one(client, system, name, language)
    assert outcome.passed, outcome.reason
    system.cleanup_resources()


@pytest.mark.registry
@pytest.mark.parametrize("name", [each.name for each in list_benchmarks() if in_python(each)])
def test_every_package_in_python_runs_under_the_official_client(
    ministack: Server, client: SeBS, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole case again, by the runtime interface client that AWS's own images start."""
    package = AWS.package_code

    def with_client(*arguments: Any) -> tuple[str, int]:
        archive, size = package(*arguments)
        with_bootstrap(Path(archive))
        return archive, size

    monkeypatch.setattr(AWS, "package_code", with_client)
    monkeypatch.setattr(functions, "runtime", lambda config: "provided.al2023")
    system = Deployment(client, ministack).system
    outcome = run_one(client, system, name, Language.PYTHON)
    assert outcome.passed, outcome.reason
    own = f"sebs-{system.config.resources.resources_id}-"
    found = ministack.client("lambda").get_paginator("list_functions").paginate()
    [made] = [each for page in found for each in page["Functions"] if own in each["FunctionName"]]
    assert made["Runtime"] == "provided.al2023"
    system.cleanup_resources()


def test_a_function_that_is_up_to_date_costs_one_request(
    ministack: Server, client: SeBS, recorder: Recorder, tmp_path: Path
) -> None:
    deployment = Deployment(client, ministack)
    deployment.system.get_function(deployment.benchmark("010.sleep", Language.PYTHON))
    own = deployment.system.config.resources.resources_id
    client.shutdown()
    with SeBS(tmp_path / "cache", tmp_path / "output") as later:
        deployment = Deployment(later, ministack)
        assert deployment.system.config.resources.resources_id == own
        benchmark = deployment.benchmark("010.sleep", Language.PYTHON)
        before = len(recorder.calls)
        deployment.system.get_function(benchmark)
        assert recorder.calls[before:] == ["lambda.GetFunction"]
        deployment.system.cleanup_resources()


def test_a_submitted_event_that_fails_runs_once_whichever_trigger_submits_it(
    ministack: Server, client: SeBS
) -> None:
    """A function has a trigger from the beginning, which nobody has to create."""
    deployment = Deployment(client, ministack)
    function = deployment.system.get_function(deployment.benchmark("010.sleep", Language.PYTHON))
    assert function.triggers(Kind.LIBRARY)
    how = ministack.client("lambda").get_function_event_invoke_config(FunctionName=function.name)
    assert how["MaximumRetryAttempts"] == 0
    deployment.system.cleanup_resources()


def test_fifty_functions_are_deployed_at_once(
    ministack: Server, client: SeBS, recorder: Recorder
) -> None:
    deployment = Deployment(client, ministack)
    wanted = [
        (deployment.benchmark("010.sleep", Language.PYTHON), f"sebs-fifty-{number}")
        for number in range(50)
    ]
    report = deployment.system.get_functions(wanted)
    assert report.ok, report.failures
    assert [function.name for function in report.functions] == [name for _, name in wanted]
    # The role is made once, whoever asks for it.
    assert recorder.calls.count("iam.CreateRole") == 1
    assert recorder.calls.count("lambda.CreateFunction") == 50
    found = deployment.system.cleanup_resources()
    assert len(found["functions"]) == 50


def test_a_deployment_stays_in_its_region(ministack: Server, client: SeBS, tmp_path: Path) -> None:
    deployment = Deployment(client, ministack)
    own = deployment.system.config.resources.resources_id
    client.shutdown()
    for _ in range(2):  # the refusal must not be what the cache remembers
        with SeBS(tmp_path / "cache", tmp_path / "output") as later:
            with pytest.raises(ConfigurationError, match=own) as caught:
                Deployment(later, ministack, region="eu-west-1")
            assert "--resource-prefix" in str(caught.value)
    with SeBS(tmp_path / "cache", tmp_path / "output") as later:
        Deployment(later, ministack).system.cleanup_resources()


def test_who_cannot_sign_in_elsewhere_moves_no_deployment(
    ministack: Server, client: SeBS, tmp_path: Path
) -> None:
    deployment = Deployment(client, ministack)
    own = deployment.system.config.resources.resources_id
    client.shutdown()
    nowhere = {"region": "eu-west-1", "endpoint_url": "http://127.0.0.1:9"}
    later = SeBS(tmp_path / "cache", tmp_path / "output")
    with later, pytest.raises(PlatformUnreachableError):
        Deployment(later, ministack, **nowhere)
    with SeBS(tmp_path / "cache", tmp_path / "output") as later:
        system = Deployment(later, ministack).system
        assert system.config.resources.resources_id == own
        system.cleanup_resources()


def test_a_deployment_is_kept_with_its_region_before_anything_is_made(
    ministack: Server, client: SeBS, tmp_path: Path
) -> None:
    Deployment(client, ministack)
    client.shutdown()
    killed = SeBS(tmp_path / "cache", tmp_path / "output")
    system = killed.get_deployment({"name": "aws", "aws": section(ministack, region="eu-west-1")})
    system.initialize(resource_prefix="there")
    with SeBS(tmp_path / "cache", tmp_path / "output") as later:
        assert remembered_deployment(later.cache_client) == (
            system.config.resources.resources_id,
            "eu-west-1",
        )
    with killed:
        system.cleanup_resources()


def test_a_deleted_role_is_made_again_before_a_cold_start(
    ministack: Server, client: SeBS, tmp_path: Path
) -> None:
    deployment = Deployment(client, ministack)
    benchmark = deployment.benchmark("010.sleep", Language.PYTHON)
    function = deployment.system.get_function(benchmark)
    client.shutdown()
    iam = ministack.client("iam")
    name = f"sebs-lambda-{deployment.system.config.resources.resources_id}"
    iam.delete_role_policy(RoleName=name, PolicyName="sebs")
    iam.delete_role(RoleName=name)
    with SeBS(tmp_path / "cache", tmp_path / "output") as later:
        system = Deployment(later, ministack).system
        function = system.get_function(benchmark)
        system.enforce_cold_start([function], benchmark)
        assert iam.get_role(RoleName=name)["Role"]["RoleName"] == name
        system.cleanup_resources()


@pytest.mark.parametrize("use_function_url", [True, False], ids=["function-url", "http-api"])
def test_what_was_public_is_closed_when_the_cache_is_lost(
    ministack: Server, client: SeBS, tmp_path: Path, use_function_url: bool
) -> None:
    own = {"use-function-url": use_function_url}
    first = Deployment(client, ministack, resources={**own, "function-url-auth-type": "NONE"})
    benchmark = first.benchmark("010.sleep", Language.PYTHON)
    function = first.system.get_function(benchmark)
    url = first.system.create_trigger(function, Kind.HTTP).serialize()["url"]
    own["resources_id"] = first.system.config.resources.resources_id
    with SeBS(tmp_path / "another", tmp_path / "output") as later:
        deployment = Deployment(later, ministack, resources=own)
        adopted = deployment.system.get_function(deployment.benchmark("010.sleep", Language.PYTHON))
        # Nobody asks for its HTTP trigger.
        deployment.invoke(adopted, Kind.LIBRARY, {"sleep": 0})
        assert authorization(ministack, function.name, use_function_url) == "AWS_IAM"
        trigger = deployment.system.create_trigger(adopted, Kind.HTTP)
        assert trigger.serialize()["url"] == url
        deployment.system.cleanup_resources()


def authorization(server: Server, function: str, use_function_url: bool) -> str:
    """Who may call a function by HTTP."""
    if use_function_url:
        found = server.client("lambda").get_function_url_config(FunctionName=function)
        return str(found["AuthType"])
    client = server.client("apigatewayv2")
    (api,) = (api for api in client.get_apis()["Items"] if api["Name"] == function)
    (route,) = client.get_routes(ApiId=api["ApiId"])["Items"]
    return str(route["AuthorizationType"])
