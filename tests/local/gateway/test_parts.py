"""The parts that need no process."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sebs.local.workers
from sebs.local.gateway.frames import ANSWER, REQUEST, AnswerReader, FrameError, Kind
from sebs.local.gateway.logs import FunctionLog

WORKERS = Path(sebs.local.workers.__file__).parent
ID = b"0123456789abcdef" * 2


def frame(body, kind=Kind.OK):
    return ANSWER.pack(len(body), kind, ID, 5, 7) + body


@given(st.lists(st.binary(max_size=200), max_size=8), st.data())
def test_answers_are_cut_wherever_the_stream_is(bodies, data):
    stream = b"".join(frame(body) for body in bodies)
    reader = AnswerReader(200)
    found = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found.extend(reader.feed(stream[:size]))
        stream = stream[size:]
    assert found == [(Kind.OK, ID, 5, 7, body) for body in bodies]


@pytest.mark.parametrize("data", [frame(b"x" * 11), frame(b"", 7), b"\xff" * 100])
def test_what_is_no_answer_is_an_error(data):
    with pytest.raises(FrameError):
        list(AnswerReader(10).feed(data))


def test_the_python_worker_speaks_the_same_frames():
    text = (WORKERS / "python_worker.py").read_text()
    assert f'REQUEST = Struct("{REQUEST.format}")' in text
    assert f'ANSWER = Struct("{ANSWER.format}")' in text
    names = re.search(r"^(READY, .*) = range\(7\)", text, re.M)[1]
    assert names.split(", ") == [kind.name for kind in Kind]


def test_the_node_worker_speaks_the_same_frames():
    text = (WORKERS / "node_worker.js").read_text()
    constants = {
        name: int(value) for name, value in re.findall(r"^const ([A-Z_]+) = (\d+);", text, re.M)
    }
    assert constants["REQUEST_HEAD"] == REQUEST.size
    assert constants["ANSWER_HEAD"] == ANSWER.size
    assert {kind.name: kind.value for kind in Kind}.items() <= constants.items()


def test_a_full_log_is_cut_and_its_newest_part_kept(tmp_path):
    log = FunctionLog(tmp_path / "f.log", rotate_bytes=100)
    log_path = tmp_path / "f.log"
    with log_path.open("ab") as printer:
        printer.write(b"old" * 50 + b"n" * 100)
        printer.flush()
        log.bound()
        printer.write(b"after")
    log.bound()
    log.close()
    assert log_path.read_bytes() == b"after"
    assert (tmp_path / "f.log.1").read_bytes() == b"n" * 100
