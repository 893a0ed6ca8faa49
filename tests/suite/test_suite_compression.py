"""311.compression: its files are always the same, and only the right archive passes."""

from __future__ import annotations

import hashlib
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from suite_doubles import Fed

from sebs.errors import InputGenerationError

NAME = "311.compression"
BUCKET = "sebs-benchmarks-suite"
INPUT, OUTPUT = f"{NAME}-0-input", f"{NAME}-0-output"

#: The files of the size ``test``; another digest needs another version in the key.
DIGEST = "57fea150569d68c58964d0b06a7d4f93a22e36c35fe9a48e716f294d88653ffa"


def digest(directory: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(directory).as_posix()} {len(content)}\n".encode())
        whole.update(content)
    return whole.hexdigest()


def test_the_files_are_always_the_same(fed: Any, tmp_path: Path) -> None:
    benchmark = fed(NAME)
    key = benchmark.event("test")["object"]["key"]
    assert digest(benchmark.data_dir / key) == DIGEST
    stored = benchmark.storage.list_bucket(BUCKET)
    assert all(name.startswith(f"{INPUT}/{key}/") for name in stored)
    for name in stored:
        copy = tmp_path / "copy" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        benchmark.storage.download(BUCKET, name, str(copy))
    assert digest(tmp_path / "copy" / INPUT / key) == DIGEST


@pytest.mark.parametrize(
    ("size", "count", "total"),
    [("test", 50, 1_000_000), ("small", 100, 10_000_000), ("large", 200, 100_000_000)],
)
def test_sizes(fed: Any, tmp_path: Path, size: str, count: int, total: int) -> None:
    benchmark = fed(NAME)
    event = benchmark.event(size)
    assert event["bucket"] == {"bucket": BUCKET, "input": INPUT, "output": OUTPUT}
    files = list((benchmark.data_dir / event["object"]["key"]).rglob("*.*"))
    assert len(files) == count
    assert sum(path.stat().st_size for path in files) == total
    assert min(path.stat().st_size for path in files) > 0
    # pytest keeps the directories of several runs.
    shutil.rmtree(tmp_path)


def test_data_that_is_there_is_used_and_damaged_data_is_made_again(fed: Any) -> None:
    benchmark = fed(NAME)
    directory = benchmark.data_dir / benchmark.event("test")["object"]["key"]
    short, long, gone, kept = sorted(directory.rglob("*.*"))[:4]
    short.write_bytes(short.read_bytes()[:-1])
    long.write_bytes(long.read_bytes() + b"x")
    gone.unlink()
    before = kept.stat()
    benchmark.event("test")
    assert digest(directory) == DIGEST
    assert kept.stat().st_mtime_ns == before.st_mtime_ns


# --- the handlers ---


def test_python_compresses(fed: Any, python_handler: Any, scratch: Path) -> None:
    benchmark = fed(NAME)
    check(benchmark, python_handler(benchmark), scratch, "python")


@pytest.mark.node
@pytest.mark.registry
def test_nodejs_compresses(fed: Any, nodejs_handler: Any, scratch: Path) -> None:
    benchmark = fed(NAME)
    check(benchmark, nodejs_handler(benchmark), scratch, "nodejs")


def test_a_failed_python_function_leaves_nothing(
    fed: Any, python_handler: Any, scratch: Path
) -> None:
    benchmark = fed(NAME)
    handler = python_handler(benchmark)
    event = benchmark.event("test")
    event["bucket"]["bucket"] = "absent"
    with pytest.raises(FileNotFoundError, match="no bucket 'absent'"):
        handler(event)
    assert list(scratch.iterdir()) == []


def check(benchmark: Fed, handler: Any, scratch: Path, language: str) -> None:
    event = benchmark.event("test")
    output = handler(event)
    assert list(scratch.iterdir()) == []
    assert benchmark.judge(event, output, language) is None
    key = output["result"]["key"]
    assert key.startswith(f"{OUTPUT}/")
    assert key.endswith(".zip")
    archive = scratch / "archive.zip"
    benchmark.storage.download(BUCKET, key, str(archive))
    measured = output["measurement"]
    assert all(isinstance(value, int) for value in measured.values())
    assert measured["download_size"] == 1_000_000
    assert measured["upload_size"] == archive.stat().st_size < 700_000
    archive.write_bytes(archive.read_bytes()[:-100])
    benchmark.storage.upload(BUCKET, str(archive), key)
    assert "bytes, not" in str(benchmark.judge(event, output, language))
    benchmark.storage.clean_bucket(BUCKET)
    assert "ObjectNotFoundError" in str(benchmark.judge(event, output, language))


# --- a given directory ---


@pytest.fixture
def given(fed: Any) -> Fed:
    """The benchmark, with SeBS's data: one directory, in which not everything shrinks."""
    benchmark: Fed = fed(NAME)
    write(benchmark.data_dir / "acmart-master", FILES)
    return benchmark


