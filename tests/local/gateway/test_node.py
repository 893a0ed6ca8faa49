"""The Node.js worker."""

import threading

import pytest

pytestmark = pytest.mark.node


@pytest.fixture
def deploy(gateway):
    def put(body, **options):
        source = f"exports.handler = async function (event) {{ {body} }};\n"
        gateway.deploy(source, language="nodejs", **options)
        return gateway

    return put


def test_cold_then_warm(deploy):
    gateway = deploy("return {result: event};")
    cold, warm = gateway.invoke({"a": "ü"}), gateway.invoke({"a": "ü"})
    assert cold.result["result"]["a"] == warm.result["result"]["a"] == "ü"
    assert (cold.json["is_cold"], warm.json["is_cold"]) == (True, False)
    assert cold.json["init_time"] > 1000
    assert cold.json["environment_id"] == warm.json["environment_id"]
    assert cold.report["memory"] > 10
    assert cold.json["begin"] <= cold.json["end"]


@pytest.mark.parametrize(
    "source",
    [
        "exports.handler = (event) => 5;",
        "exports.handler = (event) => new Promise((done) => setTimeout(() => done(5), 10));",
        "const x = require('./helper'); exports.handler = async () => x.five;",
        "const x = require('dependency'); exports.handler = () => x.five;",
    ],
)
def test_every_kind_of_handler(gateway, source):
    files = {
        "function/helper.js": "exports.five = 5;",
        "node_modules/dependency/index.js": "exports.five = 5;",
    }
    gateway.deploy(source, language="nodejs", files=files)
    assert gateway.invoke().result == 5


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("throw new RangeError('too far');", 500, "HandlerError"),
        ("throw null;", 500, "HandlerError"),
        ("throw {toString() { throw 1; }};", 500, "HandlerError"),
        ("process.exit(3);", 500, "EnvironmentCrashed"),
        (
            "setImmediate(() => { throw 1; }); await new Promise(() => {});",
            500,
            "EnvironmentCrashed",
        ),
        ("return {x: NaN};", 502, "InvalidResult"),
        ("return 5n;", 502, "InvalidResult"),
        ("return () => 1;", 502, "InvalidResult"),
        ("const x = {}; x.x = x; return x;", 502, "InvalidResult"),
        ("return 'x'.repeat(50_000_000);", 502, "ResponseTooLarge"),
        ("for (;;) {}", 504, "TimeoutError"),
        ("await new Promise(() => setInterval(() => {}, 1000));", 504, "TimeoutError"),
    ],
)
def test_failures(deploy, body, status, kind):
    gateway = deploy(body, timeout=1 if kind == "TimeoutError" else 20, memory=512)
    answer = gateway.invoke()
    assert (answer.status, answer.error["type"]) == (status, kind)
    assert gateway.records()[-1]["status"] == kind
    again = deploy("return 1;")
    assert again.invoke().result == 1


def test_a_failing_module_is_an_initialization_error(gateway):
    gateway.deploy("require('nothing');", language="nodejs")
    answer = gateway.invoke()
    assert (answer.status, answer.error["type"]) == (500, "InitializationError")
    assert "nothing" in answer.error["message"]


def test_an_event_that_is_no_json_is_refused(deploy):
    answer = deploy("return 1;").invoke(b"{nope")
    assert (answer.status, answer.error["type"]) == (400, "InvalidEvent")


def test_eating_memory_is_ended(deploy):
    body = "const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));"
    answer = deploy(body, memory=128).invoke()
    assert (answer.status, answer.error["type"]) == (500, "OutOfMemory")


def test_one_environment_serves_many_at_once(deploy):
    body = "return new Promise((done) => setTimeout(() => done(1), 500));"
    gateway = deploy(body, config={"max_environments": 1, "concurrency": 4})
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(gateway.invoke())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.json["environment_id"] for answer in answers}) == 1
    assert all(record["queue"] < 400_000 for record in gateway.records())


def test_printing_and_large_events(deploy):
    gateway = deploy("console.log('x'.repeat(10_000_000)); return event.length;", memory=512)
    assert gateway.invoke("ü" * 1_000_000).result == 1_000_000
    assert (gateway.home / "logs" / "f.log").stat().st_size == 10_000_001


def test_children_end_with_their_environment(deploy, alive, wait_for):
    gateway = deploy(
        "const c = require('child_process').spawn('sleep', ['300'], {detached: true});"
        "c.unref(); return c.pid;"
    )
    child = gateway.invoke().result
    assert alive(child)
    gateway.call("POST", "/-/functions/f/recycle")
    wait_for(lambda: not alive(child))
