"""What users call a function on Lambda."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.aws.references import FunctionReference, URLReference, parse_function, parse_reference
from sebs.errors import UsageError

ARN = "arn:aws:lambda:eu-south-2:123456789012:function:theirs"
names = st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True)
qualifiers = st.one_of(
    st.none(), st.just("$LATEST"), st.from_regex(r"[a-zA-Z0-9_-]{1,128}", fullmatch=True)
)
prefixes = st.sampled_from(
    [
        ("", None),
        ("function:", None),
        ("123456789012:function:", None),
        ("arn:aws:lambda:eu-south-2:123456789012:function:", "eu-south-2"),
        ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:", "us-gov-west-1"),
        ("arn:aws-cn:lambda:cn-north-1:123456789012:function:", "cn-north-1"),
    ]
)


@given(prefixes, names, qualifiers)
def test_every_form_that_lambda_takes_is_read(prefix, name, qualifier) -> None:
    text = prefix[0] + name + ("" if qualifier is None else f":{qualifier}")
    found = parse_reference(text)
    assert isinstance(found, FunctionReference)
    assert (found.label, found.region, found.qualifier) == (name, prefix[1], qualifier)
    assert found.name == prefix[0].removeprefix("function:") + name
    assert found.is_fixed == (qualifier not in (None, "$LATEST"))


@given(st.text(max_size=80))
def test_anything_is_read_or_refused(text) -> None:
    with suppress(UsageError):
        assert parse_reference(text).label in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "../theirs",
        "theirs:",
        "arn:aws:lambda:theirs",
        "arn:aws:lambda:eu-south-2:function:theirs",
        "arn:aws:s3:::bucket",
        "x" * 65,
        "https://example.com/",
        "https://abc.lambda-url.eu-south-2.on.aws.example.com/",
        "https://user:pass@abc.lambda-url.eu-south-2.on.aws/",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_function_is_refused(text) -> None:
    with pytest.raises(UsageError):
        parse_reference(text)


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_url_says_its_region(slash) -> None:
    found = parse_reference("https://abc123.lambda-url.eu-south-2.on.aws" + slash)
    assert found == URLReference(
        "https://abc123.lambda-url.eu-south-2.on.aws/", "abc123", "eu-south-2"
    )


def test_the_qualifier_is_kept_when_the_arn_is_known() -> None:
    assert parse_function("theirs:live").named(f"{ARN}:live").qualified == {
        "FunctionName": ARN,
        "Qualifier": "live",
    }
    assert parse_function("theirs").named(ARN).qualified == {"FunctionName": ARN}
