"""The guide's table of the bundled benchmarks: complete, and as their configuration has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sebs.benchmark.source import list_benchmarks

GUIDE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
TEXT = GUIDE.read_text(encoding="utf-8")
SECTION = TEXT.partition("\n## The bundled ones\n")[2].partition("\n## ")[0]
ROWS = {
    cells[0].strip("`"): cells[1:]
    for line in SECTION.splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split(" | ")]) > 1
}
BENCHMARKS = {source.name: source for source in list_benchmarks()}
SHOWN = {"python": "Python", "nodejs": "Node.js"}


def test_the_table_has_every_bundled_benchmark_and_no_other() -> None:
    assert [name for name in ROWS if name != "benchmark"] == sorted(BENCHMARKS)
    assert ROWS["benchmark"] == [
        "stresses", "test", "small", "large", "memory", "languages", "what is judged",
    ]  # fmt: skip


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_row_is_complete_and_says_what_the_configuration_says(name: str) -> None:
    config = BENCHMARKS[name].config
    *_, memory, languages, _ = row = ROWS[name]
    assert len(row) == len(ROWS["benchmark"])
    assert all(row)
    assert memory == f"{config.memory} MB"
    assert languages.split(", ") == [SHOWN[language.value] for language in config.languages]


def test_there_is_a_picture() -> None:
    [picture] = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", SECTION)
    assert (GUIDE.parent / picture).read_bytes().startswith(b"\x89PNG\r\n")
    # As the guide says it is drawn.
    [script] = re.findall(r"`python docs/(\S+) docs/(?=\S+\.png)", SECTION)
    assert (GUIDE.parent / script).is_file()


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXT)
    assert links
    assert [link for link in links if not (GUIDE.parent / link).exists()] == []
    anchors = re.findall(r"\]\(#([^)]+)\)", TEXT)
    titles = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    assert set(anchors) <= {title.lower().replace(" ", "-") for title in titles}
