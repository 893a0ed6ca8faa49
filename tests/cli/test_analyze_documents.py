"""``sebs analyze`` and ``sebs compare`` on JSON that SeBS wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sebs.cli.main import run


def asked(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
    code = run([*map(str, arguments), "--json"])
    return code, json.loads(capfd.readouterr().out)


def refusal(file: Path, capfd: pytest.CaptureFixture[str], code: int = 1) -> str:
    assert run(["analyze", "cost", str(file)]) == code
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "bug" not in captured.err
    return captured.err


def document(times: dict[str, tuple[int, bool]], memory: int = 512) -> dict[str, Any]:
    """Return what SeBS's experiments write: provider time, µs, and whether it was cold."""
    invocations = {
        request: {
            "output": {"result": {"result": 1}, "is_cold": cold, "container_id": "c"},
            "request_id": request,
            "times": {"client": time + 50_000, "benchmark": time, "http_startup": 0.03},
            "provider_times": {"initialization": 0, "execution": time},
            "stats": {"cold_start": cold, "failure": False, "memory_used": 70.0},
            "billing": {"_memory": memory, "_billed_time": time // 1000, "_gb_seconds": 1},
        }
        for request, (time, cold) in times.items()
    }
    return {
        "_invocations": {"110.dynamic-html-python-3.9": invocations},
        "config": {
            "deployment": {"name": "aws", "region": "us-east-1"},
            "experiments": {"runtime": {"language": "python", "version": "3.9"}},
        },
        "begin_time": 1_700_000_000.0,
        "end_time": 1_700_000_100.0,
    }


def test_a_document_of_sebs_knows_whose_prices_apply(tmp_path, capfd) -> None:
    file = tmp_path / "warm_results_512.json"
    times = {f"r{number}": (100_000 + number, number == 0) for number in range(8)}
    file.write_text(json.dumps(document(times)))
    code, answer = asked(capfd, "analyze", "cost", file)
    assert code == 0
    [only] = answer["by_memory"]
    assert (only["memory"], only["n"], only["billed_ms"]) == (512, 7, 101)
    assert only["cost_per_million"] == pytest.approx(0.5 * 0.101 * 16.6667 + 0.2)
    code, answer = asked(capfd, "compare", file, file, "--metric", "provider")
    assert (code, answer["verdict"]) == (0, "no difference shown")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("{", 1, "no whole JSON"),
        ('{"_invocations": {"f": {"r": 1}}}', 1, "Invocation 1"),
        ('{"a": 1}', 2, "it has a. Known are _invocations"),
        ("[1, 2]", 2, "a JSON array"),
    ],
)
def test_documents_that_are_broken_or_no_results(text, code, words, tmp_path, capfd) -> None:
    file = tmp_path / "broken.json"
    file.write_text(text)
    told = refusal(file, capfd, code)
    assert "broken.json" in told
    assert words in told


def test_a_document_with_no_number_is_refused(tmp_path, capfd) -> None:
    file = tmp_path / "nan.json"
    file.write_text(json.dumps(document({"r": (1000, False)})).replace("70.0", "NaN"))
    assert "NaN" in refusal(file, capfd)
