"""A regression as a JUnit file, which every continuous integration shows.

The form is that of https://github.com/testmoapp/junitxml, which describes what such systems read:
a failure is an assertion that does not hold, an error is what kept it from being tried, skipped is
what nobody judged, and its ``type`` is the state of the case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from sebs.regression.outcome import Outcome, State
from sebs.utils import write_atomically

_ELEMENTS = {
    State.UNJUDGED: "skipped",
    State.WRONG: "failure",
    State.FAILED: "error",
    State.BROKEN: "error",
    State.NOT_RUN: "error",
}

#: What XML 1.0 cannot hold, not even escaped: https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, platform: str, outcomes: Sequence[Outcome]) -> None:
    """Write a JUnit file.

    Args:
        path: The file; its directory must exist.
        platform: The platform that the cases ran on.
        outcomes: What became of each case.

    Raises:
        OSError: The file cannot be written.
    """
    root = _element("testsuites", _counts(outcomes))
    suite = _element("testsuite", {"name": f"sebs.{platform}", **_counts(outcomes)}, root)
    for outcome in outcomes:
        _add_case(suite, platform, outcome)
    ElementTree.indent(root)
    write_atomically(path, ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n")


def _counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    elements = [_ELEMENTS.get(outcome.state) for outcome in outcomes]
    return {
        "tests": str(len(elements)),
        "failures": str(elements.count("failure")),
        "errors": str(elements.count("error")),
        "skipped": str(elements.count("skipped")),
        "time": f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    }


def _add_case(suite: ElementTree.Element, platform: str, outcome: Outcome) -> None:
    attributes = {
        "classname": f"{platform}.{outcome.case.benchmark}",
        "name": outcome.case.form,
        "time": f"{outcome.seconds:.3f}",
    }
    case = _element("testcase", attributes, suite)
    if not outcome.passed:
        message = outcome.reason.partition("\n")[0]
        attributes = {"type": outcome.state.value, "message": message}
        _element(_ELEMENTS[outcome.state], attributes, case).text = _text(outcome.reason)


def _element(
    tag: str, attributes: Mapping[str, str], parent: ElementTree.Element | None = None
) -> ElementTree.Element:
    element = ElementTree.Element(tag, {name: _text(text) for name, text in attributes.items()})
    if parent is not None:
        parent.append(element)
    return element


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
