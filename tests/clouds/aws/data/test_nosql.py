"""Tables in DynamoDB, as two servers that are not ours understand it."""

import json
import math
import re
import string
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import SimpleNamespace

import pytest
from aws_answers import answer
from boto3.dynamodb.types import TypeDeserializer
from data_doubles import dynamodb_fault
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sebs import __version__
from sebs.aws.endpoints import Endpoints
from sebs.aws.resources import AWSSystemResources
from sebs.aws.tables import deployment_prefix, table_prefix
from sebs.errors import (
    AccessDeniedError,
    BucketNameTakenError,
    BucketNotFoundError,
    InvalidItemError,
    InvalidNameError,
    PlatformTimeoutError,
    StorageError,
)

BENCHMARK = "130.crud-api"
ACTUAL = "sebs-benchmarks-rid-12345678__130.crud-api__cart"
PER_TEST = [HealthCheck.function_scoped_fixture]

# The servers write larger ones out, with more digits than they have.
NUMBERS = st.integers(-(10**30), 10**30) | st.floats(-1e15, 1e15).filter(
    lambda number: number == 0 or abs(number) > 1e-100
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner)
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(st.text(min_size=1, max_size=5), VALUES, max_size=4)


@pytest.fixture
def tables(resources):
    return resources.get_nosql_storage()


@pytest.fixture
def client(resources):
    """The client that the tables use."""
    return resources.clients.control("dynamodb")


@pytest.fixture
def cart(tables):
    tables.create_benchmark_tables(BENCHMARK, "cart", "id", "item")
    return tables.get_tables(BENCHMARK)["cart"]


@pytest.fixture
def items(client):
    """Reads all items of a table, as Python has them."""

    def read(table):
        pages = client.get_paginator("scan").paginate(TableName=table)
        found = [item for page in pages for item in page["Items"]]
        values = TypeDeserializer().deserialize
        return [{name: values(value) for name, value in item.items()} for item in found]

    return read


