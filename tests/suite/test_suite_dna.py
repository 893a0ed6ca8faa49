"""504.dna-visualisation: its genomes are always the same, and only their curves pass."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from suite_doubles import Fed

NAME = "504.dna-visualisation"
BUCKET = "sebs-benchmarks-suite"
INPUT, OUTPUT = f"{NAME}-0-input", f"{NAME}-0-output"

#: The genomes' bases and digest; another digest needs another version in the name.
GENOMES = {
    "test": (41_500, "d561f461035ddb9bac544b14c0e3a5f78d1a7b22511bb1f8c64fbe40ec50b943"),
    "small": (415_000, "0fb5d842c8157b783337508f3409998e9bd25370e429d65459ebf4f942041c60"),
    "large": (4_150_000, "e06164dd9ca7ddc83a38d3523cec0d5b2af01d75ddcf4ab544a6f3e66684c85d"),
}


def curve_of(text: str) -> tuple[list[float], list[float]]:
    """The curve, by the changes from point to point instead of from character to character."""
    changes = {"A": (0.5, -0.5), "C": (-0.5, 0.5), "G": (0.5, 0.5), "T": (-0.5, -0.5)}
    turns = [change for character in text for change in changes.get(character, (0, 0))]
    return [0.5 * step for step in range(len(turns) + 1)], list(accumulate(turns, initial=0))


def test_the_oracle_is_right_about_the_example_of_squiggle() -> None:
    # From the documentation of ``squiggle.transform``.
    assert curve_of("ATGC") == (
        [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0],
        [0, 0.5, 0, -0.5, -1, -0.5, 0, -0.5, 0],
    )


@pytest.mark.parametrize("size", GENOMES)
def test_the_genome_is_always_the_same(fed: Any, tmp_path: Path, size: str) -> None:
    benchmark = fed(NAME)
    event = benchmark.event(size)
    name = f"genome-v1-{size}.fasta"
    assert event == {
        "object": {"key": name},
        "bucket": {"bucket": BUCKET, "input": INPUT, "output": OUTPUT},
    }
    stored = tmp_path / "stored"
    benchmark.storage.download(BUCKET, f"{INPUT}/{name}", str(stored))
    content = stored.read_bytes()
    bases, digest = GENOMES[size]
    assert sha256(content).hexdigest() == digest
    assert content.endswith(b"\n")
    description, *lines = content.decode().splitlines()
    assert description.startswith(">")
    assert {len(line) for line in lines[:-1]} == {80}
    assert sum(map(len, lines)) == bases
    found = "".join(lines)
    assert set(found) == set("ACGT")
    assert all(abs(found.count(base) / bases - 0.25) < 0.01 for base in "ACGT")
    assert [path.name for path in benchmark.data_dir.iterdir()] == [name]
    before = (benchmark.data_dir / name).stat()
    benchmark.event(size)
    assert (benchmark.data_dir / name).stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.registry
def test_genomes_become_curves(fed: Any, python_process: Any, scratch: Path) -> None:
    benchmark = fed(NAME)
    draw = python_process(benchmark)
    for size in ("test", "small"):
        event = benchmark.event(size)
        output = draw(event)
        assert benchmark.judge(event, output) is None
        assert output["result"]["key"].startswith(f"{OUTPUT}/genome-v1-{size}.")
        measured = output["measurement"]
        assert all(isinstance(value, int) for value in measured.values())
        source = benchmark.data_dir / event["object"]["key"]
        assert measured["download_size"] == source.stat().st_size < measured["upload_size"] // 10
    assert list(scratch.iterdir()) == []
    path = scratch / "curve"
    benchmark.storage.download(BUCKET, output["result"]["key"], str(path))
    assert tuple(json.loads(path.read_bytes())) == curve_of(source.read_text().upper())


@pytest.mark.registry
def test_a_given_genome_takes_its_place(fed: Any, python_process: Any) -> None:
    benchmark = fed(NAME)
    benchmark.event("test")
    (benchmark.data_dir / "genome-v0-test.fasta").write_text(">one of another version\nA\n")
    given = benchmark.data_dir / "bacillus_subtilis.fasta"
    given.write_text(">CP003783 Bacillus subtilis, complété\nacgtnACGTN\nGATTACA\n", "utf-8")
    draw = python_process(benchmark)
    for size in GENOMES:
        event = benchmark.event(size)
        assert event["object"]["key"] == given.name
    output = draw(event)
    assert benchmark.judge(event, output) is None
    given.write_text(given.read_text("utf-8").replace("GATTACA", "GATTAGA"), "utf-8")
    assert "y of point" in str(benchmark.judge(event, output))


# --- the verdict ---


class Answered:
    """The benchmark after a right output for a short genome of one's own."""

    def __init__(self, benchmark: Fed, text: str = ">few\nACGT\nnacgtTTGA\n") -> None:
        self.benchmark = benchmark
        benchmark.data_dir.mkdir(exist_ok=True)
        source = benchmark.data_dir / "given.fasta"
        source.write_text(text)
        self.event = benchmark.event("test")
        self.xs, self.ys = curve_of(text.upper())
        self.output: dict[str, Any] = {
            "result": {"bucket": BUCKET, "key": f"{OUTPUT}/given.json"},
            "measurement": {
                "download_time": 1, "download_size": source.stat().st_size, "compute_time": 1,
                "encode_time": 1, "upload_time": 2, "upload_size": 0,
            },
        }  # fmt: skip

    def judge(self, curve: Any, stored: bool = True) -> str | None:
        """The verdict on another curve: text, or what becomes JSON."""
        text = curve if isinstance(curve, str) else json.dumps(curve)
        copy = self.benchmark.data_dir / "copy"
        copy.write_text(text)
        self.benchmark.storage.upload(BUCKET, str(copy), f"{OUTPUT}/given.json")
        self.output["measurement"]["upload_size"] = copy.stat().st_size
        return self.benchmark.judge(self.event, self.output, stored=stored)


