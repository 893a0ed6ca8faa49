"""Everything of a deployment is found again, by whoever signs in, and nothing of others is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_answers import answer
from aws_rig import CONTROL_PLANE, Recorder, aws_rig, log_groups, section
from aws_servers import Server

from sebs.cache import Cache
from sebs.config import SeBSConfig
from sebs.errors import CleanupError, ConfigurationError
from sebs.faas.function import Trigger
from sebs.faas.registry import load_system
from sebs.faas.system import System
from sebs.sebs_types import StorageBucketType
from sebs.testing.workbench import Workbench

DENIED = 403, '{"__type": "AccessDeniedException", "Message": "Not you."}'


@pytest.fixture(params=["moto", "ministack"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def bench(server: Server, recorder: Recorder, tmp_path: Path) -> Iterator[Workbench]:
    bench = Workbench(aws_rig(server, recorder, CONTROL_PLANE), tmp_path / "bench")
    yield bench
    bench.close()


def control(system: System, service: str) -> Any:
    """The very client that a system works with."""
    return system._clients.control(service)  # type: ignore[attr-defined]


def test_somebody_without_the_cache_finds_everything(bench: Workbench) -> None:
    """By tags: a function's name may say nothing of its deployment."""
    system = bench.system()
    function = bench.deploy(system, "any-name-at-all")
    bench.trigger(system, function, Trigger.TriggerType.HTTP)
    bench.deploy(system)
    storage, tables = (
        system.system_resources.get_storage(),
        system.system_resources.get_nosql_storage(),
    )
    storage.get_bucket(StorageBucketType.DEPLOYMENT)
    tables.create_table("000.any", "orders", "id", None)
    stranger = bench.other_system(bench.resources_id, bench.new_cache())
    found = stranger.cleanup_resources()
    assert "any-name-at-all" in found["functions"]
    assert {kind for kind, names in found.items() if names} >= {
        "functions",
        "log groups",
        "buckets",
        "tables",
        "roles",
    }
    assert bench.inventory() == set()


def test_an_http_api_goes_with_its_deployment(
    ministack: Server, recorder: Recorder, tmp_path: Path
) -> None:
    bench = Workbench(aws_rig(ministack, recorder, CONTROL_PLANE), tmp_path / "bench")
    settings = section(ministack, resources={"use-function-url": False})
    settings["resources"]["resources_id"] = bench.resources_id
    system = load_system("aws").from_config(SeBSConfig(), settings, bench.cache, None)
    bench._systems.append(system)
    bench.initialize(system)
    bench.trigger(system, bench.deploy(system), Trigger.TriggerType.HTTP)
    try:
        assert len(system.cleanup_resources()["HTTP APIs"]) == 1
        assert bench.inventory() == set()
    finally:
        bench.close()


def test_more_functions_than_one_page_are_found(bench: Workbench, server: Server) -> None:
    system = bench.system()
    function = bench.deploy(system)
    client, tag = server.client("lambda"), {"sebs:resource-id": bench.resources_id}
    configuration = client.get_function(FunctionName=function.name)["Configuration"]
    names = {f"page-{bench.resources_id}-{number}" for number in range(60)}
    for name in names:
        client.create_function(
            FunctionName=name,
            Role=configuration["Role"],
            Runtime=configuration["Runtime"],
            Handler="handler.handler",
            Code={"ZipFile": Path(str(bench.benchmark(system).code_location)).read_bytes()},
            Tags=tag,
        )
    assert set(system.cleanup_resources()["functions"]) == names | {function.name}
    assert bench.inventory() == set()


def test_a_deployment_whose_name_begins_alike_stays(bench: Workbench, server: Server) -> None:
    other = bench.other_system(f"{bench.resources_id}-b", bench.new_cache())
    others = bench.deploy(other)
    system = bench.system()
    bench.deploy(system)
    found = system.cleanup_resources()
    assert others.name not in found["functions"]
    assert f"/aws/lambda/{others.name}" in log_groups(server)
    other.cached_function(others)  # which says if it is gone


