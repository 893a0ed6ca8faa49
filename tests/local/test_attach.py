"""Code that was written for Lambda, on the local platform: it runs, and nobody writes to it."""

from __future__ import annotations

import inspect
import json
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sebs import Local
from sebs.errors import (
    AttachedFunctionError,
    FunctionGoneError,
    FunctionNameTakenError,
    InvalidBenchmarkError,
    LimitExceededError,
    PackageTooLargeError,
    StorageError,
    UnsafePathError,
    UnsupportedLanguageError,
    UsageError,
)
from sebs.faas.attached import Attached
from sebs.faas.function import ExecutionResult, Trigger
from sebs.local import limits
from sebs.local.functions import Functions

PYTHON = """
import os, sys

def lambda_handler(event, context):
    if "raise" in event:
        raise KeyError(event["raise"])
    if "exit" in event:
        sys.exit(3)
    if "sleep" in event:
        import time
        time.sleep(event["sleep"])
    return {
        "event": event,
        "context": {name: str(getattr(context, name)) for name in CONTEXT},
        "left": context.get_remaining_time_in_millis(),
        "variables": {name: os.environ.get(name) for name in VARIABLES},
        "cwd": os.getcwd(),
    }

CONTEXT = (
    "function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb",
    "aws_request_id", "log_group_name", "log_stream_name",
)
VARIABLES = (
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_EXECUTION_ENV",
    "AWS_REGION", "LAMBDA_TASK_ROOT", "_HANDLER", "COLOUR",
)
"""


class Code:
    """A directory of the user's, and what is attached of it."""

    def __init__(self, root: Path, system: Local) -> None:
        self.root = root / "my own code, ü"
        self.root.mkdir()
        self.system = system

    def write(self, name: str, text: str, directory: str = "function") -> Path:
        path = self.root / directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self.root / directory

    def attach(self, path: Path, **options: Any) -> Attached:
        function = self.system.attach_function(str(path), **options)
        assert isinstance(function, Attached)
        return function


@pytest.fixture
def code(workshop, tmp_path: Path) -> Code:
    return Code(tmp_path, workshop.platform())


def invoke(function: Attached, event: dict[str, Any] | None = None) -> ExecutionResult:
    [trigger] = function.triggers(Trigger.TriggerType.LIBRARY)
    return trigger.sync_invoke(event or {})


def state(directory: Path) -> dict[str, tuple[Any, ...]]:
    """Everything that can be seen of a directory."""
    return {
        str(path): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.is_file() and path.read_bytes(),
        )
        for path in (directory, *directory.rglob("*"))
    }


def test_a_directory_runs_with_what_lambda_gives_a_handler(code) -> None:
    directory = code.write("lambda_function.py", PYTHON)
    function = code.attach(directory, memory=200, timeout=30, environment={"COLOUR": "red"})
    result = invoke(function, {"a": [1, None]})
    assert not result.stats.failure, result.error
    output = result.output
    assert output["event"] == {"a": [1, None]}
    assert output["context"] == {
        "function_name": function.name,
        "function_version": "$LATEST",
        "invoked_function_arn": f"arn:aws:lambda:us-east-1:000000000000:function:{function.name}",
        "memory_limit_in_mb": "200",
        "aws_request_id": result.request_id,
        "log_group_name": f"/aws/lambda/{function.name}",
        "log_stream_name": "$LATEST",
    }
    assert 0 < output["left"] < 30_000
    variables = output["variables"]
    assert variables["LAMBDA_TASK_ROOT"] == output["cwd"]
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == function.name
    assert variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "200"
    assert variables["_HANDLER"] == "lambda_function.lambda_handler"
    assert variables["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_python3.")
    assert variables["COLOUR"] == "red"


def test_each_invocation_has_its_own_request_and_the_platform_tells_its_times(code) -> None:
    function = code.attach(code.write("lambda_function.py", PYTHON))
    results = [invoke(function) for _ in range(3)]
    identities = [result.output["context"]["aws_request_id"] for result in results]
    assert identities == [result.request_id for result in results]
    assert len(set(identities)) == 3
    assert [result.stats.cold_start for result in results] == [True, False, False]
    requests = {result.request_id: result for result in results}
    metrics: dict[str, Any] = {}
    begin = results[0].times.client_begin
    assert begin is not None
    span = (int(begin.timestamp()), int(begin.timestamp()) + 60)
    code.system.download_metrics(function.name, *span, requests, metrics)
    assert metrics["found"] == 3
    assert all(result.provider_times.execution > 0 for result in results)


