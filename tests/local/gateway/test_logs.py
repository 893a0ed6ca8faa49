"""What a function's log has: all that it printed, in order, and why it failed."""

import pytest

from sebs.local.gateway.logs import log_path


@pytest.fixture
def log(gateway):
    """The present content of the function's log."""
    return lambda: log_path(gateway.home, "f").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "kind", "last"),
    [
        ("raise ValueError('broken \\udcff')", "HandlerError", "ValueError: broken \\udcff"),
        ("return {1}", "InvalidResult", "TypeError: Object of type set is not JSON serializable"),
    ],
)
def test_a_failure_is_printed_after_what_came_before(gateway, log, body, kind, last):
    gateway.deploy(f"def handler(event):\n    print('before', end='')\n    {body}\n")
    answer = gateway.invoke()
    assert answer.error["type"] == kind
    first, *_, end = log().splitlines()
    assert (first, end) == ("beforeTraceback (most recent call last):", last)


def test_each_failure_is_printed_once(gateway, log):
    gateway.deploy("def handler(event):\n    raise ValueError(event)\n")
    for number in range(3):
        assert gateway.invoke(number).error["trace"] in log()
    assert log().count("Traceback") == 3


@pytest.mark.parametrize("source", ["def handler(:\n", "import absent\n", "1 / 0\n"])
def test_a_module_that_fails_is_printed(gateway, log, source):
    gateway.deploy(source)
    answer = gateway.invoke()
    assert answer.error["type"] == "InitializationError"
    assert log() == answer.error["trace"]


@pytest.mark.parametrize("how", ["os.close(2)", "sys.stderr.close()", "sys.stderr = None"])
def test_a_failure_without_a_log_is_still_answered(gateway, how):
    gateway.deploy(f"import os, sys\ndef handler(event):\n    {how}\n    raise KeyError(1)\n")
    for _ in range(2):
        assert gateway.invoke().error["exception"] == "KeyError"
        gateway.call("POST", "/-/functions/f/recycle")


def test_both_streams_and_children_keep_their_order(gateway, log):
    gateway.deploy(
        "import subprocess, sys\n"
        "print('import')\n"
        "def handler(event):\n"
        "    print('one')\n"
        "    print('two', file=sys.stderr)\n"
        "    print('three')\n"
        "    subprocess.run(['echo', 'four'])\n"
        "    print('five')\n"
        "    raise SystemExit('six')\n"
    )
    assert gateway.invoke().status == 500
    assert log().split() == ["import", "one", "two", "three", "four", "five", "six"]


@pytest.mark.node
@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("exports.handler = () => { throw new RangeError('far'); };", "HandlerError", "RangeError"),
        ("exports.handler = () => { throw 'far'; };", "HandlerError", "string: far"),
        ("exports.handler = () => () => 1;", "InvalidResult", "TypeError: the result"),
        ("require('absent');", "InitializationError", "Error: Cannot find module 'absent'"),
        ("exports.handler = (;", "InitializationError", "SyntaxError: Unexpected token ';'"),
    ],
)
def test_a_failure_of_nodejs_is_printed(gateway, log, source, kind, line):
    gateway.deploy(f"console.log('before');\n{source}", language="nodejs")
    answer = gateway.invoke()
    assert answer.error["type"] == kind
    assert line in log()
    assert answer.error["trace"] in log()


@pytest.mark.node
def test_the_streams_of_nodejs_keep_their_order(gateway, log):
    gateway.deploy(
        "const {spawnSync} = require('child_process');\n"
        "exports.handler = () => {\n"
        "  console.log('one'); console.error('two'); process.stdout.write('three\\n');\n"
        "  spawnSync('echo', ['four'], {stdio: 'inherit'}); console.log('five');\n"
        "  throw 'six';\n"
        "};\n",
        language="nodejs",
    )
    assert gateway.invoke().status == 500
    assert log().splitlines() == ["one", "two", "three", "four", "five", "string: six"]
