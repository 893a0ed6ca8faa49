"""The entry of a Lambda function: every event, every answer, under the real runtimes."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wrapper_doubles import LOG_STREAM, Environment, http_event, make_package

from sebs.faas.result import ExecutionResult
from sebs.sebs_types import Language

Start = Callable[..., Environment]

LANGUAGES = [Language.PYTHON, pytest.param(Language.NODEJS, marks=pytest.mark.node)]

#: Does what the event says.
SOURCES = {
    Language.PYTHON: """
import sys, time

def handler(event):
    if not isinstance(event, dict):
        return {"echo": event}
    print("printed by the benchmark")
    time.sleep(event.get("sleep", 0))
    if "raise" in event:
        raise KeyError(event["raise"])
    if "exit" in event:
        sys.exit(3)
    if "return" in event:
        return {"none": None, "set": {1}, "nan": [float("nan")], "odd": {(): 1}}[event["return"]]
    if "bytes" in event:
        return event["character"] * event["bytes"]
    return {"echo": event}
""",
    Language.NODEJS: """
exports.handler = async (event) => {
  if (event === null || typeof event !== 'object' || Array.isArray(event)) {
    return { echo: event };
  }
  console.log('printed by the benchmark');
  await new Promise((resolve) => setTimeout(resolve, 1000 * (event.sleep || 0)));
  if ('raise' in event) throw new RangeError(event.raise);
  if ('exit' in event) process.exit(3);
  if ('return' in event) {
    return { none: undefined, set: () => 1, nan: [NaN], odd: 1n }[event.return];
  }
  if ('bytes' in event) return event.character.repeat(event.bytes);
  return { echo: event };
};
""",
}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts an environment for a source."""
    started: list[Environment] = []

    def make(language: Language, source: str | None = None, **variables: str) -> Environment:
        directory = tmp_path / str(len(started))
        archive = make_package(language, source or SOURCES[language], directory)
        started.append(Environment(archive, language, directory / "task", variables))
        return started[-1]

    yield make
    for environment in started:
        environment.close()


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Language:
    chosen: Language = request.param
    return chosen


@pytest.fixture
def environment(start: Start, language: Language) -> Environment:
    return start(language)


def body_of(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])


def given(envelope: dict[str, Any]) -> dict[str, Any]:
    """Return the event that the benchmark had, without what the wrapper put into it."""
    event = dict(envelope["result"]["echo"])
    assert event.pop("request-id") == envelope["request_id"]
    assert 0 <= envelope["begin"] - event.pop("income-timestamp") < 5
    return event


def test_the_first_invocation_is_cold_and_the_next_are_warm(start: Start, language: Language):
    environment = start(language)
    cold = environment.invoke({"sleep": 0.05})
    warm = environment.invoke({"sleep": 0.05})
    assert [cold["request_id"], warm["request_id"]] == ["request-1", "request-2"]
    assert [cold["is_cold"], warm["is_cold"]] == [True, False]
    assert cold["environment_id"] == warm["environment_id"]
    assert cold["log_stream"] == LOG_STREAM
    assert given(cold) == given(warm) == {"sleep": 0.05}
    for envelope in (cold, warm):
        assert envelope["end"] - envelope["begin"] >= 0.045
        assert envelope["benchmark_including_imports"] >= 45_000
    # Nothing starts in a microsecond.
    assert cold["init_time"] > 1000
    assert "init_time" not in warm
    assert warm["begin"] >= cold["end"]
    assert "printed by the benchmark" in environment.log
    assert start(language).invoke({})["environment_id"] != cold["environment_id"]


def test_imports_are_initialization_not_benchmark_time(start: Start, language: Language):
    source = {
        Language.PYTHON: "import time\ntime.sleep(0.3)\ndef handler(event):\n    return 1\n",
        Language.NODEJS: "const end = Date.now() + 300;\nwhile (Date.now() < end);\n"
        "exports.handler = async () => 1;\n",
    }
    environment = start(language, source[language])
    cold = environment.invoke({})
    assert cold["result"] == 1
    benchmark = (cold["end"] - cold["begin"]) * 1e6
    assert cold["benchmark_including_imports"] - benchmark >= 290_000
    assert cold["init_time"] >= 290_000
    warm = environment.invoke({})
    benchmark = (warm["end"] - warm["begin"]) * 1e6
    assert warm["benchmark_including_imports"] == pytest.approx(benchmark, abs=2)