def test_the_context_has_what_the_official_runtime_gives(code) -> None:
    official = pytest.importorskip("awslambdaric.lambda_context").LambdaContext("id", None, None, 0)
    text = "def lambda_handler(event, context):\n    return dir(context)\n"
    function = code.attach(code.write("lambda_function.py", text))
    ours = set(invoke(function).output["result"])
    # Beside what is documented: of traces, and of functions that isolate tenants.
    lacking = {name for name in dir(official) if not name.startswith("_")} - ours
    assert lacking <= {"w3c", "tenant_id"}
    assert "get_remaining_time_in_millis" in ours


def test_a_handler_that_raises_is_a_failed_invocation_with_its_message(code) -> None:
    function = code.attach(code.write("lambda_function.py", PYTHON))
    result = invoke(function, {"raise": "no such colour"})
    assert result.stats.failure
    assert "KeyError" in str(result.error)
    assert "no such colour" in str(result.error)
    assert not invoke(function).stats.failure


def test_a_module_that_cannot_be_imported_is_a_failed_invocation(code) -> None:
    function = code.attach(
        code.write("lambda_function.py", "import nothing_of_that_name as lambda_handler")
    )
    result = invoke(function)
    assert result.stats.failure
    assert "nothing_of_that_name" in str(result.error)


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("lambda_function.py", "handler = lambda_handlers = print", "lambda_handler"),
        ("lambda_function.py", "# lambda_handler = print", "lambda_handler"),
        ("index.js", "exports.other = 1;", "handler"),
    ],
)
def test_a_function_that_its_module_lacks_is_refused(code, file, text, name) -> None:
    source = code.write(file, text)
    with pytest.raises(UsageError, match=f"no function '{name}' in {file}"):
        code.attach(source)


def test_a_handler_that_its_module_lacks_after_all_is_a_failed_invocation(code) -> None:
    function = code.attach(code.write("lambda_function.py", "from os.path import *"))
    assert "lambda_handler" in str(invoke(function).error)


def test_one_that_runs_too_long_is_ended(code) -> None:
    function = code.attach(code.write("lambda_function.py", PYTHON), timeout=1)
    result = invoke(function, {"sleep": 30})
    assert result.stats.failure


def test_any_value_that_json_knows_is_an_output(code) -> None:
    text = "def lambda_handler(event, context):\n    return event.get('value')\n"
    function = code.attach(code.write("lambda_function.py", text))
    for value in (None, 0, "text", [1, {"a": 2}], True):
        assert invoke(function, {"value": value}).output == {"result": value}
    assert invoke(function, {"value": {"statusCode": 200}}).output == {"statusCode": 200}


@pytest.mark.parametrize(
    ("handler", "file"),
    [
        ("app.main", "app.py"),
        ("package.inner.main", "package/inner.py"),
        ("package/inner.main", "package/inner.py"),
        ("package.main", "package/__init__.py"),
    ],
)
def test_a_handler_is_named_as_lambda_names_it(code, handler, file) -> None:
    text = "def main(event, context):\n    return __name__\n"
    function = code.attach(code.write(file, text), handler=handler)
    assert invoke(function).output["result"] == handler.rpartition(".")[0].replace("/", ".")


def test_dependencies_are_what_is_in_the_directory(code) -> None:
    code.write("shapes/__init__.py", "area = 42\n")
    text = "import shapes\ndef lambda_handler(event, context):\n    return shapes.area\n"
    function = code.attach(code.write("lambda_function.py", text))
    assert invoke(function).output == {"result": 42}


def test_nothing_of_the_users_is_changed(code) -> None:
    code.write("data/__pycache__/x.pyc", "old")
    code.write(".git/config", "[core]")
    directory = code.write("lambda_function.py", PYTHON)
    (directory / "link").symlink_to("lambda_function.py")
    (directory / "empty").mkdir()
    os.chmod(directory, 0o555)
    before = state(directory)
    function = code.attach(directory)
    assert not invoke(function).stats.failure
    code.system.detach_function(function.target)
    assert state(directory) == before
    os.chmod(directory, 0o755)


def test_a_zip_runs_as_it_is(code, tmp_path) -> None:
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lambda_function.py", PYTHON)
    before = path.read_bytes()
    function = code.attach(path)
    assert function.benchmark == "packed"
    assert invoke(function, {"a": 1}).output["event"] == {"a": 1}
    assert path.read_bytes() == before


def test_a_zip_whose_entry_would_leave_its_directory_is_refused(code, tmp_path) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lambda_function.py", PYTHON)
        archive.writestr("../outside.py", "gotcha")
    with pytest.raises(UnsafePathError, match="outside"):
        code.attach(path)
    assert not list(tmp_path.rglob("outside.py"))


def test_a_link_that_leaves_the_directory_is_refused(code, tmp_path) -> None:
    (tmp_path / "secret").write_text("hush")
    directory = code.write("lambda_function.py", PYTHON)
    (directory / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidBenchmarkError, match="link"):
        code.attach(directory)


def test_a_file_that_is_no_archive_is_refused(code, tmp_path) -> None:
    path = tmp_path / "text.zip"
    path.write_text("no zip")
    with pytest.raises(StorageError, match=r"text\.zip"):
        code.attach(path)


def test_what_is_too_large_is_refused_before_it_is_copied(code, monkeypatch) -> None:
    monkeypatch.setattr(limits, "LARGEST_PACKAGE", 1000)
    code.write("data", "x" * 1001)
    with pytest.raises(PackageTooLargeError):
        code.attach(code.write("lambda_function.py", PYTHON))


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"handler": "app.main"}, UsageError, r"lambda_function\.py"),
        ({"handler": "../lambda_function.main"}, UsageError, "module"),
        ({"handler": "nodot"}, UsageError, "module"),
        ({"language": "nodejs"}, UsageError, "python"),
        ({"version": "2.7"}, UnsupportedLanguageError, r"2\.7"),
        ({"memory": 1}, LimitExceededError, "memory"),
        ({"timeout": 901}, LimitExceededError, "timeout"),
        ({"colour": "red"}, UsageError, "colour"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_and_nothing_is_made(
    code, mutations, options, error, said
) -> None:
    directory = code.write("lambda_function.py", PYTHON)
    with pytest.raises(error, match=said):
        code.attach(directory, **options)
    assert mutations == []


def test_a_path_that_does_not_exist_is_refused(code, tmp_path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        code.attach(tmp_path / "nowhere")


def test_attaching_again_keeps_what_is_warm_until_the_code_changes(code) -> None:
    directory = code.write("lambda_function.py", PYTHON)
    assert invoke(code.attach(directory)).stats.cold_start
    assert not invoke(code.attach(directory)).stats.cold_start
    code.write("lambda_function.py", PYTHON + "\n# changed\n")
    assert invoke(code.attach(directory)).stats.cold_start


def test_directories_of_one_name_are_different_functions(code) -> None:
    first = code.attach(code.write("lambda_function.py", PYTHON, "a/same"))
    second = code.attach(code.write("lambda_function.py", PYTHON, "b/same"))
    assert first.benchmark == second.benchmark == "same"
    assert first.name != second.name


def test_a_cold_start_is_forced_only_where_it_is_permitted(code) -> None:
    function = code.attach(code.write("lambda_function.py", PYTHON))
    invoke(function)
    with pytest.raises(AttachedFunctionError):
        code.system.enforce_cold_start([function], None)
    assert not invoke(function).stats.cold_start
    with function.permitting("cold start"):
        code.system.enforce_cold_start([function], None)
    assert invoke(function).stats.cold_start
    with pytest.raises(AttachedFunctionError):
        code.system.enforce_cold_start([function], None)


def test_cleaning_a_deployment_leaves_it_alone(code) -> None:
    function = code.attach(code.write("lambda_function.py", PYTHON))
    invoke(function)
    assert function.name not in code.system.cleanup_functions(dry_run=False)
    found = code.system.cleanup_resources()
    assert function.name not in [name for names in found.values() for name in names]
    assert not invoke(function).stats.failure


def test_a_benchmark_of_its_name_does_not_adopt_it(code, workshop) -> None:
    function = code.attach(code.write("lambda_function.py", PYTHON))
    with pytest.raises(FunctionNameTakenError):
        workshop.function(code.system, function.name)
    assert invoke(function, {"a": 1}).output["event"] == {"a": 1}


def test_detaching_removes_the_copy_and_the_code_need_not_exist_any_more(code) -> None:
    directory = code.write("lambda_function.py", PYTHON)
    function = code.attach(directory)
    directory.rename(directory.with_name("elsewhere"))
    code.system.detach_function(function.target)
    with pytest.raises(FunctionGoneError):
        Functions(code.system._client).get(function.name, "attached")
    code.system.detach_function(function.target)


NODE = {
    "asynchronous": ("index.js", "exports.handler = async (event, context) => ANSWER;"),
    "promise": ("index.js", "exports.handler = (event, context) => Promise.resolve(ANSWER);"),
    "callback": (
        "index.js",
        "exports.handler = (event, context, callback) => {"
        " const end = () => event.fail ? callback(new Error('boo')) : callback(null, ANSWER);"
        " setTimeout(end, 1); };",
    ),
    "module": ("index.mjs", "export const handler = async (event, context) => ANSWER;"),
    "module that waits": (
        "index.mjs",
        "const one = await Promise.resolve(1); export const handler = async (event, context) => "
        "({...ANSWER, one});",
    ),
    "default of a module": (
        "index.mjs",
        "export default { handler: async (event, context) => ANSWER };",
    ),
    "commonjs by its name": ("index.cjs", "exports.handler = async (event, context) => ANSWER;"),
}
ANSWER = (
    "({event, id: context.awsRequestId, name: context.functionName,"
    " memory: context.memoryLimitInMB, left: context.getRemainingTimeInMillis(),"
    " root: process.env.LAMBDA_TASK_ROOT})"
)


@pytest.mark.node
@pytest.mark.parametrize("style", NODE)
def test_node_handlers_run_in_every_style(code, style) -> None:
    file, text = NODE[style]
    function = code.attach(code.write(file, text.replace("ANSWER", ANSWER)), timeout=20)
    assert function.config.runtime.language.value == "nodejs"
    for _ in range(2):
        result = invoke(function, {"a": 1})
        assert not result.stats.failure, result.error
        output = result.output
        assert output["event"] == {"a": 1}
        assert output["id"] == result.request_id
        assert output["name"] == function.name
        assert output["memory"] == "256"
        assert 0 < output["left"] <= 20_000
        assert output["root"]


@pytest.mark.node
def test_a_package_of_modules_runs(code) -> None:
    code.write("package.json", json.dumps({"type": "module"}))
    code.write("other.js", "export const two = 2;")
    text = "import {two} from './other.js'; export const handler = async () => two;"
    assert invoke(code.attach(code.write("index.js", text))).output == {"result": 2}


@pytest.mark.node
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NODE["callback"][1], "boo"),
        ("exports.handler = async () => { throw new TypeError('boo'); };", "TypeError: boo"),
        ("exports.handler = () => { throw new Error('boo'); };", "boo"),
        ("module.exports = require('os');", "index.handler"),
        ("throw new Error('boo of handler');", "boo"),
        ("import handler from 'y'; syntax error", "SyntaxError"),
    ],
)
def test_a_node_handler_that_fails_is_a_failed_invocation(code, text, said) -> None:
    function = code.attach(code.write("index.js", text.replace("ANSWER", "1")))
    result = invoke(function, {"fail": True})
    assert result.stats.failure
    assert said in str(result.error)


@pytest.mark.node
def test_what_is_returned_beside_the_callback_is_ignored_as_on_lambda(code) -> None:
    function = code.attach(code.write("index.js", "exports.handler = (event) => 5;"))
    assert invoke(function).output == {"result": None}


@pytest.mark.node
def test_a_node_handler_is_named_as_lambda_names_it(code) -> None:
    text = "exports.api = {run: async () => 'deep'};"
    function = code.attach(code.write("src/app.js", text), handler="src/app.api.run")
    assert invoke(function).output == {"result": "deep"}


def test_the_copy_is_private_to_the_user_who_made_it(code) -> None:
    """The variables, which may be secret, are in a file that nobody else reads."""
    function = code.attach(
        code.write("lambda_function.py", PYTHON), environment={"API_KEY": "hush"}
    )
    [definition] = code.system.config.home.rglob(f"{function.name}.json")
    assert stat.S_IMODE(definition.stat().st_mode) == 0o600
    assert "hush" not in json.dumps(function.serialize())


def test_options_have_the_documented_defaults() -> None:
    from sebs.local.attached import Options

    defaults = {
        name: parameter.default for name, parameter in inspect.signature(Options).parameters.items()
    }
    assert (defaults["memory"], defaults["timeout"]) == (256, 60)
