"""A journal gives back every whole record, whatever happened to its writer."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sebs.errors import ResultFormatError, UsageError
from sebs.results.journal import Journal, is_written, read_journal

RECORDS = st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()))

WRITER = """
import sys
from pathlib import Path
from sebs.results.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    number = 0
    while True:
        journal.append({"number": number, "filler": "x" * 200})
        print(number, flush=True)
        number += 1
"""


@given(records=RECORDS)
def test_records_come_back_as_they_were(tmp_path_factory, records) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    with Journal(path) as journal:
        for record in records:
            journal.append(record)
    assert list(read_journal(path)) == records


@pytest.mark.parametrize("kept", range(0, 20, 3))
def test_a_torn_last_line_is_left_out_and_does_not_swallow_the_next(tmp_path, kept) -> None:
    path = tmp_path / "journal.jsonl"
    whole = b'{"number": 1}\n'
    path.write_bytes(whole + b'{"number": 2, "filler": "xxxxxxxx"}\n'[:kept])
    with Journal(path) as journal:
        journal.append({"number": 3})
    assert [record["number"] for record in read_journal(path)] == [1, 3]


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_writer_loses_nothing_that_it_appended(tmp_path, seed) -> None:
    path = tmp_path / "journal.jsonl"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.01 * seed)
    os.kill(writer.pid, signal.SIGKILL)
    announced = [int(line) for line in writer.stdout.read().split()]
    writer.stdout.close()
    writer.wait()
    numbers = [record["number"] for record in read_journal(path)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > max(announced, default=0)


def test_another_file_is_no_journal(tmp_path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[1, 2]\n")
    with pytest.raises(ResultFormatError, match="Line 1"):
        list(read_journal(path))


def test_a_full_disk_is_told(tmp_path) -> None:
    with Journal(Path("/dev/full")) as journal, pytest.raises(OSError, match="No space left"):
        journal.append({"request_id": "1"})


def test_a_corrupt_line_is_left_out_and_said(tmp_path, caplog) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"a": 1}\n{"a": 2,CORRUPT\n{"a": 3}\n')
    with caplog.at_level("WARNING", logger="sebs.Journal"):
        assert list(read_journal(path)) == [{"a": 1}, {"a": 3}]
    assert "Line 2" in caplog.text


def test_who_writes_a_journal_shows_while_it_does(tmp_path) -> None:
    path = tmp_path / "j"
    assert not is_written(path)
    with Journal(path):
        assert is_written(path)
        with pytest.raises(UsageError, match="Another process is writing"):
            Journal(path)
    assert path.exists()
    assert not is_written(path)


def test_who_looks_whether_a_journal_is_written_keeps_nobody_from_writing(
    tmp_path, monkeypatch
) -> None:
    path = tmp_path / "j"
    path.touch()
    looking = os.open(path, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    # The look is over when the writer has waited once.
    monkeypatch.setattr("sebs.results.journal.time.sleep", lambda _: os.close(looking))
    with Journal(path) as journal:
        journal.append({"a": 1})
    assert list(read_journal(path)) == [{"a": 1}]
