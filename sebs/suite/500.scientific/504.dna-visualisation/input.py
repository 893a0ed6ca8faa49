"""504.dna-visualisation: a genome in object storage becomes a curve.

The genome is made here, always the same one. Where the data directory has a file ``*.fasta`` of its
own, as SeBS's data repository has, that one is taken for every size.

The curve is the one of squiggle (Lee, Bioinformatics 35(8), 2019): every character moves it two
half steps to the right, and the four bases move it up and down on the way. All of the file is
drawn, the line that describes it and the ends of lines too, as SeBS does.
"""

import json
import re
from hashlib import shake_256
from itertools import islice, product
from mmap import ACCESS_READ, mmap
from pathlib import Path
from tempfile import NamedTemporaryFile

from sebs.benchmark.judging import judge_measurement, judge_place, judge_stored, judge_work

#: Bases. The largest has as many as the bacterium of SeBS's data, Bacillus subtilis.
size_generators = {"test": 41_500, "small": 415_000, "large": 4_150_000}

#: Another version makes other genomes, so they must not meet one of an earlier one.
VERSION = 1

#: Bases on a line.
WIDTH = 80

#: Where the curve is half a step and a whole step after a base, seen from where it was.
STEPS = {"A": (0.5, 0), "C": (-0.5, 0), "G": (0.5, 1), "T": (-0.5, -1)}

TIMES = ("download_time", "compute_time", "encode_time", "upload_time")
SIZES = ("download_size", "upload_size")

#: Two arrays of numbers, and nothing that is none.
CURVE = re.compile(rb"\s*\[\s*\[([-+.eE\d,\s]*\d)\s*\]\s*,\s*\[([-+.eE\d,\s]*\d)\s*\]\s*\]\s*")

#: Bytes of a curve that are read at once.
PIECE = 1 << 20


def buckets_count():
    return 1, 1


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    given = sorted(path for path in Path(data_dir).glob("*.fasta") if not path.match("genome-v*"))
    path = given[0] if given else made_genome(Path(data_dir), size)
    upload_func(0, path.name, str(path))
    return {
        "bucket": {
            "bucket": benchmarks_bucket,
            "input": input_paths[0],
            "output": output_paths[0],
        },
        "object": {"key": path.name},
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    """Compare every point of the curve; without a storage, only what was said of it is judged."""
    genome = Path(data_dir, input_config["object"]["key"]).read_bytes()
    reason = judge_place(output, input_config["bucket"], "the curve")
    reason = reason or judge_work(output, TIMES)
    reason = reason or judge_measurement(output, SIZES, download_size=len(genome))
    return reason or judge_stored(
        output, storage, "the curve", lambda path: judge_file(path, genome.decode().upper())
    )


def judge_file(path, text):
    if path.stat().st_size == 0:
        return "the curve is empty"
    # A curve may have 150 MB, and as objects five times as much.
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as curve:
        return judge_curve(curve, text)


def judge_curve(curve, text):
    """Compare what was written of a curve with the points that a text has."""
    arrays = CURVE.fullmatch(curve)
    if arrays is None:
        return "the curve should be two arrays of numbers"
    spans = arrays.span(1), arrays.span(2)
    # A match keeps what it was found in from being closed.
    del arrays
    right = {"x": (step / 2 for step in range(2 * len(text) + 1)), "y": heights(text)}
    for (axis, expected), span in zip(right.items(), spans, strict=True):
        try:
            reason = judge_numbers(pieces(curve, *span), expected, axis)
        except ValueError as error:
            return f"the curve cannot be read: {error}"
        if reason is not None:
            return reason
    return None


def heights(text):
    """Yield how high the curve is: at its beginning, and twice for every character."""
    height = 0
    yield height
    for character in text:
        half, whole = STEPS.get(character, (0, 0))
        yield height + half
        height += whole
        yield height


def pieces(curve, begin, end):
    """Yield the numbers between two places in lists, none much longer than ``PIECE`` bytes."""
    while begin < end:
        comma = curve.find(b",", begin + PIECE, end)
        stop = end if comma < 0 else comma
        yield json.loads(b"[%b]" % curve[begin:stop])
        begin = stop + 1


def judge_numbers(found, expected, axis):
    """Compare lists of numbers with the numbers that they should be; both are read up."""
    count = 0
    for numbers in found:
        right = list(islice(expected, len(numbers)))
        if numbers != right:
            pairs = zip(numbers, right, strict=False)
            same = next((at for at, (a, b) in enumerate(pairs) if a != b), len(right))
            if same == len(right):
                return f"the curve has more than {count + same} values of {axis}"
            place = f"{axis} of point {count + same}"
            return f"{place} should be {right[same]}, and is {numbers[same]}"
        count += len(numbers)
    if next(expected, None) is not None:
        return f"the curve has only {count} values of {axis}"
    return None


def made_genome(directory, size):
    """Return a genome's file, which is written where there is none.

    It gets its name when it is whole, since another process may be making the same one.
    """
    path = directory / f"genome-v{VERSION}-{size}.fasta"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=directory, delete=False) as target:
            target.write(genome_of(size))
        Path(target.name).replace(path)
    return path


def genome_of(size):
    count = size_generators[size]
    fours = [bytes(bases) for bases in product(b"ACGT", repeat=4)]
    # Every byte is four bases.
    seed = f"{VERSION}/{size}".encode()
    bases = b"".join(map(fours.__getitem__, shake_256(seed).digest(-(-count // 4))))[:count]
    lines = [bases[at : at + WIDTH] for at in range(0, count, WIDTH)]
    return b"\n".join([f">{size} {count} bases made from a seed".encode(), *lines, b""])
