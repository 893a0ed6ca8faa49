"""Images of functions, built, pushed to ECR and run by a server that is not ours."""

import json
import re

import pytest
from lambda_images import ACCOUNT, idle_base

from sebs.errors import ImageError
from sebs.faas.function import Trigger

pytestmark = [pytest.mark.docker, pytest.mark.registry]

VERSIONS = {"python": "3.11", "nodejs": "20"}


def containers(client, language, **more):
    return client.get_experiment_config(
        {
            "runtime": {"language": language, "version": VERSIONS[language]},
            "system_variant": "container",
            **more,
        }
    )


def write_benchmark(directory, answer):
    """A benchmark that answers always the same."""
    code = directory / "900.same" / "python"
    code.mkdir(parents=True, exist_ok=True)
    description = {"timeout": 20, "memory": 256, "languages": ["python"], "modules": []}
    (code.parent / "config.json").write_text(json.dumps(description))
    (code.parent / "input.py").write_text("def generate_input(*args):\n    return {}\n")
    (code / "function.py").write_text(f"def handler(event):\n    return {{'result': {answer!r}}}\n")


def deployed(ministack, name):
    return ministack.client("lambda", ACCOUNT).get_function(FunctionName=name)


@pytest.mark.parametrize("language", ["python", "nodejs"])
def test_a_bundled_benchmark_runs_as_an_image(client, bases, deploying, language):
    system = deploying(**{language: bases(language)})
    benchmark = client.get_benchmark("110.dynamic-html", system, containers(client, language))
    function = system.get_function(benchmark)
    event = benchmark.prepare_input(system.system_resources, "test")
    trigger = system.create_trigger(function, Trigger.TriggerType.LIBRARY)

    first, second = trigger.sync_invoke(event), trigger.sync_invoke(event)

    assert [first.stats.failure, second.stats.failure] == [False, False]
    assert [first.stats.cold_start, second.stats.cold_start] == [True, False]
    assert benchmark.validate_output(event, first.output) is None


def test_new_code_is_a_new_digest_and_nothing_is_left(
    client, bases, deploying, ministack, tmp_path
):
    system = deploying(python=bases("python"))
    outputs, images = [], []
    for answer in ("before", "after"):
        write_benchmark(tmp_path / "benchmarks", answer)
        benchmark = client.get_benchmark("900.same", system, containers(client, "python"))
        function = system.get_function(benchmark)
        trigger = system.create_trigger(function, Trigger.TriggerType.LIBRARY)
        outputs.append(trigger.sync_invoke({}).output["result"])
        images.append(deployed(ministack, function.name)["Code"]["ImageUri"])

    assert outputs == ["before", "after"]
    pushed = ministack.client("ecr", ACCOUNT).describe_images(
        repositoryName=f"sebs-{system.config.resources.resources_id}"
    )["imageDetails"]
    digests = [image.rpartition("@")[2] for image in images]
    assert digests[0] != digests[1]
    assert {each["imageDigest"] for each in pushed} == set(digests)
    tags = [tag for each in pushed for tag in each["imageTags"]]
    assert all(re.fullmatch(r"900\.same-python-3\.11-x64-[0-9a-f]{16}", tag) for tag in tags)
    removed = system.cleanup_resources()
    assert removed["repositories"] == [f"sebs-{system.config.resources.resources_id}"]
    assert not any(system.cleanup_resources(dry_run=True).values())


def test_an_image_that_ecr_has_is_neither_built_nor_pushed_again(
    client, deploying, engine, tmp_path, monkeypatch
):
    system = deploying(python=idle_base(engine, "amd64"))
    write_benchmark(tmp_path / "benchmarks", "same")
    config = containers(client, "python")

    def build():
        benchmark = client.get_benchmark("900.same", system, config)
        return benchmark.build(system.package_code, system.container_client)[3]

    uri = build()
    # As if the run had ended between the push and its being written down.
    client.cache_client.invalidate_all_container_uris("aws")
    monkeypatch.setattr(type(engine.api), "build", None)

    assert build() == uri
    image = engine.images.get(uri)
    assert image.labels["sebs:resource-id"] == system.config.resources.resources_id
    assert image.attrs["Config"]["WorkingDir"] == "/var/task"


def test_a_deployment_is_built_again_after_it_was_deleted(
    client, deploying, engine, ministack, tmp_path
):
    system = deploying(python=idle_base(engine, "amd64"))
    write_benchmark(tmp_path / "benchmarks", "twice")
    config = containers(client, "python")
    system.get_function(client.get_benchmark("900.same", system, config))
    system.cleanup_resources()

    system.get_function(client.get_benchmark("900.same", system, config))

    repository = f"sebs-{system.config.resources.resources_id}"
    ecr = ministack.client("ecr", ACCOUNT)
    assert len(ecr.list_images(repositoryName=repository)["imageIds"]) == 1


def test_two_deployments_have_each_their_image(client, deploying, engine, ministack, tmp_path):
    write_benchmark(tmp_path / "benchmarks", "shared")
    config = containers(client, "python")
    for number in (1, 2):
        system = deploying(f"images-{number}", python=idle_base(engine, "amd64"))

        function = system.get_function(client.get_benchmark("900.same", system, config))

        repository = f"/sebs-{system.config.resources.resources_id}@"
        assert repository in deployed(ministack, function.name)["Code"]["ImageUri"]


def test_an_image_for_arm_is_deployed_from_any_machine(
    client, deploying, engine, ministack, tmp_path
):
    system = deploying(python=idle_base(engine, "arm64"))
    write_benchmark(tmp_path / "benchmarks", "on arm")
    config = containers(client, "python", architecture="arm64")

    function = system.get_function(client.get_benchmark("900.same", system, config))

    found = deployed(ministack, function.name)
    assert found["Configuration"]["Architectures"] == ["arm64"]
    assert engine.images.get(found["Code"]["ImageUri"]).attrs["Architecture"] == "arm64"


def test_what_lambda_could_not_start_is_not_pushed(client, deploying, ministack, tmp_path):
    system = deploying(python="scratch")
    write_benchmark(tmp_path / "benchmarks", "never")
    benchmark = client.get_benchmark("900.same", system, containers(client, "python"))

    with pytest.raises(ImageError, match="no entry point"):
        system.get_function(benchmark)

    repository = f"sebs-{system.config.resources.resources_id}"
    ecr = ministack.client("ecr", ACCOUNT)
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []
