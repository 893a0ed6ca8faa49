"""210.thumbnailer: a picture in object storage gets a small copy.

The picture is made here, always the same one; see ``sebs.benchmark.pictures``. Where the data
directory has pictures ``*.jpg`` of its own, as SeBS's data repository has, one of these is taken
for every size.
"""

import json
import os
import subprocess
import sys
from operator import sub
from pathlib import Path
from tempfile import TemporaryDirectory

import block_means

from sebs.benchmark import pictures
from sebs.benchmark.dependencies import install_here
from sebs.benchmark.judging import judge_measurement, judge_place, judge_stored, judge_work

HERE = Path(__file__).parent

#: Width and height of the picture, in pixels. Its thumbnail is 200 by 128, 50 by 32 quarters of
#: blocks.
size_generators = {"test": (800, 512), "small": (2000, 1280), "large": (6000, 3840)}

#: What the thumbnail must fit into, in pixels.
WIDTH, HEIGHT = 200, 200
ACROSS, DOWN = 50, 32

#: Another version makes other pictures, so they must not meet one of an earlier one.
VERSION = 1

#: The one that SeBS takes of its pictures.
FAVOURITE = "6_astronomy-desktop-wallpaper-evening-1624438.jpg"

TIMES = ("download_time", "compute_time", "upload_time")
SIZES = ("download_size", "upload_size")

#: How far from the right ones a thumbnail's means may be, any of them and all on average: those of
#: the pictures made here, and of others. Seen were 7 and 1.3, and 12 and 1.9.
MADE, GIVEN = (12, 2), (20, 3)


def buckets_count():
    return 1, 1


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    path = given_picture(data_dir)
    if path is None:
        path = Path(data_dir, name_of(size))
        if not path.exists():
            write(path, size)
    upload_func(0, path.name, str(path))
    return {
        "object": {"key": path.name, "width": WIDTH, "height": HEIGHT},
        "bucket": {
            "bucket": benchmarks_bucket,
            "input": input_paths[0],
            "output": output_paths[0],
        },
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    """Compare what the thumbnail shows with the picture; of another one, with what Pillow makes."""
    source = Path(data_dir, input_config["object"]["key"])
    reason = judge_place(output, input_config["bucket"], "the thumbnail")
    reason = reason or judge_work(output, TIMES)
    reason = reason or judge_measurement(output, SIZES, download_size=source.stat().st_size)
    return reason or judge_stored(
        output,
        storage,
        "the thumbnail",
        lambda path: judge_thumbnail(path, source, input_config["object"]),
    )


def judge_thumbnail(path, source, bounds):
    thumbnail = path.read_bytes()
    size = next((size for size in size_generators if source.name == name_of(size)), None)
    try:
        if (reason := judge_size(block_means.size_of(thumbnail), source, bounds)) is not None:
            return reason
        components = block_means.quarter_means(thumbnail)
    except block_means.DamagedError as error:
        return f"the thumbnail cannot be read: {error}"
    return judge_given(path, source, bounds) if size is None else judge_made(components, size)


def judge_size(size, source, bounds):
    """Return why a thumbnail cannot have these pixels across and down."""
    width, height = block_means.size_of(source.read_bytes())
    factor = min(bounds["width"] / width, bounds["height"] / height, 1)
    if any(abs(a - factor * b) >= 1 for a, b in zip(size, (width, height), strict=True)):
        return (
            f"the thumbnail of {width} by {height} pixels should have "
            f"{round(factor * width)} by {round(factor * height)}, not {size[0]} by {size[1]}"
        )
    return None


def judge_made(components, size):
    """Return where a thumbnail shows something else than the picture of a size class."""
    if len(components) != 3:
        return "the thumbnail has lost its colours"
    off = []
    for number, (coarser_across, coarser_down, found) in enumerate(components):
        wanted = list(pictures.means(seed_of(size), number, ACROSS, DOWN))
        off.append([])
        for y in range(DOWN // coarser_down):
            rows = wanted[y * coarser_down : (y + 1) * coarser_down]
            for x in range(ACROSS // coarser_across):
                square = [row[x * coarser_across : (x + 1) * coarser_across] for row in rows]
                mean = sum(map(sum, square)) / (coarser_across * coarser_down)
                off[-1].append(abs(found[y][x] - mean))
    return judge_levels(off, *MADE)


def judge_given(path, source, bounds):
    """Return where a thumbnail shows something else than the one that Pillow makes here.

    Raises:
        DependencyError: Pillow cannot be installed.
    """
    with TemporaryDirectory(prefix="thumbnail-judge-") as packages:
        install_here(HERE / "python" / "requirements.txt", Path(packages))
        program = [sys.executable, "-I", HERE / "photographs.py", packages, path, source]
        sides = str(bounds["width"]), str(bounds["height"])
        done = subprocess.run([*program, *sides], check=True, capture_output=True)
    found, right = json.loads(done.stdout)
    reasons = []
    for wanted in right:
        off = [list(map(abs, map(sub, *planes))) for planes in zip(found, wanted, strict=True)]
        reasons.append(judge_levels(off, *GIVEN))
    return None if None in reasons else reasons[0]


def judge_levels(off, farthest, average):
    """Return which plane is too far from what is right, brightness, blue or red."""
    for what, levels in zip(("brightness", "blue", "red"), off, strict=True):
        mean = sum(levels) / len(levels)
        if max(levels) > farthest or mean > average:
            return (
                f"the thumbnail shows something else: its {what} is up to {max(levels):.0f} levels "
                f"off, {mean:.1f} on average"
            )
    return None


def given_picture(data_dir):
    made = {name_of(size) for size in size_generators}
    given = sorted(path for path in Path(data_dir).glob("*.jpg") if path.name not in made)
    return next((path for path in given if path.name == FAVOURITE), given[0] if given else None)


def name_of(size):
    return f"picture-v{VERSION}-{size}.jpg"


def seed_of(size):
    return f"{VERSION}/{size}"


def write(path, size):
    """Write the picture, under another name first: another process may be writing it, too."""
    temporary = path.with_suffix(f".{os.getpid()}")
    with open(temporary, "wb") as target:
        target.writelines(pictures.encode(seed_of(size), *size_generators[size]))
    os.replace(temporary, path)
