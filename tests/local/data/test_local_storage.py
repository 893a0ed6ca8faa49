"""Buckets and objects: what the storage promises, also to several at once and when killed."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wrappers_doubles import NODE, WRAPPERS, load

from sebs.benchmark import Benchmark
from sebs.cache import Cache
from sebs.config import SeBSConfig
from sebs.errors import (
    BucketNotFoundError,
    InvalidNameError,
    ObjectNotFoundError,
    StorageError,
    UnsafePathError,
)
from sebs.experiments.config import ExperimentConfig
from sebs.faas.config import Resources
from sebs.faas.function import Runtime
from sebs.local import storage as module
from sebs.sebs_types import Language

BENCHMARKS = Resources.StorageBucketType.BENCHMARKS
PARTS = st.text(alphabet="ab%. ü", min_size=1, max_size=3).filter(lambda part: part.strip("."))
KEYS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


# Objects.


@given(objects=st.dictionaries(KEYS, st.binary(max_size=3), max_size=6), prefix=KEYS | st.just(""))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_a_mapping_that_lists_by_prefix(storage, bucket, write, read, objects, prefix):
    storage.clean_bucket(bucket)
    for key, content in objects.items():
        write(key, content)
    assert {key: read(key) for key in objects} == objects
    beginnings = {key[:end] for key in objects for end in range(len(key) + 1)}
    for start in {prefix, f"{prefix}/", *beginnings}:
        wanted = [key for key in objects if key.startswith(start)]
        assert storage.list_bucket(bucket, start) == sorted(wanted, key=str.encode)


def test_an_upload_replaces_what_was_there(write, read):
    write("key", b"a long content")
    write("key", b"short")
    assert read("key") == b"short"


def test_an_object_may_be_named_like_a_prefix(storage, bucket, write, read):
    for key in ("a/b/c", "a", "a/b"):
        write(key, key.encode())
    assert storage.list_bucket(bucket) == ["a", "a/b", "a/b/c"]
    assert read("a/b") == b"a/b"


@pytest.mark.parametrize("key", ["../other/x", "/etc/passwd", "a/../../x", "..", "a\0b"])
def test_keys_do_not_leave_the_bucket(storage, bucket, tmp_path, key):
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(UnsafePathError):
        storage.upload(bucket, str(path), key)
    with pytest.raises(UnsafePathError):
        storage.download(bucket, key, str(path))
    assert storage.list_bucket(bucket, key) == []


@pytest.mark.parametrize("name", ["..", "", ".staging", "bucket/..", "nosuch", "UPPER", "a\0b"])
def test_what_is_no_bucket(storage, bucket, tmp_path, name):
    path = tmp_path / "file"
    path.write_bytes(b"")
    assert not storage.exists_bucket(name)
    for use in (
        lambda: storage.upload(name, str(path), "key"),
        lambda: storage.download(name, "key", str(path)),
        lambda: storage.list_bucket(name),
        lambda: storage.clean_bucket(name),
        lambda: storage.remove_bucket(name),
    ):
        with pytest.raises(BucketNotFoundError, match="There is no bucket"):
            use()
    assert storage.list_buckets() == [bucket]


def test_a_missing_object_is_named(read, storage, bucket, tmp_path):
    with pytest.raises(ObjectNotFoundError, match="The bucket bucket has no object 'a/b'"):
        read("a/b")
    assert not (tmp_path / "download").exists()


def test_files_that_cannot_be_used_are_named(storage, bucket, write, tmp_path):
    with pytest.raises(StorageError, match=r"key in bucket: No such file or directory .*nosuch"):
        storage.upload(bucket, str(tmp_path / "nosuch"), "key")
    write("key")
    with pytest.raises(StorageError, match="key in bucket: Is a directory"):
        storage.download(bucket, "key", str(tmp_path))
    assert storage.list_bucket(bucket) == ["key"]


# Links, which only something that has no business there can have made.


@pytest.fixture
def outside(tmp_path, root, bucket):
    """A directory that a link in the bucket leads to, with something like an object in it."""
    directory = tmp_path / "outside"
    directory.mkdir()
    (directory / "secret%").write_bytes(b"secret")
    (root / bucket / "link").symlink_to(directory)
    (root / bucket / "file%").symlink_to(directory / "secret%")
    return directory


def test_links_are_not_followed(storage, bucket, outside, read, write):
    for key in ("link/secret", "file"):
        with pytest.raises(UnsafePathError, match="symbolic link"):
            read(key)
    with pytest.raises(UnsafePathError, match="symbolic link"):
        write("link/new")
    assert storage.list_bucket(bucket) == []
    write("file", b"new")
    storage.clean_bucket(bucket)
    assert [(path.name, path.read_bytes()) for path in outside.iterdir()] == [
        ("secret%", b"secret")
    ]


def test_the_wrapper_for_python_does_not_follow_them(monkeypatch, root, bucket, outside, tmp_path):
    monkeypatch.setenv("SEBS_LOCAL_STORAGE", str(root))
    client = load("storage").storage.get_instance()
    for key in ("link/secret", "file"):
        with pytest.raises(ValueError, match="symbolic link"):
            client.download_stream(bucket, key)
    with pytest.raises(ValueError, match="symbolic link"):
        client.upload_stream(bucket, "link/new", b"")
    client.download_directory(bucket, "", str(tmp_path / "all"))
    assert not (tmp_path / "all").exists()
    assert len(list(outside.iterdir())) == 1


@pytest.mark.node
def test_the_wrapper_for_node_does_not_follow_them(root, bucket, outside):
    script = """
    const client = new (require(process.argv[1]).storage)();
    const refused = [];
    for (const use of [
      () => client.download('bucket', 'link/secret', '/dev/null'),
      () => client.download('bucket', 'file', '/dev/null'),
      () => client.upload('bucket', 'link/new', '/dev/null'),
      () => client.uploadStream('bucket', 'link/new'),
    ]) {
      try { use(); } catch (error) { refused.push(error.message.includes('symbolic link')); }
    }
    console.log(JSON.stringify(refused));
    """
    assert json.loads(run_node(script, root)) == [True] * 4
    assert len(list(outside.iterdir())) == 1


def test_a_link_is_no_bucket(storage, root, bucket):
    (root / "linked").symlink_to(root / bucket)
    assert storage.list_buckets() == [bucket]


# Buckets.


def test_only_this_user_may_enter(root, bucket, write):
    write("a/b")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")]}
    assert {modes[name] for name in ("storage", ".staging", "bucket", "a")} == {0o700}
    assert modes["b%"] == 0o600


def test_names_that_no_bucket_may_have_are_refused(storage):
    with pytest.raises(InvalidNameError, match=r"'Käse' cannot .* 'k-se' can"):
        storage._create_bucket("Käse")
    assert storage.list_buckets() == []


def test_creating_again_gives_the_same_bucket(storage, bucket, write):
    write("key")
    assert storage._create_bucket(bucket) == bucket
    assert storage._create_bucket("other", ["other"]) == "other"
    assert storage.list_buckets() == [bucket]
    assert storage.list_bucket(bucket) == ["key"]


def test_random_names_differ(storage):
    names = {storage._create_bucket("abc", randomize_name=True) for _ in range(3)}
    assert len(names) == 3
    assert storage.list_buckets("abc-") == sorted(names)
    assert storage.list_buckets("xyz") == []


def test_removing_a_bucket_removes_its_objects(storage, bucket, write, root):
    write("a/b")
    storage.remove_bucket(bucket)
    assert not storage.exists_bucket(bucket)
    assert storage._create_bucket(bucket) == bucket
    assert storage.list_bucket(bucket) == []
    assert os.listdir(root / ".staging") == []


def test_deployments_own_their_buckets(deploy_resources):
    one, other = deploy_resources("12345678"), deploy_resources("My_x-12345678")
    mine = [resources.get_storage().get_bucket(BENCHMARKS) for resources in (one, other)]
    assert mine == ["sebs-benchmarks-12345678", "sebs-benchmarks-my-x-12345678"]
    assert one.allocated()["buckets"] == mine[:1]
    assert other.allocated()["buckets"] == mine[1:]
    assert one.get_storage().find_deployments() == ["12345678", "My_x-12345678"]
    with pytest.raises(StorageError, match="belongs to the deployment 'My_x-12345678'"):
        one.get_storage()._create_bucket(mine[1])
    with pytest.raises(StorageError, match="none of this deployment's buckets"):
        one.remove("buckets", mine[1])
    one.remove("buckets", mine[0])
    assert one.get_storage().list_buckets() == mine[1:]


def test_a_storage_that_cannot_be_written_says_so(deploy_resources, tmp_path):
    resources = deploy_resources()
    home = resources.config.home
    home.mkdir()
    (home / "storage").write_text("no directory")
    with pytest.raises(StorageError, match=r"File exists|Not a directory"):
        resources.get_storage()._create_bucket("bucket")
    with pytest.raises(StorageError, match="Not a directory"):
        resources.get_storage().list_buckets()


# A benchmark's data.

INPUT = {
    "new": """
