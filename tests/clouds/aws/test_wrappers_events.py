"""Reading of events: whatever comes, Python and Node.js say the same."""

from __future__ import annotations

import base64
import importlib
import json
import shutil
import subprocess
import sys
import types
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wrapper_doubles import VARIABLES, http_event, s3_event

from sebs.aws.package import wrappers
from sebs.sebs_types import Language

_NODE = """
const { InvalidEvent, source } = require(process.argv[1]);
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const found = source(JSON.parse(line));
  const told = { kind: found.constructor.name };
  if (told.kind === 'S3Object') {
    told.paths = [found.path, found.answerPath];
  } else {
    try {
      told.payload = found.payload();
    } catch (error) {
      if (!(error instanceof InvalidEvent)) throw error;
      told.invalid = true;
    }
  }
  console.log(JSON.stringify(told));
});
"""

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=4)

#: What is nearly JSON, or nearly base64.
BODIES = (
    VALUES.map(json.dumps)
    | TEXTS
    | st.sampled_from(["NaN", "[Infinity]", "-Infinity", "\ufeff{}", " {} ", "01", "1e400", "YQ="])
    | st.binary(max_size=12).map(lambda data: base64.b64encode(data).decode())
    | st.text("AQ=+/", max_size=9)
)
ODD = st.sampled_from(["Records", "requestContext", "http", "httpMethod", "body", "s3", "key"])
LOOKALIKES = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ODD, inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.fixed_dictionaries(
    {"eventSource": st.sampled_from(["aws:s3", "aws:sqs"]) | VALUES, "s3": LOOKALIKES}
)
EVENTS = st.one_of(
    LOOKALIKES,
    st.fixed_dictionaries({"Records": st.lists(RECORDS, max_size=2) | LOOKALIKES}),
    st.fixed_dictionaries(
        {"requestContext": LOOKALIKES, "body": BODIES | VALUES, "isBase64Encoded": VALUES}
    ),
)


@pytest.fixture(scope="module")
def python() -> Iterator[Any]:
    """The module for Python, in a package as functions have it, with Lambda's variables."""
    package = types.ModuleType(f"wrappers_{uuid.uuid4().hex}")
    package.__path__ = [str(directory) for directory in wrappers(Language.PYTHON)]
    sys.modules[package.__name__] = package
    with pytest.MonkeyPatch.context() as patch:
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        yield importlib.import_module(f"{package.__name__}.lambda_events")


class Node:
    """The module for Node.js, in a process."""

    def __init__(self, directory: Path) -> None:
        for wrapper in wrappers(Language.NODEJS):
            shutil.copytree(wrapper, directory, dirs_exist_ok=True)
        node = shutil.which("node")
        assert node is not None
        self._process = subprocess.Popen(
            [node, "-e", _NODE, str(directory / "lambda_events.js")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=VARIABLES,
        )

    def __call__(self, event: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline(), parse_int=float)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    process = Node(tmp_path_factory.mktemp("wrappers"))
    yield process
    process.close()


def read(module: Any, event: Any) -> dict[str, Any]:
    """Return what the module for Python makes of an event, as the process says it."""
    found = module.source(event)
    told: dict[str, Any] = {"kind": type(found).__name__}
    if told["kind"] == "S3Object":
        return {**told, "paths": [found._path, found._answer_path]}
    try:
        return {**told, "payload": found.payload()}
    except module.InvalidEvent:
        return {**told, "invalid": True}


def as_node_has_it(told: Any) -> Any:
    """Return the same with the one kind of number that there is, of which JSON has no infinity."""
    return json.loads(json.dumps(told), parse_int=float, parse_constant=lambda _: None)


@given(event=VALUES, version=st.sampled_from(["1.0", "2.0"]), is_base64=st.booleans())
def test_what_is_sent_is_what_arrives(python, event, version, is_base64):
    body = json.dumps(event, ensure_ascii=False)
    if is_base64:
        body = base64.b64encode(body.encode()).decode()
    told = read(python, http_event(body, version, is_base64))
    assert told == {"kind": "HTTP", "payload": event}


@given(event=EVENTS)
def test_whatever_comes_is_read(python, event):
    told = read(python, event)
    if told["kind"] == "Direct":
        assert told["payload"] == event


@pytest.mark.node
@given(event=EVENTS)
@example(event={"requestContext": {"http": {}}, "body": "NaN"})
@example(event={"requestContext": {"http": {}}, "body": "YWJj=", "isBase64Encoded": True})
@example(event={"requestContext": {"http": {}}, "body": "77u/e30=", "isBase64Encoded": True})
@example(event={"requestContext": {"http": {}}, "body": "IlwiIg==", "isBase64Encoded": 1})
@example(event={"requestContext": {"http": {}}, "body": "null", "isBase64Encoded": []})
@example(event={"requestContext": {"http": {}}, "body": [], "isBase64Encoded": False})
def test_node_reads_as_python(python, node, event):
    assert node(event) == as_node_has_it(read(python, event))


@pytest.mark.node
@given(body=BODIES, is_base64=st.booleans())
def test_node_reads_bodies_as_python(python, node, body, is_base64):
    event = http_event(body, is_base64=is_base64)
    assert node(event) == as_node_has_it(read(python, event))


@given(name=TEXTS.filter(bool))
@example(name="a b+c%20ü/d.json")
def test_the_answer_to_an_object_is_beside_it(python, name):
    told = read(python, s3_event("bucket", f"sebs-events/{name}"))
    assert told["paths"] == [f"/bucket/sebs-events/{name}", f"/bucket/sebs-answers/{name}"]


@pytest.mark.node
@given(name=TEXTS.filter(bool))
@example(name="a b+c%20ü/d.json")
def test_node_finds_the_same_object(python, node, name):
    event = s3_event("bucket", f"sebs-events/{name}")
    assert node(event) == read(python, event)


@given(key=TEXTS.filter(lambda key: not key.startswith("sebs-events/")))
def test_other_objects_are_the_benchmarks(python, key):
    event = s3_event("bucket", key)
    assert read(python, event) == {"kind": "Direct", "payload": event}


(RECORD,) = s3_event("bucket", "sebs-events/f/1.json")["Records"]
NEARLY = [
    {"Records": [RECORD, RECORD]},
    {"Records": RECORD},
    {"Records": [{**RECORD, "eventSource": "aws:sqs"}]},
]


@pytest.mark.parametrize("event", NEARLY)
def test_what_is_nearly_an_object_is_the_benchmarks(python, event):
    assert read(python, event) == {"kind": "Direct", "payload": event}


@pytest.mark.node
@pytest.mark.parametrize("event", NEARLY)
def test_node_takes_nothing_else_for_an_object(node, event):
    assert node(event) == {"kind": "Direct", "payload": event}
