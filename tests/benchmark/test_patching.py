"""Unified diffs, as variants of code may be written: they fit exactly, or are refused."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from benchmark_doubles import write_tree
from hypothesis import given
from hypothesis import strategies as st

from sebs.benchmark.patching import apply_patch
from sebs.errors import InvalidBenchmarkError

OLD = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"
NEW = "one\nTWO\nthree\nfour\nfive\nsix\nseven\neight\nnine\n"


def diff(old: str, new: str, before: str = "a/function.py", after: str = "b/function.py") -> str:
    """Return what ``diff -u`` prints, with its mark where a last line has no newline."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), before, after
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def patched(directory: Path, patch: str, **files: str) -> dict[str, str]:
    write_tree(directory, {"patch.diff": patch, "code/function.py": OLD, **files})
    apply_patch(directory / "patch.diff", directory / "code")
    code = directory / "code"
    return {
        str(path.relative_to(code)): path.read_bytes().decode()
        for path in code.rglob("*")
        if path.is_file()
    }


def test_several_hunks_fit(tmp_path: Path) -> None:
    assert patched(tmp_path, diff(OLD, NEW)) == {"function.py": NEW}


def test_what_git_writes_around_it_is_left_out(tmp_path: Path) -> None:
    patch = "diff --git a/function.py b/function.py\nindex 1..2 100644\n" + diff(OLD, NEW)
    assert patched(tmp_path, patch) == {"function.py": NEW}


def test_files_are_made_and_deleted(tmp_path: Path) -> None:
    made = diff("", "made\n", "/dev/null", "b/lib/new.py")
    deleted = diff(OLD, "", "a/function.py", "/dev/null")
    assert patched(tmp_path, made + deleted) == {"lib/new.py": "made\n"}


def test_a_hunk_is_found_where_lines_were_added_before_it(tmp_path: Path) -> None:
    moved = "new first line\n" + OLD
    (tmp_path / "code").mkdir()
    patch = diff(OLD, NEW)
    write_tree(tmp_path, {"patch.diff": patch, "code/function.py": moved})
    apply_patch(tmp_path / "patch.diff", tmp_path / "code")
    assert (tmp_path / "code/function.py").read_text() == "new first line\n" + NEW


def test_lines_that_one_hunk_adds_move_the_next(tmp_path: Path) -> None:
    old = "head\n" + "same\n" * 30
    new = "head\nmore\nmore\n" + "same\n" * 14 + "other\n" + "same\n" * 15
    (tmp_path / "code").mkdir()
    write_tree(tmp_path, {"patch.diff": diff(old, new), "code/function.py": old})
    apply_patch(tmp_path / "patch.diff", tmp_path / "code")
    assert (tmp_path / "code/function.py").read_text() == new


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        ("", "changes no file"),
        ("no diff at all\n", "changes no file"),
        (diff("other\n", "else\n"), "line 1 of 'function.py' does not fit"),
        (diff(OLD, NEW, "a/../../out.py", "b/../../out.py"), "no file of the benchmark"),
        (diff(OLD, NEW, "/etc/passwd", "/etc/passwd"), "no file of the benchmark"),
        (diff(OLD, NEW, "function.py", "function.py"), "no file of the benchmark"),
        (diff(OLD, NEW, "a/absent.py", "b/absent.py"), "absent.py"),
        (diff("", "x\n", "/dev/null", "b/function.py"), "should be new"),
        (diff(OLD, NEW)[:-8], "cut off|other lines"),
        (diff(OLD, NEW).replace(" three", "?three"), "has the line"),
    ],
)
def test_what_does_not_fit_is_refused_and_says_why(tmp_path: Path, patch: str, reason: str) -> None:
    with pytest.raises(InvalidBenchmarkError, match=reason) as caught:
        patched(tmp_path, patch)
    assert "patch.diff" in caught.value.message
    assert (tmp_path / "code/function.py").read_text() == OLD


def test_a_hunk_that_fits_at_two_places_is_not_guessed(tmp_path: Path) -> None:
    patch = diff("same\n", "other\n").replace("-1", "-9")
    write_tree(tmp_path, {"patch.diff": patch, "code/function.py": "same\nx\nsame\n"})
    with pytest.raises(InvalidBenchmarkError, match="does not fit"):
        apply_patch(tmp_path / "patch.diff", tmp_path / "code")


LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "- c\n", "+d\r\n"]), max_size=12)
TEXT = st.tuples(LINES, st.sampled_from(["", "end"])).map(lambda t: "".join(t[0]) + t[1])


@given(old=TEXT, new=TEXT)
def test_any_difference_is_applied(
    tmp_path_factory: pytest.TempPathFactory, old: str, new: str
) -> None:
    if old == new:
        return
    directory = tmp_path_factory.mktemp("patch")
    lines = [text.split("\n") for text in (old, new)]
    whole = [[f"{line}\n" for line in text[:-1]] + [text[-1]] * bool(text[-1]) for text in lines]
    patch = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(*whole, "a/f", "b/f")
    )
    (directory / "f").write_bytes(old.encode())
    (directory / "patch.diff").write_bytes(patch.encode())
    apply_patch(directory / "patch.diff", directory)
    assert (directory / "f").read_bytes().decode() == new