def plain(value):
    """Return a value with the numbers that JSON has."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


# Names.


@given(
    st.tuples(st.text(), st.text()),
    st.tuples(st.text(), st.text()),
    st.text(string.ascii_letters + string.digits + "_.-", min_size=1),
    st.text(string.ascii_letters + string.digits + "_.-", min_size=1),
)
def test_no_two_tables_share_a_name(one, other, name, other_name):
    first, second = table_prefix(*one) + name, table_prefix(*other) + other_name
    assert re.fullmatch("[A-Za-z0-9_.-]+", first)
    assert (first == second) == ((one, name) == (other, other_name))
    assert first.startswith(deployment_prefix(one[0]))
    assert first.startswith(deployment_prefix(other[0])) == (one[0] == other[0])


@given(st.text("a_-_.", max_size=4), st.text("a_-.", max_size=4), st.text("a_-.", max_size=4))
def test_a_name_can_be_taken_apart(deployment, benchmark, name):
    full = table_prefix(deployment, benchmark) + name
    parts = full.removeprefix("sebs-benchmarks-").split("__", 2)
    assert [part.replace("_5f", "_") for part in parts[:2]] == [deployment, benchmark]
    assert parts[2] == name


def test_a_function_is_told_the_prefix(tables, cart):
    assert cart == ACTUAL
    assert {"SEBS_AWS_TABLES": cart.removesuffix("cart")} == tables.benchmark_envs(BENCHMARK)


@pytest.mark.parametrize("name", ["a b", "ü", "a/b", "x" * 230])
def test_names_that_no_table_may_have_are_refused(tables, name):
    with pytest.raises(InvalidNameError, match="cannot be the name of a table"):
        tables.create_table(BENCHMARK, name, "id")
    assert not tables.exists_table(name)


@pytest.mark.parametrize("keys", [("",), ("id", ""), ("id", "id")])
def test_keys_that_no_table_may_have_are_refused(tables, keys):
    with pytest.raises(InvalidNameError, match="cannot be the keys of a table"):
        tables.create_table(BENCHMARK, "cart", *keys)
    assert tables.allocated() == []


# Tables.


def test_a_table_is_paid_for_by_the_request_and_tagged(tables, cart, client):
    found = client.describe_table(TableName=cart)["Table"]
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert found["TableStatus"] == "ACTIVE"
    assert found["KeySchema"] == [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "item", "KeyType": "RANGE"},
    ]
    tags = client.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "sebs:resource-id": "rid-12345678",
        "sebs:version": __version__,
    }


def test_a_table_that_is_there_is_used_again(deploy, tables, cart, items):
    tables.write_to_table(BENCHMARK, "cart", {}, ("id", "1"), ("item", "2"))
    other = deploy().get_nosql_storage()
    assert other.get_tables(BENCHMARK) == {"cart": cart}
    other.create_benchmark_tables(BENCHMARK, "cart", "id", "item")
    assert other.create_table(BENCHMARK, "cart", "id", "item") == cart
    assert items(cart) == [{"id": "1", "item": "2"}]
    with pytest.raises(StorageError, match=r"keys \('id', 'item'\), not \('id', None\)"):
        other.create_table(BENCHMARK, "cart", "id")


def test_threads_that_make_a_table_at_once_get_the_same(deploy):
    def make(each):
        return each.get_nosql_storage().create_table(BENCHMARK, "cart", "id")

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(make, [deploy() for _ in range(4)])) == {ACTUAL}


def test_deployments_keep_apart(deploy, client):
    one, two = deploy("12345678"), deploy("12345678-1")
    for each in (one, two):
        each.get_nosql_storage().create_benchmark_tables(BENCHMARK, "cart", "id")
    names = [each.allocated()["tables"] for each in (one, two)]
    assert [len(each) for each in names] == [1, 1]
    # The cache remembers the tables of the second one only.
    assert one.get_nosql_storage().get_tables(BENCHMARK) == {"cart": names[0][0]}
    assert deploy("12345678").get_nosql_storage().get_tables(BENCHMARK) == {}
    with pytest.raises(StorageError, match="none of this deployment's tables"):
        one.remove("tables", names[1][0])
    one.remove("tables", names[0][0])
    assert client.list_tables()["TableNames"] == names[1]


@pytest.mark.parametrize("tags", [[], [{"Key": "sebs:resource-id", "Value": "other"}]])
def test_a_table_of_others_is_left_alone(tables, client, tags):
    client.create_table(
        TableName=ACTUAL,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=tags,
    )
    whose = "to the deployment 'other'" if tags else "to no deployment"
    with pytest.raises(BucketNameTakenError, match=f"belongs {whose}, not to 'rid-12345678'"):
        tables.create_table(BENCHMARK, "cart", "id")
    assert tables.allocated() == []
    assert not tables.owns(ACTUAL)
    assert tables.exists_table(ACTUAL)


def test_a_table_that_was_removed_is_made_again(tables, cart):
    assert tables.remove_table(cart) == cart
    assert not tables.exists_table(cart)
    tables.create_benchmark_tables(BENCHMARK, "cart", "id")
    tables.write_to_table(BENCHMARK, "cart", {}, ("id", "1"))
    assert tables.allocated() == [cart]


def test_a_table_may_come_again_with_other_keys(deploy, tables, cart, items):
    tables.remove_table(cart)
    deploy().get_nosql_storage().create_table(BENCHMARK, "cart", "other")
    tables.write_to_table(BENCHMARK, "cart", {}, ("other", "1"))
    assert items(cart) == [{"other": "1"}]


def test_what_is_missing_is_named(tables, cart):
    tables.remove_table(cart)
    for use in (
        lambda: tables.write_to_table(BENCHMARK, "nosuch", {}, ("id", "1")),
        lambda: tables.write_to_table(BENCHMARK, "cart", {}, ("id", "1"), ("item", "1")),
        lambda: tables.clear_table(cart),
        lambda: tables.remove_table(cart),
    ):
        with pytest.raises(BucketNotFoundError, match="no table"):
            use()
    assert not tables.owns(cart)


# What DynamoDB does after it has answered.


def described(client, *statuses):
    """Let the table have these states, one for each question, then the server's."""
    remaining = list(statuses)

    def instead(parsed, **_):
        if remaining and "Table" in parsed:
            parsed["Table"]["TableStatus"] = remaining.pop(0)

    client.meta.events.register("after-call.dynamodb.DescribeTable", instead)
    return remaining


