"""The contract of names: within the platform's rules, and different for what is different."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from types import SimpleNamespace
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sebs.faas.system import System
from sebs.sebs_types import Architecture, Language, SystemVariant
from sebs.testing.workbench import Topic, Workbench


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything that tells one function from another."""

    resources_id: str
    benchmark: str
    language: Language
    language_version: str
    architecture: str
    system_variant: SystemVariant
    language_variant: str


_WORDS = r"[a-z][a-z0-9]{0,20}(-[a-z0-9]{1,20}){0,2}"

IDENTITIES = st.builds(
    Identity,
    resources_id=st.from_regex(rf"({_WORDS}-)?[0-9a-f]{{8}}", fullmatch=True),
    benchmark=st.from_regex(rf"[0-9]{{3}}\.{_WORDS}", fullmatch=True),
    language=st.sampled_from(Language),
    language_version=st.from_regex(r"[1-9][0-9]?(\.[1-9][0-9]?)?", fullmatch=True),
    architecture=st.sampled_from([str(architecture) for architecture in Architecture]),
    system_variant=st.sampled_from([SystemVariant.PACKAGE, SystemVariant.CONTAINER]),
    language_variant=st.from_regex(_WORDS, fullmatch=True),
)


class NamingContract(Topic):
    """What ``default_function_name`` makes of a benchmark."""

    def test_names_are_valid_and_unique(self, bench: Workbench) -> None:
        """One name for one identity, which the platform accepts; another for any other."""
        system = bench.system()

        # Within the test, since Hypothesis takes a test of an inherited class for several ones.
        # A pair of identities is as readable as it was found, and shrinking it takes a minute.
        @settings(deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
        @given(one=IDENTITIES, other=IDENTITIES)
        def check(one: Identity, other: Identity) -> None:
            name = name_of(system, one)
            assert system.name_rules.violation(name) is None, name
            assert name_of(system, one) == name
            for field in fields(Identity):
                neighbour = replace(one, **{field.name: getattr(other, field.name)})
                assert (name_of(system, neighbour) == name) is (neighbour == one), field.name

        try:
            check()
        finally:
            system.config.resources.resources_id = bench.resources_id


def name_of(system: System, identity: Identity) -> str:
    """Return the name of a benchmark's function, of which only the identity is known."""
    system.config.resources.resources_id = identity.resources_id
    benchmark: Any = SimpleNamespace(
        benchmark=identity.benchmark,
        language=identity.language,
        language_name=identity.language.value,
        language_version=identity.language_version,
        architecture=identity.architecture,
        system_variant=identity.system_variant,
        language_variant=identity.language_variant,
    )
    return system.default_function_name(benchmark)