def test_the_log_of_a_function_that_is_gone_goes(bench: Workbench, server: Server) -> None:
    system = bench.system()
    function = bench.deploy(system)
    bench.rig.delete_function(function.name)
    found = system.cleanup_resources()
    assert (found["functions"], found["log groups"]) == ([], [f"/aws/lambda/{function.name}"])
    assert f"/aws/lambda/{function.name}" not in log_groups(server)
    assert bench.cache.get_all_functions("aws") == {}


def test_what_the_cache_takes_for_ours_and_is_not_stays(bench: Workbench, server: Server) -> None:
    system = bench.system()
    function = bench.deploy(system)
    client = server.client("lambda")
    arn = client.get_function(FunctionName=function.name)["Configuration"]["FunctionArn"]
    client.tag_resource(Resource=arn, Tags={"sebs:resource-id": "somebody-else"})
    assert system.cleanup_resources()["functions"] == []
    assert client.get_function(FunctionName=function.name)


def test_what_cannot_be_deleted_is_named_and_remembered(bench: Workbench) -> None:
    """All else goes; the same again, when it is permitted, finishes it."""
    system = bench.system()
    kept, gone = bench.deploy(system, bench.name(system, "kept")), bench.deploy(system)
    client = control(system, "lambda")
    refused = answer(client, "DeleteFunction", DENIED)
    with pytest.raises(CleanupError) as caught:
        system.cleanup_resources()
    # They are deleted at once: which of them is refused is not said beforehand.
    (failed,) = caught.value.failures
    (name,) = {kept.name, gone.name} & {failed.removeprefix("functions ")}
    assert "permit" in caught.value.failures[failed]
    assert len(refused) == 2
    assert bench.inventory() == {name}
    assert set(bench.cache.get_all_functions("aws")) == {name}
    assert system.cleanup_resources()["functions"] == [name]
    assert bench.inventory() == set()


def test_a_role_that_was_given_stays_and_the_own_one_goes(
    server: Server, recorder: Recorder, tmp_path: Path
) -> None:
    bench = Workbench(aws_rig(server, recorder, CONTROL_PLANE), tmp_path / "bench")
    bench.deploy(bench.system())
    iam, name = server.client("iam"), f"given-{bench.resources_id}"
    given = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    settings = section(server)
    settings["resources"] = {"lambda-role": given, "resources_id": bench.resources_id}
    system = load_system("aws").from_config(SeBSConfig(), settings, bench.cache, None)
    bench._systems.append(system)
    bench.initialize(system)
    try:
        recorder.calls.clear()
        assert bench.deploy(system, "sebs-with-given").config.role == given  # type: ignore[attr-defined]
        assert not [call for call in recorder.calls if call.startswith("iam.")]
        assert system.cleanup_resources()["roles"] == [f"sebs-lambda-{bench.resources_id}"]
        assert iam.get_role(RoleName=name)["Role"]["Arn"] == given
        assert bench.inventory() == set()
    finally:
        bench.close()


# --- whose account, which region ---


def test_a_cache_of_another_account_is_not_used(
    ministack: Server, recorder: Recorder, tmp_path: Path
) -> None:
    bench = Workbench(aws_rig(ministack, recorder, CONTROL_PLANE), tmp_path / "bench")
    bench.deploy(bench.system())
    bench.close()
    settings = section(ministack, credentials={"access_key": "999999999999", "secret_key": "none"})
    system = load_system("aws").from_config(SeBSConfig(), settings, bench.same_cache(), None)
    try:
        with pytest.raises(ConfigurationError, match=r"999999999999.*123456789012") as caught:
            system.initialize()
        assert "another cache" in (caught.value.remedy or "")
    finally:
        system.shutdown()
        bench.close()


def test_a_region_that_does_not_exist_is_said_before_anything_is_asked(
    recorder: Recorder, tmp_path: Path
) -> None:
    settings = {
        "region": "eu-wst-1",
        "credentials": {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "none"},
    }
    system = load_system("aws").from_config(SeBSConfig(), settings, Cache(tmp_path / "cache"), None)
    try:
        with pytest.raises(ConfigurationError) as caught:
            system.initialize()
    finally:
        system.shutdown()
    assert "'eu-wst-1'" in str(caught.value)
    assert "eu-west-1" in (caught.value.remedy or "")
    assert recorder.calls == []
