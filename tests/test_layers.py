"""The architecture, checked: imports point down, modules stay small, errors have a builtin."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import sebs
from sebs import errors

ROOT = Path(sebs.__file__).parent
ORDER = (
    ("errors", "sebs_types", "utils", "progress", "docker_engine"),
    ("config", "config_schema"),
    ("log",),
    ("http",),
    ("cache", "benchmark", "runtimes"),
    ("faas",),
    ("s3",),
    ("local", "aws", "azure", "gcp", "openwhisk"),
    ("results",),
    ("invoke", "suite", "analysis", "checking"),
    ("experiments",),
    ("regression",),
    ("sebs",),
    ("cli",),
    ("pytest_plugin",),
)
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
MODULES = sorted(
    path
    for path in ROOT.rglob("*.py")
    if path.parent != ROOT or path.name != "__init__.py"
    if path.relative_to(ROOT).parts[0] not in ("suite", "testing")
)


def part(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Names of the parts of sebs that a module imports, but for type checking only."""
    tree = ast.parse(path.read_text())
    exempt = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    names = []
    for node in ast.walk(tree):
        if id(node) in exempt:
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "sebs":
            names += [f"sebs.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    parts = {name.split(".")[1] for name in names if name.startswith("sebs.")}
    return parts & set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path) -> None:
    own = part(path)
    for other in imported(path) - {own}:
        assert LEVEL[other] < LEVEL[own] or LEVEL[other] == LEVEL[own] < LEVEL["faas"], other
        assert LEVEL[other] != LEVEL["local"] or LEVEL[own] > LEVEL["local"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_small(path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_every_error_is_also_a_builtin() -> None:
    ours = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.SebsError)
    ]
    for error in set(ours) - {errors.SebsError}:
        builtin = [base for base in error.__mro__ if base.__module__ == "builtins"]
        assert set(builtin) - {Exception, BaseException, object}, error
        assert error.__name__ in errors.__doc__


def test_all_is_truthful() -> None:
    for name in sebs.__all__:
        assert getattr(sebs, name) is not None
