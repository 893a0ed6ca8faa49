"""What is asked of ``sebs regression`` by name runs, or is refused; what is not judged is told."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from cli_line import INPUT, CommandLine, Done

UNJUDGED = INPUT.partition("def validate_output")[0]


def regression(sebs: CommandLine, *arguments: object) -> Done:
    directories = ("--benchmarks-dir", sebs.benchmarks, "--output-dir", sebs.results)
    return sebs("regression", *directories, *arguments)


@pytest.fixture
def several(sebs: CommandLine) -> CommandLine:
    java = sebs.write_benchmark("902.java-only")
    config = json.loads((java / "config.json").read_text())
    (java / "config.json").write_text(json.dumps({**config, "languages": ["java"]}))
    return sebs


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--languages", "java"), "local does not run java."),
        (("--languages", "python,java"), "local does not run java."),
        (("--language-versions", "2.7"), ", not 2.7."),
        (
            ("--languages", "nodejs", "--language-versions", "3.11"),
            "local runs nodejs 20, not 3.11",
        ),
        (
            ("--languages", "python", "--language-versions", "3.11,2.7"),
            "local runs none of it in version 2.7",
        ),
        (("--languages", "cobol"), "Unknown language 'cobol'"),
        (("--architectures", "sparc"), "Unknown architecture 'sparc'"),
        (("--benchmarks", "901.incremental"), "901.increment"),
        (
            ("--benchmarks", "010.sleep,220.video-processing", "--languages", "nodejs"),
            "220.video-processing is not written in nodejs, but in python.",
        ),
        (
            ("--benchmarks", "901.increment,902.java-only"),
            "local does not run java, the language of 902.java-only.",
        ),
        (("--benchmarks", ""), "--benchmarks names nothing: ''."),
        (("--benchmarks", ",", "--languages", ""), "--benchmarks names nothing: ','."),
        (("--language-versions", " "), "--language-versions names nothing: ' '."),
        (
            ("--benchmarks", "901.increment,010.sleep", "--size", "tets"),
            "There is no input of size 'tets' in 901.increment, 010.sleep. "
            "Did you mean test? All of them have: small, test.",
        ),
        (
            ("--benchmarks", "901.increment", "--junit", "/proc/nope"),
            "No JUnit file can be written at '/proc/nope'",
        ),
        (
            ("--benchmarks", "901.increment", "--junit", "benchmarks"),
            "No JUnit file can be written at 'benchmarks'",
        ),
        (("--variants", "foo"), "'foo'. Use the system variant 'package'."),
        (("--variants", "package,container"), "'container'. Use the system variant 'package'."),
        (("--resume", "nowhere"), "There is no regression in 'nowhere'"),
    ],
)
def test_what_was_named_and_cannot_run_is_refused(
    several: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    done = regression(several, *arguments)
    assert done.code == 2, done.err
    assert said in done.err
    assert not several.results.exists() or not list(several.results.iterdir())


def test_what_was_not_named_is_no_case_where_it_is_not(several: CommandLine) -> None:
    arguments = ("--benchmarks", "901.increment,010.sleep", "--variants", "package", "--json")
    done = regression(several, *arguments)
    assert done.code == 0, done.err
    languages = [
        (each["case"]["benchmark"], each["case"]["language"]) for each in done.document["outcomes"]
    ]
    assert languages[0] == ("901.increment", "python")
    assert set(languages[1:]) <= {("010.sleep", "python"), ("010.sleep", "nodejs")}


def test_what_nobody_judges_is_neither_passed_nor_failed(sebs: CommandLine) -> None:
    sebs.write_benchmark("902.unjudged", inputs=UNJUDGED)
    names = ("--benchmarks", "901.increment,902.unjudged")
    done = regression(sebs, *names)
    assert done.code == 0, done.err
    assert "1 of 2 passed; 1 ran, and nothing says whether they are right." in done.out
    assert "not judged" in next(line for line in done.out.splitlines() if "902" in line)
    assert "input.py has no validate_output" in done.out
    tree = ElementTree.parse(sebs.only_run() / "junit.xml").getroot()
    assert tree.attrib["skipped"] == "1"
    [skipped] = tree.iter("skipped")
    assert skipped.attrib["type"] == "not judged"
    resumed = sebs("regression", "--resume", sebs.only_run(), "--json")
    assert resumed.code == 0
    found = [resumed.document[key] for key in ("passed", "not_judged", "total", "succeeded")]
    assert found == [1, 1, 2, True]
    # It is not run once more.
    assert len((sebs.only_run() / "outcomes.jsonl").read_text().splitlines()) == 2


def test_what_nobody_judges_fails_as_others_do(sebs: CommandLine) -> None:
    raises = "def handler(event):\n    raise RuntimeError('no')\n"
    sebs.write_benchmark("902.unjudged", raises, inputs=UNJUDGED)
    done = regression(sebs, "--benchmarks", "902.unjudged", "--json")
    assert done.code == 1
    assert [each["state"] for each in done.document["outcomes"]] == ["failed"]


def test_what_is_known_is_shown_though_the_junit_file_cannot_be_written(sebs: CommandLine) -> None:
    occupying = "    import os; os.mkdir('own.xml')\n    return {"
    sebs.write_benchmark("902.occupies", inputs=INPUT.replace("    return {", occupying))
    arguments = ("--benchmarks", "902.occupies", "--junit", "own.xml")
    shown = regression(sebs, *arguments)
    assert shown.code == 1
    assert "own.xml" in shown.err
    assert "1 of 1 passed." in shown.out
    (sebs.root / "own.xml").rmdir()
    document = regression(sebs, *arguments, "--json")
    assert (document.code, document.document["passed"]) == (1, 1)
