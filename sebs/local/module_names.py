"""Which names a Python module has, read off its source: nothing of it is run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

#: What gives a module names that do not stand in it.
_DYNAMIC = frozenset(
    {"exec", "eval", "globals", "locals", "vars", "setattr", "modules", "__dict__", "__getattr__"}
)

#: What has a scope of its own: names that are assigned in it are not the module's.
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def python_names(source: bytes) -> frozenset[str] | None:
    """Return the names that a module may define, assign or import, whatever branch is taken.

    Args:
        source: The module.

    Returns:
        The names; ``None`` where its source does not tell them all: it takes over those of another
        module, or makes them while it runs, or is of a Python that this one cannot read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's code, which runs elsewhere
            tree = ast.parse(source)
        nodes = list(ast.walk(tree))
        if any(map(_is_dynamic, nodes)):
            return None
        declared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
        return frozenset(declared.union(*map(_bound, _of_module(tree))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: it is too deep
        return None


def _is_dynamic(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(names=[ast.alias(name="*")]):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name):
            return name in _DYNAMIC
    return False


def _of_module(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that belong to the module itself, also below ``if`` and ``try``."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, _SCOPES):
            yield from _of_module(node)


def _bound(node: ast.AST) -> set[str]:
    """Return the names that a node gives something to."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Name(id=name, ctx=ast.Store()):
            return {name}
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {alias.asname or alias.name.partition(".")[0] for alias in aliases}
        case (
            ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            return {name}
    return set()