def generate_input(data_dir, size, benchmarks_bucket, input_paths, output_paths, upload, nosql):
    upload(0, "deep/a b.txt", __file__)
    nosql("bench", "cart", {"price": 1}, ("id", "1"), ("item", "2"))
    return {"bucket": benchmarks_bucket, "input": input_paths[0], "output": output_paths[0]}
""",
    "old": """
def generate_input(data_dir, size, input_buckets, output_buckets, upload):
    upload(0, "deep/a b.txt", __file__)
    return {"bucket": input_buckets[0], "input": "", "output": output_buckets[0]}
""",
}
COUNTS = """
def buckets_count():
    return 1, 1

def allocate_nosql():
    return {"cart": {"primary_key": "id", "secondary_key": "item"}}
"""


@pytest.fixture(params=["new", "old"])
def benchmark(request, tmp_path):
    directory = tmp_path / "suite" / "910.data"
    (directory / "python").mkdir(parents=True)
    settings = {"timeout": 10, "memory": 128, "languages": ["python"]}
    settings["modules"] = ["storage", "nosql"]
    (directory / "config.json").write_text(json.dumps(settings))
    source = (INPUT[request.param] + COUNTS).replace('"bench"', '"910.data"')
    (directory / "input.py").write_text(source)
    (directory / "python" / "function.py").write_text("def handler(event): return {}\n")
    return Benchmark(
        "910.data",
        "local",
        ExperimentConfig(Runtime(Language.PYTHON, "3.11")),
        SeBSConfig(),
        Cache(tmp_path / "cache"),
        str(tmp_path / "out"),
        benchmarks_dirs=[tmp_path / "suite"],
    )


def test_a_benchmark_finds_its_inputs(benchmark, resources):
    event = benchmark.prepare_input(resources, "test")
    storage = resources.get_storage()
    prefix = f"{event['input']}/" if event["input"] else ""
    assert storage.list_bucket(event["bucket"], prefix) == [f"{prefix}deep/a b.txt"]
    assert set(resources.allocated()["buckets"]) >= {event["bucket"]}
    assert resources.allocated()["tables"] == ["sebs-benchmarks-rid-12345678/910.data/cart"]
    assert benchmark.prepare_input(resources, "test") == event
    for kind, names in resources.allocated().items():
        for name in names:
            resources.remove(kind, name)
    assert resources.allocated() == {"buckets": [], "tables": []}
    assert benchmark.prepare_input(resources, "test") == event
    assert storage.list_bucket(event["bucket"], prefix) == [f"{prefix}deep/a b.txt"]


# Several at once, and death.

WRITES = """
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("wrapper", sys.argv[1])
wrapper = importlib.util.module_from_spec(spec)
spec.loader.exec_module(wrapper)
for _ in range(100):
    with open(sys.argv[2], "rb") as stream:
        wrapper.storage().upload("bucket", "deep/key", sys.argv[2], unique_name=False)
