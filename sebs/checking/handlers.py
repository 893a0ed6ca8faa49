"""Whether code has the handler that is invoked, told without running it."""

from __future__ import annotations

import ast
import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sebs.benchmark import commands
from sebs.checking.finding import Finding

#: Names in these are no names of the module.
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

_COMMONJS = re.compile(r"""\bexports\s*(\.\s*|\[\s*['"])handler\b|\bmodule\s*\.\s*exports\b""")
_ES_MODULE = re.compile(
    r"""\bexport\s+((async\s+)?function\b\s*\*?|class|const|let|var)\s*\bhandler\b
    |\bexport\s*\{[^}]*\bhandler\s*[,}]|\bexport\s*\*""",
    re.VERBOSE,
)

#: By these reasons Node.js itself tells that a file is an ES module:
#: https://nodejs.org/api/packages.html#syntax-detection
_NO_COMMONJS = (
    "Cannot use import statement outside a module",
    "Cannot use 'import.meta' outside a module",
    "Unexpected token 'export'",
)

#: How Node.js says what it does not understand: the line, in a path; the reason, by itself.
_LINE = re.compile(r"^/.*:(\d+)$", re.MULTILINE)
_REASON = re.compile(r"^SyntaxError: .*$", re.MULTILINE)


def check_python(where: str, path: Path) -> Iterator[Finding]:
    """Yield what keeps a file from being a module of Python that has a handler.

    Args:
        where: What to call the file.
        path: The file.
    """
    source = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, path.name)
            compile(source, path.name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        yield Finding(where, f"it is no Python: {error}", "Correct it.")
        return
    if {"handler", "*"}.intersection(_names(tree)):
        return
    if any(isinstance(node, ast.AsyncFunctionDef) and node.name == "handler" for node in tree.body):
        yield Finding(where, "handler is a coroutine, which nothing awaits", "Leave out its async.")
        return
    yield Finding(where, "it has no function handler", "Write one: def handler(event):")


def _names(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module may bind when it is loaded; ``*`` where it does not say."""
    for node in _at_module_level(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names


def _at_module_level(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, _SCOPES):
            yield from _at_module_level(child)


def check_nodejs(where: str, path: Path) -> Iterator[Finding]:
    """Yield what keeps a file from being a module of Node.js that exports a handler.

    Where Node.js is on this machine, it reads the file.

    Args:
        where: What to call the file.
        path: The file.
    """
    code = _without_comments(path.read_text(encoding="utf-8", errors="replace"))
    node = shutil.which("node")
    if node is not None:
        is_es_module, reason = _read_by(node, path)
    else:
        is_es_module, reason = _ES_MODULE.search(code) is not None, None
    exported = _ES_MODULE if is_es_module else _COMMONJS
    if reason is not None:
        yield Finding(where, f"it is no JavaScript: {reason}", "Correct it.")
    elif not exported.search(code):
        yield Finding(
            where, "it exports no handler",
            "Export one: exports.handler = async (event) => ({ result: … });",
        )  # fmt: skip
    elif is_es_module:
        yield Finding(
            where, "it is an ES module, which Node.js requires from 20.19 and 22.12 on only",
            "Write exports.handler = … for the others.", problem=False,
        )  # fmt: skip


def _without_comments(code: str) -> str:
    from pygments.lexers.javascript import JavascriptLexer
    from pygments.token import Comment

    tokens = JavascriptLexer().get_tokens(code)
    return "".join(" " if token in Comment else text for token, text in tokens)


def _read_by(node: str, path: Path) -> tuple[bool, str | None]:
    """Return whether Node.js takes a file for an ES module, and what it does not understand."""
    reason = _syntax_error(node, path, "cjs")
    if reason is None or not any(words in reason for words in _NO_COMMONJS):
        return False, reason
    return True, _syntax_error(node, path, "mjs")


def _syntax_error(node: str, path: Path, kind: str) -> str | None:
    with TemporaryDirectory(prefix="sebs-check-") as directory:
        copy = Path(directory, f"function.{kind}")
        shutil.copyfile(path, copy)
        outcome = commands.run([node, "--check", copy], directory=Path(directory))
    if outcome.status == 0:
        return None
    line, reason = _LINE.search(outcome.output), _REASON.search(outcome.output)
    if line is None or reason is None:
        return outcome.reason
    return f"line {line[1]}: {reason[0]}"
