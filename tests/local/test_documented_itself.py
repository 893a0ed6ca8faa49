"""The example of a function that invokes itself does on the local platform what the guide says."""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
SECTION = GUIDE.read_text(encoding="utf-8").partition("## A function that invokes itself")[2]
[PYTHON] = re.findall(r"```python\n(.*?)```", SECTION.partition("\n## ")[0], re.DOTALL)


def test_three_deep_needs_four_environments(workshop):
    workshop.write("python/function.py", PYTHON)
    system = workshop.platform()
    function = system.get_function(workshop.benchmark(system))
    result = function.triggers_all()[0].sync_invoke({"depth": 3})
    assert result.error is None
    assert result.output == {"result": "the end"}
    again = function.triggers_all()[0].sync_invoke({"depth": 0})
    status = system._client.request("GET", "/-/status")["functions"][function.name]
    assert not again.stats.cold_start
    assert sorted(each["served"] for each in status["environments"]) == [1, 1, 1, 2]


def test_one_that_fails_is_an_error_of_the_one_that_asked(workshop):
    workshop.write("python/function.py", PYTHON.replace('"the end"', "event['nosuch']"))
    system = workshop.platform()
    function = system.get_function(workshop.benchmark(system))
    result = function.triggers_all()[0].sync_invoke({"depth": 1})
    assert result.stats.failure
    # Its own error, in which the other one's is.
    assert "RuntimeError" in str(result.error)
    assert "HandlerError: 'nosuch'" in str(result.error)
