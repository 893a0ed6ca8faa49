"""Buckets that are directories: links, modes, several writers at once, and writers killed."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections import Counter

import pytest
from wrappers_doubles import NODE, WRAPPERS, load

from sebs.errors import (
    StorageError,
    UnsafePathError,
)
from sebs.local import storage as module

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


def test_what_is_removed_is_gone_from_the_disk(storage, bucket, write, root):
    write("a/b")
    storage.remove_bucket(bucket)
    assert os.listdir(root) == [".staging"]
    assert os.listdir(root / ".staging") == []


def test_a_storage_that_cannot_be_written_says_so(deploy_resources, tmp_path):
    resources = deploy_resources()
    home = resources.config.home
    home.mkdir()
    (home / "storage").write_text("no directory")
    with pytest.raises(StorageError, match=r"File exists|Not a directory"):
        resources.get_storage()._create_bucket("bucket")
    with pytest.raises(StorageError, match="Not a directory"):
        resources.get_storage().list_buckets()


# Several at once, and death.

WRITES = """
import sys
sys.path.insert(0, sys.argv[1])
from python import storage as wrapper
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
        command = [sys.executable, "-c", WRITES, str(WRAPPERS), str(path)]
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
        wrapper = str(WRAPPERS)
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
