"""Where control groups are: what the kernel writes, in every shape."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.local.gateway.cgroup_paths import (
    UNIFIED,
    Mount,
    Place,
    find,
    locate,
    parse_memberships,
    parse_mounts,
)

HYBRID_GROUPS = "9:name=systemd:/a\n4:memory:/a:b\n2:cpu,cpuacct:/c\n0::/u\n"
HYBRID_MOUNTS = (
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "35 31 0:31 / /sys/fs/cgroup/memory rw,relatime shared:9 master:2 - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
)


def test_memberships_of_both_versions() -> None:
    expected = {"name=systemd": "/a", "memory": "/a:b", "cpu": "/c", "cpuacct": "/c", UNIFIED: "/u"}
    assert parse_memberships(HYBRID_GROUPS) == expected
    assert parse_memberships("") == {}


def test_mounts_of_both_versions_and_nothing_else() -> None:
    legacy, unified = parse_mounts(HYBRID_MOUNTS)
    assert legacy == Mount("/", "/sys/fs/cgroup/memory", False, frozenset({"rw", "memory"}))
    assert (unified.point, unified.unified) == ("/sys/fs/cgroup/unified", True)


def test_a_mount_point_with_blanks_is_read() -> None:
    (mount,) = parse_mounts(r"1 2 0:3 / /a\040b\134c rw - cgroup2 none rw")
    assert mount.point == r"/a b\c"


def _mount(root: str, point: str = "/m") -> Mount:
    return Mount(root, point, True, frozenset())


@pytest.mark.parametrize(
    ("root", "path", "own"),
    [
        ("/", "/", "/m"),
        ("/", "/user.slice/x.scope", "/m/user.slice/x.scope"),
        ("/docker/1", "/docker/1", "/m"),
        ("/docker/1", "/docker/1/x", "/m/x"),
        ("/docker/1", "/docker/12", None),
        ("/docker/1", "/", None),
        ("/", "/../elsewhere", None),
        ("/..", "/", None),
    ],
)
def test_a_group_is_located_below_what_is_mounted(root, path, own) -> None:
    place = locate([_mount(root)], {UNIFIED: path}, UNIFIED)
    assert place == (None if own is None else Place(Path(own), Path("/m")))


def test_the_latest_mount_covers_an_earlier_one() -> None:
    mounts = [_mount("/", "/first"), _mount("/", "/second"), _mount("/other", "/third")]
    place = locate(mounts, {UNIFIED: "/x"}, UNIFIED)
    assert place == Place(Path("/second/x"), Path("/second"))


def test_a_controller_is_where_its_own_hierarchy_is(proc) -> None:
    directory = proc(HYBRID_GROUPS, HYBRID_MOUNTS)
    memory = Path("/sys/fs/cgroup/memory")
    assert find(directory, "memory") == Place(memory / "a:b", memory)
    assert find(directory, "pids") is None
    assert find(directory / "absent", "memory") is None


@given(st.text(), st.text())
def test_no_text_breaks_the_parsers(groups, mounts) -> None:
    locate(parse_mounts(mounts), parse_memberships(groups), "memory")


NAMES = st.text(
    st.characters(exclude_characters="/\n\0", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name not in {".", ".."})


@given(st.lists(NAMES, max_size=4), st.lists(NAMES, min_size=1, max_size=3))
def test_what_the_kernel_escapes_is_found(parts, point) -> None:
    escapes = str.maketrans({char: f"\\{ord(char):03o}" for char in " \t\n\\"})
    path, mounted = "/" + "/".join(parts), "/" + "/".join(point)
    line = f"1 2 0:3 / {mounted.translate(escapes)} rw shared:1 - cgroup2 none rw"
    place = locate(parse_mounts(line), parse_memberships(f"0::{path}"), UNIFIED)
    assert place == Place(Path(mounted, *parts), Path(mounted))
