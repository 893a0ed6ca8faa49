"""220.video-processing: a video in object storage gets a watermark, or its start becomes a GIF.

The video is made here, always the same one; see ``video.py``. Where the data directory has a video
``*.mp4`` of its own, as SeBS's data repository has, that is taken for every size.
"""

import os
from fractions import Fraction
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

#: For how long a picture of a GIF is seen, in hundredths of a second.
GIF_DELAY = 10

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
    """Judge the form of what was made, and compare what it shows with what is made here."""
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
    operation, duration = wanted["op"], wanted["duration"]
    try:
        if operation == "watermark":
            found = containers.read_mp4(path.read_bytes())
            reason = None if size is None else judge_times(found, size, duration)
        else:
            reason = judge_delays(containers.read_gif(path.read_bytes()))
        if reason is not None:
            return reason
        with pixels.decoder() as decode:
            if size is not None and operation == "watermark":
                reason = pixels.judge_first(decode, path, size_generators[size])
            return reason or pixels.judge(decode, path, source, operation, duration)
    except containers.DamagedError as error:
        return f"the result cannot be read: {error}"


def judge_times(found, size, duration):
    """Return why a video is not one of ours by its form: how large it is, and how long."""
    shape = size_generators[size]
    if found.shape != shape:
        return f"the video should have {shape} pixels, not {found.shape}"
    frames = round(duration * video.RATE)
    if found.frames != [Fraction(1, video.RATE)] * frames or found.lengths != {duration}:
        return (
            f"the video should have {frames} frames in {duration} s, all equally long, and has "
            f"{len(found.frames)} in {', '.join(str(float(length)) for length in found.lengths)} s"
        )
    return None


def judge_delays(delays):
    """Return which picture of a GIF is not seen for as long as the others."""
    for number, delay in enumerate(delays):
        if delay != GIF_DELAY:
            return f"picture {number} should be seen for {GIF_DELAY} hundredths of a second"
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
