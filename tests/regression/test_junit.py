"""The JUnit file of a regression: well-formed whatever is in it, every case, every state."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from sebs.regression.cases import Case
from sebs.regression.junit import write_junit
from sebs.regression.outcome import Outcome, State


def case(variant: str) -> Case:
    return Case("901.x", "python", "3.11", "x64", "package", variant)


def test_what_no_xml_can_hold_is_replaced_everywhere(tmp_path: Path) -> None:
    outcomes = [
        Outcome(case("a\x01b"), State.PASSED, seconds=1.0),
        Outcome(case("c\ud800"), State.BROKEN, "a\x00 <&>\n\tb", 1.5),
    ]
    write_junit(tmp_path / "junit.xml", "local\x02", outcomes)
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    names = [each.attrib["name"] for each in root.iter("testcase")]
    assert names == ["python 3.11 x64 package a\ufffdb", "python 3.11 x64 package c\ufffd"]
    assert [each.text for each in root.iter("error")] == ["a\ufffd <&>\n\tb"]
    assert root.attrib["time"] == "2.500"
    assert root.find("testsuite").attrib["name"] == "sebs.local\ufffd"


def test_a_case_that_was_not_run_is_an_error(tmp_path: Path) -> None:
    outcomes = [Outcome(case("default"), State.NOT_RUN, "It was interrupted.")]
    write_junit(tmp_path / "junit.xml", "local", outcomes)
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (root.attrib["tests"], root.attrib["errors"]) == ("1", "1")
    [error] = root.iter("error")
    assert error.attrib == {"type": "not run", "message": "It was interrupted."}
