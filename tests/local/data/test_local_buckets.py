"""What every object storage of the local platform promises, on files and on an S3 server."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from sebs.sebs_types import Language

pytestmark = pytest.mark.parametrize("backend", ["filesystem", "s3"], indirect=True)

BENCHMARKS = Resources.StorageBucketType.BENCHMARKS
PARTS = st.text(alphabet="ab%. ü+", min_size=1, max_size=3).filter(lambda part: part.strip("."))
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


# Buckets.


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


def test_removing_a_bucket_removes_its_objects(storage, bucket, write):
    write("a/b")
    storage.remove_bucket(bucket)
    assert not storage.exists_bucket(bucket)
    assert storage._create_bucket(bucket) == bucket
    assert storage.list_bucket(bucket) == []


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
        str(tmp_path / "out"),
        Cache(tmp_path / "cache"),
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
