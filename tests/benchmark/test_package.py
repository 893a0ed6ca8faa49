"""Zips: the same bytes each time, readable by others, and nothing gets out of its directory."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmark_doubles import write_tree
from hypothesis import given, settings
from hypothesis import strategies as st

from sebs.benchmark import package, unpack, zip_writer
from sebs.benchmark.package import extract_zip, write_zip
from sebs.errors import InvalidBenchmarkError, StorageError, UnsafePathError

PARTS = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0:"), min_size=1, max_size=8
).filter(lambda part: part not in (".", ".."))
TREES = st.dictionaries(
    st.lists(PARTS, min_size=1, max_size=3).map("/".join),
    st.tuples(st.binary(max_size=200), st.booleans()),
    max_size=8,
)
TIMESTAMP = (1980, 1, 1, 0, 0, 0)


def make_tree(root: Path, tree: dict[str, tuple[bytes, bool]]) -> dict[str, tuple[bytes, bool]]:
    """Write what of a tree can be written; return that."""
    made = {}
    for name, (data, executable) in tree.items():
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as stream:
                stream.write(data)
        except (FileExistsError, NotADirectoryError):
            continue
        path.chmod(0o755 if executable else 0o644)
        made[name] = (data, executable)
    return made


def read_tree(root: Path) -> dict[str, tuple[bytes, bool]]:
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), os.access(path, os.X_OK))
        for path in root.rglob("*")
        if path.is_file()
    }


@settings(max_examples=60)
@given(TREES)
def test_what_is_packed_is_unpacked(tree: dict[str, tuple[bytes, bool]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        (root / "in").mkdir()
        made = make_tree(root / "in", tree)
        size = write_zip(root / "in", root / "a.zip")
        assert size == os.path.getsize(root / "a.zip")
        extract_zip(root / "a.zip", root / "out")
        assert read_tree(root / "out") == made
        assert {n: (root / "out" / n).stat().st_mode & 0o777 for n in made} == {
            n: 0o755 if executable else 0o644 for n, (_, executable) in made.items()
        }
        write_zip(root / "out", root / "b.zip", threads=1)
        assert (root / "a.zip").read_bytes() == (root / "b.zip").read_bytes()
        with zipfile.ZipFile(root / "a.zip") as archive:
            assert archive.testzip() is None
            assert all(entry.date_time == TIMESTAMP for entry in archive.infolist())


def test_times_and_listing_order_and_umask_do_not_show(tmp_path: Path) -> None:
    names = [f"{number}/file" for number in range(20)]
    write_tree(tmp_path / "a", dict.fromkeys(names, "x"))
    write_tree(tmp_path / "b", dict.fromkeys(reversed(names), "x"))
    for number, name in enumerate(names):
        os.utime(tmp_path / "b" / name, (number, number))
        (tmp_path / "b" / name).chmod(0o600)
    write_zip(tmp_path / "a", tmp_path / "a.zip")
    write_zip(tmp_path / "b", tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_large_files_are_streamed_and_stored_where_deflate_does_not_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "_LARGE", 1000)
    monkeypatch.setattr(package, "_CHUNK", 300)
    noise, text = os.urandom(5000), b"abc" * 2000
    write_tree(tmp_path / "in", {"a": "small", "b-noise": noise, "c-text": text, "d": "small"})
    write_zip(tmp_path / "in", tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        kinds = {entry.filename: entry.compress_type for entry in archive.infolist()}
        assert (archive.read("b-noise"), archive.read("c-text")) == (noise, text)
        assert archive.testzip() is None
    assert list(kinds) == ["a", "b-noise", "c-text", "d"]
    assert kinds["b-noise"] == zipfile.ZIP_STORED
    assert kinds["c-text"] == zipfile.ZIP_DEFLATED
    assert os.path.getsize(tmp_path / "x.zip") < 7000


def test_zip64_is_used_past_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are lowered: the format's own would take gigabytes."""
    monkeypatch.setattr(zip_writer, "_ZIP64_FROM", 3000)
    monkeypatch.setattr(package, "_LARGE", 2000)
    write_tree(tmp_path / "in", {"big": os.urandom(4000), "small": "x"})
    write_zip(tmp_path / "in", tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.testzip() is None
    with open(tmp_path / "x.zip", "rb") as stream:
        header = stream.read(60)
    # Section 4.5.3: sizes of all ones, and an extra field of kind 1.
    assert header[18:26] == b"\xff" * 8
    assert header[33:35] == b"\1\0"


def test_more_entries_than_sixteen_bits_count(tmp_path: Path) -> None:
    with open(tmp_path / "x.zip", "wb") as stream:
        writer = zip_writer.ZipWriter(stream)
        content = zip_writer.Content(zip_writer.STORED, 0, 0, 0)
        for number in range(65_536):
            writer.add(zip_writer.Entry(str(number), stat.S_IFREG | 0o644), content, b"")
        writer.close()
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert len(archive.namelist()) == 65_536
    # Section 4.3.14: the count stands in a record of its own, which readers that count need.
    end = (tmp_path / "x.zip").read_bytes()[-98:]
    assert end.startswith(b"PK\6\6")
    assert int.from_bytes(end[32:40], "little") == 65_536


@pytest.mark.tools
def test_info_zip_reads_it(tmp_path: Path) -> None:
    write_tree(tmp_path / "in", {"ü/x": "text" * 100, "run": "#!/bin/sh\n"})
    (tmp_path / "in" / "link").symlink_to("run")
    (tmp_path / "in" / "run").chmod(0o755)
    write_zip(tmp_path / "in", tmp_path / "x.zip")
    subprocess.run(["unzip", "-tq", tmp_path / "x.zip"], check=True, capture_output=True)
    subprocess.run(
        ["unzip", "-q", tmp_path / "x.zip", "-d", tmp_path / "out"], check=True, capture_output=True
    )
    assert (tmp_path / "out" / "link").readlink() == Path("run")
    assert (tmp_path / "out" / "run").stat().st_mode & 0o777 == 0o755


def test_links_inside_and_empty_directories_survive(tmp_path: Path) -> None:
    write_tree(tmp_path / "in", {"lib/tool.js": "x", "top": "y"})
    (tmp_path / "in" / "bin").mkdir()
    (tmp_path / "in" / "bin" / "tool").symlink_to("../lib/tool.js")
    (tmp_path / "in" / "empty").mkdir()
    write_zip(tmp_path / "in", tmp_path / "x.zip")
    extract_zip(tmp_path / "x.zip", tmp_path / "out")
    assert (tmp_path / "out/bin/tool").readlink() == Path("../lib/tool.js")
    assert (tmp_path / "out/bin/tool").read_text() == "x"
    assert (tmp_path / "out/empty").is_dir()


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "nowhere"])
def test_packing_refuses_links_that_lead_elsewhere(tmp_path: Path, target: str) -> None:
    write_tree(tmp_path, {"outside": "x", "in/file": "x"})
    (tmp_path / "in" / "link").symlink_to(target)
    with pytest.raises(InvalidBenchmarkError, match="'link' leads"):
        write_zip(tmp_path / "in", tmp_path / "x.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "outside"]


def test_packing_refuses_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in" / "pipe")
    with pytest.raises(InvalidBenchmarkError, match="'pipe'"):
        write_zip(tmp_path / "in", tmp_path / "x.zip")


def test_a_failed_packing_leaves_the_earlier_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, {"in/a": "x", "x.zip": "earlier"})

    def full(*_: object) -> list[object]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(package, "_pack", full)
    with pytest.raises(OSError, match="No space left"):
        write_zip(tmp_path / "in", tmp_path / "x.zip")
    assert (tmp_path / "x.zip").read_text() == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "x.zip"]


