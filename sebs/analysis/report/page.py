"""The report as one HTML file: nothing is loaded, nothing runs, and every figure has its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from sebs.analysis.report.drawing import inline, svg_of
from sebs.analysis.report.figure import Figure, Table
from sebs.analysis.report.section import Section

#: Widths in pixels at which figures are drawn: letters have the same size on every screen.
WIDE, NARROW = 900, 320

#: More letters than any number and its interval have.
_SENTENCE = 30

#: Nothing may be loaded or executed, whatever the results say.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure, drawn.

    Attributes:
        wide: SVG for screens and files.
        narrow: SVG for phones.
    """

    wide: str
    narrow: str


def draw(figure: Figure) -> Drawing:
    """Draw a figure at both widths."""
    return Drawing(svg_of(figure.draw(WIDE)), svg_of(figure.draw(NARROW)))


def page(title: str, sections: Sequence[Section], drawings: dict[tuple[str, str], Drawing]) -> str:
    """Return the file.

    Args:
        title: Of the report.
        sections: What it tells.
        drawings: By the names of section and figure.
    """
    style = files("sebs.analysis.report").joinpath("page.css").read_text(encoding="utf-8")
    contents = "".join(entry for section in sections for entry in _entries(section))
    body = "".join(part for section in sections for part in _section(section, drawings))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">To the results</a>\n<header><h1>{escape(title)}</h1>\n'
        f'<nav aria-label="Sections"><ul>{contents}</ul></nav></header>\n'
        f'<main id="main" tabindex="-1">\n{body}</main>\n</body>\n</html>\n'
    )


def _entries(section: Section) -> Iterator[str]:
    yield f'<li><a href="#{section.name}">{escape(section.title)}</a>'
    if section.method is not None:
        yield f' (<a href="#{section.name}-method">how it was measured</a>)'
    yield "</li>"


def _section(section: Section, drawings: dict[tuple[str, str], Drawing]) -> Iterator[str]:
    heading = f"{section.name}-title"
    yield f'<section id="{section.name}" aria-labelledby="{heading}">\n'
    yield f'<h2 id="{heading}">{escape(section.title)}</h2>\n'
    yield from _answer(section)
    for sentence in section.words:
        yield f"<p>{escape(sentence)}</p>\n"
    if section.summary is not None:
        yield _table(section.summary, f"Summary of {section.title}")
    for figure in section.figures:
        yield _figure(section, figure, drawings[section.name, figure.name])
    if section.method is not None:
        yield f'<h3 id="{section.name}-method">How this was measured</h3>\n'
        yield _table(section.method, f"How {section.title} was measured", "method")
    yield "</section>\n"


def _answer(section: Section) -> Iterator[str]:
    """Yield what follows from a run, apart from everything that it rests on."""
    if section.answer or section.answers is not None:
        yield '<div class="answer">\n<h3>What follows</h3>\n'
        yield from (f"<p>{escape(sentence)}</p>\n" for sentence in section.answer)
        if section.answers is not None:
            yield _table(section.answers, f"What follows from {section.title}")
        yield "</div>\n<h3>What was measured</h3>\n"


def _figure(section: Section, figure: Figure, drawing: Drawing) -> str:
    name = f"{section.name}-{figure.name}"
    label = escape(f"{figure.title}. {figure.words}", quote=True)
    return (
        f'<figure id="{name}">\n<h3>{escape(figure.title)}</h3>\n'
        f'<div class="wide" role="img" aria-label="{label}">{inline(drawing.wide, name)}</div>\n'
        f'<div class="narrow" role="img" aria-label="{label}">'
        f"{inline(drawing.narrow, f'{name}-narrow')}</div>\n"
        f"<figcaption>{escape(figure.words)}</figcaption>\n"
        f"<details><summary>The numbers of this figure</summary>\n"
        f"{_table(figure.table, figure.title)}</details>\n</figure>\n"
    )


def _table(table: Table, caption: str, kind: str = "") -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in table.columns)
    rows = "".join(f"<tr>{_cells(row)}</tr>\n" for row in table.rows)
    # A table that is wider than a phone is scrolled alone, with the keyboard, too.
    classes, label = f"table {kind}".strip(), escape(caption, quote=True)
    return (
        f'<div class="{classes}" role="region" aria-label="{label}" tabindex="0">'
        f"<table>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{rows}</tbody></table></div>\n"
    )


def _cells(row: Sequence[str | None]) -> str:
    first, *others = ("-" if cell is None else escape(cell) for cell in row)
    return f'<th scope="row">{first}</th>' + "".join(f"<td{_style(c)}>{c}</td>" for c in others)


def _style(cell: str) -> str:
    """Return how a cell is set: sentences are broken, numbers are not."""
    return ' class="words"' if len(cell) > _SENTENCE else ""
