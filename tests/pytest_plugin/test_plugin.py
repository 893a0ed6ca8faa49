"""The plugin as a project uses it: pytest runs in another process, functions run for real."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from guarded_project import Project

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[2]
BENCHMARK = {
    "config.json": '{"timeout": 5, "memory": 128, "languages": ["python"], "modules": []}',
    "input.py": """
size_generators = {"test": 1, "small": 2}

def generate_input(data_dir, size, bucket, inputs, outputs, upload, nosql):
    return {"number": size_generators[size]}

def validate_output(data_dir, input_config, output, language, storage=None):
    wanted = input_config["number"] + 1
    return None if output["result"] == wanted else f"{output['result']} is not {wanted}"
""",
    "python/function.py": "def handler(event):\n    return {'result': event['number'] + STEP}\n",
}


def write_benchmark(project: Project, step: int = 1) -> None:
    for name, text in BENCHMARK.items():
        project.write(f"benchmarks/901.increment/{name}", text.replace("STEP", str(step)))


def test_the_documented_example_passes(project: Project) -> None:
    page = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"```python\n# (\S+)\n(.*?)```", page, re.DOTALL):
        project.write(name, text)

    result = project("-v")

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "*measured by sebs*",
            "test_checkout.py::test_it_is_fast_when_warm",
            "  checkout on local, 256 MB, python *: median of the client time of 100 warm *",
            "test_checkout.py::test_it_starts_quickly",
            "  checkout on local, 256 MB, python *: median of the client time of 10 cold *",
        ]
    )


def test_the_documented_settings_are_those_that_there_are(project: Project) -> None:
    page = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(--sebs-[a-z-]+)", page, re.MULTILINE))

    offered = set(re.findall(r"^  (--sebs-[a-z-]+)", project("--help").stdout.str(), re.MULTILINE))

    assert told == offered


def test_what_is_slower_than_the_limit_fails_and_says_why(project: Project) -> None:
    result = project.run('assert increment.warm(6, {"seconds": 0.02}).client.median < "10 ms"')

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E       *assert median < 10 ms",
            "E         median of the client time of 6 warm invocations: * ms (95% interval *",
            "E         it is above 10 ms",
            "E         increment on local, 256 MB, python *",
            "E         failed: 0; left out, as they were not warm but cold: 1",
            "E         kept in *increment-local-*",
        ]
    )


def test_a_limit_that_stands_first_is_explained_as_well(project: Project) -> None:
    result = project.run('assert "10 ms" > increment.warm(6, {"seconds": 0.02}).client.median')

    result.stdout.fnmatch_lines(["E       *assert median < 10 ms", "*it is above 10 ms"])


def test_other_comparisons_are_explained_by_pytest(project: Project) -> None:
    increment = "increment.warm(6)"
    result = project.run(f"sample = {increment}\nassert len(sample.results) == 7")

    result.stdout.fnmatch_lines(["*assert 6 == 7*"])


def test_too_few_invocations_are_an_error_that_says_how_many_are_needed(project: Project) -> None:
    result = project.run('assert increment.warm(7).client.p(95) < "1 s"')

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*InvalidSampleError: p95 * Take at least 59 invocations*"])
    # The line of the test, and nothing of the plugin's own.
    assert "sebs/pytest_plugin" not in result.stdout.str()


def test_failed_invocations_fail_the_test_with_their_reasons(project: Project) -> None:
    result = project.run('increment.warm(6, {"fail": True}, tolerated_failures=2)')

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E       Failed: 3 of 3 invocations failed, 2 are tolerated; warm, increment on local*",
            "E         3: ValueError: no such item",
            "E       kept in *",
        ]
    )


def test_failures_that_are_tolerated_are_in_no_figure(project: Project) -> None:
    project.write(
        "functions/increment/lambda_function.py",
        "calls = []\ndef lambda_handler(event, context):\n    calls.append(1)\n"
        "    if len(calls) == 3:\n        raise ValueError('third')\n    return {}\n",
    )
    result = project.run(
        "sample = increment.warm(6, tolerated_failures=1)\n"
        "assert len(sample.results) == len(sample.client.microseconds) == 6\n"
        "assert sample.failures == ['ValueError: third']\n"
        "assert sample.left_out == 1"
    )

    result.assert_outcomes(passed=1)


#: Processors of which the client's process uses a share, and nobody else anything.
PROCESSORS = """
import time
from sebs.invoke import watching

