"""210.thumbnailer: a picture in object storage gets a small copy.

The picture is made here, always the same one; see ``sebs.benchmark.pictures``. Where the data
directory has pictures ``*.jpg`` of its own, as SeBS's data repository has, one of these is taken
for every size.
"""

import os
from pathlib import Path

import block_means

from sebs.benchmark import pictures
from sebs.benchmark.judging import judge_measurement, judge_place, judge_stored, judge_work

#: Width and height of the picture, in pixels. Its thumbnail is 200 by 128, 25 by 16 whole blocks.
size_generators = {"test": (800, 512), "small": (2000, 1280), "large": (6000, 3840)}

#: What the thumbnail must fit into, in pixels.
WIDTH, HEIGHT = 200, 200
ACROSS, DOWN = 25, 16

#: Another version makes other pictures, so they must not meet one of an earlier one.
VERSION = 1

#: The one that SeBS takes of its pictures.
FAVOURITE = "6_astronomy-desktop-wallpaper-evening-1624438.jpg"

TIMES = ("download_time", "compute_time", "upload_time")
SIZES = ("download_size", "upload_size")

#: How far from the picture's a thumbnail's means may be: any of them, and all on average.
FARTHEST, AVERAGE = 12, 2


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
    """Compare what the thumbnail shows with the picture; of another one, the proportions."""
    source = Path(data_dir, input_config["object"]["key"])
    reason = judge_place(output, input_config["bucket"], "the thumbnail")
    reason = reason or judge_work(output, TIMES)
    reason = reason or judge_measurement(output, SIZES, download_size=source.stat().st_size)
    return reason or judge_stored(
        output,
        storage,
        "the thumbnail",
        lambda path: judge_thumbnail(path.read_bytes(), source, input_config["object"]),
    )


def judge_thumbnail(thumbnail, source, bounds):
    try:
        size = next((size for size in size_generators if source.name == name_of(size)), None)
        reason = judge_size(block_means.size_of(thumbnail), source, bounds)
        components = block_means.block_means(thumbnail)
        return reason if reason or size is None else judge_content(components, size)
    except block_means.DamagedError as error:
        return f"the thumbnail cannot be read: {error}"


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


def judge_content(components, size):
    """Return where a thumbnail shows something else than the picture of a size class."""
    if len(components) != 3:
        return "the thumbnail has lost its colours"
    for number, (coarser_across, coarser_down, found) in enumerate(components):
        wanted = list(pictures.means(seed_of(size), number, ACROSS, DOWN))
        off = []
        for y in range(DOWN // coarser_down):
            rows = wanted[y * coarser_down : (y + 1) * coarser_down]
            for x in range(ACROSS // coarser_across):
                square = [row[x * coarser_across : (x + 1) * coarser_across] for row in rows]
                mean = sum(map(sum, square)) / (coarser_across * coarser_down)
                off.append(abs(found[y][x] - mean))
        if max(off) > FARTHEST or sum(off) / len(off) > AVERAGE:
            return (
                f"the thumbnail shows something else: component {number} is up to {max(off):.0f} "
                f"levels off, {sum(off) / len(off):.1f} on average"
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
