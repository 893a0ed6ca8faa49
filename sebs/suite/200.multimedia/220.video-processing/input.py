"""220.video-processing: a video in object storage gets a watermark, or its start becomes a GIF.

The video is made here, always the same one; see ``video.py``. Where the data directory has a video
``*.mp4`` of its own, as SeBS's data repository has, that is taken for every size.
"""

import os
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import containers
import video

from sebs.benchmark.judging import judge_measurement, judge_place

#: Width and height of the video, in pixels.
size_generators = {"test": (320, 192), "small": (1280, 720), "large": (1920, 1088)}

#: Seconds of the video that are worked on.
DURATION = 1

#: Another version makes other videos, so they must not meet one of an earlier one.
VERSION = 2

#: Of a GIF: pixels across, and pictures of a second.
GIF_WIDTH, GIF_RATE = 320, 10

#: Bytes of a picture that is grey but for the watermark: without it there are some 50 to 450, with
#: it 1,900 to 2,300, and the whole picture of the smallest video has 5,000.
WATERMARK_BYTES = range(1000, 4000)

MEASURED = ("download_time", "download_size", "upload_time", "upload_size", "compute_time")


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
    """Judge the form of what was made; pixels are not decoded.

    How many bytes the encoder needed tells that something is laid over a video, and what moves.
    """
    wanted = input_config["object"]
    source = Path(data_dir, wanted["key"])
    reason = judge_place(output, input_config["bucket"], "the result")
    reason = reason or judge_measurement(output, MEASURED, download_size=source.stat().st_size)
    if reason is not None or storage is None:
        return reason
    with TemporaryDirectory() as directory:
        path = Path(directory, "result")
        storage.download(output["result"]["bucket"], output["result"]["key"], str(path))
        content = path.read_bytes()
    stated = output["measurement"]["upload_size"]
    if len(content) != stated:
        return f"the result has {len(content)} bytes, not {stated}"
    size = next((size for size in size_generators if name_of(size) == source.name), None)
    judge = {"watermark": judge_video, "extract-gif": judge_gif}[wanted["op"]]
    try:
        return judge(content, size, wanted["duration"])
    except containers.DamagedError as error:
        return f"the result cannot be read: {error}"


def judge_video(content, size, duration):
    """Return why a video is not what was asked for; of a given one its form alone is judged."""
    found = containers.read_mp4(content)
    if size is None:
        return None
    if (found.width, found.height) != size_generators[size]:
        return (
            f"the video should have {size_generators[size]} pixels, not {found.width, found.height}"
        )
    frames = duration * video.RATE
    if len(found.sizes) != frames or found.seconds != duration:
        return (
            f"the video should have {frames} frames in {duration} s, "
            f"not {len(found.sizes)} in {found.seconds} s"
        )
    if found.first not in WATERMARK_BYTES:
        return f"the first picture, grey but for a watermark, should not have {found.first} bytes"
    return judge_moves(found.sizes, video.moves()[:frames])


def judge_moves(sizes, moved):
    """Return whether frames take much room where nothing moves, or little where something does.

    The first two show another picture each; single ones of the others may be whole pictures, too.
    """
    later = list(zip(sizes, moved, strict=True))[2:]
    moving = median(size for size, move in later if move)
    still = median(size for size, move in later if not move)
    if moving < 3 * still:
        return (
            f"the video shows something else: frames where it should move have {moving} bytes, "
            f"those where it should not {still}"
        )
    return None


def judge_gif(content, size, duration):
    width, height, pictures = containers.read_gif(content)
    if size is None:
        return None
    across, down = size_generators[size]
    if (width, height) != (GIF_WIDTH, round(GIF_WIDTH * down / across)):
        return f"the GIF should be {GIF_WIDTH} pixels wide, and has {width} by {height}"
    if pictures != duration * GIF_RATE:
        return f"the GIF should have {duration * GIF_RATE} pictures, not {pictures}"
    return None


def name_of(size):
    return f"video-v{VERSION}-{size}.mov"


def seed_of(size):
    return f"{VERSION}/{size}"


def write(path, size):
    """Write the video, under another name first: another process may be writing it, too."""
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(video.encode(seed_of(size), *size_generators[size]))
    os.replace(temporary, path)
