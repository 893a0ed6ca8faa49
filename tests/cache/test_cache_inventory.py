"""Listing, cleaning, exporting and importing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cache_doubles import BenchmarkDouble, add_function, built, package_of

from sebs.cache import Cache
from sebs.errors import CacheError, CacheFormatError, CacheUnavailableError


@pytest.fixture
def filled(cache: Cache, tmp_path: Path) -> Cache:
    """A cache with something of everything, of two platforms and two benchmarks."""
    for deployment in ("aws", "local"):
        add_function(cache, "sleep", deployment=deployment)
        cache.update_config(val="r", keys=[deployment, "region"])
        cache.add_code_package(deployment, built(tmp_path / "code.zip", b"shared"))
    html = "110.dynamic-html"
    add_function(cache, "html", benchmark=html)
    cache.add_code_package("local", built(tmp_path / "html.zip", b"html", benchmark=html))
    cache.update_storage("local", html, {"buckets": {}})
    cache.update_nosql("local", html, {"tables": {}})
    cache.add_container("local", BenchmarkDouble(system_variant="container", container_uri="r/s:1"))
    cache.store_tree_index("/src", b"index")
    return cache


def packages_on_disk(cache: Cache) -> int:
    return len(os.listdir(cache.cache_dir / "packages"))


def without_dates(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without what differs between a cache and its copy."""
    volatile = {"created", "modified", "location"}
    return {
        key: [{k: v for k, v in row.items() if k not in volatile} for row in value]
        if isinstance(value, list)
        else value
        for key, value in document.items()
    }


def test_entries_name_everything(filled: Cache) -> None:
    found = [(e.kind, e.deployment, e.benchmark, e.name, e.size) for e in filled.entries()]
    html = "110.dynamic-html"
    assert sorted(found, key=str) == sorted(
        [
            ("function", "aws", "010.sleep", "sleep", None),
            ("function", "local", "010.sleep", "sleep", None),
            ("function", "local", html, "html", None),
            ("package", "aws", "010.sleep", "python 3.11 x64 package", 6),
            ("package", "local", "010.sleep", "python 3.11 x64 package", 6),
            ("package", "local", html, "python 3.11 x64 package", 4),
            ("container", "local", "010.sleep", "python 3.11 x64 container", None),
            ("storage", "local", html, None, None),
            ("nosql", "local", html, None, None),
            ("configuration", "aws", None, None, None),
            ("configuration", "local", None, None, None),
        ],
        key=str,
    )
    assert {entry.deployment for entry in filled.entries(deployment="aws")} == {"aws"}
    assert {entry.benchmark for entry in filled.entries(benchmark=html)} == {html}


def test_a_dry_run_says_what_a_clean_then_does(filled: Cache) -> None:
    before = filled.show()
    planned = filled.clean(deployment="local", dry_run=True)
    assert filled.show() == before
    assert packages_on_disk(filled) == 2
    done = filled.clean(deployment="local")
    assert (done.entries, done.packages, done.freed) == (planned.entries, planned.packages, 4)
    assert (planned.dry_run, done.dry_run) == (True, False)
    assert packages_on_disk(filled) == 1
    assert filled.entries(deployment="local") == []
    assert len(filled.entries(deployment="aws")) == 3
    assert Path(package_of(filled, "aws")["location"]).read_bytes() == b"shared"


def test_cleaning_a_benchmark_keeps_configurations_and_trees(filled: Cache) -> None:
    filled.clean(benchmark="010.sleep")
    assert filled.get_config("aws") == {"region": "r"}
    assert filled.tree_index("/src") == b"index"
    kinds = {entry.kind for entry in filled.entries()}
    assert kinds == {"function", "package", "storage", "nosql", "configuration"}
    assert {entry.benchmark for entry in filled.entries()} == {None, "110.dynamic-html"}


def test_cleaning_everything_leaves_nothing(filled: Cache) -> None:
    assert len(filled.clean().entries) == 11
    assert filled.entries() == []
    assert filled.tree_index("/src") is None
    assert packages_on_disk(filled) == 0
    assert filled.clean().entries == ()


def test_a_package_that_no_row_has_is_removed_by_any_clean(filled: Cache) -> None:
    stray = filled.cache_dir / "packages" / "stray"
    stray.mkdir()
    (stray / "file").write_bytes(b"12345")
    report = filled.clean(deployment="azure")
    assert (report.entries, report.packages, report.freed) == ((), (stray,), 5)
    assert not stray.exists()
    assert packages_on_disk(filled) == 2


