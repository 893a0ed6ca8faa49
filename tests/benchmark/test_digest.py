"""The hash: everything that counts changes it, nothing else does."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

import pytest
from benchmark_doubles import write_tree
from hypothesis import given, settings
from hypothesis import strategies as st

from sebs.benchmark import digest
from sebs.benchmark.digest import hash_package, tree_digest
from sebs.benchmark.layout import Part, is_junk
from sebs.errors import InvalidBenchmarkError

FILES = st.dictionaries(
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=3).map("/".join),
    st.binary(max_size=20),
    min_size=1,
    max_size=6,
).filter(lambda files: not any(f"{a}/" in f"{b}/" and a != b for a in files for b in files))


class Index:
    """An index store that counts."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.stored = 0

    def tree_index(self, root: str | os.PathLike[str]) -> bytes | None:
        return self.data.get(os.fspath(root))

    def store_tree_index(self, root: str | os.PathLike[str], data: bytes) -> None:
        self.data[os.fspath(root)] = data
        self.stored += 1


def tree(root: Path, index: Index | None = None) -> str:
    return tree_digest(Part("code", root, is_junk), index or Index()).hex()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose content is read."""
    names: list[str] = []
    read = digest._read_one

    def recording(node: digest.Node) -> str:
        names.append(node.name)
        return read(node)

    monkeypatch.setattr(digest, "_read_one", recording)
    return names


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled at once: change times cannot be set back."""
    monkeypatch.setattr(digest, "_RACY_NS", 0)


@settings(max_examples=50)
@given(FILES, st.randoms(use_true_random=False))
def test_the_order_in_which_files_were_made_does_not_matter(
    files: dict[str, bytes], order: random.Random
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        names = list(files)
        order.shuffle(names)
        write_tree(root / "a", dict(files))
        write_tree(root / "b", {name: files[name] for name in names})
        assert tree(root / "a") == tree(root / "b")


@settings(max_examples=50)
@given(FILES, FILES)
def test_different_trees_have_different_digests(
    first: dict[str, bytes], second: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        write_tree(root / "a", dict(first))
        write_tree(root / "b", dict(second))
        assert (tree(root / "a") == tree(root / "b")) == (first == second)


def test_modes_links_and_empty_directories_count_and_junk_does_not(tmp_path: Path) -> None:
    write_tree(tmp_path, {"run": "x", "other": "y"})
    seen = [tree(tmp_path)]
    (tmp_path / "run").chmod(0o755)
    seen.append(tree(tmp_path))
    (tmp_path / "link").symlink_to("run")
    seen.append(tree(tmp_path))
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("other")
    seen.append(tree(tmp_path))
    (tmp_path / "empty").mkdir()
    seen.append(tree(tmp_path))
    assert len(set(seen)) == len(seen)
    write_tree(tmp_path, {"__pycache__/x.pyc": "1", ".git/HEAD": "2", "deep/__pycache__/y": "3"})
    (tmp_path / "run").chmod(0o700)
    assert tree(tmp_path) == seen[-1]


def test_a_link_that_leaves_is_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"secret": "x", "tree/a": "y"})
    (tmp_path / "tree" / "link").symlink_to("../secret")
    with pytest.raises(InvalidBenchmarkError, match="'link' leads out"):
        tree(tmp_path / "tree")


def test_facts_and_labels_count(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a": "x"})
    code, shared = (Part(label, tmp_path, is_junk) for label in ("code", "shared"))
    hashes = {
        hash_package([code], {"version": "3.11"}, Index()),
        hash_package([code], {"version": "3.12"}, Index()),
        hash_package([code], {"versio": "n3.11"}, Index()),
        hash_package([shared], {"version": "3.11"}, Index()),
        hash_package([code, code], {"version": "3.11"}, Index()),
    }
    assert len(hashes) == 5


@pytest.mark.usefixtures("settled")
def test_unchanged_files_are_not_read_again(tmp_path: Path, reads: list[str]) -> None:
    index = Index()
    write_tree(tmp_path / "t", {"a": "x", "b/c": "y"})
    first = tree(tmp_path / "t", index)
    assert sorted(reads) == ["a", "b/c"]
    reads.clear()
    assert tree(tmp_path / "t", index) == first
    assert (reads, index.stored) == ([], 1)


@pytest.mark.usefixtures("settled")
def test_a_change_of_the_same_size_and_time_is_noticed(tmp_path: Path, reads: list[str]) -> None:
    index = Index()
    write_tree(tmp_path / "t", {"a": "x", "b": "y"})
    path = tmp_path / "t" / "a"
    first = tree(tmp_path / "t", index)
    status = path.stat()
    reads.clear()
    path.write_text("z")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    assert path.stat().st_mtime_ns == status.st_mtime_ns
    assert tree(tmp_path / "t", index) != first
    assert reads == ["a"]


def test_a_file_that_changed_just_now_is_not_remembered(tmp_path: Path, reads: list[str]) -> None:
    index = Index()
    write_tree(tmp_path / "t", {"a": "x"})
    tree(tmp_path / "t", index)
    tree(tmp_path / "t", index)
    assert reads == ["a", "a"]


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[]", b"null", b'{"format": 99, "files": {"a": 1}}']
)
def test_an_index_that_cannot_be_used_is_ignored(tmp_path: Path, data: bytes) -> None:
    write_tree(tmp_path / "t", {"a": "x"})
    index = Index()
    first = tree(tmp_path / "t", index)
    index.data[str(tmp_path / "t")] = data
    assert tree(tmp_path / "t", index) == first


def test_many_bytes_are_read_by_threads_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, {str(number): bytes([number]) * 1000 for number in range(50)})
    plain = tree(tmp_path)
    monkeypatch.setattr(digest, "_WORTH_THREADS", 1)
    assert tree(tmp_path) == plain
