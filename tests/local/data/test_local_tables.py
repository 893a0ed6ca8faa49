"""Tables as the client uses them: what they hold, in which order, and what they refuse."""

import json
import math
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sebs.errors import BucketNotFoundError, InvalidItemError, InvalidNameError, StorageError
from sebs.faas.tables import MAX_ITEM, MAX_PRIMARY, MAX_SECONDARY, Table
from sebs.local.tables import TableStore

A = ("part", "a")
ONE, TWO = ("sort", "1"), ("sort", "2")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return TableStore(tmp_path / "nosql")


@pytest.fixture
def table(store):
    """The name of a table with both keys."""
    store.create(Table("t", "owner", "part", "sort"))
    return "t"


@pytest.fixture
def plain(store):
    """The name of a table without a secondary key."""
    store.create(Table("plain", "owner", "part", None))
    return "plain"


# Items.


@given(data=st.dictionaries(TEXT, JSON, max_size=4), part=TEXT, sort=TEXT)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_item_comes_back_as_it_was_with_its_keys(store, table, data, part, sort):
    keys = {"part": part, "sort": sort}
    store.insert(table, ("part", part), ("sort", sort), data)
    assert store.get(table, ("part", part), ("sort", sort)) == {**data, **keys}


@given(sorts=st.lists(TEXT, unique=True, max_size=8))
@example(["a", "B", "a\0", "\0", "aa", "ü", "💥", "\uffff"])
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_query_is_in_the_order_of_the_secondary_keys(store, table, sorts):
    store.clear(table)
    for sort in sorts:
        store.insert(table, A, ("sort", sort), {})
        store.insert(table, ("part", "b"), ("sort", sort), {})
    found = [item["sort"] for item in store.query(table, A, "sort")]
    assert found == sorted(sorts, key=str.encode)


def test_an_insert_replaces_the_whole_item(store, table):
    store.insert(table, A, ONE, {"old": 1, "both": 1})
    store.insert(table, A, ONE, {"both": 2, "part": "not the key"})
    assert store.query(table, A, "sort") == [{"both": 2, "part": "a", "sort": "1"}]


def test_an_insert_leaves_what_it_is_given_alone(store, table):
    data = {"price": 1}
    store.insert(table, A, ONE, data)
    assert data == {"price": 1}


def test_an_update_sets_only_what_it_names(store, table):
    store.insert(table, A, ONE, {"kept": {"x": 1}, "changed": {"x": 1}})
    store.update(table, A, ONE, {"changed": {"y": 2}, "new": None})
    assert store.get(table, A, ONE) == {
        "part": "a",
        "sort": "1",
        "kept": {"x": 1},
        "changed": {"y": 2},
        "new": None,
    }


def test_an_update_makes_the_item_where_there_is_none(store, table):
    store.update(table, A, ONE, {"new": 1})
    store.update(table, A, TWO, {})
    assert store.query(table, A, "sort") == [{"part": "a", "sort": "1", "new": 1}]


@pytest.mark.parametrize("name", ["part", "sort"])
def test_an_update_does_not_change_a_key(store, table, name):
    store.insert(table, A, ONE, {})
    with pytest.raises(InvalidItemError, match=f"keys of an item cannot be updated: .*'{name}'"):
        store.update(table, A, ONE, {name: "b", "other": 1})
    assert store.get(table, A, ONE) == {"part": "a", "sort": "1"}


def test_deleting_takes_one_item(store, table):
    for sort in (ONE, TWO):
        store.insert(table, A, sort, {})
    store.delete(table, A, ONE)
    store.delete(table, A, ONE)
    assert store.get(table, A, ONE) is None
    assert store.query(table, A, "sort") == [{"part": "a", "sort": "2"}]


def test_a_table_without_a_secondary_key(store, plain):
    store.insert(plain, A, None, {"x": 1})
    store.update(plain, A, None, {"y": 2})
    assert store.get(plain, A, None) == {"part": "a", "x": 1, "y": 2}
    assert store.query(plain, A, None) == [{"part": "a", "x": 1, "y": 2}]
    store.delete(plain, A, None)
    assert store.query(plain, A, None) == []


# What is refused.


