"""220.video-processing with a video of one's own: what becomes of it is judged as strictly."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from suite_doubles import Fed

NAME = "220.video-processing"
BUCKET = "sebs-benchmarks-suite"

pytestmark = pytest.mark.registry

#: What a video shows, and what else is in its file.
VIDEOS = {
    "a test picture": ["testsrc=size=640x360:rate=25"],
    "half a second": ["testsrc2=size=640x360:rate=25:duration=0.5"],
    "odd frames": ["testsrc2=size=322x182:rate=30000/1001"],
    "less than the watermark": ["testsrc2=size=64x48:rate=25"],
    "noise": ["nullsrc=size=160x96:rate=25,geq=random(1)*255:random(2)*255:random(3)*255"],
    "flashes": ["nullsrc=size=160x96:rate=25,geq=lum='255*mod(N,2)':cb=128:cr=128"],
    "white": ["color=white:size=320x240:rate=60"],
    "uneven frames": ["testsrc2=size=640x360:rate=30,select=not(eq(mod(n\\,7)\\,3))"],
    "sound": ["testsrc2=size=640x360:rate=24", "-f", "lavfi", "-i", "sine=frequency=440"],
}

OVERLAY = "overlay=(main_w-overlay_w)/2:(main_h-overlay_h)/2"
PALETTE = "split[a][b];[a]palettegen[p];[b][p]paletteuse"


class Given:
    """The benchmark with a video ``city.mp4``."""

    def __init__(self, benchmark: Fed, work: Any) -> None:
        self.benchmark = benchmark
        self._work = work
        self.operations = work.__globals__["OPERATIONS"]
        self.mark = work.__globals__["WATERMARK"]
        benchmark.data_dir.mkdir()
        self.video = benchmark.data_dir / "city.mp4"

    def make(self, source: Sequence[str], target: Path | None = None) -> None:
        """Let ffmpeg make the video, or another one, of a few seconds."""
        program = self._work.__globals__["FFMPEG"]
        command = [program, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", *source]
        command += ["-fps_mode", "vfr", "-t", "2.5", "-pix_fmt", "yuv420p", target or self.video]
        subprocess.run(command, check=True)

    def answer(self, op: str = "watermark") -> tuple[dict[str, Any], dict[str, Any]]:
        """The event, and what the function answers."""
        event = self.benchmark.event("test")
        assert event["object"]["key"] == self.video.name
        event["object"]["op"] = op
        return event, self._work(event)

    def verdict(self, op: str = "watermark") -> str | None:
        """The verdict on what becomes of the video."""
        return self.benchmark.judge(*self.answer(op))

    def verdict_on(self, content: Path, op: str = "watermark") -> str | None:
        """The verdict on a file that takes the place of what becomes of it."""
        event, output = self.answer(op)
        self.benchmark.storage.upload(BUCKET, str(content), output["result"]["key"])
        output["measurement"]["upload_size"] = content.stat().st_size
        return self.benchmark.judge(event, output)


@pytest.fixture
def given(fed: Any, python_handler: Any) -> Given:
    benchmark = fed(NAME)
    return Given(benchmark, python_handler(benchmark))


@pytest.mark.parametrize("video", VIDEOS)
def test_it_is_worked_on(given: Given, video: str) -> None:
    given.make(VIDEOS[video])
    assert given.verdict("watermark") is None
    assert given.verdict("extract-gif") is None


@pytest.mark.parametrize("video", ["a test picture", "noise", "flashes", "white", "sound"])
def test_something_else_than_with_a_watermark_is_noticed(given: Given, video: str) -> None:
    given.make(VIDEOS[video])

    def verdict(filters: str) -> str:
        arguments = ["-i", given.mark, "-filter_complex", filters, "-pix_fmt", "yuv420p"]
        given.operations["watermark"] = (".mp4", arguments)
        return str(given.verdict())

    assert verdict(OVERLAY) == "None"
    for filters in ("[0]null", "[1]negate[a];[0][a]" + OVERLAY, "overlay=0:0"):
        assert "shows something else" in verdict(filters), filters
    for filters in (f"[0]negate[a];[a][1]{OVERLAY}", f"{OVERLAY}:enable=lt(n\\,20)"):
        assert "shows something else" in verdict(filters), filters
    assert "pixels" in verdict(f"{OVERLAY},scale=160:120")
    assert "frames" in verdict(f"{OVERLAY},fps=12")
    assert "frames" in verdict(f"{OVERLAY},trim=end_frame=20")


def test_other_colours_are_noticed(given: Given) -> None:
    given.make(VIDEOS["a test picture"])
    for colours in ("hue=s=0", "swapuv", "lutyuv=u=negval:v=negval", "hue=s=0.5"):
        filters = f"{OVERLAY},{colours}"
        arguments = ["-i", given.mark, "-filter_complex", filters, "-pix_fmt", "yuv420p"]
        given.operations["watermark"] = (".mp4", arguments)
        assert "shows something else" in str(given.verdict("watermark")), colours
        filters = f"fps=10,scale=320:-1,{colours},{PALETTE}"
        given.operations["extract-gif"] = (".gif", ["-filter_complex", filters])
        assert "shows something else" in str(given.verdict("extract-gif")), colours


def test_another_pace_is_noticed(given: Given) -> None:
    given.make(VIDEOS["a test picture"])
    filters = f"[0]trim=end_frame=25,setpts=0.5*PTS[a];[a][1]{OVERLAY}"
    arguments = ["-i", given.mark, "-filter_complex", filters, "-fps_mode", "passthrough"]
    given.operations["watermark"] = (".mp4", [*arguments, "-pix_fmt", "yuv420p"])
    assert "should" in str(given.verdict())


def test_another_file_is_noticed(given: Given, tmp_path: Path) -> None:
    given.make(VIDEOS["a test picture"])
    other = tmp_path / "other.mp4"
    given.make(["color=black:size=16x16:rate=25", "-frames:v", "3"], other)
    assert "pixels" in str(given.verdict_on(other))
    given.make(["color=black:size=640x360:rate=25", "-t", "1"], other)
    assert "frames" in str(given.verdict_on(other))
    given.make(["color=black:size=640x360:rate=25", "-frames:v", "25"], other)
    assert "shows something else" in str(given.verdict_on(other))
    given.make([*VIDEOS["a test picture"], "-frames:v", "25", "-c:v", "mpeg4"], other)
    assert "not H.264" in str(given.verdict_on(other))
    assert "cannot be read" in str(given.verdict_on(given.video, "extract-gif"))
    for content in (b"", b"x" * 10_000, given.video.read_bytes()[:-1000]):
        other.write_bytes(content)
        assert "cannot be read" in str(given.verdict_on(other))
