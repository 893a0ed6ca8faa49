"""Fetch a video from storage, work on it with ffmpeg, and store what becomes of it."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns

import imageio_ffmpeg

from . import storage

client = storage.storage.get_instance()


def make_runnable():
    """Give the wheel's program its permission back, which some platforms lose when they unpack."""
    for program in Path(imageio_ffmpeg.__file__).parent.glob("binaries/ffmpeg-*"):
        if not os.access(program, os.X_OK):
            program.chmod(0o755)


make_runnable()
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WATERMARK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "watermark.png")

#: The suffix of what an operation makes, and its arguments between input and output.
OPERATIONS = {
    "watermark": (
        ".mp4",
        ["-i", WATERMARK, "-filter_complex", "overlay=(main_w-overlay_w)/2:(main_h-overlay_h)/2",
         "-pix_fmt", "yuv420p"],
    ),
    "extract-gif": (
        ".gif",
        ["-filter_complex", "fps=10,scale=320:-1:flags=lanczos,split[a][b];"
         "[a]palettegen[palette];[b][palette]paletteuse", "-loop", "0"],
    ),
}  # fmt: skip


def handler(event):
    bucket, video = event["bucket"], event["object"]
    if video["op"] not in OPERATIONS:
        raise ValueError(f"there is no operation {video['op']!r}; known: {', '.join(OPERATIONS)}")
    suffix, arguments = OPERATIONS[video["op"]]
    with TemporaryDirectory(prefix="video-") as workspace:
        source, target = os.path.join(workspace, "video"), os.path.join(workspace, f"out{suffix}")
        _, download_time = timed(
            client.download, bucket["bucket"], f"{bucket['input']}/{video['key']}", source
        )
        _, compute_time = timed(convert, source, arguments, video["duration"], target)
        name = os.path.splitext(os.path.basename(video["key"]))[0]
        stored, upload_time = timed(
            client.upload, bucket["bucket"], f"{bucket['output']}/{name}{suffix}", target
        )
        return {
            "result": {"bucket": bucket["bucket"], "key": stored},
            "measurement": {
                "download_time": download_time,
                "download_size": os.path.getsize(source),
                "upload_time": upload_time,
                "upload_size": os.path.getsize(target),
                "compute_time": compute_time,
            },
        }


def convert(source, arguments, duration, target):
    """Run ffmpeg on the first seconds of a video."""
    command = [FFMPEG, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-i", source]
    command += [*arguments, "-t", str(duration), target]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ffmpeg failed: {done.stderr.decode(errors='replace').strip()}")


def timed(function, *arguments):
    """Return what a function returns, and how many microseconds it took."""
    begin = perf_counter_ns()
    result = function(*arguments)
    return result, (perf_counter_ns() - begin) // 1000