def test_an_export_is_read_back_whole(filled: Cache, tmp_path: Path) -> None:
    filled.export(tmp_path / "export.json")
    with Cache(tmp_path / "copy") as copy:
        report = copy.import_(tmp_path / "export.json")
        assert report.problems == ()
        assert report.imported == {
            "functions": 3,
            "packages": 3,
            "containers": 1,
            "resources": 2,
            "configurations": 2,
        }
        assert without_dates(copy.show()) == without_dates(filled.show())
        location = Path(package_of(copy)["location"])
        assert location.is_relative_to(tmp_path / "copy")
        assert location.read_bytes() == b"shared"


def test_an_import_reports_every_bad_record_and_adds_the_rest(
    filled: Cache, cache: Cache, tmp_path: Path
) -> None:
    document = filled.show()
    document["functions"][0]["name"] = 3
    document["functions"][1]["entry"] = {"password": "hunter22", "memory": 128}
    document["packages"][0]["location"] = str(tmp_path / "gone.zip")
    document["packages"][1]["size"] = "big"
    document["containers"] = {"not": "a list"}
    document["resources"].append("text")
    (tmp_path / "export.json").write_text(json.dumps(document))
    with Cache(tmp_path / "copy") as copy:
        report = copy.import_(tmp_path / "export.json")
        assert [problem.path for problem in report.problems] == [
            "functions.0",
            "functions.1.entry.password",
            "packages.0",
            "packages.1",
            "containers",
            "resources.2",
        ]
        assert "gone.zip" in report.problems[2].message
        assert "hunter22" not in str(report.problems)
        assert report.imported == {
            "functions": 2,
            "packages": 1,
            "resources": 2,
            "configurations": 2,
        }
        (entry,) = [row["entry"] for row in copy.show()["functions"] if "memory" in row["entry"]]
        assert entry == {"memory": 128}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{", CacheFormatError),
        ("[]", CacheFormatError),
        ("{}", CacheFormatError),
        ('{"format": "sebs-cache", "version": 2}', CacheFormatError),
        (None, CacheUnavailableError),
    ],
)
def test_a_file_that_is_no_export_is_refused(
    cache: Cache, tmp_path: Path, content: str | None, error: type[CacheError]
) -> None:
    if content is not None:
        (tmp_path / "export.json").write_text(content)
    with pytest.raises(error, match=r"export\.json"):
        cache.import_(tmp_path / "export.json")
    assert not cache.cache_dir.exists()


def write_sebs_cache(directory: Path) -> Path:
    """Write what SeBS writes: one benchmark in its present layout, one in its first."""
    package = directory / "110.dynamic-html" / "aws" / "python" / "3.8" / "x64" / "package"
    package.mkdir(parents=True)
    (package / "code.zip").write_bytes(b"new layout")
    old = directory / "210.thumbnailer" / "azure" / "nodejs" / "12" / "code"
    old.mkdir(parents=True)
    (old / "handler.js").write_text("old layout")
    date = {"created": "2024-05-01 10:00:00", "modified": "2024-05-01 10:00:00"}
    image = {"hash": "h2", "size": 0, "image-uri": "ecr/sebs:1", "image-id": "sha256:1"}
    present = {
        "aws": {
            "python": {
                "code_package": {
                    "3.8-arm64": {
                        "hash": "h1",
                        "size": 10,
                        "location": str(package.relative_to(directory) / "code.zip"),
                        "date": date,
                    }
                },
                "containers": {"3.8-x64": {**image, "date": date}},
                "functions": {"html-1": {"name": "html-1", "hash": "h1"}},
            },
            "storage": {"buckets": {"input": [], "output": []}},
            "nosql": {"tables": {}},
        }
    }
    first = {
        "azure": {
            "nodejs": {
                "code_package": {
                    "12": {"hash": "h3", "size": 5, "location": str(old.relative_to(directory))}
                },
                "functions": {},
            }
        }
    }
    (directory / "110.dynamic-html" / "config.json").write_text(json.dumps(present))
    (directory / "210.thumbnailer" / "config.json").write_text(json.dumps(first))
    configuration = {
        "region": "us-east-1",
        "credentials": {"account_id": "1234", "access_key": "AKIA", "secret_key": "s3cr3t-4711"},
    }
    (directory / "aws.json").write_text(json.dumps(configuration))
    return directory


