"""The rule from keys to files: it loses nothing, leaves nothing, and is the same everywhere."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wrappers_doubles import NODE, NodeKeys, load

from sebs.errors import UnsafePathError
from sebs.local.keys import directory_part, object_part, object_path
from sebs.s3.names import MAX_KEY, is_bucket_name, nearest_bucket_name

ODD = st.sampled_from(["a", "b", "%", "25", "%25", ".", "..", " ", "/", "\\", "ü", "💥", "\n", "-"])
FORBIDDEN = st.sampled_from(["\0", "\ud800", "//", "/../"])
ANY_TEXT = st.text() | st.lists(ODD | FORBIDDEN | st.text(max_size=3)).map("".join)
KEYS = st.lists(st.lists(ODD.filter(lambda part: part != "/"), min_size=1).map("".join), min_size=1)
KEYS = KEYS.map("/".join).filter(lambda key: {".", ".."}.isdisjoint(key.split("/")))

REFUSED = ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/./b", "a\0", "a\ud800"]
REFUSED += ["k" * (MAX_KEY + 1), "ü" * 513, "n" * 255, "%" * 85, "d" * 256 + "/a"]
ALLOWED = ["a", "...", ".a", "a.", " ", "\\..\\a", "%", "%%", "a%", "%25", "a%25/b%", "n" * 254]
ALLOWED += ["%" * 84, "ü" * 127, "d" * 255 + "/a", "C:\\a", "~", "%owner", ".staging/x", "\n"]


def outcome(rule, error, key):
    try:
        return rule(key)
    except error:
        return None


@pytest.mark.parametrize("key", REFUSED, ids=ascii)
def test_what_cannot_be_a_key_is_refused(key):
    with pytest.raises(UnsafePathError, match="cannot be the key of an object"):
        object_path(key)


@pytest.mark.parametrize("key", ALLOWED, ids=ascii)
def test_what_only_looks_odd_is_allowed(key):
    assert object_path(key)


@given(KEYS)
def test_a_key_is_found_again_in_its_file(key):
    *directories, file = object_path(key)
    assert [*map(directory_part, directories), object_part(file)] == key.split("/")
    assert directory_part(file) is None
    assert not any(map(object_part, directories))


@given(ANY_TEXT)
def test_no_file_is_outside_of_its_bucket(key):
    for name in outcome(object_path, UnsafePathError, key) or []:
        assert name not in ("", ".", "..", "%owner")
        assert "/" not in name
        assert "\0" not in name
        assert len(name.encode()) <= 255


@given(KEYS, KEYS)
@example("a", "a/b")
@example("a", "a%/b")
@example("a%", "a%25")
@example("a%/b", "a")
def test_no_object_is_in_the_way_of_another(one, other):
    first, second = object_path(one), object_path(other)
    shorter = min(len(first), len(second))
    assert (first[:shorter] == second[:shorter]) == (one == other)


@given(st.text())
@example("a%")
@example("%")
@example("%2")
@example("a%255")
def test_a_name_stands_for_one_part_or_none(name):
    if (part := directory_part(name)) is not None:
        assert part.replace("%", "%25") == name
    if (part := object_part(name)) is not None:
        assert part.replace("%", "%25") + "%" == name


PYTHON = load("storage_keys")


@given(ANY_TEXT | KEYS)
def test_the_wrapper_for_python_has_the_same_rule(key):
    ours = outcome(object_path, UnsafePathError, key)
    assert outcome(PYTHON.object_path, ValueError, key) == ours


@pytest.mark.parametrize("key", [*REFUSED, *ALLOWED], ids=ascii)
def test_the_wrapper_for_python_agrees_on_the_odd_ones(key):
    ours = outcome(object_path, UnsafePathError, key)
    assert outcome(PYTHON.object_path, ValueError, key) == ours


@pytest.fixture(scope="module")
def node_keys():
    keys = NodeKeys(NODE)
    yield keys
    keys.close()


@pytest.mark.node
@given(key=ANY_TEXT | KEYS)
def test_the_wrapper_for_node_has_the_same_rule(node_keys, key):
    assert node_keys.object_path(key) == outcome(object_path, UnsafePathError, key)


@pytest.mark.node
@pytest.mark.parametrize("key", [*REFUSED, *ALLOWED], ids=ascii)
def test_the_wrapper_for_node_agrees_on_the_odd_ones(node_keys, key):
    assert node_keys.object_path(key) == outcome(object_path, UnsafePathError, key)


@pytest.mark.parametrize("name", ["abc", "a-b.c", "0-9", "a" * 63, "sebs-benchmarks-x-12345678"])
def test_names_that_buckets_may_have(name):
    assert is_bucket_name(name)
    assert nearest_bucket_name(name) == name


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ab", "sebs-ab"),
        ("", "sebs"),
        ("ABC_def", "abc-def"),
        ("-abc.", "abc"),
        ("a..b", "a.b"),
        ("1.2.3.4", "sebs-1.2.3.4"),
        ("../../etc", "etc"),
        (".staging", "staging"),
        ("abc\n", "abc"),
        ("käse/brot", "k-se-brot"),
    ],
)
def test_other_names_get_near_ones(name, nearest):
    assert not is_bucket_name(name)
    assert nearest_bucket_name(name) == nearest


@given(st.text() | st.text(alphabet="a.-1", max_size=70) | st.text("x-", min_size=60))
def test_the_nearest_name_is_one_that_a_bucket_may_have(name):
    nearest = nearest_bucket_name(name)
    assert is_bucket_name(nearest)
    assert (nearest == name) == is_bucket_name(name)


def test_long_names_stay_different():
    names = {nearest_bucket_name(f"{'x' * 80}-{number}") for number in range(10)}
    assert len(names) == 10