def test_a_new_table_is_waited_for(tables, client):
    remaining = described(client, "CREATING", "CREATING")
    tables.create_table(BENCHMARK, "cart", "id")
    assert remaining == []


def test_a_table_that_goes_is_waited_for_and_made_again(tables, cart, client):
    remaining = described(client, "DELETING", "DELETING")
    assert not tables.exists_table(cart)
    requests = answer(client, "CreateTable")
    tables.create_table(BENCHMARK, "cart", "id", "item")
    assert remaining == []
    assert len(requests) == 2


def test_too_many_tables_at_once_are_waited_for(deploy, monkeypatch):
    monkeypatch.setattr("sebs.aws.clients._ATTEMPTS", 1)  # the SDK has given up
    resources = deploy()
    client, tables = resources.clients.control("dynamodb"), resources.get_nosql_storage()
    requests = answer(client, "CreateTable", *[dynamodb_fault("LimitExceededException")] * 2)
    tables.create_table(BENCHMARK, "cart", "id")
    assert len(requests) == 3
    assert tables.exists_table(ACTUAL)


def test_a_table_that_is_busy_is_deleted_later(tables, cart, client):
    requests = answer(client, "DeleteTable", dynamodb_fault("ResourceInUseException"))
    tables.remove_table(cart)
    assert len(requests) == 2
    assert not tables.exists_table(cart)


def test_a_table_that_goes_already_is_not_deleted_twice(tables, cart, client, monkeypatch):
    monkeypatch.setattr("sebs.aws.tables._PATIENCE", 0.3)
    requests = answer(client, "DeleteTable", dynamodb_fault("ResourceInUseException"))
    described(client, *["DELETING"] * 100)
    with pytest.raises(PlatformTimeoutError, match=f"The end of the table {cart} was waited for"):
        tables.remove_table(cart)
    assert len(requests) == 1


def test_what_may_not_be_done_is_named(tables, client):
    told = "User: u is not authorized to perform: dynamodb:CreateTable on resource: arn:x"
    body = json.dumps({"__type": "x#AccessDeniedException", "message": told})
    answer(client, "CreateTable", (400, body))
    with pytest.raises(AccessDeniedError, match="do not permit dynamodb:CreateTable on arn:x"):
        tables.create_table(BENCHMARK, "cart", "id")


# Items.


@given(item=ITEMS)
@settings(max_examples=40, suppress_health_check=PER_TEST)
def test_what_json_has_comes_back(tables, client, item):
    tables.create_benchmark_tables(BENCHMARK, "one", "the key")
    item.pop("the key", None)
    tables.write_to_table(BENCHMARK, "one", item, ("the key", "1"))
    key = {"the key": {"S": "1"}}
    actual = tables.get_tables(BENCHMARK)["one"]
    found = client.get_item(TableName=actual, Key=key, ConsistentRead=True)["Item"]
    values = {name: plain(TypeDeserializer().deserialize(each)) for name, each in found.items()}
    assert values == {**item, "the key": "1"}


def test_items_are_what_they_are_as_json(tables, cart, items):
    data = {"tuple": (1, 2), "by number": {1: True}, "id": "wrong", "float": 0.1}
    tables.write_to_table(BENCHMARK, "cart", data, ("id", "1"), ("item", "2"))
    assert items(cart) == [
        {
            "id": "1",
            "item": "2",
            "tuple": [1, 2],
            "by number": {"1": True},
            "float": Decimal("0.1"),
        }
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"x": math.nan}, "is no JSON object"),
        ({"x": b"bytes"}, "is no JSON object"),
        ({"x": {1, 2}}, "is no JSON object"),
        ({"x": "\ud800"}, "is no JSON object"),
        ({"x": "y" * 410_000}, "has 4100[0-9]* bytes, of 409600 allowed"),
        ({"x": 10**40 + 1}, "has a number that DynamoDB does not"),
        ({"x": 1e200}, "has a number that DynamoDB does not"),
        ({"x": 1e-200}, "has a number that DynamoDB does not"),
    ],
)
def test_what_no_table_holds_is_refused(tables, cart, items, data, reason):
    with pytest.raises(InvalidItemError, match=reason):
        tables.write_to_table(BENCHMARK, "cart", data, ("id", "1"), ("item", "2"))
    assert items(cart) == []


