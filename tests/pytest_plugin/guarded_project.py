"""A directory with a function, and tests of its latency, in which pytest runs."""

from __future__ import annotations

from pathlib import Path

import pytest

FUNCTION = """
import time

def lambda_handler(event, context):
    if event.get("fail"):
        raise ValueError("no such item")
    time.sleep(event.get("seconds", 0))
    return {"number": event.get("number", 0) + 1}
"""


class Project:
    """A directory with the function ``functions/increment``, and tests.

    Args:
        pytester: What runs pytest in it.
    """

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.write("functions/increment/lambda_function.py", FUNCTION)

    @property
    def root(self) -> Path:
        return self.pytester.path

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, test: str, *options: str) -> pytest.RunResult:
        """Run a test's body, which has the function as ``increment``."""
        body = "\n".join(f"    {line}" for line in test.strip().splitlines())
        text = f"def test_it(sebs_function):\n{body}\n"
        text = text.replace("increment.", "sebs_function('functions/increment').")
        self.write("test_it.py", text)
        return self(*options)

    def __call__(self, *options: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess("-W", "error", *options, timeout=120)