"""


def test_two_writers_of_an_object_are_never_mixed(root, bucket, write, read, tmp_path):
    size = 300_000
    write("deep/key", b"c" * size)
    writers = []
    for letter in "ab":
        path = tmp_path / letter
        path.write_text(letter * size)
        command = [sys.executable, "-c", WRITES, str(WRAPPERS / "python" / "storage.py"), str(path)]
        writers.append(subprocess.Popen(command, env={"SEBS_LOCAL_STORAGE": str(root)}))
    seen = Counter()
    while any(writer.poll() is None for writer in writers):
        content = read("deep/key")
        assert len(content) == size
        assert len(set(content)) == 1
        seen[content[:1]] += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen[b"a"] + seen[b"b"] > 0
    assert os.listdir(root / ".staging") == []


def test_uploads_survive_cleaning(storage, bucket, write):
    stopped = threading.Event()

    def clean():
        while not stopped.is_set():
            storage.clean_bucket(bucket)

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    try:
        for number in range(50):
            write(f"a/b/{number}")
    finally:
        stopped.set()
        cleaner.join()
    write("a/b/last")
    assert "a/b/last" in storage.list_bucket(bucket)


UPLOADS = {
    "provider": """
import sys, types
from pathlib import Path
from sebs.local.storage import LocalStorage
storage = LocalStorage(Path(sys.argv[2]), "local", None, None)
storage.upload("bucket", sys.argv[3], "deep/key")
""",
    "python": WRITES,
    "nodejs": """
const client = new (require(process.argv[1]).storage)();
const [stream] = client.uploadStream('bucket', 'deep/key');
require('fs').createReadStream(process.argv[2]).pipe(stream);
""",
}


@pytest.mark.parametrize(
    "writer", ["provider", "python", pytest.param("nodejs", marks=pytest.mark.node)]
)
def test_a_killed_writer_leaves_no_object(
    storage, root, bucket, tmp_path, monkeypatch, deploy_resources, writer
):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    if writer == "nodejs":
        command = [NODE, "-e", UPLOADS[writer], str(WRAPPERS / "nodejs" / "storage.js"), str(pipe)]
    else:
        wrapper = str(WRAPPERS / "python" / "storage.py")
        arguments = [str(root), str(pipe)] if writer == "provider" else [str(pipe)]
        command = [sys.executable, "-c", UPLOADS[writer], wrapper, *arguments]
    environment = {**os.environ, "SEBS_LOCAL_STORAGE": str(root)}
    process = subprocess.Popen(command, env=environment)
    with pipe.open("wb") as stream:
        stream.write(b"x" * 3_000_000)  # more than the pipe holds: the writer has read some
        stream.flush()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert storage.list_bucket(bucket) == []
    assert len(os.listdir(root / ".staging")) == 1
    monkeypatch.setattr(module, "_ABANDONED", -1.0)
    deploy_resources().get_storage()._create_bucket("other")
    assert os.listdir(root / ".staging") == []


def run_node(script, root):
    command = [NODE, "-e", script, str(WRAPPERS / "nodejs" / "storage.js")]
    environment = {"SEBS_LOCAL_STORAGE": str(root)}
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True, timeout=30
    ).stdout
