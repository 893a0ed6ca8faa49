"""120.uploader: what is behind the URL is stored, and only the right copy passes."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from suite_doubles import Fed, Handler

from sebs.errors import DependencyError

NAME = "120.uploader"
BUCKET = "sebs-benchmarks-suite"
INPUT, OUTPUT = f"{NAME}-0-input", f"{NAME}-0-output"

LANGUAGES = ["python", pytest.param("nodejs", marks=pytest.mark.node)]

#: The file of each size; another digest needs another version in its name.
DIGESTS = {
    "test": "95d197da22ac259331ab5c5630f81f7d4cd8113e592d0426f420e54bec907b97",
    "small": "93370cd997014302a17ff494caf33775e12fbcdabe3bb996fe92e1a2a9128a5b",
    "large": "e02e0de547e4e7b1cdb1ea6e13fc0ff023afa2cba581db553e5c92317a53ba61",
}
SIZES = {"test": 230_000, "small": 6_700_000, "large": 102_500_000}


def digest(path: Path) -> str:
    whole = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(1 << 20):
            whole.update(chunk)
    return whole.hexdigest()


def clean(benchmark: Fed) -> None:
    """pytest keeps the directories of several runs."""
    shutil.rmtree(benchmark.data_dir)
    benchmark.storage.clean_bucket(BUCKET)


@pytest.mark.parametrize("size", SIZES)
def test_the_file_is_always_the_same(fed: Any, tmp_path: Path, size: str) -> None:
    benchmark = fed(NAME)
    event = benchmark.event(size)
    name = f"file-v2-{size}.bin"
    assert event == {
        "object": {"url": f"storage://{BUCKET}/{INPUT}/{name}"},
        "bucket": {"bucket": BUCKET, "output": OUTPUT},
    }
    file, stored = benchmark.data_dir / name, tmp_path / "stored"
    benchmark.storage.download(BUCKET, f"{INPUT}/{name}", str(stored))
    assert file.stat().st_size == SIZES[size]
    assert digest(file) == digest(stored) == DIGESTS[size]
    stored.unlink()
    clean(benchmark)


def test_a_file_that_is_there_is_used_and_a_damaged_one_is_made_again(fed: Any) -> None:
    benchmark = fed(NAME)
    benchmark.event("test")
    file = benchmark.data_dir / "file-v2-test.bin"
    before = file.stat()
    benchmark.event("test")
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    for damaged in (file.read_bytes()[:-1], file.read_bytes() + b"x"):
        file.write_bytes(damaged)
        benchmark.event("test")
        assert digest(file) == DIGESTS["test"]


def test_given_urls_take_its_place(fed: Any) -> None:
    benchmark = fed(NAME)
    benchmark.data_dir.mkdir()
    urls = {"test": "https://example.org/picture.jpg"}
    (benchmark.data_dir / "urls.json").write_text(json.dumps(urls))
    assert benchmark.event("test")["object"] == {"url": urls["test"]}
    assert benchmark.event("small")["object"]["url"].startswith("storage://")
    assert not (benchmark.data_dir / "file-v2-test.bin").exists()


# --- the handlers ---


@pytest.fixture
def handler(request: pytest.FixtureRequest, fed: Any) -> Callable[[str], Handler]:
    return lambda language: request.getfixturevalue(f"{language}_handler")(fed(NAME))


@pytest.fixture
def web() -> Iterator[str]:
    """A server; ``/short`` ends in the middle."""

    class Requests(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/dir/picture.jpg?size=800")
                self.end_headers()
                return
            self.send_response(404 if self.path == "/absent" else 200)
            content = self.headers["User-Agent"].encode() * 10_000
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:-1] if self.path == "/short" else content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Requests) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_it_is_stored(fed: Any, handler: Any, scratch: Path, language: str, size: str) -> None:
    benchmark = fed(NAME)
    event = benchmark.event(size)
    output = handler(language)(event)
    assert list(scratch.iterdir()) == []
    assert benchmark.judge(event, output, language) is None
    measured = output["measurement"]
    assert all(isinstance(value, int) for value in measured.values())
    assert measured["upload_size"] == SIZES[size]
    assert measured["compute_time"] > 0 < measured["upload_time"]
    clean(benchmark)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_fetched_by_http(
    fed: Any, handler: Any, web: str, tmp_path: Path, scratch: Path, language: str
) -> None:
    benchmark, upload = fed(NAME), handler(language)
    event = benchmark.event("test")
    for path, name in (
        ("/moved", "moved."),
        ("/dir/picture.jpg?size=8", "picture."),
        ("", "index."),
    ):
        event["object"]["url"] = web + path
        output = upload(event)
        assert benchmark.judge(event, output, language) is None
        assert output["result"]["key"].startswith(f"{OUTPUT}/{name}")
        benchmark.storage.download(BUCKET, output["result"]["key"], str(tmp_path / "copy"))
        assert (tmp_path / "copy").read_bytes().startswith(b"sebs (a benchmark")
        output["measurement"]["upload_size"] -= 1
        assert "bytes, not" in str(benchmark.judge(event, output, language))
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("wrong", [b"", b"sebs", b"sebs (a benchmark" * 10_000])
def test_another_copy_of_what_is_fetched_is_noticed(answered: Any, web: str, wrong: bytes) -> None:
    benchmark, event, output = answered
    event["object"]["url"] = output["result"]["url"] = f"{web}/picture.jpg"
    store(benchmark, wrong)
    output["measurement"]["upload_size"] = len(wrong)
    assert "is not what is behind the URL" in str(benchmark.judge(event, output))


def test_a_url_of_another_object_is_read_from_storage(answered: Any) -> None:
    benchmark, event, output = answered
    url = f"storage://{BUCKET}/{INPUT}/given.bin"
    event["object"]["url"] = output["result"]["url"] = url
    given = benchmark.data_dir / "given.bin"
    given.write_bytes(b"given")
    benchmark.storage.upload(BUCKET, str(given), f"{INPUT}/given.bin")
    output["measurement"]["upload_size"] = 5
    for content, passes in ((b"given", True), (b"taken", False)):
        store(benchmark, content)
        assert (benchmark.judge(event, output) is None) is passes


@pytest.mark.parametrize("path", ["/absent", "/short"])
def test_what_cannot_be_fetched_to_compare_is_no_verdict(
    answered: Any, web: str, path: str
) -> None:
    benchmark, event, output = answered
    event["object"]["url"] = output["result"]["url"] = web + path
    with pytest.raises(DependencyError, match="nothing to compare the copy with"):
        benchmark.judge(event, output)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_fetched_is_an_error_and_leaves_nothing(
    fed: Any, handler: Any, web: str, scratch: Path, language: str
) -> None:
    benchmark, upload = fed(NAME), handler(language)
    event = benchmark.event("test")
    for url in (
        f"{web}/absent",
        f"{web}/short",
        "file:///etc/passwd",
        f"storage://{BUCKET}/absent",
    ):
        event["object"]["url"] = url
        with pytest.raises((OSError, ValueError, HTTPException, AssertionError)):
            upload(event)
        assert list(scratch.iterdir()) == []
    assert not benchmark.storage.list_bucket(BUCKET, OUTPUT)


# --- the verdict ---


@pytest.fixture
def answered(fed: Any) -> tuple[Fed, dict[str, Any], dict[str, Any]]:
    """The benchmark, its event, and a right output."""
    benchmark = fed(NAME)
    event = benchmark.event("test")
    store(benchmark, (benchmark.data_dir / "file-v2-test.bin").read_bytes())
    output = {
        "result": {"bucket": BUCKET, "url": event["object"]["url"], "key": f"{OUTPUT}/copy.bin"},
        "measurement": {
            "download_time": 0, "download_size": 0, "upload_time": 1, "upload_size": 230_000,
            "compute_time": 2.5,
        },
    }  # fmt: skip
    return benchmark, event, output


def store(benchmark: Fed, content: bytes) -> None:
    path = benchmark.data_dir / "stored"
    path.write_bytes(content)
    benchmark.storage.upload(BUCKET, str(path), f"{OUTPUT}/copy.bin")


def test_the_right_copy_passes(answered: Any) -> None:
    benchmark, event, output = answered
    assert benchmark.judge(event, output) is None
    assert benchmark.judge(event, output, stored=False) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: b"", "the copy has 0 bytes, not 230000"),
        (lambda c: c[:-1], "the copy has 229999 bytes"),
        (lambda c: c + b"x", "the copy has 230001 bytes"),
        (lambda c: c[:-1] + bytes([c[-1] ^ 1]), "is not what is behind the URL"),
        (lambda c: bytes([c[0] ^ 1]) + c[1:], "is not what is behind the URL"),
        (lambda c: bytes(len(c)), "is not what is behind the URL"),
        (lambda c: c[::-1], "is not what is behind the URL"),
    ],
)
def test_another_copy_is_noticed(answered: Any, change: Any, reason: str) -> None:
    benchmark, event, output = answered
    store(benchmark, change((benchmark.data_dir / "file-v2-test.bin").read_bytes()))
    assert reason in str(benchmark.judge(event, output))


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"bucket": "other"}, "in the bucket"),
        ({"key": f"{INPUT}/file-v2-test.bin"}, "should be below"),
        ({"key": f"{OUTPUT}0/copy.bin"}, "should be below"),
        ({"key": None}, "should be below"),
        ({"key": f"{OUTPUT}/absent"}, "ObjectNotFoundError"),
        ({"url": "https://example.org"}, "it should have fetched"),
    ],
)
def test_another_place_is_noticed(answered: Any, result: Any, reason: str) -> None:
    benchmark, event, output = answered
    output["result"].update(result)
    assert reason in str(benchmark.judge(event, output))


@pytest.mark.parametrize("output", [None, [], "", {}, {"result": "copy"}])
def test_an_output_that_is_none_is_noticed(answered: Any, output: Any) -> None:
    benchmark, event, _ = answered
    assert "should say where the copy is" in str(benchmark.judge(event, output))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("upload_time", -1, "upload_time should be"),
        ("compute_time", None, "compute_time should be"),
        ("compute_time", 0, "compute_time should be more than 0"),
        ("upload_time", 0, "upload_time should be more than 0"),
        ("download_size", True, "download_size should be"),
        ("download_size", 123, "download_size should be 0, and is 123"),
        ("download_time", 1, "download_time should be 0, and is 1"),
        ("upload_size", 229_999, "upload_size should be 230000, and is 229999"),
    ],
)
def test_measurements_that_cannot_be_are_noticed(
    answered: Any, name: str, value: Any, reason: str
) -> None:
    benchmark, event, output = answered
    output["measurement"][name] = value
    assert reason in str(benchmark.judge(event, output))
    del output["measurement"]
    assert "the measurement should be an object" in str(benchmark.judge(event, output))
