"""Draws specifications as SVG and PNG: no browser, no network. Needs the extra ``analysis``."""

from __future__ import annotations

import re
from html import escape
from importlib.util import find_spec
from textwrap import wrap
from typing import Any

from sebs.analysis.report.figure import INK, Spec
from sebs.errors import SystemUnavailableError

#: Version of Vega-Lite, so that a figure does not change with the converter.
_VEGA_LITE = "5.21"

#: What lines and letters have in a file of its own, which has no page.
_FILE_INK = "#222222"

_FONT = "DejaVu Sans, Verdana, sans-serif"

#: Pixels of a line of titles, left of it, below the last, and of a bold letter, generously.
_LINE, _LEFT, _BELOW, _LETTER = 19, 5, 12, 9

#: What an SVG says of its own size.
_SIZE = {name: re.compile(rf'<svg [^>]*?\b{name}="([0-9.]+)"') for name in ("width", "height")}

_LINES = {"domainColor": INK, "tickColor": INK, "gridColor": INK, "gridOpacity": 0.15}
_LETTERS = {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12}
_CONFIG: dict[str, Any] = {
    "font": _FONT,
    "background": None,
    "view": {"stroke": None},
    "axis": {**_LINES, **_LETTERS, "titleFontWeight": "normal"},
    "legend": {**_LETTERS, "symbolSize": 90},
    "text": {"color": INK, "fontSize": 12},
    # The page says in words what a figure shows: a screen reader shall not read every point.
    "aria": False,
}


def require_drawing() -> None:
    """Refuse where nothing can draw.

    Raises:
        SystemUnavailableError: vl-convert is not installed.
    """
    if find_spec("vl_convert") is None:
        raise SystemUnavailableError(
            "Figures need vl-convert, which is not installed.",
            remedy="Install it: pip install 'sebs-faas[analysis]'.",
        )


def svg_of(spec: Spec) -> str:
    """Return a figure whose lines and letters have the colour of the page that it stands in."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg({**spec, "config": _CONFIG}, vl_version=_VEGA_LITE)
    return drawn


def inline(svg: str, prefix: str) -> str:
    """Return an SVG that may stand in a page beside others: its identifiers are its own."""
    own = re.sub(r'\bid="', f'id="{prefix}-', svg)
    own = own.replace("url(#", f"url(#{prefix}-")
    return own.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def alone(svg: str, *titles: str) -> str:
    """Return an SVG for a file of its own: dark on white, and saying what it is.

    Args:
        svg: Of :func:`svg_of`.
        titles: Above it, what it shows and of which run; a page has them in its own text.
    """
    width, height = (float(_SIZE[name].findall(svg)[0]) for name in ("width", "height"))
    room = int((width - 2 * _LEFT) / _LETTER)
    # Only the first of them is bold, however many lines it has.
    lines = [
        (line, at == 0) for at, title in enumerate(titles) for line in wrap(title, room) or [""]
    ]
    top = _LINE * len(lines) + (_BELOW if lines else 0)
    told = "".join(_line(at, *line) for at, line in enumerate(lines))
    begin = (
        '<svg xmlns="http://www.w3.org/2000/svg" version="1.1" '
        f'width="{width:g}" height="{height + top:g}" viewBox="0 0 {width:g} {height + top:g}">'
        f'<rect width="100%" height="100%" fill="white"/>{told}'
    )
    moved = svg.replace("<svg ", f'<svg y="{top}" ', 1)
    return f"{begin}{moved}</svg>".replace(INK, _FILE_INK)


def _line(at: int, text: str, is_bold: bool) -> str:
    weight = ' font-weight="bold"' if is_bold else ""
    return (
        f'<text x="{_LEFT}" y="{_LINE * (at + 1)}" font-family="{_FONT}" font-size="13"{weight} '
        f'fill="{_FILE_INK}">{escape(text)}</text>'
    )


def png_of(svg: str) -> bytes:
    """Return an SVG as PNG, two pixels for one."""
    import vl_convert

    drawn: bytes = vl_convert.svg_to_png(svg, scale=2)
    return drawn
