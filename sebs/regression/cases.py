"""What a regression is made of: one case for each form of each benchmark."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sebs.benchmark.code_variants import DEFAULT_VARIANT, PLAIN
from sebs.benchmark.source import BenchmarkSource
from sebs.sebs_types import Architecture, Language, SystemVariant

if TYPE_CHECKING:
    from sebs.faas.system import System


@dataclass(frozen=True, slots=True)
class Case:
    """One form of one benchmark.

    Attributes:
        benchmark: Its name.
        language: Language of the code.
        version: Version of the language.
        architecture: ``x64`` or ``arm64``.
        system_variant: How it is deployed.
        language_variant: Variant of the code.
    """

    benchmark: str
    language: str
    version: str
    architecture: str
    system_variant: str
    language_variant: str = DEFAULT_VARIANT

    @property
    def form(self) -> str:
        """Everything but the benchmark, in words: ``python 3.11 x64 package``."""
        words = [self.language, self.version, self.architecture, self.system_variant]
        if self.language_variant != DEFAULT_VARIANT:
            words.append(self.language_variant)
        return " ".join(words)

    @property
    def key(self) -> str:
        """What the case is found again by."""
        return f"{self.benchmark} {self.form}"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user wants to see; an empty collection stands for everything.

    Attributes:
        languages: Keys of languages.
        architectures: Keys of architectures.
        system_variants: Values of system variants.
        versions: Versions of the languages; empty: the one that the platform prefers.
        benchmarks: Names of benchmarks.
    """

    languages: Collection[str] = ()
    architectures: Collection[str] = ()
    system_variants: Collection[str] = ()
    versions: Collection[str] = ()
    benchmarks: Collection[str] = ()

    def check(self) -> None:
        """Refuse what does not exist anywhere.

        Raises:
            UsageError: A language or an architecture that nobody knows.
        """
        for language in self.languages:
            Language.deserialize(language)
        for architecture in self.architectures:
            Architecture.deserialize(architecture)


def cases_of(
    system: System, sources: Iterable[BenchmarkSource], selection: Selection
) -> list[Case]:
    """Return every case that the platform supports and the user wants, in a fixed order.

    Raises:
        UsageError: The selection names what does not exist anywhere.
    """
    selection.check()
    return [case for source in sources for case in _cases(system, source, selection)]


def _cases(system: System, source: BenchmarkSource, selection: Selection) -> Iterator[Case]:
    for language in source.config.languages:
        if selection.languages and language.value not in selection.languages:
            continue
        for architecture in selection.architectures or [one.value for one in Architecture]:
            for version in _versions(system, language.value, architecture, selection.versions):
                for variant in _system_variants(system, selection.system_variants):
                    for code in _code_variants(source, language, SystemVariant(variant)):
                        yield Case(
                            source.name, language.value, version, architecture, variant, code
                        )


def _code_variants(
    source: BenchmarkSource, language: Language, system_variant: SystemVariant
) -> list[str]:
    """Return the variants of the code that can be deployed so."""
    declared = source.config.variants.get(language) or PLAIN
    in_image = system_variant.is_container
    return [name for name, code in declared.items() if code.directory(in_image=in_image)]


def _versions(
    system: System, language: str, architecture: str, wanted: Collection[str]
) -> list[str]:
    supported = list(
        system.system_config.supported_language_versions(system.name(), language, architecture)
    )
    if wanted:
        return [version for version in supported if version in wanted]
    return supported[:1]


def _system_variants(system: System, wanted: Collection[str]) -> Collection[str]:
    """Return the variants that are asked for; by default packages, and images where they can be."""
    if wanted:
        return wanted
    variants = [SystemVariant.PACKAGE.value]
    if system.container_client is not None and system.container_client.engine_answers():
        variants.append(SystemVariant.CONTAINER.value)
    return variants
