"""A browser that has no network, for the pages of reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One for the tests of a file: while it runs, no test of this process has a loop of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # In a container there is no sandbox to be had; the page is our own.
        launched = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield launched
        launched.close()


@pytest.fixture
def opened(
    browser: Any, tmp_path: Path
) -> Iterator[Callable[[str, int, str], tuple[Any, list[str]]]]:
    """Open a page at a width and in a colour scheme; return it, and what went wrong."""
    path = tmp_path / "report.html"
    contexts = []

    def open_page(text: str, width: int, scheme: str) -> tuple[Any, list[str]]:
        path.write_text(text, encoding="utf-8")
        size = {"width": width, "height": 800}
        context = browser.new_context(viewport=size, color_scheme=scheme, offline=True)
        contexts.append(context)
        tab, faults = context.new_page(), []
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("request", lambda r: faults.append(r.url) if r.url != path.as_uri() else None)
        tab.goto(path.as_uri())
        return tab, faults

    yield open_page
    for context in contexts:
        context.close()