def test_the_client_understands_the_envelope(environment: Environment):
    result = ExecutionResult()
    result.parse_benchmark_output(environment.invoke({"a": 1}))
    assert result.output["echo"]["a"] == 1
    assert result.stats.cold_start
    assert not result.stats.failure
    assert result.times.initialization > 0
    failed = ExecutionResult()
    failed.parse_benchmark_output(environment.invoke({"raise": "why"}))
    assert failed.stats.failure
    assert "why" in str(failed.error)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_request_is_answered_with_the_envelope(environment: Environment, version: str):
    event = {"text": 'ü💥\\"', "list": [1, 2.5, None, True]}
    plain = environment.invoke(http_event(json.dumps(event, ensure_ascii=False), version))
    assert plain["statusCode"] == 200
    assert plain["headers"] == {"content-type": "application/json"}
    assert given(body_of(plain)) == event
    assert body_of(plain)["is_cold"] is True
    encoded = base64.b64encode(json.dumps(event).encode()).decode()
    answer = environment.invoke(http_event(encoded, version, is_base64=True))
    assert given(body_of(answer)) == event


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("body", [None, ""])
def test_an_empty_body_is_an_empty_event(environment: Environment, version: str, body: str | None):
    assert given(body_of(environment.invoke(http_event(body, version)))) == {}


@pytest.mark.parametrize(
    ("body", "is_base64"),
    [
        ("{", False),
        ("a=1", False),
        ("NaN", False),
        ("%", True),
        ("YQ", True),
        ("%%%%", True),
        ("YWJj=", True),
        (base64.b64encode(b"{").decode(), True),
        (base64.b64encode(b'"\xff"').decode(), True),
        ({"no": "text"}, False),
    ],
)
def test_a_body_that_is_no_json_is_a_bad_request(
    environment: Environment, body: Any, is_base64: bool
):
    answer = environment.invoke(http_event(body, is_base64=is_base64))
    assert answer["statusCode"] == 400
    envelope = body_of(answer)
    assert envelope["error"]["type"] == "InvalidEvent"
    assert (envelope["is_cold"], envelope["request_id"]) == (True, "request-1")
    assert "result" not in envelope
    assert body_of(environment.invoke(http_event("{}")))["is_cold"] is False


def test_a_benchmark_that_raises_is_an_answer_and_in_the_log(environment: Environment):
    direct = environment.invoke({"raise": "why it failed"})
    assert direct["error"]["type"] == "HandlerError"
    assert direct["error"]["exception"] in ("KeyError", "RangeError")
    assert "why it failed" in direct["error"]["message"]
    assert "function." in direct["error"]["trace"]
    assert "result" not in direct
    assert "begin" not in direct
    assert "why it failed" in environment.log
    answer = environment.invoke(http_event('{"raise": "again"}'))
    assert answer["statusCode"] == 500
    assert "again" in body_of(answer)["error"]["message"]
    assert given(environment.invoke({"still": "there"})) == {"still": "there"}


@pytest.mark.parametrize("what", ["set", "nan", "odd"])
def test_a_result_that_is_no_json_is_an_error(environment: Environment, what: str):
    assert environment.invoke({"return": what})["error"]["type"] == "InvalidResult"
    assert environment.invoke(http_event(json.dumps({"return": what})))["statusCode"] == 500


def test_a_benchmark_that_returns_nothing_has_a_result(environment: Environment):
    assert environment.invoke({"return": "none"})["result"] is None