# --- archives that are not ours ---


def archive(path: Path, *entries: tuple[str, bytes, int]) -> Path:
    """Write an archive with names, contents and modes as they are given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data, mode in entries:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            entry.create_system = 3
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, data)
    return path


FILE, LINK, DEVICE = stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o666

UNSAFE: dict[str, list[tuple[str, bytes, int]]] = {
    "absolute": [("/etc/x", b"", FILE)],
    "parent": [("../x", b"", FILE)],
    "parent inside": [("a/../../x", b"", FILE)],
    "drive": [("C:x", b"", FILE)],
    "backslash": [("..\\x", b"", FILE)],
    "dot": [("./x", b"", FILE)],
    "empty part": [("a//x", b"", FILE)],
    "twice": [("x", b"1", FILE), ("x", b"2", FILE)],
    "file and directory": [("x", b"", FILE), ("x/y", b"", FILE)],
    "device": [("null", b"", DEVICE)],
    "absolute link": [("x", b"/etc", LINK)],
    "link out": [("a/x", b"../../y", LINK)],
    "link over a link": [("a/p", b"../s", LINK), ("q", b"a/p/../../z", LINK)],
    "empty link": [("x", b"", LINK)],
    "through a link": [("x", b"y", LINK), ("x/z", b"", FILE)],
    "type contradicts": [("x/", b"", FILE)],
    "endless link": [("x", b"a" * 5000, LINK)],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("entries", UNSAFE.values(), ids=UNSAFE.keys())
def test_unsafe_entries_are_refused_before_anything_is_written(
    tmp_path: Path, entries: list[tuple[str, bytes, int]]
) -> None:
    path = archive(tmp_path / "x.zip", ("good", b"fine", FILE), *entries)
    with pytest.raises(UnsafePathError):
        extract_zip(path, tmp_path / "deep" / "er" / "out")
    files = [p for p in tmp_path.rglob("*") if not p.is_dir()]
    assert files == [path]


def test_a_name_with_a_hidden_end_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", ("good#bad", b"", FILE))
    path.write_bytes(path.read_bytes().replace(b"good#bad", b"good\0bad"))
    with pytest.raises(UnsafePathError, match="leave"):
        extract_zip(path, tmp_path / "out")


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["..", ".", "a", "", "b\\c", "C:", "/"]), max_size=5).map("/".join))
def test_no_name_gets_out(name: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        path = archive(root / "x.zip", (name or "a", b"x", FILE))
        try:
            extract_zip(path, root / "in" / "out")
        except StorageError:
            assert list((root / "in" / "out").iterdir()) == []
        assert {p.name for p in root.iterdir()} == {"x.zip", "in"}
        assert {p.name for p in (root / "in").iterdir()} == {"out"}


def test_bombs_are_refused_by_size_and_by_ratio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path / "x.zip", ("zeros", bytes(1 << 20), FILE))
    with pytest.raises(UnsafePathError, match="1048576 bytes, more than the 1000 allowed"):
        extract_zip(path, tmp_path / "out", max_bytes=1000)
    monkeypatch.setattr(unpack, "_RATIO_FREE", 1000)
    with pytest.raises(UnsafePathError, match="over 250 times its size"):
        extract_zip(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_entry_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", ("zeros", bytes(1 << 20), FILE))
    honest = (1 << 20).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(honest, (10).to_bytes(4, "little")))
    with pytest.raises(StorageError, match="no readable zip"):
        extract_zip(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_target_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    write_tree(tmp_path, {"out/mine": "x"})
    with pytest.raises(UnsafePathError, match="not empty"):
        extract_zip(archive(tmp_path / "x.zip", ("a", b"", FILE)), tmp_path / "out")
    assert (tmp_path / "out/mine").read_text() == "x"


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "text": lambda data: b"no archive",
    "cut": lambda data: data[:-30],
    "flipped": lambda data: data[:40] + bytes([data[40] ^ 0xFF]) + data[41:],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_reported(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = archive(tmp_path / "x.zip", ("a", b"content" * 50, FILE))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StorageError, match=r"x\.zip"):
        extract_zip(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_archives_made_elsewhere_have_plain_permissions(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as target:
        entry = zipfile.ZipInfo("a")
        entry.create_system = 0
        target.writestr(entry, "x")
    extract_zip(tmp_path / "x.zip", tmp_path / "out")
    assert (tmp_path / "out/a").stat().st_mode & 0o777 == 0o644
