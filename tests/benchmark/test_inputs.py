"""input.py: every calling convention, and whatever else it may do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from benchmark_doubles import INPUT, NAME, Make, write_tree
from hypothesis import given
from hypothesis import strategies as st

from sebs.benchmark.conventions import call_validator, generator_arguments, is_second_generation
from sebs.errors import (
    DependencyError,
    InputGenerationError,
    PlatformUnreachableError,
    SebsError,
    UnknownInputSizeError,
)

KNOWN = {
    "data_dir": "<data_dir>",
    "input_config": "<input_config>",
    "output": "<output>",
    "language": "<language>",
    "architecture": "<architecture>",
    "storage": "<storage>",
}
NEWEST = ("data_dir", "input_config", "output", "language", "storage")


def values(*names: str) -> list[str]:
    return [KNOWN[name] for name in names]


def function(parameters: str, result: str) -> Any:
    return eval(f"lambda {parameters}: {result}")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("input_config, output", ("input_config", "output")),
        ("input_config, output, storage=None", ("input_config", "output", "storage")),
        (
            "input_config, output, language, storage=None",
            ("input_config", "output", "language", "storage"),
        ),
        (
            "input_config, output, language, architecture, storage=None",
            ("input_config", "output", "language", "architecture", "storage"),
        ),
        ("data_dir, input_config, output, language, storage=None", NEWEST),
        ("data_dir, input_config, output", NEWEST[:3]),
        ("event, answer", ("input_config", "output")),
        ("event, answer, language", ("input_config", "output", "language")),
        ("a, b, c", ("input_config", "output", "storage")),
        ("a, b, c, d", ("input_config", "output", "language", "storage")),
        ("a, b, c, d, e", ("data_dir", "input_config", "output", "language", "storage")),
        ("data_dir, b, c, d, e", NEWEST),
        ("input_config, output, *, storage", ("input_config", "output", "storage")),
    ],
)
def test_validators_get_what_they_name(parameters: str, expected: tuple[str, ...]) -> None:
    names = [part.strip().partition("=")[0] for part in parameters.split(",")]
    names = [name for name in names if name != "*"]
    validator = function(parameters, f"[{', '.join(names)}]")
    assert call_validator(validator, KNOWN) == values(*expected)


def test_validators_that_take_anything_get_the_newest_convention() -> None:
    assert call_validator(lambda *a: list(a), KNOWN) == values(*NEWEST)
    args, kwargs = call_validator(lambda *a, **k: (list(a), k), KNOWN)
    assert (args, kwargs) == (values(*NEWEST[:4]), {"storage": KNOWN["storage"]})
    assert call_validator(lambda **k: k, KNOWN).items() >= {n: KNOWN[n] for n in NEWEST}.items()
    given_, rest = call_validator(lambda i, o, **k: ([i, o], k), KNOWN)
    assert given_ == values("input_config", "output")
    assert rest["language"] == KNOWN["language"]


def test_an_unknown_default_is_left_alone() -> None:
    assert call_validator(lambda i, o, strict=True: [i, o, strict], KNOWN) == [
        *values("input_config", "output"),
        True,
    ]


FIRST = ["<data>", "<size>", ["in"], ["out"], "<upload>"]
SECOND = ["<data>", "<size>", "<bucket>", ["in"], ["out"], "<upload>", "<nosql>"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("data_dir, size, input_buckets, output_buckets, upload_func", FIRST),
        ("a, b, c, d, e", FIRST),
        ("data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func", SECOND[:6]),
        ("data_dir, size, bucket, input_buckets, output_buckets, upload, nosql_upload", SECOND),
        ("data_dir, size, b, i, o, upload, nosql_func=None", SECOND),
        ("*args", SECOND),
        ("*args, **kwargs", SECOND),
        ("data_dir, size, *rest", SECOND),
    ],
)
def test_generators_get_the_generation_they_were_written_for(
    parameters: str, expected: list[Any]
) -> None:
    generator = function(parameters, "None")
    assert is_second_generation(generator) == (expected is not FIRST)
    arguments = generator_arguments(
        generator,
        data_dir="<data>",
        size="<size>",
        bucket="<bucket>",
        inputs=["in"],
        outputs=["out"],
        upload="<upload>",
        nosql_upload="<nosql>",
    )
    assert arguments == expected
    generator(*arguments)


@given(st.integers(0, 9), st.integers(0, 3), st.booleans())
def test_arguments_always_fit_the_second_generation(
    required: int, optional: int, variadic: bool
) -> None:
    names = [f"p{number}" for number in range(required)]
    names += [f"o{number}=None" for number in range(optional)] + ["*rest"] * variadic
    generator = function(", ".join(names), "None")
    if required + optional >= 6 and required <= 7:
        generator(
            *generator_arguments(
                generator, data_dir="", size="", bucket="", inputs=[], outputs=[],
                upload=None, nosql_upload=None,
            )
        )  # fmt: skip


# --- through a benchmark ---


class Storage:
    """An object storage that remembers what it was asked."""

    def __init__(self) -> None:
        self.uploads: list[tuple[Any, ...]] = []

    def benchmark_data(self, benchmark: str, counts: tuple[int, int]) -> Any:
        return [f"{benchmark}-in"] * counts[0], [f"{benchmark}-out"] * counts[1]

    def get_bucket(self, kind: Any) -> str:
        return f"bucket-{kind.value}"

    def uploader_func(self, index: int, key: str, path: str) -> None:
        self.uploads.append(("shared", index, key, path))

    def allocate_buckets(self, benchmark: str, counts: tuple[int, int]) -> Any:
        return [f"own-in-{i}" for i in range(counts[0])], ["own-out"] * counts[1]

    def bucket_uploader(self, buckets: list[str]) -> Any:
        return lambda index, key, path: self.uploads.append((buckets[index], key, path))


class NoSQL:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def create_benchmark_tables(self, *arguments: Any) -> None:
        self.calls.append(("create", *arguments))

    def write_to_table(self, *arguments: Any) -> None:
        self.calls.append(("write", *arguments))


class ServicesDouble:
    def __init__(self) -> None:
        self.storage, self.nosql = Storage(), NoSQL()
        self.asked: list[Any] = []

    def get_storage(self, replace_existing: bool | None = None) -> Storage:
        self.asked.append(replace_existing)
        return self.storage

    def get_nosql_storage(self) -> NoSQL:
        return self.nosql


@pytest.fixture
def services() -> Any:
    return ServicesDouble()


def test_one_bucket_and_prefixes(make: Make, source: Path, services: Any) -> None:
    write_tree(
        source,
        {
            "input.py": """