@pytest.mark.parametrize(
    ("primary", "secondary", "reason"),
    [
        (("sort", "a"), ONE, "The primary key of the table 't' is 'part', not 'sort'"),
        (A, ("part", "1"), "The secondary key of the table 't' is 'sort', not 'part'"),
        (A, None, "The secondary key of the table 't' is 'sort', not None"),
        (("part", ""), ONE, "'' of the key 'part' is no text of 1 to 2048 bytes"),
        (("part", 1), ONE, "'1' of the key 'part' is no text"),
        (("part", "\ud800"), ONE, "of the key 'part' is no text"),
        (("part", "ü" * (MAX_PRIMARY // 2 + 1)), ONE, "of the key 'part' is no text"),
        (A, ("sort", "x" * (MAX_SECONDARY + 1)), "of the key 'sort' is no text of 1 to 1024"),
    ],
)
def test_keys_that_are_not_the_tables(store, table, primary, secondary, reason):
    for use in (
        lambda: store.insert(table, primary, secondary, {}),
        lambda: store.update(table, primary, secondary, {"x": 1}),
        lambda: store.get(table, primary, secondary),
        lambda: store.delete(table, primary, secondary),
    ):
        with pytest.raises(InvalidItemError, match=reason):
            use()
    assert store.query(table, A, "sort") == []


def test_a_query_names_the_secondary_key_of_the_table(store, table, plain):
    for name, wrong in ((table, "other"), (table, None), (plain, "sort")):
        with pytest.raises(InvalidItemError, match=f"secondary key of .* not {wrong!r}"):
            store.query(name, A, wrong)
    with pytest.raises(InvalidItemError, match=r"secondary key of .* is None, not 'sort'"):
        store.insert(plain, A, ONE, {})


@pytest.mark.parametrize(
    "data",
    [{"x": math.nan}, {"x": math.inf}, {"x": "\ud800"}, {"x": {1}}, {"x": object()}],
    ids=["nan", "infinity", "surrogate", "set", "object"],
)
def test_what_is_no_json_is_refused(store, table, data):
    store.insert(table, A, ONE, {"kept": 1})
    with pytest.raises(InvalidItemError, match="is no JSON object"):
        store.insert(table, A, ONE, data)
    with pytest.raises(InvalidItemError, match="is no JSON object"):
        store.update(table, A, ONE, data)
    assert store.get(table, A, ONE) == {"part": "a", "sort": "1", "kept": 1}


def test_the_size_of_an_item_is_limited(store, table):
    room = MAX_ITEM - len('{"x":"","part":"a","sort":"1"}')
    store.insert(table, A, ONE, {"x": "ü" * (room // 2)})
    with pytest.raises(InvalidItemError, match=f"has {MAX_ITEM + 1} bytes, of {MAX_ITEM} allowed"):
        store.insert(table, A, ONE, {"x": "x" * (room + 1)})


def test_a_missing_table_is_named(store):
    for use in (
        lambda: store.insert("no", A, ONE, {}),
        lambda: store.update("no", A, ONE, {}),
        lambda: store.get("no", A, ONE),
        lambda: store.query("no", A, "sort"),
        lambda: store.delete("no", A, ONE),
        lambda: store.clear("no"),
        lambda: store.remove("no"),
    ):
        with pytest.raises(BucketNotFoundError, match="There is no table 'no'"):
            use()
    assert not store.exists("no")
    assert not store.exists("\ud800")


# Tables.


def test_asking_makes_no_file(store, tmp_path):
    assert not store.exists("t")
    assert store.tables("owner") == []
    assert not (tmp_path / "nosql").exists()


def test_a_table_is_cleared_and_removed(store, table, plain):
    store.insert(table, A, ONE, {})
    store.insert(plain, A, None, {"x": 1})
    store.clear(table)
    assert store.query(table, A, "sort") == []
    store.insert(table, A, ONE, {})
    store.remove(table)
    assert not store.exists(table)
    assert store.get(plain, A, None) == {"part": "a", "x": 1}
    store.create(Table("t", "owner", "part", "sort"))
    assert store.query(table, A, "sort") == []


def test_creating_again_keeps_the_items(store, table):
    store.insert(table, A, ONE, {})
    store.create(Table("t", "owner", "part", "sort"))
    assert len(store.query(table, A, "sort")) == 1


@pytest.mark.parametrize(
    "other",
    [
        Table("t", "stranger", "part", "sort"),
        Table("t", "owner", "other", "sort"),
        Table("t", "owner", "part", None),
    ],
)
def test_a_table_does_not_become_another(store, table, other):
    with pytest.raises(StorageError, match=r"exists as another one: .*'owner', 'part', 'sort'"):
        store.create(other)
    assert store.tables("owner") == ["t"]
    assert store.tables("stranger") == []


@pytest.mark.parametrize(
    ("name", "primary", "secondary"),
    [
        ("", "p", None),
        ("x" * 256, "p", None),
        ("\ud800", "p", None),
        ("t", "", None),
        ("t", "p", ""),
        ("t", "p", "p"),
    ],
    ids=ascii,
)
def test_names_that_cannot_be(store, name, primary, secondary):
    with pytest.raises(InvalidNameError, match="cannot be the"):
        store.create(Table(name, "owner", primary, secondary))


# The deployment's side.


def test_a_deployment_knows_its_own_tables_only(deploy_resources):
    one, other = deploy_resources("12345678"), deploy_resources("x-12345678")
    for resources in (one, other):
        nosql = resources.get_nosql_storage()
        nosql.create_benchmark_tables("bench", "cart", "part", "sort")
        nosql.write_to_table("bench", "cart", {}, A, ONE)
    # The cache has the mapping of the deployment that wrote last.
    again = deploy_resources("12345678")
    assert again.get_nosql_storage().get_tables("bench") == {}
    again.get_nosql_storage().create_benchmark_tables("bench", "cart", "part", "sort")
    assert again.get_nosql_storage().get_tables("bench") == {
        "cart": "sebs-benchmarks-12345678/bench/cart"
    }
    assert again.allocated()["tables"] == ["sebs-benchmarks-12345678/bench/cart"]
    with pytest.raises(StorageError, match="none of this deployment's tables"):
        again.remove("tables", "sebs-benchmarks-x-12345678/bench/cart")
    again.remove("tables", "sebs-benchmarks-12345678/bench/cart")
    assert other.allocated()["tables"] == ["sebs-benchmarks-x-12345678/bench/cart"]


def test_names_do_not_run_into_each_other(resources):
    nosql = resources.get_nosql_storage()
    names = {nosql.create_table("a", "b-c", "p"), nosql.create_table("a-b", "c", "p", "s")}
    assert sorted(names) == resources.allocated()["tables"]
    assert len(names) == 2
    name = names.pop()
    assert nosql.clear_table(name) == name
    assert nosql.remove_table(name) == name
    assert not nosql.exists_table(name)


def test_what_a_function_is_told_has_no_secret_and_needs_no_table(resources):
    told = resources.function_environment(SimpleNamespace(benchmark="110.ü"))
    assert told == {
        "SEBS_LOCAL_STORAGE": str(resources.config.home / "storage"),
        "SEBS_LOCAL_TABLES": "sebs-benchmarks-rid-12345678/110.ü/",
    }
    assert not resources.config.home.exists()


# The file.

INSERTS = """
import sys
from pathlib import Path
from sebs.faas.tables import Table
from sebs.local.tables import TableStore
store = TableStore(Path(sys.argv[1]))
store.create(Table("t", "owner", "part", "sort"))
for number in range(50):
    store.insert("t", ("part", sys.argv[2]), ("sort", str(number)), {"text": "x" * 1000})
"""


def test_processes_that_write_at_once_lose_nothing(store, tmp_path):
    command = [sys.executable, "-c", INSERTS, str(tmp_path / "nosql")]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    for number in range(4):
        assert len(store.query("t", ("part", str(number)), "sort")) == 50
    assert {path.name for path in (tmp_path / "nosql").iterdir()} <= {
        "tables.sqlite",
        "tables.sqlite-wal",
        "tables.sqlite-shm",
    }


FORKS = """
import json, os, sys
from pathlib import Path
from sebs.faas.tables import Table
from sebs.local.tables import TableStore
store = TableStore(Path(sys.argv[1]))
store.create(Table("t", "owner", "part", None))
opened = store._opened
child = os.fork()
if child == 0:
    store.insert("t", ("part", "child"), None, {})
    anew = store._opened is not opened
    del store
    opened.execute("SELECT 1")  # what the parent opened is the parent's to close
    os._exit(0 if anew else 1)
assert os.waitpid(child, 0)[1] == 0
store.insert("t", ("part", "parent"), None, {})
print(json.dumps([store.get("t", ("part", name), None) for name in ("child", "parent")]))
"""


def test_a_forked_process_opens_the_file_anew(tmp_path):
    command = [sys.executable, "-c", FORKS, str(tmp_path / "nosql")]
    output = subprocess.run(command, check=True, capture_output=True, timeout=30).stdout
    assert json.loads(output) == [{"part": "child"}, {"part": "parent"}]


def test_a_file_of_something_else_is_left_alone(store, tmp_path):
    path = tmp_path / "nosql" / "tables.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageError, match=r"tables.sqlite: file is not a database"):
        store.create(Table("t", "owner", "part", None))
    assert path.read_bytes() == b"this is no database" * 100


def test_a_newer_format_is_refused(store, table, tmp_path):
    connection = sqlite3.connect(tmp_path / "nosql" / "tables.sqlite")
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(StorageError, match="has format 2; this version of sebs reads 1"):
        TableStore(tmp_path / "nosql").exists("t")


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file/nosql/tables.sqlite: Not a directory"):
        TableStore(tmp_path / "file" / "nosql").create(Table("t", "owner", "part", None))
