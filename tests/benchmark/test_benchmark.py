"""A benchmark directory of SeBS: built once, hashed whole, fed and judged in every convention."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from sebs.benchmark import Benchmark
from sebs.benchmark.package import write_zip
from sebs.cache import Cache
from sebs.errors import (
    BuildScriptError,
    InputGenerationError,
    UnknownBenchmarkError,
    UnknownInputSizeError,
)
from sebs.sebs_types import Language, SystemVariant

INPUT = """
size_generators = {"test": 1}
def generate_input(data_dir, size, bucket, inputs, outputs, upload, nosql):
    return {"wanted": size_generators[size]}
"""


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "bench marks 'ü'" / "000.toys" / "999.toy"
    (path / "python" / "nested" / "deeper").mkdir(parents=True)
    (path / "config.json").write_text('{"timeout": 5, "memory": 128, "languages": ["python"]}')
    (path / "input.py").write_text(INPUT)
    (path / "python" / "function.py").write_text("def handler(event): return {'result': 1}\n")
    (path / "python" / "nested" / "deeper" / "data.txt").write_text("one")
    return path


@pytest.fixture
def make(tmp_path, source) -> Callable[..., Benchmark]:
    cache = Cache(tmp_path / "cache")

    def benchmark(name: str = "999.toy", **more) -> Benchmark:
        config = SimpleNamespace(
            runtime=SimpleNamespace(language=Language.PYTHON, version="3.11"),
            architecture="x64",
            system_variant=SystemVariant.PACKAGE,
            language_variant="default",
            update_storage=False,
            **{"update_code": False, **more},
        )
        directories = [source.parents[1]]
        return Benchmark(
            name, "toy", config, None, cache, str(tmp_path), None, benchmarks_dirs=directories
        )

    return benchmark


@pytest.fixture
def package(tmp_path) -> Callable[..., tuple[str, int]]:
    def step(directory, language, version, architecture, benchmark, is_cached):
        path = tmp_path / "out.zip"
        return str(path), write_zip(Path(directory), path)

    return step


def test_unchanged_sources_are_built_once(make, package) -> None:
    rebuilt, location, variant, uri = make().build(package)
    assert rebuilt
    assert (variant, uri) == (SystemVariant.PACKAGE, None)
    assert "nested/deeper/data.txt" in zipfile.ZipFile(location).namelist()
    again = make()
    assert again.build(package)[:2] == (False, location)
    assert again.code_size == Path(location).stat().st_size


def test_an_update_is_forced(make, package) -> None:
    make().build(package)
    assert make(update_code=True).build(package)[0]


@pytest.mark.parametrize("change", ["content", "mode", "name"])
def test_a_nested_file_counts_with_content_name_and_mode(make, source, change) -> None:
    before = make().hash
    data = source / "python" / "nested" / "deeper" / "data.txt"
    if change == "content":
        data.write_text("two")
    elif change == "mode":
        data.chmod(0o755)
    else:
        data.rename(data.with_name("other.txt"))
    assert make().hash != before


def test_a_build_script_that_fails_is_named_and_leaves_no_package(make, source, package) -> None:
    (source / "init.sh").write_text("echo reason-of-failure >&2\nexit 4\n")
    with pytest.raises(BuildScriptError, match="reason-of-failure"):
        make().build(package)
    assert make().code_package is None


def test_a_build_script_adds_files(make, source, package) -> None:
    (source / "init.sh").write_text('echo "$2 $3" > "$1/made.txt"\n')
    location = make().build(package)[1]
    assert zipfile.ZipFile(location).read("made.txt").split()[-1] == b"x64"


def test_inputs_are_generated(make) -> None:
    assert make().prepare_input(None, "test") == {"wanted": 1}


def test_an_unknown_size_lists_those_that_exist(make) -> None:
    with pytest.raises(UnknownInputSizeError, match="test"):
        make().prepare_input(None, "enormous")


def test_an_input_module_that_raises_is_named(make, source) -> None:
    (source / "input.py").write_text(INPUT.replace("return", "raise ValueError('broken'); return"))
    with pytest.raises(InputGenerationError, match="broken"):
        make().prepare_input(None, "test")


def test_an_unknown_benchmark_suggests_a_near_one(make) -> None:
    with pytest.raises(UnknownBenchmarkError, match=r"999\.toy"):
        make("999.toi")


@pytest.mark.parametrize(
    "signature",
    [
        "input_config, output",
        "input_config, output, storage=None",
        "input_config, output, language, storage=None",
        "input_config, output, language, architecture, storage=None",
        "data_dir, input_config, output, language, storage=None",
    ],
)
@pytest.mark.parametrize(("returned", "valid"), [("None", True), ("True", True), ("False", False)])
def test_every_convention_of_validation(make, source, signature, returned, valid) -> None:
    body = (
        f"\ndef validate_output({signature}):\n"
        "    if output['result'] != input_config['wanted']:\n        return 'wrong number'\n"
        f"    return {returned}\n"
    )
    (source / "input.py").write_text(INPUT + body)
    benchmark = make()
    assert (benchmark.validate_output({"wanted": 1}, {"result": 1}) is None) is valid
    assert benchmark.validate_output({"wanted": 1}, {"result": 2}) == "wrong number"
