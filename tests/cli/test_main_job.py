"""``sebs benchmark``: deploy, invoke, validate, show; through processes, on the local platform."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from cli_line import INPUT

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_document_has_every_invocation_with_its_measurements(sebs) -> None:
    done = sebs.invoke("--json", "--language-version", VERSION)
    assert done.code == 0, done.err
    assert done.err == ""
    document = done.document
    assert document["deployment"] == "local"
    assert document["validation"] == {"checked": True, "valid": True, "reasons": {}}
    invocations = document["invocations"]
    assert len(invocations) == 5
    assert [each["stats"]["cold_start"] for each in invocations] == [True] + [False] * 4
    assert len({each["request_id"] for each in invocations}) == 5
    assert len({each["environment_id"] for each in invocations}) == 1
    for each in invocations:
        assert each["output"] == {"result": 2}
        assert not each["stats"]["failure"]
        times, provider = each["times"], each["provider_times"]
        assert 0 < times["benchmark"] <= provider["execution"] < times["client"]
        assert 0 < times["http_startup"] < times["http_first_byte_return"] <= times["client"]
        assert times["client_begin"] < times["client_end"]
        assert each["stats"]["memory_used"] > 1
        billing = each["billing"]
        assert billing["memory"] == 128
        assert billing["billed_time"] * 1000 >= provider["execution"]
        seconds = billing["billed_time"] / 1000
        assert billing["gb_seconds"] == pytest.approx(128 / 1024 * seconds)
    cold, *warm = invocations
    assert cold["provider_times"]["initialization"] > 0
    assert all(each["provider_times"]["initialization"] == 0 for each in warm)
    assert document["summary"]["cold"]["n"] == 1
    assert document["summary"]["warm"]["n"] == 4
    assert document["summary"]["cold"]["client"]["median"] == cold["times"]["client"]
    assert not document["interrupted"]
    assert sebs("results", "show", sebs.only_run(), "--json").document == document
    exported = sebs("results", "export", sebs.only_run(), "--format", "json")
    assert json.loads(exported.out) == document


def test_a_person_reads_cold_and_warm_apart(sebs) -> None:
    done = sebs.invoke("--repetitions", 3)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("901.increment (test) on local: python ")
    header = next(number for number, line in enumerate(lines) if "client" in line)
    titles, units = (line.split() for line in lines[header : header + 2])
    assert titles == ["client", "benchmark", "provider", "init", "memory", "used"]
    assert units == ["start", "#", "[ms]", "[ms]", "[ms]", "[ms]", "[MB]", "state"]
    rows = [line.split() for line in lines if re.match(r" *(cold|warm) ", line)]
    assert [row[:2] for row in rows] == [
        ["cold", "1"], ["cold", "median"], ["warm", "2"], ["warm", "3"], ["warm", "median"]
    ]  # fmt: skip
    assert "All outputs are valid." in lines
    assert lines[-2].startswith("Function: sebs-")
    assert lines[-1] == f"Results: {sebs.only_run().relative_to(sebs.root)}"
    assert all(line == line.rstrip() for line in lines)


def test_options_win_over_the_file_and_the_file_over_defaults(sebs) -> None:
    file = sebs.root / "config.json"
    file.write_text('{"experiments": {"memory": 256, "repetitions": 2, "trigger": "library"}}')
    done = sebs.invoke("--json", "--config", file, "--memory", 512)
    assert done.code == 0, done.err
    document = done.document
    assert document["trigger"] == "library"
    assert document["function"]["memory"] == 512
    assert [each["billing"]["memory"] for each in document["invocations"]] == [512, 512]


def test_an_empty_configuration_file_is_valid(sebs) -> None:
    file = sebs.root / "config.json"
    file.write_text("{}")
    assert sebs.invoke("--config", file, "--repetitions", 1).code == 0


def test_the_first_invocation_is_cold_again_in_the_second_run(sebs) -> None:
    assert sebs("local", "start", "--json").code == 0
    try:
        runs = [sebs.invoke("--json", "--repetitions", 2).document for _ in range(2)]
        assert runs[0]["function"]["name"] == runs[1]["function"]["name"]
        cold = [[each["stats"]["cold_start"] for each in run["invocations"]] for run in runs]
        assert cold == [[True, False], [True, False]]
        environments = {each["environment_id"] for run in runs for each in run["invocations"]}
        assert len(environments) == 2
    finally:
        assert sebs("local", "stop").code == 0


def test_a_wrong_output_exits_with_1_and_says_why(sebs) -> None:
    sebs.write_benchmark(handler="def handler(event):\n    return {'result': 40}\n")
    done = sebs.invoke("--repetitions", 2)
    assert done.code == 1
    assert "2 outputs are wrong:\n  2: 40 is not 2" in done.out
    lenient = sebs.invoke("--no-validate", "--json")
    assert lenient.code == 0
    assert lenient.document["validation"] == {"checked": False, "valid": None, "reasons": {}}


def test_a_failing_function_exits_with_1_and_is_counted(sebs) -> None:
    sebs.write_benchmark(handler="def handler(event):\n    raise KeyError('absent')\n")
    done = sebs.invoke("--json", "--repetitions", 2)
    assert done.code == 1
    document = done.document
    assert document["failures"] == 2
    assert all("KeyError" in each["error"] for each in document["invocations"])
    groups = document["summary"]
    assert [(kind, group["n"], group["failures"]) for kind, group in groups.items()] == [
        ("cold", 0, 1),
        ("warm", 0, 1),
        ("unknown", 0, 0),
        ("unanswered", 0, 0),
    ]
    assert document["validation"]["valid"] is None
    again = sebs.invoke("--repetitions", 2)
    assert "2 of 2 invocations failed:\n  2: KeyError: 'absent'" in again.out


def test_processing_a_saved_run_fetches_the_metrics_again(sebs) -> None:
    document = sebs.invoke("--json").document
    run = sebs.only_run()
    journal = run / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    judged = [line for line in lines if "provider" not in json.loads(line)]
    assert len(judged) < len(lines)
    journal.write_text("".join(judged))
    lacking = sebs("results", "show", run, "--json").document["invocations"]
    assert all(each["provider_times"]["execution"] == 0 for each in lacking)
    done = sebs("benchmark", "process", run, "--json")
    assert done.code == 0, done.err
    assert done.document["invocations"] == document["invocations"]
    assert "All outputs are valid." in sebs("benchmark", "process", run).out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_was_measured(sebs, number) -> None:
    handler = "import time\ndef handler(event):\n    time.sleep(0.2)\n    return {'result': 2}\n"
    sebs.write_benchmark(handler=handler)
    process = subprocess.Popen(
        sebs.command(*sebs.invocation("--json", "--repetitions", 1000)),
        cwd=sebs.root,
        env=sebs.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not _journalled(sebs, 2):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.strip() == "Interrupted."
    document = json.loads(out)
    assert 2 <= len(document["invocations"]) < 1000
    assert document["repetitions"] == 1000
    assert document["interrupted"]
    assert all(each["provider_times"]["execution"] > 0 for each in document["invocations"])
    shown = sebs("benchmark", "process", sebs.only_run())
    assert f"Interrupted: {len(document['invocations'])} of 1000 invocations" in shown.out


def _journalled(sebs, wanted: int) -> bool:
    journals = list(sebs.results.glob("*/journal.jsonl"))
    return bool(journals) and journals[0].read_bytes().count(b"\n") >= wanted


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["benchmark", "invoke", "999.absent", "test"], ["999.absent", "901.increment"]),
        (["benchmark", "invoke", "901.increment", "huge"], ["huge", "small, test"]),
        (["benchmark", "invoke", "901.increment", "test", "--deployment", "locl"], ["mean local?"]),
        (["benchmark", "invoke", "901.increment", "test", "--deployment", "aws"], ["aws"]),
        (["benchmark", "invoke", "901.increment", "test", "--language-version", "2.7"], ["2.7"]),
        (["benchmark", "invoke", "901.increment", "test", "--language", "cobol"], ["cobol"]),
        (["benchmark", "invoke", "901.increment", "test", "--language", "nodejs"], ["nodejs"]),
        (["benchmark", "invoke", "901.increment", "test", "--architecture", "mips"], ["mips"]),
        (["benchmark", "invoke", "901.increment", "test", "--memory", "many"], ["many"]),
        (["benchmark", "invoke", "901.increment", "test", "--repetitions", "0"], ["repetitions"]),
        (["benchmark", "invoke", "901.increment", "test", "--trigger", "queue"], ["queue"]),
        (["benchmark", "invoke", "901.increment", "test", "--nonsense"], ["--nonsense"]),
        (["benchmark", "invoke", "901.increment"], ["SIZE"]),
        (["benchmark", "nonsense"], ["nonsense"]),
        (["plan", "999.absent"], ["999.absent"]),
    ],
)
def test_wrong_usage_exits_with_2_and_deploys_nothing(sebs, arguments, named) -> None:
    if arguments[1] != "nonsense" and len(arguments) != 3:
        arguments = [*arguments, "--benchmarks-dir", sebs.benchmarks]
    done = sebs(*arguments)
    assert done.code == 2, done.err
    assert all(word in done.err for word in named), done.err
    assert done.out == ""
    assert sebs("cache", "list", "--json").document == []


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", ["config.json"]),
        ("[]", ["config.json"]),
        ('{"experimnets": {}}', ["experimnets", "experiments"]),
        ('{"experiments": {"memory": "128"}}', ["experiments.memory"]),
        (
            '{"experiments": {"memory": "128", "repetitions": 1.5}, "deployment": {"nme": 1}}',
            ["experiments.memory", "experiments.repetitions", "deployment.nme"],
        ),
        ('{"deployment": {"local": {"keep_alvie": 3}}}', ["keep_alvie", "keep_alive"]),
    ],
)
def test_a_bad_configuration_exits_with_2_and_names_every_path(sebs, content, named) -> None:
    file = sebs.root / "config.json"
    file.write_text(content)
    done = sebs.invoke("--config", file)
    assert done.code == 2, done.err
    assert all(word in done.err for word in named), done.err
    assert not sebs.results.exists() or not list(sebs.results.iterdir())


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--memory", 1_000_000], "1000000"),
        (["--timeout", 1_000], "1000"),
        (["--function-name", "a/b"], "a/b"),
        (["--function-name", ""], "''"),
        (["--system-variant", "container"], "container"),
    ],
)
def test_limits_are_checked_before_anything_is_allocated(sebs, arguments, named) -> None:
    done = sebs.invoke(*arguments)
    assert done.code == 2
    assert named in done.err.replace(",", "")
    assert not (sebs.root / "cache" / "local").exists()
    assert sebs("cache", "list", "--json").document == []


def test_a_trigger_that_the_platform_lacks_exits_with_2_and_names_those_it_has(sebs) -> None:
    done = sebs.invoke("--trigger", "storage")
    assert done.code == 2
    assert "no storage trigger" in done.err
    assert "http, library" in done.err
    assert not sebs.results.exists() or not list(sebs.results.iterdir())


def test_an_input_module_that_raises_exits_with_1_and_shows_its_error(sebs) -> None:
    sebs.write_benchmark(inputs="def generate_input(*arguments):\n    raise OSError('no data')\n")
    done = sebs.invoke()
    assert done.code == 1
    assert "no data" in done.err
    assert not sebs.results.exists() or not list(sebs.results.iterdir())


@pytest.mark.registry
def test_requirements_that_cannot_be_resolved_show_the_installers_reason(sebs) -> None:
    directory = sebs.write_benchmark()
    (directory / "python" / "requirements.txt").write_text("click==0.0.0.1\n")
    done = sebs.invoke()
    assert done.code == 1
    assert "click==0.0.0.1" in done.err


def test_the_plan_is_what_invoke_then_does(sebs) -> None:
    directories = ("--benchmarks-dir", sebs.benchmarks)
    steps = sebs("plan", "901.increment", "--json", *directories).document["steps"]
    assert [step["action"] for step in steps] == ["create"]
    assert sebs.invoke("--repetitions", 1).code == 0
    steps = sebs("plan", "901.increment", "--json", "--memory", 256, *directories).document["steps"]
    assert [step["action"] for step in steps] == ["update_configuration"]
    assert "128" in steps[0]["reason"]
    assert "256" in steps[0]["reason"]
    assert sebs("plan", "901.increment", *directories).out.count("up to date") == 1


def test_building_deploys_nothing(sebs) -> None:
    done = sebs(
        "benchmark", "build", "901.increment", "--json", "--benchmarks-dir", sebs.benchmarks
    )
    assert done.code == 0, done.err
    assert done.document["size"] > 0
    assert sebs("local", "status", "--json").document["functions"] == []


def test_resources_are_listed_and_cleaned(sebs) -> None:
    assert sebs("resource", "list", "--json").document["resources"] == {}
    name = sebs.invoke("--json", "--repetitions", 1).document["function"]["name"]
    listed = sebs("resource", "list", "--json").document
    assert listed["resources"]["functions"] == [name]
    dry = sebs("resource", "clean", "--dry-run", "--json").document
    assert dry == listed
    assert sebs("resource", "clean", "--json").document == listed
    assert not any(sebs("resource", "list", "--json").document["resources"].values())
    assert sebs.invoke("--repetitions", 1).code == 0


def test_the_benchmarks_are_listed(sebs) -> None:
    listed = sebs("benchmark", "list", "--json", "--benchmarks-dir", sebs.benchmarks).document
    names = [each["name"] for each in listed]
    assert {"010.sleep", "110.dynamic-html", "311.compression", "901.increment"} <= set(names)


def test_the_platform_outlives_a_run_only_when_it_was_started(sebs) -> None:
    assert sebs.invoke("--repetitions", 1).code == 0
    assert not sebs("local", "status", "--json").document["running"]
    assert sebs("local", "start", "--json").document["running"]
    try:
        name = sebs.invoke("--repetitions", 1, "--json").document["function"]["name"]
        status = sebs("local", "status", "--json").document
        assert status["running"]
        assert [function["name"] for function in status["functions"]] == [name]
        shown = sebs("local", "status").out
        assert name in shown
        assert f"memory limit: {status['memory_limit']}." in shown
        os.kill(status["pid"], signal.SIGKILL)
        shown = sebs("local", "status").out
        assert "does not run; its next use starts it until it is stopped." in shown
    finally:
        assert not sebs("local", "stop", "--json").document["running"]


def test_logs_are_what_the_function_printed(sebs) -> None:
    handler = (
        "def handler(event):\n    print('counted', event['number'])\n    return {'result': 2}\n"
    )
    sebs.write_benchmark(handler=handler)
    name = sebs.invoke("--repetitions", 2, "--json").document["function"]["name"]
    assert sebs("local", "logs", name).out.count("counted 1") == 2
    assert sebs("local", "logs", "absent").code == 2


def test_the_doctor_finds_that_the_local_platform_works(sebs) -> None:
    done = sebs("doctor", "--json")
    checks = {check["what"]: check for check in done.document}
    assert done.code == 0
    assert all(check["works"] for check in checks.values() if check["needed"])
    assert VERSION in checks["Python functions"]["detail"]
    fence = checks["memory limit by the kernel"]
    assert fence["detail"] in {"cgroup v1", "cgroup v2"} if fence["works"] else fence["remedy"]


def test_the_doctor_finds_a_cache_that_cannot_be_used(sebs) -> None:
    (sebs.root / "file").write_text("")
    done = sebs("doctor", "--cache", sebs.root / "file")
    assert done.code == 1
    assert "This does not work: cache" in done.out


def test_every_option_that_says_what_is_deployed_counts(sebs) -> None:
    directory = sebs.write_benchmark()
    config = json.loads((directory / "config.json").read_text())
    config["languages"] = [{"language": "python", "variants": ["default", "other"]}]
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "python" / "other").mkdir()
    (directory / "python" / "other" / "function.py").write_text(
        "import os\ndef handler(event):\n    return {'result': 2, 'variant': 'other'}\n"
    )
    done = sebs.invoke(
        *("--language-variant", "other"),
        *("--language", "python"),
        *("--language-version", VERSION),
        *("--system-variant", "package"),
        *("--architecture", "x64"),
        *("--timeout", 7),
        *("--resource-prefix", "mine"),
        *("--function-name", "my-function"),
        *("--repetitions", 1),
        "--json",
    )
    assert done.code == 0, done.err
    document = done.document
    assert document["resources_id"].startswith("mine-")
    assert document["function"]["name"] == "my-function"
    assert document["function"]["timeout"] == 7
    assert document["function"]["runtime"] == {"language": "python", "version": VERSION}
    assert document["language_variant"] == "other"
    assert document["invocations"][0]["output"]["variant"] == "other"


def test_updating_the_code_builds_and_deploys_what_has_not_changed(sebs) -> None:
    quiet = sebs.invoke("--repetitions", 1)
    assert quiet.err == ""
    reused = sebs.invoke("--repetitions", 1, "--verbose")
    assert "is up to date" in reused.err
    assert "Built" not in reused.err
    updated = sebs.invoke("--repetitions", 1, "--verbose", "--update-code")
    assert "Built 901.increment" in updated.err
    assert "is up to date" not in updated.err


def test_the_cache_option_wins_over_the_environment(sebs) -> None:
    assert sebs.invoke("--repetitions", 1, "--cache", sebs.root / "elsewhere").code == 0
    assert (sebs.root / "elsewhere" / "sebs.sqlite").exists()
    assert not (sebs.root / "cache").exists()


def test_a_bug_shows_its_traceback_only_when_asked(sebs) -> None:
    arguments = sebs.invocation("--config", "absent.json", "--debug")
    done = subprocess.run(
        sebs.command(*arguments),
        cwd=sebs.root,
        env=sebs.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in done.stderr
    assert "absent.json" in done.stderr


def test_another_prefix_is_another_deployment(sebs) -> None:
    def deployment(*arguments: object) -> str:
        return sebs.invoke("--repetitions", 1, "--json", *arguments).document["resources_id"]

    first = deployment("--resource-prefix", "demo")
    assert deployment() == first
    second = deployment("--resource-prefix", "other")
    assert second.startswith("other-")
    assert deployment("--resource-prefix", "demo") == first
    typo = sebs("resource", "clean", "--resource-prefix", "typo")
    assert "Nothing is allocated." in typo.out
    listed = sebs("resource", "list", "--json", "--resource-prefix", "other").document
    assert listed["resources_id"] == second
    assert deployment() == first, "looking at another deployment does not switch to it"
    assert deployment("--resource-prefix", "other") == second


def test_two_runs_at_once_on_an_empty_cache_share_a_deployment_and_take_turns(sebs) -> None:
    handler = "import time\ndef handler(event):\n    time.sleep(0.2)\n    return {'result': 2}\n"
    sebs.write_benchmark(handler=handler)
    runs = [
        subprocess.Popen(
            sebs.command(*sebs.invocation("--json", "--memory", memory)),
            cwd=sebs.root,
            env=sebs.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for memory in (256, 512)
    ]
    documents = []
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
        documents.append(json.loads(out))
    assert documents[0]["function"]["name"] == documents[1]["function"]["name"]
    for document, memory in zip(documents, (256, 512), strict=True):
        assert [each["billing"]["memory"] for each in document["invocations"]] == [memory] * 5
        cold = [each["stats"]["cold_start"] for each in document["invocations"]]
        assert cold == [True] + [False] * 4
    assert len(sebs("resource", "list", "--json").document["resources"]["functions"]) == 1


def test_what_input_modules_print_is_not_in_the_document(sebs) -> None:
    sebs.write_benchmark(inputs="print('noise')\n" + INPUT)
    done = sebs.invoke("--json", "--repetitions", 1)
    assert done.document["validation"]["valid"]
    assert "noise" in done.err


def test_a_benchmark_without_a_validator_is_not_called_valid(sebs) -> None:
    sebs.write_benchmark(inputs=INPUT.partition("def validate_output")[0])
    done = sebs.invoke("--repetitions", 1)
    assert done.code == 0, done.err
    assert "Outputs were not validated." in done.out
    assert "All outputs" not in done.out


def test_processing_with_another_cache_loses_no_metrics(sebs) -> None:
    metrics = sebs.invoke("--json", "--repetitions", 2).document["metrics"]
    again = sebs("benchmark", "process", sebs.only_run(), "--json", "--cache", sebs.root / "other")
    assert again.document["metrics"] == metrics
    assert sebs("cache", "list", "--json", "--cache", sebs.root / "other").document == []


def test_one_broken_benchmark_does_not_break_the_list(sebs) -> None:
    (sebs.write_benchmark("902.broken") / "config.json").write_text("{")
    done = sebs("benchmark", "list", "--json", "--benchmarks-dir", sebs.benchmarks)
    assert done.code == 0
    assert "902.broken" in done.err
    assert "901.increment" in {each["name"] for each in done.document}


def test_problems_of_the_platforms_section_come_with_the_others(sebs) -> None:
    file = sebs.root / "config.json"
    file.write_text('{"experiments": {"memory": "1"}, "deployment": {"local": {"keep_alive": -1}}}')
    for command in (["config", "show"], ["plan", "901.increment"]):
        done = sebs(*command, "--config", file)
        assert done.code == 2
        assert "experiments.memory" in done.err
        assert "deployment.local.keep_alive" in done.err


def test_how_sebs_starts_its_storage_is_accepted_and_said_to_be_unused(sebs) -> None:
    storage = {"object": {"type": "minio", "minio": {"address": "", "mapped_port": 9011}}}
    file = sebs.root / "config.json"
    file.write_text(json.dumps({"deployment": {"name": "local", "local": {"storage": storage}}}))
    done = sebs.invoke("--repetitions", 1, "--config", file)
    assert done.code == 0, done.err
    assert "object is SeBS's" in done.err