def moment():
    now = time.perf_counter()
    return now, SHARE * now, SHARE * now

watching._moment, watching._processors = moment, lambda: 64
"""

#: What is told of a client that was saturated.
SATURATED = "The client was saturated during * s: its process used a whole processor, *"


def test_a_client_that_was_saturated_is_told_of_beside_what_it_measured(project: Project) -> None:
    project.write("conftest.py", PROCESSORS.replace("SHARE", "1.0"))
    result = project.run('assert increment.warm(6, {"seconds": 0.05}).client.median < "1 ms"')

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E         it is above 1 ms",
            f"E         {SATURATED}",
            "*measured by sebs*",
            "  increment on local, *",
            f"  {SATURATED}",
        ]
    )


def test_of_a_client_that_had_time_nothing_is_told(project: Project) -> None:
    project.write("conftest.py", PROCESSORS.replace("SHARE", "0.5"))
    result = project.run('assert increment.warm(6, {"seconds": 0.05}).client.median > "1 ms"')

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*measured by sebs*", "  increment on local, *"])
    result.stdout.no_fnmatch_line("*saturated*")


def test_every_cold_start_is_one_and_no_warm_invocation_is(project: Project) -> None:
    result = project.run(
        "cold, warm = increment.cold(3), increment.warm(4)\n"
        "assert [each.stats.cold_start for each in cold.results] == [True] * 3\n"
        "assert [each.stats.cold_start for each in warm.results] == [False] * 4\n"
        "assert len({each.environment_id for each in cold.results}) == 3\n"
        "assert min(cold.initialization.microseconds) > 0\n"
        "assert all(p <= c for p, c in\n"
        "    zip(warm.provider.microseconds, warm.client.microseconds, strict=True))"
    )

    result.assert_outcomes(passed=1)


def test_the_same_code_is_measured_as_each_test_wants_it(project: Project) -> None:
    project.write(
        "functions/increment/lambda_function.py",
        "import os\ndef lambda_handler(event, context):\n"
        "    return {'memory': os.environ['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']}\n",
    )
    result = project.run(
        "both = {size: sebs_function('functions/increment', memory=size) for size in (256, 512)}\n"
        "for size in (256, 512, 256):\n"
        "    results = both[size].warm(2).results\n"
        "    assert {each.output['memory'] for each in results} == {str(size)}"
    )

    result.assert_outcomes(passed=1)


def test_environments_that_never_stay_are_no_endless_loop(project: Project) -> None:
    local = {"keep_alive": 0}
    project.write("sebs.json", json.dumps({"deployment": {"name": "local", "local": local}}))

    result = project.run("increment.warm(2)", "--sebs-config", "sebs.json")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ColdStartError: Of * invocations * were warm, 2 are wanted."])


def test_a_benchmark_has_its_own_input_and_its_outputs_are_judged(project: Project) -> None:
    write_benchmark(project)
    test = (
        "function = sebs_function('benchmarks/901.increment', size='small', memory=256)\n"
        "sample = function.warm(6)\n"
        "assert {each.output['result'] for each in sample.results} == {3}\n"
        "assert function.invoke({'number': 7}).output['result'] == 8\n"
        "assert sample.benchmark.median < '1 s'\n"
    )
    project.run(test).assert_outcomes(passed=1)

    write_benchmark(project, step=2)
    result = project.run(test)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E         *: wrong output: 4 is not 3"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("sebs_function('functions/absent')", "*no directory and no file*functions/absent*"),
        ("sebs_function('110.dynamic-html', size='huge')", "*huge*"),
        ("sebs_function('110.dynamic-html', memry=1)", "*not deployed with memry*Known options*"),
        ("sebs_function('functions/increment', memry=1)", "*memry*"),
        ("sebs_function('functions/increment', memory='x')", "*memory must be a whole number*'x'*"),
        ("sebs_function('110.dynamic-htm')", "*Did you mean 110.dynamic-html*"),
        ("sebs_function('functions/increment', trigger='storage')", "*no storage trigger*"),
    ],
)
def test_what_makes_no_sense_is_said(project: Project, call: str, said: str) -> None:
    result = project.run(call)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *Error: {said}"])


def test_nothing_stays_but_the_runs(
    project: Project, gateways: Callable[[Path], list[str]]
) -> None:
    result = project.run("increment.warm(3)\nincrement.cold(2)", "--sebs-output-dir", "kept")

    result.assert_outcomes(passed=1)
    assert gateways(project.root) == []
    assert not [each for each in (project.root / "temporary").iterdir() if "sebs" in each.name]
    cold, warm = sorted(
        json.loads((each / "manifest.json").read_text())["details"]["forced_cold"]
        for each in (project.root / "kept").iterdir()
    )
    assert (cold, warm) == (False, True)
    runs = [str(each) for each in (project.root / "kept").iterdir()]
    program = "from sebs.cli.main import entry; entry()"
    command = [sys.executable, "-c", program, "report", *runs]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def test_settings_are_in_the_projects_own_file(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\nsebs_output_dir = kept\nsebs_cache_dir = cached\n")
    directory = project.root / "elsewhere"
    directory.mkdir()
    project.run("increment.warm(2)", "--rootdir", ".").assert_outcomes(passed=1)

    assert len(list((project.root / "kept").iterdir())) == 1
    # What was deployed stays with the cache.
    assert list((project.root / "cached").iterdir())


def test_a_configuration_that_cannot_be_used_is_an_error(project: Project) -> None:
    project.write("sebs.json", '{"deployment": {"name": "local", "local": {"keep": 1}}}')

    result = project.run("increment.warm(2)", "--sebs-config", "sebs.json")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ConfigurationError*", "E *local.keep: unknown key"])


TWO_PROCESSES = """
import pathlib, time
import pytest

