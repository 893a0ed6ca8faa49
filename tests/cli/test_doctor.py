"""``sebs doctor`` tells what is there for reports and statistics, and how to get it."""

from __future__ import annotations

import pytest
from cli_line import CommandLine


@pytest.mark.parametrize("absent", [(), ("polars",), ("scipy", "vl_convert")])
def test_what_reports_need_is_named(sebs: CommandLine, absent: tuple[str, ...]) -> None:
    hidden = "".join(f"sys.modules[{module!r}] = None\n" for module in absent)
    (sebs.root / "sitecustomize.py").write_text(f"import sys\n{hidden}")
    sebs.environment["PYTHONPATH"] = str(sebs.root)

    done = sebs("doctor", "--json")

    assert done.code == 0
    [check] = [check for check in done.document if check["what"] == "reports and statistics"]
    assert check["works"] is not bool(absent)
    assert not check["needed"]
    for module in absent:
        assert f"no {module.replace('vl_convert', 'vl-convert-python')}" in check["detail"]
    assert ("pip install 'sebs-faas[analysis]'" in check["remedy"]) is bool(absent)
    if not absent:
        assert all(f"{name} " in check["detail"] for name in ("numpy", "polars", "scipy"))