@pytest.fixture
def answered(fed: Any) -> Answered:
    return Answered(fed(NAME))


def test_the_right_curve_passes(answered: Answered) -> None:
    xs, ys = answered.xs, answered.ys
    assert answered.judge([xs, ys]) is None
    # However the numbers are written.
    assert answered.judge(json.dumps([xs, ys], indent=2) + "\n") is None
    assert answered.judge(json.dumps([xs, ys], separators=(",", ":"))) is None
    whole = [int(x) if x % 1 == 0 else x for x in xs]
    assert answered.judge([whole, list(map(float, ys))]) is None
    assert answered.judge("nothing", stored=False) is None


def changed(values: list[float], at: int, by: float) -> list[float]:
    copy = list(values)
    copy[at] += by
    return copy


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x, y: [x, changed(y, 0, 1)], "y of point 0 should be 0, and is 1"),
        (lambda x, y: [x, changed(y, 11, 0.5)], "y of point 11 should be 0.5, and is 1.0"),
        (lambda x, y: [x, changed(y, 20, 1e-9)], "y of point 20 should be"),
        (lambda x, y: [x, changed(y, -1, -1)], f"y of point {2 * 20} should be"),
        (lambda x, y: [changed(x, 3, 0.5), y], "x of point 3 should be 1.5, and is 2.0"),
        (lambda x, y: [x, [-value for value in y]], "y of point"),
        (lambda x, y: [y, x], "x of point 1 should be 0.5, and is 0"),
        (lambda x, y: [x[:-1], y], "only 40 values of x"),
        (lambda x, y: [x, y[:-2]], "only 39 values of y"),
        (lambda x, y: [x, [*y, y[-1]]], "more than 41 values of y"),
        (lambda x, y: [[*x, x[-1] + 0.5], y], "more than 41 values of x"),
        (lambda x, y: [x, []], "two arrays of numbers"),
        (lambda x, y: [x], "two arrays of numbers"),
        (lambda x, y: [x, y, y], "two arrays of numbers"),
        (lambda x, y: {"x": x, "y": y}, "two arrays of numbers"),
        (lambda x, y: [*x, *y], "two arrays of numbers"),
        (lambda x, y: [[x], [y]], "two arrays of numbers"),
        (lambda x, y: [x, [None, *y[1:]]], "two arrays of numbers"),
        (lambda x, y: [x, [False, *y[1:]]], "two arrays of numbers"),
        (lambda x, y: [x, [str(value) for value in y]], "two arrays of numbers"),
        (lambda x, y: [x, [float("nan"), *y[1:]]], "two arrays of numbers"),
        (lambda x, y: json.dumps([x, y])[:-1], "two arrays of numbers"),
        (lambda x, y: json.dumps([x, y])[:-100], "two arrays of numbers"),
        (lambda x, y: json.dumps([x, y]) + "]", "two arrays of numbers"),
        (lambda x, y: json.dumps([x, y]).replace(", ", ",, ", 1), "cannot be read"),
        (lambda x, y: json.dumps([x, y]).replace(", ", " ", 1), "cannot be read"),
        (lambda x, y: json.dumps([x, y]).replace("[0,", "[0-0,", 1), "cannot be read"),
        (lambda x, y: json.dumps([x, y]).replace("[0,", "[" + "9" * 5000 + ",", 1), "read"),
        (lambda x, y: "", "the curve is empty"),
        (lambda x, y: "null", "two arrays of numbers"),
        (lambda x, y: "\0" * 100, "two arrays of numbers"),
    ],
)
def test_another_curve_is_noticed(answered: Answered, change: Any, reason: str) -> None:
    assert reason in str(answered.judge(change(answered.xs, answered.ys)))


