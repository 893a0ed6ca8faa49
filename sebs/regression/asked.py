"""What was asked for by name runs, or is refused before anything is made: none of it just vanishes.

Names that were not given stand for whatever there is, and a form that a benchmark does not have is
then simply no case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from sebs.benchmark.inputs import InputModule
from sebs.benchmark.source import BenchmarkSource
from sebs.errors import (
    InputGenerationError,
    SebsError,
    UnknownInputSizeError,
    UnsupportedLanguageError,
    UnsupportedVariantError,
)
from sebs.regression.cases import Case, Selection
from sebs.sebs_types import Architecture
from sebs.utils import did_you_mean

if TYPE_CHECKING:
    from sebs.faas.system import System
    from sebs.regression.runner import MakeBenchmark

_REMEDY = "`sebs benchmark list` and `sebs systems` say what there is."


def require_asked(
    system: System,
    sources: Collection[BenchmarkSource],
    selection: Selection,
    cases: Collection[Case],
) -> None:
    """Make sure that every combination of the names that were given has a case.

    Args:
        system: The platform.
        sources: The benchmarks that were chosen.
        selection: What was asked for.
        cases: What there is of it.

    Raises:
        UnsupportedLanguageError: Something that was named cannot run, with the reasons; or there is
            nothing to run at all, for none of none is no success.
    """
    reasons = [combination.why_not() for combination in _missing(system, sources, selection, cases)]
    for version in selection.versions:
        if not reasons and not any(case.version == version for case in cases):
            reasons.append(f"{system.name()} runs none of it in version {version}")
    if reasons:
        listed = "; ".join(dict.fromkeys(reasons))
        raise UnsupportedLanguageError(
            f"Not all that was asked for can run: {listed}.", remedy=_REMEDY
        )
    if not cases:
        raise UnsupportedLanguageError(
            f"There is no benchmark that {system.name()} runs: 0 of 0 is no success.",
            remedy=_REMEDY,
        )


def require_variants(
    system: System, make_benchmark: MakeBenchmark, selection: Selection, cases: Collection[Case]
) -> None:
    """Make sure that the platform deploys the system variants that were named.

    Args:
        system: The platform.
        make_benchmark: Makes a benchmark for it.
        selection: What was asked for.
        cases: What there is of it.

    Raises:
        UnsupportedVariantError: It does not; the message lists those that it deploys.
    """
    from sebs.regression.runner import experiment_of

    for variant in selection.system_variants:
        case = next((case for case in cases if case.system_variant == variant), None)
        if case is None:
            continue
        try:
            system.check_limits(make_benchmark(case.benchmark, experiment_of(case)), None)
        except UnsupportedVariantError:
            raise
        except SebsError:
            # What else is wrong with this benchmark is the affair of its own case.
            continue


def require_size(sources: Collection[BenchmarkSource], size: str) -> None:
    """Make sure that the benchmarks have inputs of a size, as far as they say which they have.

    Args:
        sources: Those that have cases.
        size: The input size.

    Raises:
        UnknownInputSizeError: Some have none; the message lists them.
    """
    declared: dict[str, list[str]] = {}
    for source in sources:
        try:
            sizes = InputModule(source.path).sizes
        except InputGenerationError:
            # What is wrong with this benchmark is the affair of its own cases.
            continue
        if sizes:
            declared[source.name] = sizes
    if lacking := [name for name, sizes in declared.items() if size not in sizes]:
        common = sorted(set.intersection(*map(set, declared.values())))
        raise UnknownInputSizeError(
            f"There is no input of size {size!r} in {', '.join(lacking)}.",
            remedy=f"{did_you_mean(size, common)}All of them have: {', '.join(common) or 'none'}.",
        )


@dataclass(frozen=True, slots=True)
class _Combination:
    """Names that were given together; ``None`` stands for whatever there is."""

    system: System
    sources: Collection[BenchmarkSource]
    selection: Selection
    benchmark: str | None
    language: str | None
    architecture: str | None

    def has(self, case: Case) -> bool:
        """Whether a case is one of this combination."""
        wanted = (self.benchmark, self.language, self.architecture)
        given = (case.benchmark, case.language, case.architecture)
        return all(name in (None, there) for name, there in zip(wanted, given, strict=True))

    def why_not(self) -> str:
        """Return why there is no such case."""
        known = self._versions()
        platform, languages = self.system.name(), " or ".join(self._languages)
        where = f" on {self.architecture}" if self.architecture else ""
        what = self.benchmark or "any benchmark"
        if not any(known.values()):
            written = "" if self.language else f", the language of {what}"
            return f"{platform} does not run {languages}{where}{written}"
        if self.language is not None and self.language not in self._written:
            return f"{what} is not written in {languages}, but in {', '.join(self._written)}"
        asked = set(self.selection.versions)
        if asked and not any(asked.intersection(versions) for versions in known.values()):
            runs = " and ".join(f"{name} {', '.join(versions)}" for name, versions in known.items())
            return f"{platform} runs {runs}{where}, not {', '.join(self.selection.versions)}"
        deployed = ", ".join(self.selection.system_variants) or "package"
        return f"the code of {what} in {languages} is not deployed as {deployed}"

    @property
    def _written(self) -> list[str]:
        chosen = [one for one in self.sources if self.benchmark in (None, one.name)]
        return list(dict.fromkeys(one.value for each in chosen for one in each.config.languages))

    @property
    def _languages(self) -> list[str]:
        return [self.language] if self.language else self._written

    def _versions(self) -> dict[str, list[str]]:
        """Return the versions of each language that the platform runs."""
        known = self.system.system_config.supported_language_versions
        places = [self.architecture] if self.architecture else [str(one) for one in Architecture]
        versions = {
            language: [v for place in places for v in known(self.system.name(), language, place)]
            for language in self._languages
        }
        return {language: list(dict.fromkeys(found)) for language, found in versions.items()}


def _missing(
    system: System,
    sources: Collection[BenchmarkSource],
    selection: Selection,
    cases: Collection[Case],
) -> Iterator[_Combination]:
    named: tuple[Collection[str | None], ...] = (
        selection.benchmarks or [None],
        selection.languages or [None],
        selection.architectures or [None],
    )
    for names in product(*named):
        combination = _Combination(system, sources, selection, *names)
        if not any(map(combination.has, cases)):
            yield combination
