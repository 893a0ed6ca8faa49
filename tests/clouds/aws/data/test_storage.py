"""Buckets on S3, as two servers that are not ours understand it."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from aws_answers import answer
from aws_servers import REGION
from data_doubles import s3_fault

from sebs import __version__
from sebs.aws.endpoints import Endpoints
from sebs.errors import (
    AccessDeniedError,
    BucketNameTakenError,
    BucketNotFoundError,
    CredentialsError,
    CredentialsExpiredError,
    InvalidNameError,
    ObjectNotFoundError,
    PlatformTimeoutError,
    PlatformUnreachableError,
    StorageError,
    UnsafePathError,
)
from sebs.faas.config import Resources

BENCHMARKS = Resources.StorageBucketType.BENCHMARKS
NAME = "sebs-benchmarks-rid-12345678"
MANY = 1001  # a request deletes at most 1,000


@pytest.fixture
def storage(resources):
    return resources.get_storage()


@pytest.fixture
def client(resources):
    """The client that the storage uses."""
    return resources.clients.control("s3")


@pytest.fixture
def bucket(storage):
    return storage.get_bucket(BENCHMARKS)


@pytest.fixture
def write(storage, bucket, tmp_path):
    """Writes an object."""

    def put(key, content=b"content"):
        (tmp_path / "upload").write_bytes(content)
        storage.upload(bucket, str(tmp_path / "upload"), key)

    return put


@pytest.fixture
def read(storage, bucket, tmp_path):
    """Reads an object."""

    def fetch(key):
        storage.download(bucket, key, str(tmp_path / "download"))
        return (tmp_path / "download").read_bytes()

    return fetch


# Buckets.


def test_a_bucket_is_private_tagged_and_in_its_region(storage, bucket, client):
    assert storage.deployment_name() == "aws"
    assert bucket == NAME
    assert client.get_bucket_location(Bucket=NAME)["LocationConstraint"] == REGION
    assert set(
        client.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"].items()
    ) == {
        (kind, True)
        for kind in (
            "BlockPublicAcls",
            "IgnorePublicAcls",
            "BlockPublicPolicy",
            "RestrictPublicBuckets",
        )
    }
    rules = client.get_bucket_ownership_controls(Bucket=NAME)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    tags = client.get_bucket_tagging(Bucket=NAME)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "sebs:resource-id": "rid-12345678",
        "sebs:version": __version__,
    }


def test_the_region_without_a_name_has_buckets_too(deploy, server):
    storage = deploy(region="us-east-1").get_storage()
    for _ in range(2):
        assert storage._create_bucket(NAME) == NAME
    assert server.client("s3").get_bucket_location(Bucket=NAME)["LocationConstraint"] is None
    assert storage.allocated() == [NAME]


def test_a_bucket_that_is_there_is_used_again(deploy, bucket, write):
    write("key")
    other = deploy().get_storage()
    assert other.get_bucket(BENCHMARKS) == other._create_bucket(bucket) == bucket
    assert other.list_bucket(bucket) == ["key"]


def test_threads_that_make_a_bucket_at_once_get_the_same(deploy):
    storages = [deploy().get_storage() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda each: each._create_bucket(NAME), storages)) == {NAME}
    assert storages[0].allocated() == [NAME]


@pytest.mark.parametrize("running_server", ["ministack"], indirect=True)
def test_a_bucket_of_another_account_is_seen_as_such(deploy):
    # moto lets every account into every bucket.
    deploy(account="210987654321").get_storage()._create_bucket(NAME)
    storage = deploy().get_storage()
    with pytest.raises(BucketNameTakenError, match="belongs to another account"):
        storage._create_bucket(NAME)
    with pytest.raises(BucketNameTakenError, match="belongs to another account"):
        storage.get_bucket(BENCHMARKS)
    assert storage.list_buckets() == []


@pytest.mark.parametrize(
    ("name", "correct"),
    [
        ("sebs-experiments-rid", "sebs-experiments-rid"),
        ("My_Bucket", "sebs-my-bucket"),
        ("sebs-" + "x" * 80, "sebs-" + "x" * 49 + "-f6c2be38"),
        ("192.168.0.1", "sebs-192.168.0.1"),
    ],
)
def test_names_begin_as_all_of_ours(storage, name, correct):
    assert storage.correct_name(name) == storage.correct_name(correct) == correct
    if name != correct:
        with pytest.raises(InvalidNameError, match=f"'{correct}' can"):
            storage._create_bucket(name)
    assert storage.list_buckets() == []


# Whose a bucket is.


def test_deployments_are_found_and_keep_apart(deploy, server):
    one, two = deploy("12345678"), deploy("second-12345678")
    names = [each.get_storage().get_bucket(BENCHMARKS) for each in (one, two)]
    server.client("s3").create_bucket(
        Bucket="sebs-benchmarks-of-nobody",
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    assert one.get_storage().find_deployments() == ["12345678", "second-12345678"]
    assert one.allocated() == {"buckets": names[:1], "tables": []}
    with pytest.raises(BucketNameTakenError, match="belongs to the deployment 'second-12345678'"):
        one.get_storage()._create_bucket(names[1])
    for name in (names[1], "sebs-benchmarks-of-nobody", "sebs-nosuch"):
        with pytest.raises(StorageError, match="none of this deployment's buckets"):
            one.remove("buckets", name)
    with pytest.raises(StorageError, match="none of this deployment's nosuch"):
        one.remove("nosuch", names[0])
    one.remove("buckets", names[0])
    assert one.get_storage().list_buckets() == ["sebs-benchmarks-of-nobody", names[1]]


def test_only_buckets_with_a_name_of_ours_are_asked_whose_they_are(storage, bucket, client, server):
    for name in ("others", "sebs-experiments-x"):
        server.client("s3").create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    asked = answer(client, "GetBucketTagging")
    assert storage.find_deployments() == ["rid-12345678"]
    assert len(asked) == 1
    assert storage.allocated() == [bucket]
    assert all("/sebs-" in request.url for request in asked)


def test_what_a_killed_maker_left_is_taken_over(storage, client, server):
    place = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    server.client("s3").create_bucket(Bucket=NAME, **place)
    # By its name it can be nobody else's, so cleaning up finds it as it is.
    assert storage.allocated() == [NAME]
    storage._create_bucket(NAME)
    assert storage.allocated() == [NAME]
    assert client.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"]


def test_a_bucket_of_nobody_with_content_is_left_alone(storage, server):
    theirs = server.client("s3")
    theirs.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    theirs.put_object(Bucket=NAME, Key="theirs", Body=b"")
    with pytest.raises(BucketNameTakenError, match="belongs to no deployment"):
        storage._create_bucket(NAME)
    assert theirs.list_objects_v2(Bucket=NAME)["KeyCount"] == 1
    assert storage.owner(NAME) is None


def test_the_bucket_of_another_account_is_named(storage, client):
    creations = answer(client, "CreateBucket", s3_fault("BucketAlreadyExists"))
    with pytest.raises(BucketNameTakenError, match="belongs to another account") as caught:
        storage._create_bucket(NAME)
    assert caught.value.remedy
    assert len(creations) == 1
    answer(client, "CreateBucket", s3_fault("BucketAlreadyExists"))
    answer(client, "ListObjectsV2", s3_fault("AccessDenied", 403))
    with pytest.raises(BucketNameTakenError, match="belongs to another account"):
        storage.get_bucket(BENCHMARKS)
    assert storage.list_buckets() == []


def test_what_our_own_account_denies_is_named(storage, bucket, client):
    told = "User: u is not authorized to perform: s3:ListBucket on resource: arn:aws:s3:::b"
    answer(client, "ListObjectsV2", s3_fault("AccessDenied", 403, told))
    with pytest.raises(AccessDeniedError, match="do not permit s3:ListBucket"):
        storage.exists_bucket(bucket)
    answer(client, "GetBucketTagging", s3_fault("AccessDenied", 403))
    assert storage.owner(bucket) is None


def test_a_bucket_elsewhere_is_not_used(deploy, server):
    elsewhere = deploy(region="us-west-2").get_storage()
    bucket = elsewhere.get_bucket(BENCHMARKS)
    storage = deploy().get_storage()
    client = storage._connection.client

    def place(parsed, **_):
        parsed["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] = "us-west-2"

    client.meta.events.register("after-call.s3.ListObjectsV2", place)
    with pytest.raises(StorageError, match=f"is in the region us-west-2, not in {REGION}"):
        storage.exists_bucket(bucket)
    listed = [bucket] if server.kind == "moto" else []  # which does not say where buckets are
    assert storage.list_buckets() == listed


# What S3 has not made up its mind about.


@pytest.mark.parametrize("code", ["OperationAborted", "NoSuchBucket"])
def test_a_bucket_that_just_went_is_waited_for(storage, client, code):
    creations = answer(client, "CreateBucket", s3_fault(code), s3_fault(code))
    assert storage._create_bucket(NAME) == NAME
    assert len(creations) == 3


def test_tags_that_do_not_show_at_once_are_waited_for(storage, client):
    untagged = s3_fault("NoSuchTagSet", 404)
    answer(client, "GetBucketTagging", untagged, untagged, untagged)
    assert storage._create_bucket(NAME) == NAME
    assert storage.allocated() == [NAME]


def test_what_never_settles_ends(storage, client, monkeypatch):
    monkeypatch.setattr("sebs.aws.storage._PATIENCE", 0.2)
    answer(client, "CreateBucket", *[s3_fault("OperationAborted")] * 20)
    with pytest.raises(PlatformTimeoutError, match=f"The bucket {NAME} was waited for 0.2 s"):
        storage._create_bucket(NAME)


# Objects.


@pytest.mark.parametrize("key", ["a/b", "a +%ü", "a"])
def test_objects_come_back(storage, bucket, write, read, key):
    write(key, b"one")
    write(key, b"two")
    assert read(key) == b"two"
    assert storage.list_bucket(bucket, key[:1]) == [key]
    assert storage.list_bucket(bucket, "z") == storage.list_bucket(bucket, "\ud800") == []


def test_a_file_of_many_parts_comes_whole(write, read):
    content = os.urandom(1 << 20) * 20
    write("large", content)
    assert read("large") == content


def test_more_objects_than_a_request_lists_or_deletes(storage, bucket, client):
    keys = [f"{number:04}" for number in range(MANY)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: client.put_object(Bucket=bucket, Key=key), keys))
    assert storage.list_bucket(bucket) == keys
    requests = answer(client, "DeleteObjects")
    storage.clean_bucket(bucket)
    assert len(requests) == 2
    assert storage.list_bucket(bucket) == []
    assert storage.exists_bucket(bucket)


def test_versions_marks_and_unfinished_uploads_go_with_the_bucket(storage, bucket, write, client):
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    write("key", b"one")
    write("key", b"two")
    client.delete_object(Bucket=bucket, Key="key")
    write("other")
    client.create_multipart_upload(Bucket=bucket, Key="unfinished")
    storage.clean_bucket(bucket)
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)
    storage.remove_bucket(bucket)
    assert not storage.exists_bucket(bucket)
    assert storage.list_buckets() == []


@pytest.mark.parametrize("key", ["../other/x", "/etc/passwd", "a//b", "..", "", "a\0b", "k" * 1025])
def test_keys_do_not_leave_the_bucket(storage, bucket, tmp_path, key):
    (tmp_path / "file").write_bytes(b"")
    for use in (
        lambda: storage.upload(bucket, str(tmp_path / "file"), key),
        lambda: storage.download(bucket, key, str(tmp_path / "file")),
    ):
        with pytest.raises(UnsafePathError, match="cannot be the key of an object"):
            use()


def test_what_is_missing_is_named(storage, bucket, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(ObjectNotFoundError, match=f"bucket {NAME} has no object 'absent'"):
        storage.download(bucket, "absent", str(path))
    with pytest.raises(StorageError, match="No such file or directory"):
        storage.upload(bucket, str(tmp_path / "nosuch"), "key")
    for name in ("sebs-nosuch", "UPPER", ".."):
        assert not storage.exists_bucket(name)
        for use in (
            lambda name=name: storage.upload(name, str(path), "key"),
            lambda name=name: storage.download(name, "key", str(path)),
            lambda name=name: storage.list_bucket(name),
            lambda name=name: storage.clean_bucket(name),
            lambda name=name: storage.remove_bucket(name),
        ):
            with pytest.raises(BucketNotFoundError, match="There is no bucket"):
                use()
    assert not storage.owns("sebs-nosuch")


def test_what_cannot_be_deleted_is_named(storage, bucket, write, client):
    write("kept")
    fault = "<Key>kept</Key><Code>AccessDenied</Code><Message>It is locked.</Message>"
    answer(client, "DeleteObjects", (200, f"<DeleteResult><Error>{fault}</Error></DeleteResult>"))
    with pytest.raises(StorageError, match=r"object kept in .*: AccessDenied: It is locked"):
        storage.clean_bucket(bucket)


# What goes wrong.


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ExpiredToken", 400, CredentialsExpiredError),
        ("InvalidAccessKeyId", 403, CredentialsError),
        ("AccessDenied", 403, AccessDeniedError),
        ("InvalidRequest", 400, StorageError),
    ],
)
def test_refusals_have_their_own_errors(storage, bucket, write, client, code, status, error):
    for operation in ("ListBuckets", "PutObject", "ListObjectVersions"):
        answer(client, operation, s3_fault(code, status))
    for use in (
        storage.list_buckets,
        lambda: write("key"),
        lambda: storage.clean_bucket(bucket),
    ):
        with pytest.raises(error) as caught:
            use()
        assert type(caught.value) is error


def test_a_server_that_is_busy_is_asked_again(storage, bucket, client):
    requests = answer(client, "ListObjectsV2", s3_fault("SlowDown", 503))
    assert storage.list_bucket(bucket) == []
    assert len(requests) == 2


def test_an_endpoint_that_does_not_answer_is_named(deploy, monkeypatch):
    monkeypatch.setattr("sebs.aws.clients._ATTEMPTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    resources = deploy()
    resources.clients.endpoints = Endpoints(url)
    with pytest.raises(PlatformUnreachableError, match=url):
        resources.get_storage().list_buckets()