@pytest.mark.parametrize("name", ["one", "other"])
def test_it(sebs_function, name):
    function = sebs_function("functions/increment")
    function.cold(1)
    # From here on both could measure.
    pathlib.Path(f"ready-{name}").touch()
    while len(list(pathlib.Path().glob("ready-*"))) < 2:
        time.sleep(0.01)
    times = [each.times for each in function.warm(20, {"seconds": 0.03}).results]
    span = f"{times[0].client_begin.timestamp()} {times[-1].client_end.timestamp()}"
    pathlib.Path(f"span-{name}").write_text(span)
"""


@pytest.mark.parametrize("options", [(), ("--sebs-cache-dir", "shared")])
def test_processes_measure_one_at_a_time(project: Project, options: tuple[str, ...]) -> None:
    project.write("test_two.py", TWO_PROCESSES)

    result = project("-n", "2", *options)

    result.assert_outcomes(passed=2)
    first, second = sorted(
        tuple(map(float, path.read_text().split())) for path in project.root.glob("span-*")
    )
    assert first[1] <= second[0]
    assert result.stdout.str().count("median of the client time of 20 warm") == 2


def test_a_run_without_it_loads_nothing(project: Project) -> None:
    project.write(
        "test_plain.py",
        "import sys\n"
        "def test_it():\n"
        "    ours = {name for name in sys.modules if name.split('.')[0] == 'sebs'}\n"
        "    assert ours == {'sebs', 'sebs.pytest_plugin'}\n"
        "    assert not {'numpy', 'polars', 'pycurl', 'pydantic', 'click'} & set(sys.modules)\n",
    )

    project().assert_outcomes(passed=1)


def test_without_numpy_it_says_how_to_get_it(project: Project) -> None:
    project.write(
        "conftest.py",
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'numpy' else find(name, *a)\n",
    )
    result = project.run("increment.warm(2)")

    result.stdout.fnmatch_lines(["*need numpy. Install them: pip install 'sebs-faas?analysis?'*"])