@pytest.mark.parametrize(("character", "weight"), [("a", 1), ('"', 2), ("\n", 2)])
def test_a_result_over_the_limit_is_an_error(environment: Environment, character: str, weight: int):
    limit = 6_291_556
    fits = {"character": character, "bytes": (limit - 2100) // weight}
    told = environment.tell(fits)
    assert len(told["response"]["result"]) == fits["bytes"]
    assert limit - 3000 < told["size"] <= limit
    above = environment.invoke({**fits, "bytes": limit // weight})
    assert above["error"]["type"] == "ResponseTooLarge"
    assert "over the limit of 6289508" in above["error"]["message"]

    # As text in JSON a quote is three characters: it is escaped, and so is what escapes it.
    weight = {"a": 1, '"': 4, "\n": 3}[character]
    fits = {"character": character, "bytes": (limit - 2100) // weight}
    told = environment.tell(http_event(json.dumps(fits)))
    assert told["response"]["statusCode"] == 200
    assert limit - 3000 < told["size"] <= limit
    above = environment.invoke(http_event(json.dumps({**fits, "bytes": limit // weight})))
    assert above["statusCode"] == 500
    assert body_of(above)["error"]["type"] == "ResponseTooLarge"


@pytest.mark.parametrize(
    ("python", "nodejs"),
    [
        ("import nosuch_module\n", "require('nosuch_module');\n"),
        ("def handle(event):\n    return 1\n", "exports.handle = () => 1;\n"),
    ],
)
def test_a_module_that_cannot_be_loaded_is_an_answer(
    start: Start, language: Language, python: str, nodejs: str
):
    environment = start(language, python if language is Language.PYTHON else nodejs)
    for is_cold in (True, False):
        envelope = environment.invoke({})
        assert envelope["error"]["type"] == "InitializationError"
        assert envelope["is_cold"] is is_cold
    assert envelope["error"]["message"] in environment.log
    assert environment.invoke(http_event("{}"))["statusCode"] == 500


def test_events_of_others_are_handed_over(environment: Environment):
    for event in (
        {"Records": []},
        {"Records": [{"eventSource": "aws:sqs", "body": "b"}]},
        {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
        {"requestContext": None},
        {"requestContext": {"elb": {}}},
        {"body": "{}"},
    ):
        assert given(environment.invoke(event)) == event


@pytest.mark.parametrize("event", [[], ["a"], "text", 7, None])
def test_an_event_that_is_no_object_has_nothing_put_into_it(environment: Environment, event: Any):
    assert environment.invoke(event)["result"] == {"echo": event}
    assert body_of(environment.invoke(http_event(json.dumps(event))))["result"] == {"echo": event}


def test_the_event_says_which_invocation_it_is_and_when_it_began(environment: Environment):
    """As SeBS's wrappers have it, over whatever the event says itself."""
    before = time.time()
    claimed = {"request-id": "another", "income-timestamp": 7, "sleep": 0.05}
    direct, through_http = (
        environment.invoke(claimed),
        body_of(environment.invoke(http_event(json.dumps(claimed)))),
    )
    for envelope in (direct, through_http):
        event = envelope["result"]["echo"]
        assert event["request-id"] == envelope["request_id"]
        # The clock of Node.js has milliseconds.
        assert before - 0.001 <= event["income-timestamp"] <= envelope["begin"]
    assert direct["request_id"] != through_http["request_id"]
    first, second = (each["result"]["echo"] for each in (direct, through_http))
    assert second["income-timestamp"] - first["income-timestamp"] >= 0.045


@pytest.mark.node
@pytest.mark.parametrize(
    "source",
    [
        "(event) => ({ echo: event })",
        "(event) => Promise.resolve({ echo: event })",
        "(event, context, callback) => callback(null, { echo: event })",
        "(event, context, callback) => { setTimeout(() => callback(null, { echo: event }), 5); }",
        "async (event, context, callback) => ({ echo: event })",
    ],
)
def test_handlers_of_every_style_in_node(start: Start, source: str):
    environment = start(Language.NODEJS, f"exports.handler = {source};")
    assert given(environment.invoke({"a": 1})) == {"a": 1}


@pytest.mark.node
@pytest.mark.parametrize(
    ("thrown", "message"),
    [("new Error('why')", "why"), ("'text'", "text"), ("undefined", "undefined")],
)
def test_what_is_thrown_in_node_may_be_anything(start: Start, thrown: str, message: str):
    environment = start(Language.NODEJS, f"exports.handler = async () => {{ throw {thrown}; }};")
    assert environment.invoke({})["error"]["message"] == message
    source = (
        "exports.handler = (event, context, callback) => "
        f"callback({thrown} || new Error('undefined'));"
    )
    environment = start(Language.NODEJS, source)
    assert environment.invoke({})["error"]["message"] == message


def test_a_benchmark_that_exits_ends_the_environment(environment: Environment):
    assert environment.invoke({})["is_cold"]
    assert environment.end({"exit": True}) != 0


def test_an_error_that_cannot_be_shown_is_an_answer(start: Start, language: Language):
    source = {
        Language.PYTHON: "class Odd(Exception):\n    def __str__(self):\n        raise self\n"
        "def handler(event):\n    raise Odd\n",
        Language.NODEJS: "exports.handler = async () => {\n"
        "  throw { toString() { throw this; } };\n};\n",
    }
    message = start(language, source[language]).invoke({})["error"]["message"]
    assert "cannot be shown" in message or "could not be made" in message
