"""Names obey the rules that a platform declares, and differ where their parts differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.errors import InvalidNameError
from sebs.faas.names import NameRules

RULES = [
    NameRules(),
    NameRules(max_length=30, lowercase=True, allowed="a-z0-9-"),
    NameRules(separator="_", allowed="a-zA-Z0-9_"),
]
PARTS = st.lists(st.text(max_size=40), min_size=1, max_size=6).map(lambda parts: ["sebs", *parts])


@pytest.mark.parametrize("rules", RULES)
@given(parts=PARTS)
def test_a_made_name_is_valid(rules, parts) -> None:
    assert rules.violation(rules.make(parts)) is None


@pytest.mark.parametrize("rules", RULES)
@given(one=PARTS, other=PARTS)
def test_other_parts_give_another_name(rules, one, other) -> None:
    assert (rules.make(one) == rules.make(other)) is (one == other)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("", "empty"), ("a" * 65, "65"), ("a b", "' '"), ("1a", "'1'"), ("a-", "'-'")],
)
def test_the_reason_is_told(name, reason) -> None:
    with pytest.raises(InvalidNameError, match=reason):
        NameRules().check(name)
