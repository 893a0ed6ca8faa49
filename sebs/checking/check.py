"""Looking a benchmark's directory over: everything that is wrong with it, and what to do.

Nothing is deployed, and nothing is installed. The code is laid out as for a build and read;
``input.py`` is run as for a real run, with services that only look at what they are given, and its
validator is shown outputs that no function means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sebs.benchmark.config import MODULES, BenchmarkConfig, read_config
from sebs.benchmark.layout import HANDLER_FILES
from sebs.benchmark.new import check_name
from sebs.benchmark.source import check_usable_name
from sebs.checking.code import check_code, is_built
from sebs.checking.finding import Finding, of_error
from sebs.checking.inputs import check_inputs
from sebs.errors import InvalidBenchmarkError, InvalidNameError
from sebs.utils import did_you_mean


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
        found += _check_config(config)
        found += check_code(directory, config)
    found += check_inputs(directory, sizes, data_dir)
    # What is wrong with the plain code is wrong with each variant that keeps it.
    return list(dict.fromkeys(found))


def _check_name(directory: Path) -> Iterator[Finding]:
    try:
        check_usable_name(directory)
    except InvalidNameError as error:
        yield of_error(".", error)
        return
    try:
        check_name(directory.name)
    except InvalidNameError as error:
        yield Finding(".", error.message, str(error.remedy), problem=False)


def _check_config(config: BenchmarkConfig) -> Iterator[Finding]:
    """Yield what is tolerated in a ``config.json``, and may be a mistake."""
    for key in config.unknown_languages:
        yield Finding(
            "config.json", f"the language {key!r} is unknown here",
            "Correct it if it is misspelt; else it is left out.", problem=False,
        )  # fmt: skip
    for module in sorted(set(config.modules) - set(MODULES)):
        yield Finding(
            "config.json", f"the module {module!r} is unknown here, and makes no difference",
            f"{did_you_mean(module, MODULES)}There are: {', '.join(MODULES)}.", problem=False,
        )  # fmt: skip


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
