"""The example of tables in the guide for benchmarks does on the local platform what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
SECTION = GUIDE.read_text(encoding="utf-8").partition("### Tables")[2].partition("\n## ")[0]
INPUT, PYTHON, NODEJS = re.findall(r"```(?:python|js)\n(.*?)```", SECTION, re.DOTALL)


@pytest.mark.parametrize("language", ["python", pytest.param("nodejs", marks=pytest.mark.node)])
def test_the_example_does_what_the_guide_says(workshop, language):
    workshop.write("input.py", INPUT.replace("420.cart", workshop.source.name))
    workshop.write("python/function.py", PYTHON)
    workshop.write("nodejs/function.js", NODEJS)
    system = workshop.platform()
    benchmark = workshop.benchmark(system, language=language)
    event = benchmark.prepare_input(system.system_resources, "test")
    function = system.get_function(benchmark)
    result = function.triggers_all()[0].sync_invoke(event)
    assert result.error is None
    (said,) = re.findall(r"`({.*})`\.", SECTION)
    assert result.output == {"result": json.loads(said)}
