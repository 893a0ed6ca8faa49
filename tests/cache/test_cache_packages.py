from __future__ import annotations

import os
from pathlib import Path

import pytest
from cache_doubles import BenchmarkDouble, built, package_of

from sebs.cache import Cache
from sebs.errors import CacheError


def packages_on_disk(cache: Cache) -> list[str]:
    directory = cache.cache_dir / "packages"
    return sorted(os.listdir(directory)) if directory.exists() else []


def test_a_package_is_copied_under_its_content(cache: Cache, tmp_path: Path) -> None:
    stored = cache.add_code_package("local", built(tmp_path / "code.zip", b"abc"))
    (tmp_path / "code.zip").unlink()
    package = package_of(cache)
    assert package["location"] == stored
    assert package["hash"] == "hash-1"
    assert package["size"] == 3
    assert package["date"]["created"] == package["date"]["modified"]
    assert Path(stored).read_bytes() == b"abc"
    assert Path(stored).is_absolute()
    # echo -n abc | sha256sum
    assert Path(stored).name == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.zip"
    )


def test_a_package_that_is_gone_from_disk_is_not_claimed(cache: Cache, tmp_path: Path) -> None:
    Path(cache.add_code_package("local", built(tmp_path / "code.zip"))).unlink()
    assert package_of(cache) is None
    cache.add_code_package("local", built(tmp_path / "code.zip"))
    assert Path(package_of(cache)["location"]).read_bytes() == b"code"


def test_a_missing_package_is_refused_and_leaves_nothing(cache: Cache, tmp_path: Path) -> None:
    with pytest.raises(CacheError, match=r"absent\.zip"):
        cache.add_code_package("local", BenchmarkDouble(code_location=str(tmp_path / "absent.zip")))
    assert package_of(cache) is None
    assert packages_on_disk(cache) == []


def test_an_update_removes_the_old_package(cache: Cache, tmp_path: Path) -> None:
    cache.add_code_package("local", built(tmp_path / "code.zip", b"old"))
    created = package_of(cache)["date"]["created"]
    stored = cache.update_code_package("local", built(tmp_path / "code.zip", b"new", hash="hash-2"))
    assert package_of(cache)["hash"] == "hash-2"
    assert package_of(cache)["date"]["created"] == created
    assert packages_on_disk(cache) == [Path(stored).name]


def test_a_package_that_another_row_has_too_is_kept(cache: Cache, tmp_path: Path) -> None:
    cache.add_code_package("local", built(tmp_path / "a.zip", b"same"))
    cache.add_code_package("aws", built(tmp_path / "b.zip", b"same"))
    assert len(packages_on_disk(cache)) == 1
    cache.update_code_package("local", built(tmp_path / "a.zip", b"other"))
    assert Path(package_of(cache, "aws")["location"]).read_bytes() == b"same"
    assert len(packages_on_disk(cache)) == 2


def test_adding_the_stored_package_itself_again_keeps_it(cache: Cache, tmp_path: Path) -> None:
    stored = cache.add_code_package("local", built(tmp_path / "code.zip"))
    cache.update_code_package("local", BenchmarkDouble(code_location=stored, code_size=4))
    assert Path(package_of(cache)["location"]).read_bytes() == b"code"


def test_variants_versions_and_architectures_are_kept_apart(cache: Cache, tmp_path: Path) -> None:
    cache.add_code_package("local", built(tmp_path / "a.zip", b"a"))
    cache.add_code_package("local", built(tmp_path / "b.zip", b"b", architecture="arm64"))
    cache.add_code_package("local", built(tmp_path / "c.zip", b"c", system_variant="gen2"))
    arm = cache.get_code_package("local", "010.sleep", "python", "3.11", "arm64")
    gen2 = cache.get_code_package("local", "010.sleep", "python", "3.11", "x64", "gen2")
    assert arm is not None
    assert gen2 is not None
    contents = [Path(found["location"]).read_bytes() for found in (package_of(cache), arm, gen2)]
    assert contents == [b"a", b"b", b"c"]
    assert cache.get_code_package("local", "010.sleep", "python", "3.12", "x64") is None


def make_tree(root: Path) -> Path:
    (root / "nested" / "größe").mkdir(parents=True)
    (root / "handler.py").write_text("x = 1")
    (root / "nested" / "größe" / "run.sh").write_text("#!/bin/sh")
    (root / "nested" / "größe" / "run.sh").chmod(0o755)
    (root / "link").symlink_to("handler.py")
    return root


def test_a_directory_is_copied_with_modes_and_links(cache: Cache, tmp_path: Path) -> None:
    source = make_tree(tmp_path / "build")
    stored = Path(cache.add_code_package("local", BenchmarkDouble(code_location=str(source))))
    assert (stored / "handler.py").read_text() == "x = 1"
    assert os.access(stored / "nested" / "größe" / "run.sh", os.X_OK)
    assert os.readlink(stored / "link") == "handler.py"


@pytest.mark.parametrize("change", ["content", "mode", "name", "link", "extra"])
def test_the_name_of_a_directory_tells_every_change(
    cache: Cache, tmp_path: Path, change: str
) -> None:
    def stored() -> str:
        return cache.add_code_package("local", BenchmarkDouble(code_location=str(source)))

    source = make_tree(tmp_path / "build")
    before = stored()
    assert stored() == before
    script = source / "nested" / "größe" / "run.sh"
    if change == "content":
        (source / "handler.py").write_text("x = 2")
    elif change == "mode":
        script.chmod(0o644)
    elif change == "name":
        script.rename(script.with_name("run2.sh"))
    elif change == "link":
        (source / "link").unlink()
        (source / "link").symlink_to("nested")
    else:
        (source / "extra").mkdir()
    assert stored() != before
    assert len(packages_on_disk(cache)) == 1


def test_a_directory_with_a_pipe_is_refused_and_leaves_nothing(
    cache: Cache, tmp_path: Path
) -> None:
    source = make_tree(tmp_path / "build")
    os.mkfifo(source / "pipe")
    with pytest.raises(CacheError, match="pipe"):
        cache.add_code_package("local", BenchmarkDouble(code_location=str(source)))
    assert packages_on_disk(cache) == []
    assert os.listdir(cache.cache_dir / "staging") == []


def test_containers(cache: Cache) -> None:
    image = BenchmarkDouble(system_variant="container", container_uri="registry/sleep:1")
    where = ("aws", "010.sleep", "python", "3.11", "x64")
    assert cache.get_container(*where) is None
    cache.add_container("aws", image, image_id="sha256:1")
    found = cache.get_container(*where)
    assert found is not None
    assert (found["uri"], found["image-id"], found["hash"]) == (
        "registry/sleep:1",
        "sha256:1",
        "hash-1",
    )
    cache.add_container("gcp", image)
    cache.invalidate_all_container_uris("aws")
    assert cache.get_container(*where)["uri"] is None  # type: ignore[index]
    assert cache.get_container("gcp", *where[1:])["uri"] is not None  # type: ignore[index]
    cache.update_container_uri(*where, "registry/sleep:2")
    assert cache.get_container(*where)["uri"] == "registry/sleep:2"  # type: ignore[index]
