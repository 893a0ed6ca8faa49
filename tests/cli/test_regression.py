"""``sebs regression``: every form of every benchmark, resumable, as a table and as JUnit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli_line import HANDLER, INPUT, CommandLine, Done

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
WRONG = "def handler(event):\n    return {'result': 0}\n"
RAISES = "def handler(event):\n    raise RuntimeError('a \\x00 that no XML can hold <&>')\n"
DOES_NOT_START = "import nothing_of_that_name\n\ndef handler(event):\n    return {'result': 2}\n"
ENDS = "import os\n\ndef handler(event):\n    os._exit(3)\n"
ONCE = """
calls = 0

def handler(event):
    global calls
    calls += 1
    return {"result": 2 // (2 - calls) if calls > 1 else 2}
"""
NAMES = "901.increment,902.wrong,903.raises,904.unbuildable,905.starts-not,906.ends,907.once"


def regression(sebs: CommandLine, *arguments: object) -> Done:
    directories = ("--benchmarks-dir", sebs.benchmarks, "--output-dir", sebs.results)
    return sebs("regression", *directories, *arguments)


@pytest.fixture
def faulty(sebs: CommandLine) -> CommandLine:
    sebs.write_benchmark("902.wrong", WRONG)
    sebs.write_benchmark("903.raises", RAISES)
    sebs.write_benchmark("905.starts-not", DOES_NOT_START)
    sebs.write_benchmark("906.ends", ENDS)
    sebs.write_benchmark("907.once", ONCE)
    unbuildable = sebs.write_benchmark("904.unbuildable")
    (unbuildable / "init.sh").write_text("echo no such tool >&2; exit 3\n")
    return sebs


def cases(path: Path) -> dict[str, ElementTree.Element]:
    tree = ElementTree.parse(path)
    return {case.attrib["classname"]: case for case in tree.iter("testcase")}


def test_each_failure_is_told_apart_and_stops_no_other(faulty: CommandLine) -> None:
    done = regression(faulty, "--benchmarks", NAMES, "--json", "--jobs", 2)
    assert done.code == 1
    document = done.document
    assert (document["passed"], document["total"], document["succeeded"]) == (1, 7, False)
    states = {each["case"]["benchmark"]: each for each in document["outcomes"]}
    assert {name: each["state"] for name, each in states.items()} == {
        "901.increment": "passed",
        "902.wrong": "wrong",
        "903.raises": "failed",
        "904.unbuildable": "broken",
        "905.starts-not": "failed",
        "906.ends": "failed",
        "907.once": "failed",
    }
    assert "0 is not 2" in states["902.wrong"]["reason"]
    assert "no XML can hold" in states["903.raises"]["reason"]
    assert "no such tool" in states["904.unbuildable"]["reason"]
    assert "nothing_of_that_name" in states["905.starts-not"]["reason"]
    assert states["907.once"]["reason"].startswith("the warm invocation: ZeroDivisionError")
    assert states["901.increment"]["case"]["version"]
    built = {name for name, each in states.items() if each["code_hash"]}
    assert built == states.keys() - {"904.unbuildable"}
    # An invocation that failed has no time, whichever it was.
    assert {name for name, each in states.items() if each["cold"]} == {
        "901.increment",
        "902.wrong",
        "907.once",
    }
    assert {name for name, each in states.items() if each["warm"]} == {"901.increment", "902.wrong"}

    found = cases(faulty.only_run() / "junit.xml")
    assert list(found["local.901.increment"]) == []
    told = {name: [(each.tag, each.get("type")) for each in case] for name, case in found.items()}
    assert told == {
        "local.901.increment": [],
        "local.902.wrong": [("failure", "wrong")],
        "local.903.raises": [("error", "failed")],
        "local.904.unbuildable": [("error", "broken")],
        "local.905.starts-not": [("error", "failed")],
        "local.906.ends": [("error", "failed")],
        "local.907.once": [("error", "failed")],
    }
    suite = ElementTree.parse(faulty.only_run() / "junit.xml").getroot()
    counts = {key: suite.attrib[key] for key in ("tests", "failures", "errors")}
    assert counts == {"tests": "7", "failures": "1", "errors": "5"}


def test_what_this_machine_cannot_judge_is_not_wrong(sebs: CommandLine) -> None:
    unable = (
        "    from sebs.errors import DependencyError\n    raise DependencyError('no ffmpeg')\n"
        "    wanted ="
    )
    sebs.write_benchmark("902.unable", inputs=INPUT.replace("    wanted =", unable))
    done = regression(sebs, "--benchmarks", "902.unable", "--json")
    assert done.code == 1
    [outcome] = done.document["outcomes"]
    assert (outcome["state"], outcome["reason"]) == ("broken", "no ffmpeg")
    invoked = sebs.invoke(benchmark="902.unable")
    assert (invoked.code, invoked.err) == (1, "Error: no ffmpeg\n")


def test_what_passed_is_not_run_again(faulty: CommandLine) -> None:
    done = regression(faulty, "--benchmarks", NAMES)
    assert done.code == 1
    assert "1 of 7 passed." in done.out
    directory = faulty.only_run()
    for name in ("902.wrong", "903.raises", "905.starts-not", "906.ends", "907.once"):
        faulty.write_benchmark(name, HANDLER)
    (faulty.benchmarks / "904.unbuildable" / "init.sh").unlink()
    # Run again it would not pass.
    faulty.write_benchmark("901.increment", WRONG)
    done = regression(faulty, "--resume", directory)
    assert done.code == 0, done.out
    assert "7 of 7 passed." in done.out
    assert len((directory / "outcomes.jsonl").read_text().splitlines()) == 7 + 6
    assert all(list(case) == [] for case in cases(directory / "junit.xml").values())


def test_an_interrupted_regression_keeps_what_is_known(sebs: CommandLine) -> None:
    sebs.write_benchmark("900.first")
    slow = "import time\n\ndef handler(event):\n    time.sleep(4)\n    return {'result': 2}\n"
    sebs.write_benchmark("902.slow", slow)
    arguments = ["regression", "--benchmarks-dir", sebs.benchmarks, "--output-dir", sebs.results]
    arguments += ["--benchmarks", "900.first,902.slow,901.increment", "--jobs", "1"]
    process = subprocess.Popen(
        sebs.command(*arguments),
        cwd=sebs.root,
        env=sebs.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(sebs.results.glob("*/outcomes.jsonl")) or not any(
        path.read_text().endswith("\n") for path in sebs.results.glob("*/outcomes.jsonl")
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "not run" in out
    assert "1 of 3 passed." in out
    junit = ElementTree.parse(sebs.only_run() / "junit.xml").getroot()
    counts = {key: junit.attrib[key] for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "3", "failures": "0", "errors": "2", "skipped": "0"}
    assert [error.attrib["type"] for error in junit.iter("error")] == ["not run"] * 2
    done = regression(sebs, "--resume", sebs.only_run())
    assert done.code == 0, done.out
    assert "3 of 3 passed." in done.out


def test_a_variant_of_the_code_runs_only_as_it_can_be_deployed(sebs: CommandLine) -> None:
    variants = {"default": "default", "fast": "fast", "image": {"containers": "fast"}}
    benchmark = sebs.write_benchmark("905.variants")
    config = json.loads((benchmark / "config.json").read_text())
    config["languages"] = ["rust", {"language": "python", "variants": variants}]
    (benchmark / "config.json").write_text(json.dumps(config))
    (benchmark / "python/fast").mkdir()
    (benchmark / "python/fast/function.py").write_text(HANDLER)
    done = regression(
        sebs, "--benchmarks", "905.variants", "--variants", "package", "--json", "--jobs", 2
    )
    assert done.code == 0, done.err
    found = [each["case"]["language_variant"] for each in done.document["outcomes"]]
    assert found == ["default", "fast"]
