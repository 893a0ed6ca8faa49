"""What is wrong with a benchmark's code: each variant is laid out as for a build, and read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sebs.benchmark import commands
from sebs.benchmark.code_variants import DEFAULT_VARIANT, PLAIN
from sebs.benchmark.config import BenchmarkConfig
from sebs.benchmark.dependencies import Target, all_lists, check_list
from sebs.benchmark.digest import tree_digest
from sebs.benchmark.layout import BUILD_SCRIPTS, HANDLER_FILES, PATCH, find_handler, is_junk
from sebs.benchmark.recipe import Recipe
from sebs.benchmark.source import BenchmarkSource
from sebs.benchmark.tree import walk
from sebs.checking.finding import Finding, of_error
from sebs.checking.handlers import check_nodejs, check_python
from sebs.errors import DependencyError, InvalidBenchmarkError
from sebs.sebs_types import Language

#: What a platform may get of the other languages.
_BUILT = {Language.JAVA: "its jar and handler.txt", Language.CPP: "an executable bootstrap"}

#: How a module is read, by the end of its name; others are compiled.
_READERS = {".py": check_python, ".js": check_nodejs}


def check_code(directory: Path, config: BenchmarkConfig) -> Iterator[Finding]:
    """Yield what is wrong with the code of each language, and with what makes its package.

    Args:
        directory: The benchmark's directory, absolute.
        config: Its configuration.
    """
    source = BenchmarkSource(directory.name, directory, config)
    for owner in (directory, *(directory / language.value for language in config.languages)):
        yield from _check_scripts(directory, owner)
    for language in config.languages:
        if language not in HANDLER_FILES:
            yield _elsewhere(source, language)
            continue
        for form in _forms(source, language):
            yield from form.check()


def _check_scripts(benchmark: Path, owner: Path) -> Iterator[Finding]:
    bash = shutil.which("bash")
    for script in (owner / name for name in BUILD_SCRIPTS):
        if bash is None or not script.is_file():
            continue
        outcome = commands.run([bash, "-n", script.name], directory=owner)
        if outcome.status != 0:
            yield Finding(str(script.relative_to(benchmark)), outcome.reason, "Correct it.")


def _elsewhere(source: BenchmarkSource, language: Language) -> Finding:
    """Return what there is about a language that nothing is built in."""
    alone = not any(other in HANDLER_FILES for other in source.config.languages)
    if is_built(source.path, language):
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


@dataclass(frozen=True, slots=True)
class _Form:
    """The code of a language as one variant has it.

    Attributes:
        source: The benchmark.
        language: The language.
        variant: The variant's name.
        place: The variant's directory in the language's; ``default`` for the plain code.
        in_image: Whether it is that of a container image.
    """

    source: BenchmarkSource
    language: Language
    variant: str
    place: str
    in_image: bool

    @property
    def where(self) -> str:
        """What is its own, relative to the benchmark's directory."""
        if self.place == DEFAULT_VARIANT:
            return self.language.value
        return f"{self.language}/{self.place}"

    @property
    def root(self) -> Path:
        """The directory of what is its own."""
        return self.source.path / self.where

    def check(self) -> Iterator[Finding]:
        """Yield what is wrong with it, up to what hides the rest."""
        if lacking := self._lacking():
            yield lacking
            return
        # Neither version nor architecture decides which directories take part.
        target = Target(self.language, "", "")
        recipe = Recipe(self.source, "", target, self.variant, wrappers=(), in_image=self.in_image)
        if broken := list(self._check_trees(recipe)):
            yield from broken
            return
        with tempfile.TemporaryDirectory(prefix="sebs-check-") as temporary:
            directory = Path(temporary)
            try:
                recipe.lay_out(directory)
            except InvalidBenchmarkError as error:
                what = error.message.removeprefix(f"{str(self.root / PATCH)!r} ").removesuffix(".")
                yield Finding(f"{self.where}/{PATCH}", what, error.remedy or "Correct it.")
                return
            yield from self._check_handler(directory)
            yield from self._check_lists(directory)

    def _lacking(self) -> Finding | None:
        remedy = "Make it, or take the variant out of config.json."
        if not (self.source.path / self.language.value).is_dir():
            return self._no_handler()
        if not self.root.is_dir():
            return Finding(self.where, f"the variant {self.variant!r} has no directory", remedy)
        if self.place != DEFAULT_VARIANT and not any(walk(self.root, is_junk)):
            what = f"the variant {self.variant!r} has no files: it is the plain code"
            return Finding(self.where, what, remedy)
        return None

    def _check_trees(self, recipe: Recipe) -> Iterator[Finding]:
        """Hash what takes part, as every run begins: links and names are held against the rules."""
        for part in recipe.parts():
            try:
                tree_digest(part, _NoIndex())
            except (InvalidBenchmarkError, OSError) as error:
                where = os.path.relpath(part.root, self.source.path)
                yield of_error(where, error)

    def _check_handler(self, directory: Path) -> Iterator[Finding]:
        path = find_handler(directory, self.language)
        if path is None:
            yield self._no_handler()
        elif read := _READERS.get(path.suffix):
            yield from read(self._origin(directory, path), path)

    def _no_handler(self) -> Finding:
        where = f"{self.language}/{HANDLER_FILES[self.language]}"
        owners = (self.root, self.root.parent, self.source.path)
        scripts = [owner / name for owner in owners for name in BUILD_SCRIPTS]
        script = next((path.name for path in scripts if path.is_file()), None)
        if script is None:
            return Finding(where, "there is none", "Write the function there.")
        return Finding(
            where, f"there is none: {script} has to make it",
            "See to it; a build says whether it did.", problem=False,
        )  # fmt: skip

    def _check_lists(self, directory: Path) -> Iterator[Finding]:
        for path in all_lists(directory, self.language):
            try:
                check_list(path, self.language)
            except DependencyError as error:
                yield of_error(self._origin(directory, path), error)

    def _origin(self, directory: Path, path: Path) -> str:
        """Return which file of the benchmark one that was laid out is; else the patch made it."""
        name, content = path.relative_to(directory), path.read_bytes()
        for place in (self.where, self.language.value):
            own = self.source.path / place / name
            if own.is_file() and own.read_bytes() == content:
                return f"{place}/{name}"
        return f"{self.where}/{PATCH}"


def _forms(source: BenchmarkSource, language: Language) -> Iterator[_Form]:
    """Yield the plain code, and each directory that lies over it once."""
    seen = set()
    for name, variant in {**PLAIN, **source.config.variants.get(language, {})}.items():
        for in_image in (False, True):
            place = variant.directory(in_image=in_image)
            if place is not None and place not in seen:
                seen.add(place)
                yield _Form(source, language, name, place, in_image)


class _NoIndex:
    """Remembers nothing: what is looked over once need not be found again."""

    def tree_index(self, root: str | os.PathLike[str]) -> bytes | None:
        """Return that nothing is known."""
        return None

    def store_tree_index(self, root: str | os.PathLike[str], data: bytes) -> None:
        """Forget it."""