def buckets_count():
    return (1, 2)

def generate_input(data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func):
    upload_func(0, "key", data_dir)
    return {"bucket": benchmarks_bucket, "in": input_paths, "out": output_paths}
"""
        },
    )
    benchmark = make()
    event = benchmark.prepare_input(services, "test", replace_existing=True)
    assert event == {
        "bucket": "bucket-benchmarks",
        "in": [f"{NAME}-in"],
        "out": [f"{NAME}-out"] * 2,
    }
    ((_, index, key, data_dir),) = services.storage.uploads
    assert (index, key, Path(data_dir).name) == (0, "key", NAME)
    assert Path(data_dir).is_dir()
    assert services.asked == [True]
    assert (benchmark.uses_storage, benchmark.uses_nosql) == (True, False)


def test_the_first_generation_has_buckets_of_its_own(
    make: Make, source: Path, services: Any
) -> None:
    write_tree(
        source,
        {
            "input.py": """
def buckets_count():
    return (2, 1)

def generate_input(data_dir, size, input_buckets, output_buckets, upload_func):
    upload_func(1, "key", "file")
    return {"in": input_buckets, "out": output_buckets}
"""
        },
    )
    assert make().prepare_input(services, "test") == {
        "in": ["own-in-0", "own-in-1"],
        "out": ["own-out"],
    }
    assert services.storage.uploads == [("own-in-1", "key", "file")]


def test_tables_are_made_before_they_are_filled(make: Make, source: Path, services: Any) -> None:
    write_tree(
        source,
        {
            "input.py": """
def allocate_nosql():
    return {"cart": {"primary_key": "id", "secondary_key": "product"}, "log": {"primary_key": "t"}}

def generate_input(data_dir, size, bucket, inputs, outputs, upload_func, nosql_func):
    nosql_func("b", "cart", {"n": 1}, ("id", "1"), ("product", "2"))
    return {}
