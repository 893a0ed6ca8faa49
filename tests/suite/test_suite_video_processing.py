"""220.video-processing: its videos are always the same, and only what becomes of them passes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from suite_doubles import Fed

NAME = "220.video-processing"
BUCKET = "sebs-benchmarks-suite"
INPUT, OUTPUT = f"{NAME}-0-input", f"{NAME}-0-output"

#: Another digest needs another version in the name.
DIGESTS = {
    "test": "580caaff64b274038dbd263e6e2c4ff4cf9eee2471d977724bb1234c9f15737f",
    "small": "3190765bc714c091feba56dbdc9a57caf4a1930b45f40a09ecf1bc45bc22afa8",
    "large": "3a1e49a3ee8b7765b80424bcc843f7213589e603109d784afb883ecbcea04de9",
}


@pytest.mark.parametrize("size", DIGESTS)
def test_the_video_is_always_the_same(fed: Any, size: str) -> None:
    benchmark = fed(NAME)
    event = benchmark.event(size)
    assert event == {
        "object": {"key": f"video-v2-{size}.mov", "op": "watermark", "duration": 1},
        "bucket": {"bucket": BUCKET, "input": INPUT, "output": OUTPUT},
    }
    content = (benchmark.data_dir / event["object"]["key"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == DIGESTS[size]


def test_a_given_video_takes_its_place(fed: Any) -> None:
    benchmark = fed(NAME)
    benchmark.data_dir.mkdir()
    (benchmark.data_dir / "city.mp4").write_bytes(b"a video")
    assert benchmark.event("test")["object"]["key"] == "city.mp4"


@pytest.mark.registry
@pytest.mark.parametrize("op", ["watermark", "extract-gif"])
def test_every_size_is_worked_on(fed: Any, python_handler: Any, scratch: Path, op: str) -> None:
    benchmark = fed(NAME)
    work = python_handler(benchmark)
    for size in DIGESTS:
        event = benchmark.event(size)
        event["object"]["op"] = op
        output = work(event)
        assert benchmark.judge(event, output) is None
        assert all(isinstance(value, int) for value in output["measurement"].values())
        assert list(scratch.iterdir()) == []
        event["object"]["duration"] = 2
        assert benchmark.judge(event, output) is not None
    event["object"]["op"] = "transcode"
    with pytest.raises(ValueError, match="known: watermark, extract-gif"):
        work(event)


def replaced(benchmark: Fed, event: Any, output: Any, content: bytes) -> str | None:
    """The verdict on another result in the place of a right one."""
    path = benchmark.data_dir / "copy"
    path.write_bytes(content)
    benchmark.storage.upload(BUCKET, str(path), output["result"]["key"])
    measurement = {**output["measurement"], "upload_size": len(content)}
    return benchmark.judge(event, {**output, "measurement": measurement})


@pytest.mark.registry
@pytest.mark.parametrize("op", ["watermark", "extract-gif"])
def test_another_result_is_noticed(fed: Any, python_handler: Any, op: str) -> None:
    benchmark = fed(NAME)
    work = python_handler(benchmark)
    event, other = benchmark.event("test"), benchmark.event("small")
    event["object"]["op"] = other["object"]["op"] = op
    output = work(event)
    path = benchmark.data_dir / "right"
    benchmark.storage.download(BUCKET, output["result"]["key"], str(path))
    right = path.read_bytes()
    assert replaced(benchmark, event, output, right) is None
    source = (benchmark.data_dir / event["object"]["key"]).read_bytes()
    for wrong in (b"", right + b"x", source, b"x" * len(right), right[1:]):
        assert "cannot be read" in str(replaced(benchmark, event, output, wrong))
    for cut in range(0, len(right), 211):
        assert "cannot be read" in str(replaced(benchmark, event, output, right[:cut])), cut
    short = {**event, "object": {**event["object"], "duration": 0.5}}
    benchmark.storage.download(BUCKET, work(short)["result"]["key"], str(path))
    assert "should have" in str(replaced(benchmark, event, output, path.read_bytes()))
    benchmark.storage.download(BUCKET, work(other)["result"]["key"], str(path))
    assert "should" in str(replaced(benchmark, event, output, path.read_bytes()))
    output["measurement"]["upload_size"] += 1
    assert "bytes, not" in str(benchmark.judge(event, output))
    for name in ("download_time", "compute_time", "upload_time"):
        measurement = {**output["measurement"], name: 0}
        verdict = benchmark.judge(event, {**output, "measurement": measurement})
        assert f"{name} should be more than 0" in str(verdict)


OVERLAY = "overlay=(main_w-overlay_w)/2:(main_h-overlay_h)/2"


@pytest.mark.registry
def test_a_video_of_something_else_is_noticed(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NAME)
    work = python_handler(benchmark)
    operations, mark = work.__globals__["OPERATIONS"], work.__globals__["WATERMARK"]
    event = benchmark.event("test")

    def verdict(filters: str, *inputs: str) -> str:
        arguments = [*inputs, "-filter_complex", filters, "-pix_fmt", "yuv420p"]
        operations["watermark"] = (".mp4", arguments)
        return str(benchmark.judge(event, work(event)))

    assert verdict(OVERLAY, "-i", mark) == "None"
    # Nothing is laid over it; something else is, in the same place; the grey frame is not there.
    assert "the watermark should be in the middle" in verdict("null")
    assert "the watermark should" in verdict("drawbox=112:64:96:64:white:fill")
    assert "the watermark should" in verdict(f"[1]negate[a];[0][a]{OVERLAY}", "-i", mark)
    assert "the watermark should" in verdict(f"[1]hflip[a];[0][a]{OVERLAY}", "-i", mark)
    assert "should be grey around its middle" in verdict(
        f"[0]trim=start_frame=1[a];[a][1]{OVERLAY}", "-i", mark
    )
    # It is elsewhere: in a corner, a few pixels off; larger; there is one more.
    for place in ("0:0", "main_w-overlay_w:0", "(main_w-overlay_w)/2+4:(main_h-overlay_h)/2"):
        assert "should be grey around its middle" in verdict(f"overlay={place}", "-i", mark)
    larger = f"[1]scale=iw*2:ih*2[a];[0][a]{OVERLAY}"
    assert "should be grey around its middle" in verdict(larger, "-i", mark)
    twice = f"[1]split[a][b];[0][a]{OVERLAY}[c];[c][b]overlay=0:0"
    assert "should be grey around its middle" in verdict(twice, "-i", mark)
    # It is only on the first frame, or moves away later.
    assert "frame 1 shows something else" in verdict(f"{OVERLAY}:enable=eq(n\\,0)", "-i", mark)
    moves = "overlay=(main_w-overlay_w)/2+8*max(n-4\\,0):(main_h-overlay_h)/2:eval=frame"
    assert "shows something else" in verdict(moves, "-i", mark)
    # Nothing moves; it moves in the half in which it should stand still; it is another video.
    for frames in ("loop=-1:1:1", "select=eq(n\\,0)+gte(n\\,13)", "hflip", "negate", "gblur=20"):
        shown = f"[0]{frames},setpts=N/24/TB,fps=24[a];[a][1]{OVERLAY}"
        assert "shows something else" in verdict(shown, "-i", mark), frames


#: What becomes of a video without its colours, or with others.
OTHER_COLOURS = ["hue=s=0", "swapuv", "lutyuv=u=negval:v=negval", "hue=h=60", "hue=s=0.3"]


@pytest.mark.registry
def test_a_video_in_other_colours_is_noticed(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NAME)
    work = python_handler(benchmark)
    operations, mark = work.__globals__["OPERATIONS"], work.__globals__["WATERMARK"]
    event = benchmark.event("test")
    for colours in OTHER_COLOURS:
        filters = f"[0]{colours}[a];[a][1]{OVERLAY}"
        arguments = ["-i", mark, "-filter_complex", filters, "-pix_fmt", "yuv420p"]
        operations["watermark"] = (".mp4", arguments)
        verdict = str(benchmark.judge(event, work(event)))
        assert "shows something else: its blue" in verdict or "its red" in verdict, colours


def shifted(content: bytes, name: bytes, at: int, value: int) -> bytes:
    """A file of boxes with another number at some bytes after the name of one."""
    begin = content.index(name) + 4 + at
    return content[:begin] + value.to_bytes(4, "big") + content[begin + 4 :]


@pytest.mark.registry
def test_other_times_of_a_video_are_noticed(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NAME)
    event = benchmark.event("test")
    output = python_handler(benchmark)(event)
    path = benchmark.data_dir / "right"
    benchmark.storage.download(BUCKET, output["result"]["key"], str(path))
    right = path.read_bytes()
    for name, at, values in (
        (b"stts", 12, (1, 5_120_000)),
        (b"tkhd", 20, (0, 99_999)),
        (b"mvhd", 16, (0, 99_999)),
        (b"mdhd", 16, (0, 99_999)),
        (b"mdhd", 12, (1, 99_999)),
    ):
        for value in values:
            wrong = shifted(right, name, at, value)
            assert wrong != right
            verdict = str(replaced(benchmark, event, output, wrong))
            assert "should have 24 frames in 1 s" in verdict or "cannot be read" in verdict, name


@pytest.mark.registry
def test_other_times_of_a_gif_are_noticed(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NAME)
    event = benchmark.event("test")
    event["object"]["op"] = "extract-gif"
    output = python_handler(benchmark)(event)
    path = benchmark.data_dir / "right"
    benchmark.storage.download(BUCKET, output["result"]["key"], str(path))
    right = path.read_bytes()
    assert right.count(b"\x21\xf9\x04") == 10
    for delay in (0, 1, 9, 11, 1000):
        parts = right.split(b"\x21\xf9\x04")
        changed = [part[:1] + delay.to_bytes(2, "little") + part[3:] for part in parts[1:]]
        for other in ([parts[0], *changed], [*parts[:-1], changed[-1]]):
            wrong = b"\x21\xf9\x04".join(other)
            assert "hundredths of a second" in str(replaced(benchmark, event, output, wrong))
    without = right.replace(b"\x21\xf9\x04" + right.split(b"\x21\xf9\x04")[1][:5], b"", 1)
    assert "hundredths of a second" in str(replaced(benchmark, event, output, without))


@pytest.mark.registry
def test_a_gif_of_something_else_is_noticed(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NAME)
    work = python_handler(benchmark)
    event = benchmark.event("test")
    event["object"]["op"] = "extract-gif"
    operations = work.__globals__["OPERATIONS"]

    def verdict(filters: str) -> str:
        operations["extract-gif"] = (".gif", ["-filter_complex", filters])
        return str(benchmark.judge(event, work(event)))

    assert verdict("fps=10,scale=320:-1") == "None"
    for filters in (
        "hflip,fps=10",
        "negate,fps=10",
        "trim=start_frame=24,setpts=PTS-STARTPTS,fps=10",
        *(f"{colours},fps=10" for colours in ("hue=s=0", "swapuv", "lutyuv=u=negval:v=negval")),
    ):
        assert "shows something else" in verdict(f"{filters},scale=320:-1"), filters


@pytest.mark.registry
def test_a_program_that_may_not_run_may_again(fed: Any, python_handler: Any) -> None:
    benchmark = fed(NAME)
    work = python_handler(benchmark)
    program = Path(work.__globals__["FFMPEG"])
    # The file may be linked to those of other packages, whose permissions it must not lose.
    content = program.read_bytes()
    program.unlink()
    program.write_bytes(content)
    program.chmod(0o644)
    work.__globals__["make_runnable"]()
    event = benchmark.event("test")
    assert benchmark.judge(event, work(event)) is None


@pytest.mark.parametrize("output", [None, [], "", {}, {"result": "video"}])
def test_an_output_that_is_none_is_noticed(fed: Any, output: Any) -> None:
    benchmark = fed(NAME)
    verdict = benchmark.judge(benchmark.event("test"), output)
    assert "should say where the result is" in str(verdict)
