"""Building: when, from what, and what stays when it fails."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from benchmark_doubles import NAME, Make, PackageStep, write_tree

from sebs.cache import Cache
from sebs.errors import (
    BuildScriptError,
    DependencyError,
    DockerUnavailableError,
    InvalidBenchmarkError,
    UnknownBenchmarkError,
    UnsupportedLanguageError,
    UnsupportedVariantError,
)
from sebs.sebs_types import Language, SystemVariant


def leftovers(cache: Cache) -> list[Path]:
    staging = Path(cache.cache_dir, "staging")
    return list(staging.iterdir()) if staging.exists() else []


def test_the_first_build_packs_every_file_and_the_second_builds_nothing(
    make: Make, cache: Cache, step: PackageStep
) -> None:
    benchmark = make()
    assert not benchmark.is_cached
    rebuilt, location, variant, uri = benchmark.build(step)
    assert (rebuilt, variant, uri) == (True, SystemVariant.PACKAGE, None)
    assert step.calls == [(Language.PYTHON, "3.11", "x64", NAME, False)]
    assert location is not None
    assert zipfile.ZipFile(location).namelist() == [
        ".hidden",
        "function.py",
        "lib/deep/helper.py",
    ]
    assert benchmark.code_size == os.path.getsize(location)
    assert Path(location).is_relative_to(cache.cache_dir)

    again = make()
    assert again.is_cached_valid
    assert again.build(step) == (False, location, SystemVariant.PACKAGE, None)
    assert len(step.calls) == 1
    assert leftovers(cache) == []


def test_the_package_is_the_same_bytes_each_time(make: Make, cache: Cache) -> None:
    packages = []
    for _ in range(2):
        step = PackageStep()
        _, location, _, _ = make(update_code=True).build(step)
        assert location is not None
        assert len(step.calls) == 1
        packages.append(Path(location).read_bytes())
    assert packages[0] == packages[1]


def test_update_code_builds_anew_whenever_it_is_asked(make: Make, step: PackageStep) -> None:
    make().build(step)
    benchmark = make(update_code=True)
    assert not benchmark.is_cached_valid
    assert benchmark.build(step)[0] is True
    assert benchmark.build(step)[0] is True
    assert [call[-1] for call in step.calls] == [False, True, True]


def test_a_change_between_two_builds_of_one_object_is_noticed(
    make: Make, source: Path, step: PackageStep
) -> None:
    benchmark = make()
    benchmark.build(step)
    first = benchmark.hash
    (source / "python/lib/deep/helper.py").write_text("VALUE = 2\n")
    assert benchmark.build(step)[0] is True
    assert benchmark.hash != first
    assert benchmark.is_cached_valid


def test_a_package_that_is_gone_from_the_disk_is_built_again(make: Make, step: PackageStep) -> None:
    _, location, _, _ = make().build(step)
    assert location is not None
    Path(location).unlink()
    assert make().build(step)[0] is True


def test_wrappers_join_the_package_and_its_hash(
    make: Make, tmp_path: Path, step: PackageStep
) -> None:
    wrappers = [tmp_path / "shared", tmp_path / "own"]
    write_tree(wrappers[0], {"storage.py": "shared", "keys.py": "shared"})
    write_tree(wrappers[1], {"storage.py": "own"})
    benchmark = make(wrappers=wrappers)
    _, location, _, _ = benchmark.build(step)
    assert location is not None
    archive = zipfile.ZipFile(location)
    assert (archive.read("storage.py"), archive.read("keys.py")) == (b"own", b"shared")
    hashes = [benchmark.hash, make(wrappers=wrappers[::-1]).hash, make().hash]
    hashes += [make(wrappers=[directory]).hash for directory in wrappers]
    for directory in wrappers:
        write_tree(directory, {"storage.py": "changed"})
        hashes.append(make(wrappers=wrappers).hash)
    assert len(set(hashes)) == len(hashes)


VARIANTS = """{"timeout": 1, "memory": 128, "languages": ["rust", {
    "language": "python",
    "variants": {
        "default": "default",
        "patched": "small",
        "packed": {"workers": "over", "containers": "default"},
        "images": {"containers": "pictures"}
    }
}]}"""


def test_variants_are_directories_or_patches_and_may_depend_on_the_deployment(
    make: Make, source: Path, step: PackageStep
) -> None:
    patch = "--- a/function.py\n+++ b/function.py\n@@ -1 +1 @@\n-plain = 1\n+plain = 2\n"
    write_tree(
        source,
        {
            "config.json": VARIANTS,
            "rust/src/main.rs": "fn main() {}",
            "python/function.py": "plain = 1\n",
            "python/small/patch.diff": patch,
            "python/over/function.py": "over = 1\n",
            "python/over/more.py": "",
            "python/pictures/function.py": "pictures = 1\n",
        },
    )
    found, hashes = {}, []
    for variant in ("default", "patched", "packed"):
        benchmark = make(language_variant=variant, update_code=True)
        _, location, _, _ = benchmark.build(step)
        assert location is not None
        archive = zipfile.ZipFile(location)
        found[variant] = (archive.read("function.py"), set(archive.namelist()))
        hashes.append(benchmark.hash)
    plain = {".hidden", "function.py", "lib/deep/helper.py"}
    assert found == {
        "default": (b"plain = 1\n", plain),
        "patched": (b"plain = 2\n", plain),
        "packed": (b"over = 1\n", {*plain, "more.py"}),
    }
    assert len(set(hashes)) == 3
    (source / "python/small/patch.diff").write_text(patch.replace("plain = 2", "plain = 3"))
    assert make(language_variant="patched").hash not in hashes
    plain_hash = make().hash
    (source / "rust/src/main.rs").write_text("fn other() {}")
    assert make().hash == plain_hash
    with pytest.raises(UnsupportedLanguageError, match="'images' in python not as a code package"):
        make(language_variant="images")
    make(language_variant="images", system_variant=SystemVariant.CONTAINER)


def test_a_variant_lies_over_the_plain_code(make: Make, source: Path, step: PackageStep) -> None:
    write_tree(
        source,
        {
            "config.json": '{"timeout": 1, "memory": 128, "languages": '
            '[{"language": "python", "variants": ["default", "fast"]}]}',
            "python/fast/function.py": "fast",
        },
    )
    plain, fast = make(), make(language_variant="fast")
    assert plain.hash != fast.hash
    plain.build(step)
    assert "fast/function.py" not in step.files
    _, location, _, _ = fast.build(step)
    assert location is not None
    assert zipfile.ZipFile(location).read("function.py") == b"fast"
    with pytest.raises(UnsupportedLanguageError, match=r"no variant 'slow'.*default, fast"):
        make(language_variant="slow")


def test_init_scripts_run_in_order_with_the_documented_arguments(
    make: Make, source: Path, step: PackageStep
) -> None:
    script = 'printf "%s:%s:%s\\n" "{}" "$2" "$3" >> "$1/log"\n'
    write_tree(
        source, {"init.sh": script.format("shared"), "python/init.sh": script.format("python")}
    )
    _, location, _, _ = make(architecture="arm64").build(step)
    assert location is not None
    archive = zipfile.ZipFile(location)
    assert archive.read("log") == b"shared:false:arm64\npython:false:arm64\n"
    assert "init.sh" not in archive.namelist()


@pytest.mark.parametrize("odd", ["with space", 'it\'s "quoted"', "пакет-日本", "$(touch x)"])
def test_odd_paths_build(tmp_path: Path, suite: Path, odd: str, step: PackageStep) -> None:
    from sebs.benchmark import Benchmark
    from sebs.config import SeBSConfig
    from sebs.experiments.config import ExperimentConfig
    from sebs.faas.function import Runtime

    root = tmp_path / odd
    shutil.copytree(suite, root / "suite")
    write_tree(root / "suite" / NAME, {"init.sh": 'cp "$0" "$1/copied"\n', f"python/{odd}": "x"})
    config = ExperimentConfig(Runtime(Language.PYTHON, "3.11"))
    benchmark = Benchmark(
        NAME,
        "platform",
        config,
        SeBSConfig(),
        str(root),
        Cache(root / "cache"),
        benchmarks_dirs=[root / "suite"],
    )
    benchmark.build(step)
    assert {"copied", odd} <= set(step.files)
    assert benchmark.prepare_input(None, "test") == {"n": 1}  # type: ignore[arg-type]


def test_a_failed_script_shows_why_and_leaves_nothing(
    make: Make, source: Path, cache: Cache, step: PackageStep
) -> None:
    write_tree(source, {"python/init.sh": "echo the disk is on fire >&2\nexit 3\n"})
    with pytest.raises(BuildScriptError, match=r"(?s)init.sh' exited with 3.*disk is on fire"):
        make().build(step)
    assert leftovers(cache) == []
    assert not make().is_cached
    assert step.calls == []


def test_a_failing_package_step_keeps_the_earlier_package(
    make: Make, source: Path, cache: Cache, step: PackageStep
) -> None:
    _, location, _, _ = make().build(step)
    (source / "python/function.py").write_text("changed")

    def failing(*_: Any) -> tuple[str, int]:
        raise OSError("no space left")

    benchmark = make()
    with pytest.raises(OSError, match="no space left"):
        benchmark.build(failing)
    assert benchmark.code_location == location
    assert not benchmark.is_cached_valid
    assert leftovers(cache) == []


def test_what_a_killed_build_left_is_swept(make: Make, cache: Cache, step: PackageStep) -> None:
    stale = Path(cache.cache_dir, "staging", "dead")
    write_tree(stale, {"code/function.py": "x"})
    make().build(step)
    assert leftovers(cache) == []


def test_sources_that_change_during_the_build_are_refused(
    make: Make, source: Path, cache: Cache, step: PackageStep
) -> None:
    changed = source / "python" / "function.py"
    write_tree(source, {"init.sh": 'echo "# more" >> "$(dirname "$0")/python/function.py"\n'})
    with pytest.raises(InvalidBenchmarkError, match="changed while it was built"):
        make().build(step)
    assert changed.read_text().endswith("# more\n")
    assert not make().is_cached


def test_a_package_sh_without_an_engine_says_so_and_leaves_nothing(
    make: Make, source: Path, cache: Cache, step: PackageStep
) -> None:
    write_tree(source, {"python/package.sh": "true"})
    before = make().hash
    with pytest.raises(
        DockerUnavailableError, match=rf"package\.sh of {NAME} for python"
    ) as caught:
        make().build(step)
    assert "Start a Docker engine" in str(caught.value.remedy)
    assert (step.calls, leftovers(cache)) == ([], [])
    assert make(build_image="other:{version}").hash != before == make().hash
    (source / "python/package.sh").unlink()
    assert make(build_image="other:{version}").hash == make().hash != before


def test_a_container_needs_a_platform_that_deploys_one(make: Make, step: PackageStep) -> None:
    benchmark = make(system_variant=SystemVariant.CONTAINER)
    with pytest.raises(UnsupportedVariantError, match="'container'"):
        benchmark.build(step)
    assert step.calls == []


class Images:
    """Builds images by name only."""

    def __init__(self, registry: str = "registry") -> None:
        self.built = 0
        self._registry = registry

    def keeps(self, container_uri: str) -> bool:
        return container_uri.startswith(f"{self._registry}/")

    def build_base_image(self, directory: str, *_: Any, is_cached: bool) -> tuple[bool, str, int]:
        assert Path(directory, "function.py").is_file()
        self.built += 1
        return True, f"{self._registry}/echo:{self.built}", 5


def test_an_image_of_another_registry_is_not_ours(make: Make) -> None:
    for registry in ("here", "there", "here"):
        images: Any = Images(registry)

        built, *_, uri = make(system_variant=SystemVariant.CONTAINER).build(PackageStep(), images)

        assert (built, uri) == (True, f"{registry}/echo:1")


@pytest.mark.parametrize("with_package", [False, True])
def test_an_image_is_built_once(make: Make, step: PackageStep, with_package: bool) -> None:
    images: Any = Images()
    variant = SystemVariant.CONTAINER
    extra = step if with_package else None
    unused = PackageStep()
    for rebuilt in (True, False):
        built = make(system_variant=variant).build(unused, images, extra)
        assert (built[0], built[2], built[3]) == (rebuilt, variant, "registry/echo:1")
        assert (built[1] is not None) == with_package
    assert unused.calls == []


def test_unknown_names_are_answered_with_near_ones(make: Make) -> None:
    with pytest.raises(UnknownBenchmarkError, match=f"Did you mean {NAME}"):
        make(name="910.ecco")


def test_a_language_that_it_is_not_written_in_is_refused(make: Make) -> None:
    with pytest.raises(UnsupportedLanguageError, match=r"java.*python, nodejs"):
        make(language=Language.JAVA)


def test_a_missing_language_directory_is_named(make: Make, source: Path) -> None:
    shutil.rmtree(source / "nodejs")
    with pytest.raises(InvalidBenchmarkError, match="nodejs"):
        make(language=Language.NODEJS)


def _build_elsewhere(suite: str, cache_dir: str, start: Any, results: Any) -> None:
    from sebs.benchmark import Benchmark
    from sebs.config import SeBSConfig
    from sebs.experiments.config import ExperimentConfig
    from sebs.faas.function import Runtime

    config = ExperimentConfig(Runtime(Language.PYTHON, "3.11"))
    benchmark = Benchmark(
        NAME, "p", config, SeBSConfig(), "", Cache(cache_dir), benchmarks_dirs=[suite]
    )
    start.wait()
    _, location, _, _ = benchmark.build(PackageStep())
    assert location is not None
    results.put(zipfile.ZipFile(location).testzip())


def test_two_processes_build_the_same_package_at_once(
    suite: Path, cache: Cache, make: Make
) -> None:
    context = multiprocessing.get_context("spawn")
    start, results = context.Event(), context.Queue()
    arguments = (str(suite), str(cache.cache_dir), start, results)
    workers = [context.Process(target=_build_elsewhere, args=arguments) for _ in range(2)]
    for worker in workers:
        worker.start()
    start.set()
    assert [results.get(timeout=30) for _ in workers] == [None, None]
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert leftovers(cache) == []


def test_a_failed_installation_leaves_no_package(
    make: Make, source: Path, cache: Cache, step: PackageStep
) -> None:
    write_tree(source, {"nodejs/package.json": "{not json"})
    with pytest.raises(DependencyError, match=r"package\.json"):
        make(language=Language.NODEJS, version="20").build(step)
    assert leftovers(cache) == []
    assert not make(language=Language.NODEJS, version="20").is_cached
