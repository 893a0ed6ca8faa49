"""Looking a benchmark's directory over: everything that is wrong with it, and what to do.

Nothing is deployed. ``input.py`` is run as for a real run, with a storage that only looks at what
it is given, and its validator is shown outputs that no function means.
"""

from __future__ import annotations

import ast
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sebs.benchmark.code_variants import DEFAULT_VARIANT
from sebs.benchmark.config import BenchmarkConfig, read_config
from sebs.benchmark.inputs import InputModule, StorageInputs
from sebs.benchmark.layout import HANDLER_FILES
from sebs.benchmark.new import check_name
from sebs.benchmark.source import check_usable_name
from sebs.errors import (
    InputGenerationError,
    InvalidBenchmarkError,
    InvalidNameError,
    SebsError,
    UnknownInputSizeError,
)
from sebs.sebs_types import Language

#: What a platform may get of the other languages.
_BUILT = {Language.JAVA: "its jar and handler.txt", Language.CPP: "an executable bootstrap"}

_NODE_HANDLER = re.compile(r"\bexports\s*\.\s*handler\b|\bmodule\s*\.\s*exports\b")
_USUAL_SIZES = ("test", "small", "large")

#: No function means one of these, whatever its result.
_CORRUPTED: tuple[Any, ...] = (
    None, {}, [], "", {"result": None}, {"result": {}}, {"result": "\0corrupted"}, {"result": -1.5},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a benchmark.

    Attributes:
        where: File or directory, relative to the benchmark's.
        what: What there is about it.
        remedy: What to do.
        problem: Whether the benchmark, or a language of it, cannot be used like this; else it is
            worth knowing.
    """

    where: str
    what: str
    remedy: str
    problem: bool = True


def check(
    directory: Path, *, sizes: Sequence[str] = (), data_dir: Path | None = None
) -> list[Finding]:
    """Return everything that is found, in the order of the files.

    Args:
        directory: The benchmark's directory.
        sizes: Input sizes to generate; by default all that it declares, else the usual ones.
        data_dir: The benchmark's directory for data; by default an empty one, deleted at the end.
    """
    directory = directory.absolute()
    found = list(_check_name(directory))
    try:
        config = read_config(directory / "config.json")
    except InvalidBenchmarkError as error:
        what = error.message.removeprefix(f"{str(directory / 'config.json')!r} ")
        remedy = 'It is like {"timeout": 60, "memory": 256, "languages": ["python"]}.'
        found.append(Finding("config.json", what, remedy))
    else:
        found += _check_languages(directory, config)
    with tempfile.TemporaryDirectory(prefix="sebs-check-") as temporary:
        found += _check_inputs(directory, sizes, data_dir or Path(temporary))
    return found


def _check_name(directory: Path) -> Iterator[Finding]:
    try:
        check_usable_name(directory)
    except InvalidNameError as error:
        yield Finding(".", error.message, str(error.remedy))
        return
    try:
        check_name(directory.name)
    except InvalidNameError as error:
        yield Finding(".", error.message, str(error.remedy), problem=False)


def _check_languages(directory: Path, config: BenchmarkConfig) -> Iterator[Finding]:
    for key in config.unknown_languages:
        yield Finding(
            "config.json", f"the language {key!r} is unknown here",
            "Correct it if it is misspelt; else it is left out.", problem=False,
        )  # fmt: skip
    for language in config.languages:
        if language not in HANDLER_FILES:
            yield _elsewhere(directory, config, language)
            continue
        yield from _check_code(directory, language)
        for name, variant in config.variants.get(language, {}).items():
            for place in sorted(
                {variant.package, variant.image} - {None, DEFAULT_VARIANT}, key=str
            ):
                if not (directory / language.value / str(place)).is_dir():
                    yield Finding(
                        f"{language}/{place}", f"the variant {name!r} has no directory",
                        "Make it, or take the variant out of config.json.",
                    )  # fmt: skip


def _elsewhere(directory: Path, config: BenchmarkConfig, language: Language) -> Finding:
    """Return what there is about a language that nothing is built in."""
    alone = not any(other in HANDLER_FILES for other in config.languages)
    if is_built(directory, language):
        return Finding(
            language.value,
            f"sebs builds no {language}: as it lies there it is deployed, where a platform does so",
            "Use it with --deployment aws; the local platform takes none.", problem=False,
        )  # fmt: skip
    return Finding(
        language.value,
        f"sebs builds no {language}, and what is there is not built: no platform runs it",
        f"Put {_BUILT[language]} into {language}/, for AWS; or use "
        + ("Python or Node.js." if alone else "its other languages."),
        problem=alone,
    )  # fmt: skip


def is_built(directory: Path, language: Language) -> bool:
    """Return whether a language's directory has what a platform may get without a build."""
    sources = directory / language.value
    if language is Language.JAVA:
        return any(path.suffix in (".jar", ".class") for path in sources.rglob("*"))
    bootstrap = sources / "bootstrap"
    return bootstrap.is_file() and os.access(bootstrap, os.X_OK)


def usable_languages(directory: Path, found: Sequence[Finding]) -> dict[str, bool]:
    """Return each language of a benchmark, and whether it can be used in it.

    Args:
        directory: The benchmark's directory.
        found: What :func:`check` found there.
    """
    try:
        config = read_config(directory / "config.json")
    except InvalidBenchmarkError:
        return {}
    places = {each.where.partition("/")[0] for each in found if each.problem}
    # What is wrong with the rest is wrong in every language.
    whole = not places - {language.value for language in config.languages}
    usable = {
        language.value: whole
        and language.value not in places
        and (language in HANDLER_FILES or is_built(directory, language))
        for language in config.languages
    }
    return {**usable, **dict.fromkeys(config.unknown_languages, False)}


def _check_code(directory: Path, language: Language) -> Iterator[Finding]:
    where = f"{language}/{HANDLER_FILES[language]}"
    try:
        text = (directory / where).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        yield Finding(where, f"it cannot be read: {reason}", "Write the function there.")
        return
    if language is Language.PYTHON:
        yield from _check_python(where, text)
    elif not _NODE_HANDLER.search(text):
        yield Finding(
            where, "it exports no handler",
            "Export one: exports.handler = async (event) => ({ result: … });",
        )  # fmt: skip


def _check_python(where: str, text: str) -> Iterator[Finding]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        yield Finding(where, f"it is no Python: {error}", "Correct it.")
        return
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    names |= {alias.asname or alias.name for node in tree.body
              if isinstance(node, ast.ImportFrom) for alias in node.names}  # fmt: skip
    names |= {target.id for node in tree.body if isinstance(node, ast.Assign)
              for target in node.targets if isinstance(target, ast.Name)}  # fmt: skip
    if not names & {"handler", "*"}:
        yield Finding(where, "it has no function handler", "Write one: def handler(event):")


def _check_inputs(directory: Path, sizes: Sequence[str], data_dir: Path) -> Iterator[Finding]:
    try:
        module = InputModule(directory)
        counts, tables = module.buckets_count(), module.allocate_nosql()
        own_buckets = module.wants_own_buckets
    except InputGenerationError as error:
        yield _input_finding(error.message)
        return
    if not module.sizes:
        yield Finding(
            "input.py", "it declares no sizes: a wrong one is not answered with the right ones",
            "Add a dictionary size_generators whose keys are the sizes.", problem=False,
        )  # fmt: skip
    for name, keys in tables.items():
        if not keys.get("primary_key"):
            yield _input_finding(f"the table {name!r} of allocate_nosql has no primary_key")
    storage = _looking_storage(counts, own_buckets)
    event = None
    for size in sizes or module.sizes or _USUAL_SIZES:
        try:
            event = module.generate(data_dir, size, storage, lambda *_: None)
            json.dumps(event)
        except UnknownInputSizeError as error:
            # Of the usual sizes a benchmark need not have more than the one that tests use.
            wanted = size in sizes or size == _USUAL_SIZES[0]
            what = error.message.removesuffix(".")
            yield Finding("input.py", what, str(error.remedy), problem=wanted)
        except (SebsError, TypeError, ValueError) as error:
            reason = error.message if isinstance(error, SebsError) else f"no JSON: {error}"
            yield _input_finding(f"size {size!r}: {reason}")
    yield from _check_validator(module, data_dir, event)


def _check_validator(
    module: InputModule, data_dir: Path, event: dict[str, Any] | None
) -> Iterator[Finding]:
    if not module.judges:
        yield Finding(
            "input.py", "it has no validate_output: a regression cannot judge what it answers",
            "Write one, which returns the reason why an output is wrong.", problem=False,
        )  # fmt: skip
        return
    if event is None:
        return
    for output in _CORRUPTED:
        verdict = module.validate(
            data_dir, dict(event), output, language="python", architecture="x64", storage=None
        )
        if verdict is None:
            yield Finding(
                "input.py", f"validate_output accepts the output {output!r}",
                "Compare with what is right, not only with what is wrong.",
            )  # fmt: skip


def _looking_storage(counts: tuple[int, int], own_buckets: bool) -> StorageInputs:
    if not any(counts):
        return StorageInputs(None, [], [], None)
    inputs = [f"input-{number}" for number in range(counts[0])]
    outputs = [f"output-{number}" for number in range(counts[1])]

    def upload(index: int, key: str, path: str) -> None:
        if not 0 <= index < counts[0]:
            raise InputGenerationError(f"it uploads to input {index}, of {counts[0]}.")
        if not isinstance(key, str) or not Path(path).is_file():
            raise InputGenerationError(f"it uploads {str(path)!r} as {key!r}, which is no file.")

    return StorageInputs(None if own_buckets else "bucket", inputs, outputs, upload)


def _input_finding(what: str) -> Finding:
    return Finding(
        "input.py",
        what.removesuffix("."),
        "Correct it, or name the directory with its data with --data-dir.",
    )