FILES = {
    "README": b"",
    "acmart.dtx": b"\\NeedsTeXFormat{LaTeX2e}\n" * 500,
    "samples/a b.tex": "Ünicode".encode() * 100,
    "samples/fonts/noise.pdf": hashlib.shake_256(b"noise").digest(50_000),
}


def write(directory: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def below(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*"))


def test_a_given_directory_is_compressed(given: Fed, python_handler: Any, tmp_path: Path) -> None:
    check_given(given, python_handler(given), tmp_path, "python")


@pytest.mark.node
@pytest.mark.registry
def test_nodejs_compresses_a_given_directory(
    given: Fed, nodejs_handler: Any, tmp_path: Path
) -> None:
    check_given(given, nodejs_handler(given), tmp_path, "nodejs")


def check_given(given: Fed, handler: Any, tmp_path: Path, language: str) -> None:
    before = below(given.data_dir)
    event = given.event("large")
    assert event["object"] == {"key": "acmart-master"}
    prefix = f"{INPUT}/acmart-master/"
    assert sorted(given.storage.list_bucket(BUCKET)) == sorted(prefix + name for name in FILES)
    output = handler(event)
    assert given.judge(event, output, language) is None
    assert below(given.data_dir) == before
    # Packed again without one of them, it is another archive.
    archive, other = tmp_path / "archive.zip", tmp_path / "other.zip"
    given.storage.download(BUCKET, output["result"]["key"], str(archive))
    with zipfile.ZipFile(archive) as right, zipfile.ZipFile(other, "w", 8) as wrong:
        assert {name for name in right.namelist() if name[-1] != "/"} == set(FILES)
        for name in sorted(FILES)[1:]:
            wrong.writestr(name, FILES[name])
    output["measurement"]["upload_size"] = other.stat().st_size
    given.storage.upload(BUCKET, str(other), output["result"]["key"])
    assert "the archive lacks 'README'" in str(given.judge(event, output, language))


def test_the_directory_that_sebs_takes_is_taken_of_several(given: Fed) -> None:
    write(given.data_dir / "aaa", {"a": b"a"})
    write(given.data_dir / ".git", {"config": b""})
    (given.data_dir / "README.md").write_bytes(b"")
    assert given.event("test")["object"] == {"key": "acmart-master"}
    shutil.rmtree(given.data_dir / "acmart-master")
    assert given.event("test")["object"] == {"key": "aaa"}


def test_a_given_directory_without_files_is_an_error(given: Fed) -> None:
    shutil.rmtree(given.data_dir / "acmart-master")
    (given.data_dir / "acmart-master" / "samples").mkdir(parents=True)
    with pytest.raises(InputGenerationError, match=r"acmart-master' has no files"):
        given.event("test")


# --- the verdict ---


class Answered:
    """A benchmark that was invoked: its event, its output, and the archive that it left."""

    def __init__(self, benchmark: Fed, event: dict[str, Any], archive: Path) -> None:
        self.benchmark = benchmark
        self.event = event
        self.archive = archive
        self.output: dict[str, Any] = {
            "result": {"bucket": BUCKET, "key": f"{OUTPUT}/files.zip"},
            "measurement": {
                "download_time": 1, "download_size": 1_000_000, "upload_time": 2,
                "compute_time": 3.5,
            },
        }  # fmt: skip
        directory = benchmark.data_dir / self.event["object"]["key"]
        self.files = {
            path.relative_to(directory).as_posix(): path.read_bytes()
            for path in sorted(directory.rglob("*.*"))
        }
        self.write(self.files.items())

    def write(self, files: Any) -> None:
        with zipfile.ZipFile(self.archive, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("part-0/", b"")
            for name, content in files:
                archive.writestr(name, content)

    def judge(self, **options: Any) -> str | None:
        if isinstance(self.output, dict) and "measurement" in self.output:
            size = self.archive.stat().st_size
            self.output["measurement"].setdefault("upload_size", size)
        self.benchmark.storage.upload(BUCKET, str(self.archive), f"{OUTPUT}/files.zip")
        return self.benchmark.judge(self.event, self.output, **options)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fed, dict[str, Any]]:
    benchmark = Fed(NAME, tmp_path_factory.mktemp("prepared"))
    return benchmark, benchmark.event("test")


@pytest.fixture
def answered(prepared: tuple[Fed, dict[str, Any]], tmp_path: Path) -> Answered:
    return Answered(*prepared, tmp_path / "files.zip")


FIRST = "part-0/000.txt"


def test_the_right_archive_passes(answered: Answered) -> None:
    assert answered.judge() is None
    assert answered.judge(stored=False) is None
    del answered.output["measurement"]
    assert "the measurement should be an object" in str(answered.judge())


def without(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {key: value for key, value in files.items() if key != name}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: {}, "lacks"),
        (lambda f: without(f, FIRST), f"lacks '{FIRST}'"),
        (lambda f: {**f, "more.txt": b""}, "'more.txt' is not an input"),
        (lambda f: {**f, "../climbs.txt": b""}, "'../climbs.txt' is not an input"),
        (lambda f: {**f, "/etc/passwd": b""}, "'/etc/passwd' is not an input"),
        (lambda f: {f"files/{name}": content for name, content in f.items()}, "is not an input"),
        (lambda f: {**f, FIRST: b"x" + f[FIRST][1:]}, f"'{FIRST}' in the archive is not"),
        (lambda f: {**f, FIRST: f[FIRST][:-1]}, f"'{FIRST}' in the archive is not"),
        (lambda f: {**f, FIRST: b""}, f"'{FIRST}' in the archive is not"),
        (lambda f: {**f, FIRST: bytes(50_000_000)}, f"'{FIRST}' in the archive is not"),
        (lambda f: {**f, FIRST: f["part-1/001.bin"]}, f"'{FIRST}' in the archive is not"),
    ],
)
def test_another_archive_is_noticed(answered: Answered, change: Any, reason: str) -> None:
    answered.write(change(answered.files).items())
    assert reason in str(answered.judge())
    assert reason in str(answered.judge(language="nodejs"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_noticed(answered: Answered) -> None:
    answered.write([*answered.files.items(), (FIRST, b"other")])
    assert "two files of one name" in str(answered.judge())


@pytest.mark.parametrize(
    ("before", "after"), [(b"junk", b""), (b"PK\3\4", b""), (b"", b"x"), (b"", bytes(100))]
)
def test_bytes_before_or_after_it_are_noticed(
    answered: Answered, before: bytes, after: bytes
) -> None:
    content = answered.archive.read_bytes()
    answered.archive.write_bytes(before + content + after)
    assert answered.judge() is not None


def test_a_comment_is_noticed(answered: Answered) -> None:
    with zipfile.ZipFile(answered.archive, "a") as archive:
        archive.comment = b"junk"
    assert "belong to it" in str(answered.judge())


def test_more_about_an_entry_is_noticed(answered: Answered) -> None:
    times = struct.pack("<HHBL", 0x5455, 5, 1, 0)
    for extra, comment, passes in (
        (times, b"", True),
        (struct.pack("<HH4s", 0xCAFE, 4, b"junk"), b"", False),
        (b"", b"junk", False),
    ):
        with zipfile.ZipFile(answered.archive, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in answered.files.items():
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.extra, info.comment = extra, comment
                archive.writestr(info, content)
        answered.output["measurement"].pop("upload_size", None)
        assert (answered.judge() is None) == passes


@pytest.mark.parametrize("name", ["empty/", "part-0/deeper/", "./", "part-1/001.bin/"])
def test_a_directory_that_is_none_of_the_input_is_noticed(answered: Answered, name: str) -> None:
    with zipfile.ZipFile(answered.archive, "a") as archive:
        archive.writestr(name, b"")
    assert f"'{name}' is not an input" in str(answered.judge())


def test_what_hides_between_the_entries_or_behind_their_data_is_noticed(
    answered: Answered,
) -> None:
    content = answered.archive.read_bytes()
    with zipfile.ZipFile(answered.archive) as archive:
        first, second, third = archive.infolist()[:3]
        central = archive.start_dir
    # The offset of what comes after it, in the directory and at the end, moves along.
    for longer in (False, True):
        hidden = bytearray(
            content[: third.header_offset] + b"junk" + content[third.header_offset :]
        )
        at = central + 4
        while hidden[at : at + 4] == b"PK\1\2":
            (offset,) = struct.unpack_from("<L", hidden, at + 42)
            if offset >= third.header_offset:
                struct.pack_into("<L", hidden, at + 42, offset + 4)
            elif longer and offset == second.header_offset:
                for place in (at + 20, second.header_offset + 18):
                    struct.pack_into("<L", hidden, place, second.compress_size + 4)
            at += 46 + sum(struct.unpack_from("<HHH", hidden, at + 28))
        struct.pack_into("<L", hidden, at + 16, central + 4)
        answered.archive.write_bytes(hidden)
        with zipfile.ZipFile(answered.archive) as archive:
            assert archive.testzip() is None
        answered.output["measurement"].pop("upload_size", None)
        assert answered.judge() is not None
    assert first.is_dir()


@pytest.mark.parametrize("cut", [1, 10, 1000, 300_000])
def test_a_torn_archive_is_noticed(answered: Answered, cut: int) -> None:
    answered.archive.write_bytes(answered.archive.read_bytes()[:cut])
    assert "cannot be read: File is not a zip file" in str(answered.judge())


def test_a_flipped_bit_is_noticed(answered: Answered) -> None:
    content = bytearray(answered.archive.read_bytes())
    content[20_000] ^= 0x10
    answered.archive.write_bytes(content)
    assert "cannot be read" in str(answered.judge())


def test_what_is_too_large_is_not_even_read(answered: Answered) -> None:
    answered.write({**answered.files, FIRST: bytes(50_000_000)}.items())
    with zipfile.ZipFile(answered.archive) as archive:
        entry = archive.getinfo(FIRST)
    content = bytearray(answered.archive.read_bytes())
    # Reading it would show that it is damaged.
    content[entry.header_offset + 30 + len(FIRST) + entry.compress_size // 2] ^= 0xFF
    answered.archive.write_bytes(content)
    assert f"'{FIRST}' in the archive is not" in str(answered.judge())


def test_an_entry_that_holds_more_than_it_says_is_noticed(answered: Answered) -> None:
    size = len(answered.files[FIRST])
    answered.write({**answered.files, FIRST: bytes(20 * size)}.items())
    lie, truth = struct.pack("<I", size), struct.pack("<I", 20 * size)
    content = answered.archive.read_bytes()
    assert content.count(truth) == 2
    answered.archive.write_bytes(content.replace(truth, lie))
    assert answered.judge() is not None


@pytest.mark.parametrize("stored", [None, lambda name: name != FIRST, lambda name: True])
def test_files_that_are_not_compressed_as_they_should_be_are_noticed(
    answered: Answered, stored: Any
) -> None:
    # Where nothing is stored, all are deflated at the level that compresses least.
    level = 1 if stored is None else 6
    with zipfile.ZipFile(
        answered.archive, "w", zipfile.ZIP_DEFLATED, compresslevel=level
    ) as archive:
        for name, content in answered.files.items():
            method = zipfile.ZIP_STORED if stored and stored(name) else None
            archive.writestr(name, content, method)
    assert "as deflate's level 6 makes of it" in str(answered.judge())


def test_storing_what_does_not_shrink_is_compressing_too(answered: Answered) -> None:
    with zipfile.ZipFile(answered.archive, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in answered.files.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name.endswith(".bin") else None)
    assert answered.judge() is None


def test_an_encrypted_archive_is_noticed(answered: Answered) -> None:
    content = bytearray(answered.archive.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        content[content.rindex(signature) + offset] |= 1
    answered.archive.write_bytes(content)
    assert "cannot be read" in str(answered.judge())


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (None, "should say where the archive is"),
        (f"{OUTPUT}/files.zip", "should say where the archive is"),
        ({}, f"in the bucket '{BUCKET}', not in None"),
        ({"bucket": "other", "key": f"{OUTPUT}/files.zip"}, "not in 'other'"),
        ({"bucket": BUCKET}, f"below '{OUTPUT}', not at None"),
        ({"bucket": BUCKET, "key": 1}, "not at 1"),
        ({"bucket": BUCKET, "key": f"{INPUT}/files.zip"}, f"not at '{INPUT}/files.zip'"),
        ({"bucket": BUCKET, "key": f"{OUTPUT}0/files.zip"}, f"not at '{OUTPUT}0/files.zip'"),
        ({"bucket": BUCKET, "key": f"{OUTPUT}/absent.zip"}, "ObjectNotFoundError"),
    ],
)
def test_another_place_is_noticed(answered: Answered, result: Any, reason: str) -> None:
    answered.output["result"] = result
    assert reason in str(answered.judge())


@pytest.mark.parametrize("output", [None, [], "", {}])
def test_an_output_that_is_none_is_noticed(answered: Answered, output: Any) -> None:
    answered.output = output
    assert "should say where the archive is" in str(answered.judge())


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("download_time", -1, "download_time should be a number from 0 on, and is -1"),
        ("upload_time", None, "upload_time should be"),
        ("download_time", 0, "download_time should be more than 0"),
        ("upload_time", 0, "upload_time should be more than 0"),
        ("compute_time", 0, "compute_time should be more than 0"),
        ("compute_time", "1", "compute_time should be"),
        ("upload_size", True, "upload_size should be"),
        ("download_size", 999_999, "download_size should be 1000000, and is 999999"),
        ("upload_size", 17, "bytes, not 17"),
        ("upload_size", 0, "upload_size should be more than 0"),
    ],
)
def test_measurements_that_cannot_be_are_noticed(
    answered: Answered, name: str, value: Any, reason: str
) -> None:
    size = answered.archive.stat().st_size
    answered.output["measurement"] = {
        "download_time": 1, "download_size": 1_000_000, "upload_time": 1,
        "upload_size": size, "compute_time": 1, name: value,
    }  # fmt: skip
    assert reason in str(answered.judge())