"""
        },
    )
    benchmark = make()
    assert benchmark.prepare_input(services, "test") == {}
    assert services.nosql.calls == [
        ("create", NAME, "cart", "id", "product"),
        ("create", NAME, "log", "t", None),
        ("write", "b", "cart", {"n": 1}, ("id", "1"), ("product", "2")),
    ]
    assert services.asked == []
    assert (benchmark.uses_storage, benchmark.uses_nosql) == (False, True)


@pytest.mark.parametrize(
    ("text", "known"), [(INPUT, "small, test"), (INPUT.replace("size_generators", "sizes"), "test")]
)
def test_an_unknown_size_lists_those_that_exist(
    make: Make, source: Path, text: str, known: str
) -> None:
    write_tree(source, {"input.py": text})
    with pytest.raises(UnknownInputSizeError, match=f"no input of size 'huge'.*{known}"):
        make().prepare_input(None, "huge")


def test_another_missing_key_is_no_unknown_size(make: Make, source: Path) -> None:
    write_tree(source, {"input.py": INPUT.replace("return", "return {}['other'];")})
    with pytest.raises(InputGenerationError, match="size 'test': KeyError: 'other'"):
        make().prepare_input(None, "test")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1/0", "could not be loaded: ZeroDivisionError"),
        ("import sys\nsys.exit(3)", "could not be loaded: SystemExit"),
        ("def broken(:", "could not be loaded: SyntaxError"),
        (INPUT.replace("return", "raise OSError('disk');"), "size 'test': OSError: disk"),
        (INPUT.replace("return", "return 1;"), "returned int, not an object"),
        ("x = 1", "has no generate_input"),
        (INPUT + "\ndef buckets_count():\n    return 1\n", "raised in buckets_count: TypeError"),
        (INPUT + "\ndef allocate_nosql():\n    return 1\n", "in allocate_nosql: AttributeError"),
    ],
)
def test_a_broken_input_module_is_named_with_its_own_error(
    make: Make, source: Path, text: str, message: str
) -> None:
    write_tree(source, {"input.py": text})
    with pytest.raises(InputGenerationError, match=message) as caught:
        make().prepare_input(None, "test")
    assert NAME in str(caught.value)


def test_a_missing_input_module_is_named(make: Make, source: Path) -> None:
    (source / "input.py").unlink()
    with pytest.raises(InputGenerationError, match=r"has no input\.py"):
        make().prepare_input(None, "test")


def test_neighbours_can_be_imported_and_leave_no_trace(make: Make, source: Path) -> None:
    write_tree(
        source,
        {
            "input.py": "import neighbour_of_input\n" + INPUT.replace("100", "7"),
            "neighbour_of_input.py": "VALUE = 1\n",
        },
    )
    path = list(sys.path)
    assert make().prepare_input(None, "small") == {"n": 7}
    assert "neighbour_of_input" not in sys.modules
    assert sys.path == path
    assert not (source / "__pycache__").exists()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return None", None),
        ("return True", None),
        ("return False", "not why"),
        ("return 'too few'", "too few"),
        ("return ''", "empty reason"),
        ("return 7", "returned 7"),
        ("raise KeyError('missing')", "raised KeyError: 'missing'"),
        ("import sys; sys.exit(1)", "raised SystemExit"),
    ],
)
def test_verdicts(make: Make, source: Path, body: str, reason: str | None) -> None:
    text = f"{INPUT}\ndef validate_output(input_config, output):\n    {body}\n"
    write_tree(source, {"input.py": text})
    verdict = make().validate_output({}, {})
    assert verdict is None if reason is None else reason in str(verdict)


@pytest.mark.parametrize("error", [DependencyError("no ffmpeg"), PlatformUnreachableError("no")])
def test_what_keeps_this_machine_from_judging_is_no_verdict(
    make: Make, source: Path, error: SebsError
) -> None:
    text = (
        f"{INPUT}\ndef validate_output(input_config, output):\n"
        f"    import sebs.errors\n    raise sebs.errors.{type(error).__name__}({error.message!r})\n"
    )
    write_tree(source, {"input.py": text})
    with pytest.raises(type(error), match=error.message):
        make().validate_output({}, {})


@pytest.mark.parametrize("event", ["{'n': float('inf')}", "{'n': {1}}", "{(1, 2): 3}"])
def test_an_event_that_is_no_json_is_named(make: Make, source: Path, event: str) -> None:
    text = f"def generate_input(data_dir, size, i, o, upload):\n    return {event}\n"
    write_tree(source, {"input.py": text})
    with pytest.raises(InputGenerationError, match="is no JSON for the size 'test': "):
        make().prepare_input(None, "test")


def test_without_a_validator_everything_is_valid(make: Make) -> None:
    assert make().validate_output({}, {"result": 1}) is None


@pytest.mark.parametrize(("present", "asked"), [("result", "output"), ("output", "result")])
def test_validators_find_the_result_under_either_name(
    make: Make, source: Path, present: str, asked: str
) -> None:
    text = f"{INPUT}\ndef validate_output(i, output):\n    return str(output['{asked}'])\n"
    write_tree(source, {"input.py": text})
    output = {present: 5, "measurement": 1}
    assert make().validate_output({}, output) == "5"
    assert output == {present: 5, "measurement": 1}
