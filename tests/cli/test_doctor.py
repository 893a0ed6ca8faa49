"""``sebs doctor`` tells what is there for reports and statistics, and how to get it."""

from __future__ import annotations

import json
import sys

import pytest

from sebs.cli.main import run


@pytest.mark.parametrize("absent", [(), ("polars",), ("scipy", "vl_convert")])
def test_what_reports_need_is_named(absent, tmp_path, monkeypatch, capsys) -> None:
    for module in absent:
        monkeypatch.setitem(sys.modules, module, None)

    assert run(["doctor", "--cache", str(tmp_path / "cache"), "--json"]) == 0

    checks = json.loads(capsys.readouterr().out)
    [check] = [check for check in checks if check["what"] == "reports and statistics"]
    assert check["works"] is not bool(absent)
    assert not check["needed"]
    for module in absent:
        assert f"no {module.replace('vl_convert', 'vl-convert-python')}" in check["detail"]
    assert ("pip install 'sebs-faas[analysis]'" in check["remedy"]) is bool(absent)
    if not absent:
        assert all(f"{name} " in check["detail"] for name in ("numpy", "polars", "scipy"))