def test_a_cache_of_sebs_is_imported_without_its_secrets(cache: Cache, tmp_path: Path) -> None:
    report = cache.import_sebs_cache(write_sebs_cache(tmp_path / "old"))
    assert report.imported == {
        "configurations": 1,
        "packages": 2,
        "containers": 1,
        "functions": 1,
        "resources": 2,
    }
    assert [problem.path for problem in report.problems] == [
        "aws.json.credentials.access_key",
        "aws.json.credentials.secret_key",
    ]
    assert cache.get_config("aws") == {
        "region": "us-east-1",
        "credentials": {"account_id": "1234"},
    }
    arm = cache.get_code_package("aws", "110.dynamic-html", "python", "3.8", "arm64")
    first = cache.get_code_package("azure", "210.thumbnailer", "nodejs", "12", "x64")
    image = cache.get_container("aws", "110.dynamic-html", "python", "3.8", "x64")
    assert arm is not None
    assert first is not None
    assert image is not None
    assert Path(arm["location"]).read_bytes() == b"new layout"
    assert (Path(first["location"]) / "handler.js").read_text() == "old layout"
    assert (image["uri"], image["image-id"]) == ("ecr/sebs:1", "sha256:1")
    assert cache.get_all_functions("aws") == {"html-1": {"name": "html-1", "hash": "h1"}}
    assert cache.get_storage_config("aws", "110.dynamic-html") is not None
    assert cache.get_nosql_config("aws", "110.dynamic-html") == {"tables": {}}
    stored = b"".join(p.read_bytes() for p in cache.cache_dir.rglob("*") if p.is_file())
    assert b"s3cr3t-4711" not in stored


def test_malformed_files_are_all_named_and_stop_nothing(cache: Cache, tmp_path: Path) -> None:
    old = write_sebs_cache(tmp_path / "old")
    (tmp_path / "outside.zip").write_bytes(b"outside")
    broken = {
        "gcp": {
            "python": {
                "code_package": {
                    "3.9-x64": {"hash": "h", "size": 1, "location": "../outside.zip"},
                    "3.10-x64": {"hash": "h", "size": 1, "location": "absent.zip"},
                    "3.11-x64": "text",
                },
                "functions": ["list"],
                "containers": {"3.9-x64": {"image-uri": "u"}},
            },
            "java": 5,
        },
        "azure": None,
    }
    for name, content in (("a.truncated", '{"aws": {'), ("b.broken", json.dumps(broken))):
        (old / name).mkdir()
        (old / name / "config.json").write_text(content)
    (old / "gcp.json").write_text("[]")
    (old / "azure.json").write_bytes(b"\xff\xfe")
    report = cache.import_sebs_cache(old)
    paths = [problem.path for problem in report.problems]
    gcp = "b.broken/config.json: gcp.python"
    assert paths == [
        "aws.json.credentials.access_key",
        "aws.json.credentials.secret_key",
        "azure.json",
        "gcp.json",
        "a.truncated/config.json",
        f"{gcp}.code_package.3.9-x64",
        f"{gcp}.code_package.3.10-x64",
        f"{gcp}.code_package.3.11-x64",
        f"{gcp}.containers.3.9-x64",
        f"{gcp}.functions",
        "b.broken/config.json: gcp.java",
        "b.broken/config.json: azure",
    ]
    assert report.imported["functions"] == 1
    assert report.imported["packages"] == 2


def test_importing_from_no_directory(cache: Cache, tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="absent"):
        cache.import_sebs_cache(tmp_path / "absent")


@pytest.mark.parametrize("size", [2**63, 2**70, -1, True, 1.5, None])
def test_a_size_that_is_none_is_a_problem_and_stops_nothing(
    filled: Cache, tmp_path: Path, size: object
) -> None:
    document = filled.show()
    document["packages"][0]["size"] = size
    (tmp_path / "export.json").write_text(json.dumps(document))
    with Cache(tmp_path / "copy") as copy:
        report = copy.import_(tmp_path / "export.json")
        assert [problem.path for problem in report.problems] == ["packages.0"]
        assert report.imported["packages"] == 2
        assert report.imported["configurations"] == 2


@pytest.mark.parametrize("depth", [300, 700, 900, 5000])
def test_an_entry_nested_too_deep_stops_no_import(cache: Cache, tmp_path: Path, depth: int) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "aws.json").write_text('{"a":' * depth + "1" + "}" * depth)
    (tmp_path / "old" / "gcp.json").write_text('{"region": "r"}')
    report = cache.import_sebs_cache(tmp_path / "old")
    assert cache.get_config("gcp") == {"region": "r"}
    stored = cache.get_config("aws") is not None
    assert [problem.path for problem in report.problems] == ([] if stored else ["aws.json"])
