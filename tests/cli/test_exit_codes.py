"""One rule for every command: what is named wrongly exits with 2, and is named back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sebs.cli.main import run as sebs_command
from sebs.faas.result import ExecutionResult
from sebs.results.manifest import Manifest
from sebs.results.run import Run

#: What is there: RUN is a run, SEBS a result, FILE a file that is none, BROKEN one cut short.
TABLE = "memory,type,is_cold,exec_time,connection_time,client_time,provider_time,mem_used\n"

#: The command, and what its error names: the wrong name, or a name that was perhaps meant.
WRONG_NAMES = [
    ("benchmark invoke 010.slep test", "Did you mean 010.sleep"),
    ("benchmark invoke 010.sleep huge", "huge"),
    ("benchmark invoke 010.sleep test --deployment awz", "Did you mean aws?"),
    ("benchmark invoke 010.sleep test --config nowhere.json", "nowhere.json"),
    ("benchmark invoke 010.sleep test --trigger storage", "storage"),
    ("benchmark invoke 010.sleep test --memory 1", "1 MB"),
    ("benchmark build 010.slep", "010.sleep"),
    ("benchmark process nowhere", "nowhere"),
    ("benchmark process FILE", "strange.csv"),
    ("benchmark validate nowhere", "nowhere"),
    ("experiment invoke perf-cots --config CONFIG", "Did you mean perf-cost"),
    ("experiment invoke perf-cost --resume nowhere --config CONFIG", "nowhere"),
    ("plan 010.slep", "010.sleep"),
    ("results list nowhere", "nowhere"),
    ("results list RUN", "sebs results show"),
    ("results show nowhere", "nowhere"),
    ("results show FILE", "strange.csv"),
    ("results export nowhere", "nowhere"),
    ("results export RUN -o nowhere/x.json", "nowhere"),
    ("results export RUN --format xls", "xls"),
    ("results import nowhere", "nowhere"),
    ("results import FILE", "strange.csv"),
    ("results import SEBS --output-dir FILE", "strange.csv"),
    ("benchmark invoke 010.sleep test --output-dir FILE", "strange.csv"),
    ("results import FILE --platform awz", "Did you mean aws?"),
    ("analyze cost nowhere --price-per-gb-second 1", "nowhere"),
    ("analyze cost RUN", "'local'"),
    ("analyze cost RUN --provider awz", "Did you mean aws?"),
    ("analyze cost RUN --provider aws --region us-east-11", "us-east-1"),
    ("analyze cost RUN --provider azure --region eastus --plan flexx", "Did you mean flex?"),
    ("analyze eviction nowhere", "nowhere"),
    ("analyze eviction RUN", "eviction"),
    ("analyze overhead FILE", "strange.csv"),
    ("analyze overhead RUN", "overhead"),
    ("compare RUN nowhere", "nowhere"),
    ("compare BROKEN RUN", "line 2"),
    ("compare RUN RUN --metric memory", "memory"),
    ("report nowhere", "nowhere"),
    ("report RUN --provider awz", "Did you mean aws?"),
    ("report RUN -o report.pdf", "--figures"),
    ("report RUN -o nowhere/report.html", "nowhere"),
    ("prices show --provider awz", "Did you mean aws?"),
    ("prices show --region us-east-11", "us-east-1"),
    ("function detach nothing", "nothing"),
    ("function attach nothing", "nothing"),
    ("function invoke nothing", "nothing"),
    ("local logs nothing", "nothing"),
    ("resource list --resource-prefix -x", "-x"),
    ("resource list --deployment awz", "Did you mean aws?"),
    ("config show --config nowhere.json", "nowhere.json"),
    ("cache import nowhere.json", "nowhere.json"),
    ("cache export nowhere/cache.json", "nowhere"),
    ("nonsense", "nonsense"),
]

#: What is named rightly, and fails.
FAILURES = [
    ("results show BROKEN", "line 2"),
    ("report BROKEN", "line 2"),
    ("analyze cost BROKEN --price-per-gb-second 1", "line 2"),
    ("cache import FILE", "no JSON object"),
    ("prices check --max-age 0", "days old"),
]


@pytest.fixture
def told(tmp_path: Path, monkeypatch, capfd):
    """Run a command line with what is there; return its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEBS_CACHE_DIR", str(tmp_path / "cache"))
    manifest = Manifest(experiment="invoke", deployment="local", benchmark="010.sleep")
    with Run.create(tmp_path / "runs", manifest) as made:
        made.record({"id": "1"}, ExecutionResult())
        made.finish()
    files = {
        "strange.csv": "a,b\n1,2\n",
        "broken.csv": TABLE + "128,warm\n",
        "sebs.csv": TABLE + "128,warm,False,1,0.1,2,1,4\n",
    }
    settings = {"benchmark": "010.sleep"}
    files["config.json"] = json.dumps({"experiments": {"perf-cost": settings}})
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    names = {"RUN": str(made.directory), "FILE": "strange.csv", "BROKEN": "broken.csv"}
    names |= {"CONFIG": "config.json", "SEBS": "sebs.csv"}

    def run(line: str, *more: str) -> tuple[int, str]:
        code = sebs_command([*(names.get(word, word) for word in line.split()), *more])
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        assert "This is a bug" not in captured.err
        assert ".tmp" not in captured.err
        assert sorted((tmp_path / "runs").iterdir()) == [made.directory]
        assert not list(tmp_path.glob("sebs-results/*"))
        return code, captured.out + captured.err

    return run


@pytest.mark.parametrize(("line", "word"), WRONG_NAMES, ids=[line for line, _ in WRONG_NAMES])
def test_what_is_named_wrongly_exits_with_2_and_is_named_back(line, word, told) -> None:
    code, said = told(line)
    assert code == 2, said
    assert word.lower() in said.lower()


@pytest.mark.parametrize(("line", "word"), FAILURES, ids=[line for line, _ in FAILURES])
def test_what_is_named_rightly_and_fails_exits_with_1(line, word, told) -> None:
    code, said = told(line)
    assert code == 1, said
    assert word.lower() in said.lower()


@pytest.mark.parametrize("line", ["results show nowhere", "results nonsense", "nonsense"])
def test_a_wrong_name_is_one_document_where_one_was_asked_for(line, told) -> None:
    code, said = told(line, "--json")
    assert code == 2
    document = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert line.split()[-1] in document["error"]["message"]
