"""``sebs benchmark new`` and ``validate``, as somebody who writes a benchmark uses them."""

from __future__ import annotations

import shlex

import pytest
from cli_line import CommandLine

NAME = "911.my-function"


@pytest.mark.parametrize("language", ["python", pytest.param("nodejs", marks=pytest.mark.node)])
def test_a_new_benchmark_validates_builds_runs_and_is_judged(
    sebs: CommandLine, language: str
) -> None:
    directory = sebs.root / "my own"
    made = sebs("benchmark", "new", NAME, "--directory", directory, "--json")
    assert made.code == 0, made.err
    assert made.document["path"] == str(directory / NAME)
    checked = sebs("benchmark", "validate", directory / NAME, "--json")
    assert (checked.code, checked.document["valid"]) == (0, True)
    assert checked.document["findings"] == []
    done = sebs(
        "benchmark", "invoke", NAME, "small", "--benchmarks-dir", directory,
        "--language", language, "--repetitions", 2, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.document["validation"] == {"checked": True, "valid": True, "reasons": {}}
    function = next((directory / NAME / language).glob("function.*"))
    function.write_text(
        function.read_text().replace("1_000_003", "7").replace("% 1000003;", "% 7;")
    )
    wrong = sebs(
        "benchmark", "invoke", NAME, "test", "--benchmarks-dir", directory,
        "--language", language, "--repetitions", 1, "--json",
    )  # fmt: skip
    assert wrong.code == 1
    assert "the result should be" in str(wrong.document["validation"]["reasons"])


def test_a_person_is_told_what_to_do_next(sebs: CommandLine) -> None:
    done = sebs("benchmark", "new", NAME)
    assert done.code == 0, done.err
    assert (sebs.root / NAME / "input.py").is_file()
    # As a shell takes it, whatever characters are in the path.
    assert f"sebs benchmark validate {shlex.quote(str(sebs.root / NAME))}\n" in done.out
    assert f"--benchmarks-dir {shlex.quote(str(sebs.root))}\n" in done.out
    again = sebs("benchmark", "new", NAME)
    assert (again.code, again.out) == (2, "")
    assert "already" in again.err
    assert sebs("benchmark", "new", "my function").code == 2
    assert sebs("benchmark", "new", "912.x", "--languages", "cobol").code == 2


def test_a_language_that_is_named_twice_is_written_once(sebs: CommandLine) -> None:
    done = sebs("benchmark", "new", NAME, "--languages", "python, python", "--json")
    assert done.code == 0, done.err
    assert done.document["languages"] == ["python"]
    assert sebs("benchmark", "validate", NAME).code == 0


def test_a_name_that_a_bundled_benchmark_has_is_told(sebs: CommandLine) -> None:
    done = sebs("benchmark", "new", "010.sleep")
    assert done.code == 0, done.err
    assert "There is a bundled 010.sleep, too: with --benchmarks-dir this one is used." in done.out
    told = sebs("benchmark", "new", "010.sleep", "--directory", "other", "--json")
    assert told.document["bundled_too"] is True
    assert sebs("benchmark", "new", NAME, "--json").document["bundled_too"] is False


def test_all_problems_are_shown_with_what_to_do(sebs: CommandLine) -> None:
    sebs("benchmark", "new", NAME)
    (sebs.root / NAME / "python/function.py").unlink()
    (sebs.root / NAME / "input.py").write_text("def generate_input(*given):\n    return {}\n")
    done = sebs("benchmark", "validate", NAME)
    assert done.code == 1
    lines = done.out.splitlines()
    for words in (
        ("python/function.py", "problem", "there is none", "Write the function there."),
        ("input.py", "note", "has no validate_output", "Write one"),
        ("input.py", "note", "declares no sizes", "size_generators"),
    ):
        assert any(all(word in line for word in words) for line in lines), (words, done.out)
    document = sebs("benchmark", "validate", NAME, "--json")
    assert document.code == 1
    assert document.document["valid"] is False
    assert document.document["languages"] == {"python": False, "nodejs": True}
    assert "911.my-function can be used in nodejs, not in python." in done.out
    assert {each["where"] for each in document.document["findings"]} == {
        "python/function.py",
        "input.py",
    }


def test_what_is_no_directory_is_refused(sebs: CommandLine) -> None:
    done = sebs("benchmark", "validate", "absent")
    assert (done.code, done.out) == (2, "")
    assert "There is no directory 'absent'" in done.err
    sebs("benchmark", "new", NAME)
    done = sebs("benchmark", "validate", NAME, "--data-dir", "absent")
    assert (done.code, done.out) == (2, "")
    assert "Name the directory that has the benchmark's own input data." in done.err
    done = sebs("benchmark", "new", "912.other", "--directory", f"{NAME}/config.json")
    assert (done.code, done.out) == (2, "")
    assert "is no directory" in done.err


def test_a_benchmark_in_the_place_of_a_directory_of_benchmarks_is_told(sebs: CommandLine) -> None:
    own = sebs.benchmarks / "901.increment"
    done = sebs("benchmark", "invoke", "901.increment", "test", "--benchmarks-dir", own)
    assert done.code == 2
    assert f"{str(own)!r} is a benchmark itself. Name {str(own.parent)!r}." in done.err


def test_an_event_that_is_no_json_is_the_benchmarks_fault(sebs: CommandLine) -> None:
    inputs = "def generate_input(*given):\n    return {'number': float('nan')}\n"
    sebs.write_benchmark("901.increment", inputs=inputs)
    done = sebs.invoke()
    assert done.code == 1
    assert "returned what is no JSON for the size 'test'" in done.err
    assert "bug" not in done.err


def test_a_name_with_a_space_cannot_be_used_and_a_path_with_one_can(sebs: CommandLine) -> None:
    made = sebs("benchmark", "new", NAME, "--directory", "with a space")
    assert made.code == 0, made.err
    directory = sebs.root / "with a space" / NAME
    done = sebs("benchmark", "validate", directory)
    assert (done.code, done.out) == (0, f"{NAME} can be used in python, nodejs.\n")
    directory.rename(directory.with_name("911.my function"))
    done = sebs("benchmark", "validate", directory.with_name("911.my function"))
    assert done.code == 1
    assert "911.my function cannot be used." in done.out
    invoked = sebs(
        "benchmark", "invoke", "911.my function", "test", "--benchmarks-dir", directory.parent
    )
    assert invoked.code == 2
    assert "cannot be called '911.my function'" in invoked.err


@pytest.mark.parametrize(
    "command",
    [
        ("benchmark", "invoke", "901.increment", "test"),
        ("regression", "--benchmarks", "901.increment"),
    ],
)
def test_directories_that_are_not_there_are_refused_and_not_made(
    sebs: CommandLine, command: tuple[str, ...]
) -> None:
    for option in ("--data-dir", "--benchmarks-dir"):
        done = sebs(*command, "--benchmarks-dir", sebs.benchmarks, option, "ab sent")
        assert done.code == 2, done.err
        assert "ab sent" in done.err
        assert not (sebs.root / "ab sent").exists()


def test_a_benchmark_without_its_function_is_refused_before_it_is_deployed(
    sebs: CommandLine,
) -> None:
    (sebs.benchmarks / "901.increment/python/function.py").unlink()
    done = sebs.invoke()
    assert done.code == 1
    assert "901.increment has no python/function.py" in done.err
    assert sebs("resource", "list", "--json").out.count("901") == 0
    # A build may make it.
    handler = 'printf \'def handler(event):\\n    return {"result": event["number"] + 1}\\n\''
    init = sebs.benchmarks / "901.increment/init.sh"
    init.write_text(f'{handler} > "$1/function.py"\n')
    assert sebs.invoke().code == 0