@pytest.mark.parametrize(
    ("primary", "secondary", "reason"),
    [
        (("id", ""), ("item", "1"), "is no text of 1 to 2048 bytes"),
        (("id", "x" * 2049), ("item", "1"), "is no text of 1 to 2048 bytes"),
        (("id", "1"), ("item", "x" * 1025), "is no text of 1 to 1024 bytes"),
        (("id", 1), ("item", "1"), "is no text"),
        (("other", "1"), ("item", "1"), "primary key of the table .* is 'id', not 'other'"),
        (("id", "1"), ("other", "1"), "secondary key of the table .* is 'item', not 'other'"),
        (("id", "1"), None, "secondary key of the table .* is 'item', not None"),
    ],
)
def test_other_keys_are_refused(deploy, cart, items, primary, secondary, reason):
    fresh = deploy().get_nosql_storage()  # which must ask for the table's keys
    with pytest.raises(InvalidItemError, match=reason):
        fresh.write_to_table(BENCHMARK, "cart", {}, primary, secondary)
    assert items(cart) == []


def test_what_dynamodb_refuses_itself_is_an_invalid_item(tables, cart, client):
    answer(client, "PutItem", dynamodb_fault("ValidationException"))
    with pytest.raises(InvalidItemError, match=r"The item for \('1', '2'\): No\."):
        tables.write_to_table(BENCHMARK, "cart", {}, ("id", "1"), ("item", "2"))


def test_clearing_keeps_the_table(tables, client, items):
    tables.create_benchmark_tables(BENCHMARK, "cart", "name", "values")  # both are reserved words
    cart = tables.get_tables(BENCHMARK)["cart"]
    # More than a request deletes; of a size of which one answer does not hold all.
    for number in range(60):
        data = {"text": "x" * 30_000}
        tables.write_to_table(BENCHMARK, "cart", data, ("name", "n"), ("values", str(number)))
    assert len(items(cart)) == 60
    scans = answer(client, "Scan")
    assert tables.clear_table(cart) == cart
    assert len(scans) > 1
    assert items(cart) == []
    assert tables.exists_table(cart)


def test_what_is_left_undone_is_asked_for_again(tables, cart, client, items):
    for number in range(3):
        tables.write_to_table(BENCHMARK, "cart", {}, ("id", str(number)), ("item", "i"))
    keys = [{"id": {"S": str(number)}, "item": {"S": "i"}} for number in range(3)]
    undone = {"UnprocessedItems": {cart: [{"DeleteRequest": {"Key": key}} for key in keys]}}
    requests = answer(client, "BatchWriteItem", (200, json.dumps(undone)))
    tables.clear_table(cart)
    assert len(requests) == 2
    assert items(cart) == []


# What a function is told.


def test_a_function_is_told_what_it_needs_and_nothing_secret(resources, server):
    told = resources.function_environment(SimpleNamespace(benchmark=BENCHMARK))
    assert told == {
        "SEBS_RESOURCES_ID": "rid-12345678",
        "SEBS_BENCHMARK": BENCHMARK,
        "SEBS_AWS_TABLES": "sebs-benchmarks-rid-12345678__130.crud-api__",
        "AWS_ENDPOINT_URL": server.url,
    }


@pytest.mark.parametrize("running_server", ["moto"], indirect=True)
@pytest.mark.parametrize(
    ("endpoints", "told"),
    [
        (Endpoints(), {}),
        (
            Endpoints(None, {"s3": "http://one", "dynamodb": "http://two", "iam": "http://three"}),
            {"AWS_ENDPOINT_URL_S3": "http://one", "AWS_ENDPOINT_URL_DYNAMODB": "http://two"},
        ),
    ],
)
def test_a_function_is_told_of_endpoints_only_where_there_are_some(resources, endpoints, told):
    resources.config.endpoints = endpoints
    again = AWSSystemResources(resources.config, resources.clients, resources.cache_client)
    variables = again.function_environment(SimpleNamespace(benchmark=BENCHMARK))
    assert {name: url for name, url in variables.items() if name.startswith("AWS_")} == told
    assert again.get_storage(replace_existing=True).replace_existing
    assert again.get_storage().replace_existing