def test_one_wrong_point_of_many_is_noticed(fed: Any) -> None:
    text = "".join("ACGT"[number * number % 31 % 4] for number in range(300_000))
    answered = Answered(fed(NAME), text)
    xs, ys = answered.xs, answered.ys
    assert len(json.dumps(ys)) > 3 << 20
    assert answered.judge([xs, ys]) is None
    for at in (123_456, 599_999, 600_000):
        verdict = answered.judge([xs, changed(ys, at, 0.5)])
        assert f"y of point {at} should be {ys[at]:g}, and is {ys[at] + 0.5}" in str(verdict)
    assert "only 600000 values of y" in str(answered.judge([xs, ys[:-1]]))
    assert "more than 600001 values of x" in str(answered.judge([[*xs, 300_000.5], ys]))


def test_only_the_curve_of_the_text_passes(fed: Any) -> None:
    benchmark = fed(NAME)
    texts = st.text("ACGTN\n", max_size=20)

    @settings(max_examples=50)
    @given(text=texts, other=texts)
    def judged(text: str, other: str) -> None:
        answered = Answered(benchmark, text)
        assert answered.judge(curve_of(text)) is None
        if curve_of(other) != curve_of(text):
            assert answered.judge(curve_of(other)) is not None

    judged()


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (None, "should say where the curve is"),
        ({}, f"in the bucket '{BUCKET}', not in None"),
        ({"bucket": BUCKET, "key": f"{INPUT}/given.json"}, f"not at '{INPUT}/given.json'"),
        ({"bucket": BUCKET, "key": f"{OUTPUT}/absent.json"}, "ObjectNotFoundError"),
    ],
)
def test_another_place_is_noticed(answered: Answered, result: Any, reason: str) -> None:
    answered.output["result"] = result
    assert reason in str(answered.judge([answered.xs, answered.ys]))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("encode_time", None, "encode_time should be a number"),
        ("compute_time", -1, "compute_time should be a number"),
        *(
            (f"{name}_time", 0, f"{name}_time should be more than 0")
            for name in ("download", "compute", "encode", "upload")
        ),
        ("download_size", 1, "download_size should be 20, and is 1"),
        ("upload_size", 17, "bytes, not 17"),
    ],
)
def test_measurements_that_cannot_be_are_noticed(
    answered: Answered, name: str, value: Any, reason: str
) -> None:
    assert answered.judge([answered.xs, answered.ys]) is None
    answered.output["measurement"][name] = value
    assert reason in str(answered.benchmark.judge(answered.event, answered.output))
