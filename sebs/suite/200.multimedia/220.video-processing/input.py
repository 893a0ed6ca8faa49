"""220.video-processing: a video in object storage gets a watermark, or its start becomes a GIF.

The video is made here, always the same one; see ``video.py``. Where the data directory has a video
``*.mp4`` of its own, as SeBS's data repository has, that is taken for every size.
"""

import os
from pathlib import Path

import containers
import pixels
import video

from sebs.benchmark.judging import judge_measurement, judge_place, judge_stored, judge_work

#: Width and height of the video, in pixels.
size_generators = {"test": (320, 192), "small": (1280, 720), "large": (1920, 1088)}

#: Seconds of the video that are worked on.
DURATION = 1

#: Another version makes other videos, so they must not meet one of an earlier one.
VERSION = 2

#: Of a GIF: pixels across, and pictures of a second.
GIF_WIDTH, GIF_RATE = 320, 10

TIMES = ("download_time", "compute_time", "upload_time")
SIZES = ("download_size", "upload_size")


def buckets_count():
    return 1, 1


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    path = next(iter(sorted(Path(data_dir).glob("*.mp4"))), None)
    if path is None:
        path = Path(data_dir, name_of(size))
        if not path.exists():
            write(path, size)
    upload_func(0, path.name, str(path))
    return {
        "object": {"key": path.name, "op": "watermark", "duration": DURATION},
        "bucket": {
            "bucket": benchmarks_bucket,
            "input": input_paths[0],
            "output": output_paths[0],
        },
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    """Judge the form of what was made and, where the video is one of ours, what it shows."""
    wanted = input_config["object"]
    source = Path(data_dir, wanted["key"])
    reason = judge_place(output, input_config["bucket"], "the result")
    reason = reason or judge_work(output, TIMES)
    reason = reason or judge_measurement(output, SIZES, download_size=source.stat().st_size)
    return reason or judge_stored(
        output, storage, "the result", lambda path: judge_result(path, source, wanted)
    )


def judge_result(path, source, wanted):
    size = next((size for size in size_generators if name_of(size) == source.name), None)
    judge = {"watermark": judge_video, "extract-gif": judge_gif}[wanted["op"]]
    try:
        return judge(path, source, size, wanted["duration"])
    except containers.DamagedError as error:
        return f"the result cannot be read: {error}"


def judge_video(path, source, size, duration):
    """Return why a video is not what was asked for; of a given one its form alone is judged."""
    found = containers.read_mp4(path.read_bytes())
    if size is None:
        return None
    shape = size_generators[size]
    if (found.width, found.height) != shape:
        return f"the video should have {shape} pixels, not {found.width, found.height}"
    frames = duration * video.RATE
    if found.frames != frames or found.seconds != duration:
        return (
            f"the video should have {frames} frames in {duration} s, "
            f"not {found.frames} in {found.seconds} s"
        )
    with pixels.decoder() as decode:
        return pixels.judge_watermark(decode, path, source, shape, frames)


def judge_gif(path, source, size, duration):
    """Return why a GIF is not what was asked for; of a given video its form alone is judged."""
    width, height, pictures = containers.read_gif(path.read_bytes())
    if size is None:
        return None
    across, down = size_generators[size]
    if (width, height) != (GIF_WIDTH, round(GIF_WIDTH * down / across)):
        return f"the GIF should be {GIF_WIDTH} pixels wide, and has {width} by {height}"
    if pictures != duration * GIF_RATE:
        return f"the GIF should have {duration * GIF_RATE} pictures, not {pictures}"
    with pixels.decoder() as decode:
        return pixels.judge_gif(decode, path, source, (width, height), GIF_RATE, pictures)


def name_of(size):
    return f"video-v{VERSION}-{size}.mov"


def seed_of(size):
    return f"{VERSION}/{size}"


def write(path, size):
    """Write the video, under another name first: another process may be writing it, too."""
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(video.encode(seed_of(size), *size_generators[size]))
    os.replace(temporary, path)
