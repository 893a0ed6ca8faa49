"""Draws specifications as SVG and PNG: no browser, no network. Needs the extra ``analysis``."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from sebs.analysis.report.figure import INK, Spec
from sebs.errors import SystemUnavailableError

#: Version of Vega-Lite, so that a figure does not change with the converter.
_VEGA_LITE = "5.21"

#: What lines and letters have in a file of its own, which has no page.
_FILE_INK = "#222222"

_FONT = "DejaVu Sans, Verdana, sans-serif"

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


def alone(svg: str) -> str:
    """Return an SVG for a file of its own: dark on white."""
    white = '<rect width="100%" height="100%" fill="white"/>'
    return re.sub(r"(<svg [^>]*>)", rf"\1{white}", svg, count=1).replace(INK, _FILE_INK)


def png_of(svg: str) -> bytes:
    """Return an SVG as PNG, two pixels for one."""
    import vl_convert

    drawn: bytes = vl_convert.svg_to_png(svg, scale=2)
    return drawn
