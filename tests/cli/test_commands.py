"""The command line: exit codes, one JSON document, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sebs.cli.main import run


def test_help_imports_no_command(capfd) -> None:
    code = "import sys; from sebs.cli.main import run; run(['--help']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "systems" in done.stdout
    for heavy in ("pydantic", "pycurl", "rich", "docker", "sqlite3"):
        assert f"'{heavy}'" not in done.stdout


def test_importing_sebs_loads_nothing_heavy() -> None:
    code = "import sys, sebs; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for heavy in ("pydantic", "pycurl", "rich", "click", "docker", "boto3", "asyncio", "sqlite3"):
        assert f"'{heavy}'" not in done.stdout


def test_systems_lists_those_that_are_missing_with_the_reason(capfd) -> None:
    assert run(["systems", "--json"]) == 0
    listed = {info["name"]: info for info in json.loads(capfd.readouterr().out)}
    assert listed["aws"]["available"]
    assert not listed["azure"]["available"]
    assert listed["azure"]["reason"]


def test_no_cell_is_cut_short_without_a_terminal(capfd) -> None:
    assert run(["systems"]) == 0
    assert "not part of this version" in capfd.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["systems", "--nonsense"], ["config", "show", "--config", "nowhere.json"]],
)
def test_wrong_usage_exits_with_2_and_says_why(arguments, capfd) -> None:
    assert run(arguments) == 2
    captured = capfd.readouterr()
    assert "nonsense" in captured.err or "nowhere.json" in captured.err
    assert "Traceback" not in captured.err


def test_an_error_with_json_is_one_document(capfd) -> None:
    assert run(["config", "show", "--json", "--config", "nowhere.json"]) == 2
    document = json.loads(capfd.readouterr().out)
    assert document["error"]["type"] == "ConfigurationError"


def test_config_show_masks_secrets_and_tells_origins(tmp_path, capfd) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"deployment": {"aws": {"secret_access_key": "hush", "region": "r"}}}')
    assert run(["config", "show", "--config", str(path)]) == 0
    shown = capfd.readouterr().out
    assert "hush" not in shown
    assert str(path) in shown


def test_cache_commands_work_on_an_exported_document(tmp_path, capfd) -> None:
    cache = ["--cache", str(tmp_path / "cache dir")]
    document = tmp_path / "document.json"
    assert run(["cache", "list", "--json", *cache]) == 0
    assert json.loads(capfd.readouterr().out) == []
    assert run(["cache", "export", str(document), *cache]) == 0
    assert run(["cache", "import", str(document), *cache]) == 0
    capfd.readouterr()
    assert run(["cache", "clean", "--dry-run", "--json", *cache]) == 0
    assert json.loads(capfd.readouterr().out)["entries"] == []


def test_a_cache_directory_of_sebs_is_imported_and_its_faults_are_named(tmp_path, capfd) -> None:
    directory = tmp_path / "old"
    (directory / "110.dynamic-html").mkdir(parents=True)
    (directory / "110.dynamic-html" / "config.json").write_text("{broken")
    (directory / "aws.json").write_text('{"region": "us-east-1"}')
    cache = ["--cache", str(tmp_path / "cache")]
    assert run(["cache", "import", str(directory), *cache]) == 1
    assert "110.dynamic-html" in capfd.readouterr().err
    assert run(["cache", "list", "--json", *cache]) == 0
    listed = json.loads(capfd.readouterr().out)
    assert [(entry["kind"], entry["deployment"]) for entry in listed] == [("configuration", "aws")]
