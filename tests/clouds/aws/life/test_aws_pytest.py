"""The pytest fixture on AWS's stand-in: functions run, and the session leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from aws_rig import VERSIONS, inventory, others, section
from aws_servers import Server

from sebs.sebs_types import Language

pytest_plugins = "pytester"

BENCHMARK = {
    "config.json": '{"timeout": 5, "memory": 128, "languages": ["python"], "modules": []}',
    "input.py": "def generate_input(*arguments):\n    return {'number': 1}\n",
    "python/function.py": "def handler(event):\n    return {'result': event['number'] + 1}\n",
}

TEST = """
def test_it(sebs_function):
    function = sebs_function("901.increment", memory=256, trigger="library")
    warm, cold = function.warm(6), function.cold(2)
    assert {each.output["result"] for each in (*warm.results, *cold.results)} == {2}
    assert [each.stats.cold_start for each in (*warm.results, *cold.results)] == [False] * 6 + [
        True
    ] * 2
    assert warm.client.median < "30 s"
    with open("resources_id", "w") as file:
        file.write(function.system.config.resources.resources_id)
"""


@pytest.fixture
def run_pytest(
    ministack: Server, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    for name, text in BENCHMARK.items():
        path = pytester.path / "901.increment" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    runtime = {"language": "python", "version": VERSIONS[Language.PYTHON]}
    document = {
        "experiments": {"runtime": runtime},
        "deployment": {"name": "aws", "aws": section(ministack)},
    }
    (pytester.path / "sebs.json").write_text(json.dumps(document))
    (pytester.path / "test_it.py").write_text(TEST)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def run(*options: str) -> pytest.RunResult:
        given = ("--sebs-config", "sebs.json", *options)
        return pytester.runpytest_subprocess("-W", "error", *given, timeout=180)

    return run


def test_a_session_has_a_deployment_of_its_own_of_which_nothing_stays(
    run_pytest: Callable[..., pytest.RunResult], ministack: Server, pytester: pytest.Pytester
) -> None:
    before = set(others(ministack))

    result = run_pytest()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["  901.increment on aws (*), 256 MB, python *, library: *"])
    resources_id = (pytester.path / "resources_id").read_text()
    assert resources_id.startswith("pytest-")
    assert inventory(ministack, resources_id) == set()
    assert set(others(ministack)) <= before


def test_with_a_cache_what_was_deployed_is_there_for_the_next_session(
    run_pytest: Callable[..., pytest.RunResult], ministack: Server, pytester: pytest.Pytester
) -> None:
    run_pytest("--sebs-cache-dir", "cached").assert_outcomes(passed=1)
    resources_id = (pytester.path / "resources_id").read_text()
    kept = inventory(ministack, resources_id)
    assert any("increment" in name for name in kept)

    run_pytest("--sebs-cache-dir", "cached").assert_outcomes(passed=1)

    assert (pytester.path / "resources_id").read_text() == resources_id
    assert inventory(ministack, resources_id) == kept


def test_a_function_that_is_not_ours_is_cold_only_where_that_is_permitted(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    run_pytest("--sebs-cache-dir", "cached").assert_outcomes(passed=1)
    (pytester.path / "test_it.py").write_text(
        TEST.replace("def test_it", "def test_first")
        + """
import pytest
from sebs.errors import AttachedFunctionError


def test_second(sebs_function):
    ours = sebs_function("901.increment", memory=256, trigger="library")
    name = ours.system.default_function_name(ours._package)
    function = sebs_function(name)
    assert function.warm(6, {"number": 1}).client.median < "30 s"
    with pytest.raises(AttachedFunctionError):
        function.cold(1, {"number": 1})
    assert len(sebs_function(name, force_cold=True).cold(1, {"number": 1}).results) == 1
"""
    )

    run_pytest("--sebs-cache-dir", "cached").assert_outcomes(passed=2)
