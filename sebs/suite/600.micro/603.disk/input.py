"""603.disk: a temporary file is written, read, and changed in places."""

from collections import defaultdict
from hashlib import sha256, shake_256

from sebs.benchmark.judging import judge_measurement, judge_work

BLOCK = 1 << 20
PIECE = 4096

#: Bytes of the file, and how many pieces of it are read and written in random places.
size_generators = {
    "test": (8 * BLOCK, 64),
    "small": (64 * BLOCK, 256),
    "large": (256 * BLOCK, 1024),
}

SEED = 42

#: What is timed; each has its size beside it, but for what waits for the disk.
TRANSFERS = ("write", "read", "random_read", "random_write")
TIMES = (*(f"{name}_time" for name in TRANSFERS), "sync_time")
MEASURED = (*TIMES, *(f"{name}_size" for name in TRANSFERS), "cached_size")


def buckets_count():
    return 0, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    length, accesses = size_generators[size]
    return {"seed": SEED, "size": length, "accesses": accesses}


def validate_output(data_dir, input_config, output, language, storage=None):
    """Compare digests: of the pieces in the order of reading, and of the file at the end."""
    result = output.get("result") if isinstance(output, dict) else None
    size, accesses = input_config["size"], input_config["accesses"]
    expected = digests(input_config["seed"], size, accesses)
    if result != expected:
        return f"the digests should be {expected}, and are {result!r}"
    reason = judge_measurement(
        output,
        MEASURED,
        write_size=size,
        read_size=size,
        random_read_size=accesses * PIECE,
        random_write_size=accesses * PIECE,
    )
    # Temporary files may be in memory, and then there is no disk to wait for.
    reason = reason or judge_work(output, tuple(f"{name}_time" for name in TRANSFERS))
    if reason is None and output["measurement"]["cached_size"] > size:
        return f"cached_size should be {size} at most, the file's"
    return reason


def digests(seed, size, accesses):
    rest, piece = noise(seed, "block", BLOCK)[8:], noise(seed, "piece", PIECE)
    pieces = sha256()
    for block, at in places(seed, "read", size, accesses):
        pieces.update((block.to_bytes(8, "little") + rest)[at : at + PIECE])
    changes = defaultdict(list)
    for block, at in places(seed, "write", size, accesses):
        changes[block].append(at)
    file = sha256()
    for block in range(size // BLOCK):
        content = bytearray(block.to_bytes(8, "little") + rest)
        for at in changes[block]:
            content[at : at + PIECE] = piece
        file.update(content)
    return {"pieces": pieces.hexdigest(), "file": file.hexdigest()}


def places(seed, what, size, count):
    """Yield the block of each piece, and where it begins there."""
    numbers = noise(seed, what, 8 * count)
    for at in range(0, 8 * count, 8):
        number = int.from_bytes(numbers[at : at + 8], "little") % (size // PIECE)
        yield divmod(number * PIECE, BLOCK)


def noise(seed, what, length):
    return shake_256(f"{seed}/{what}".encode()).digest(length)
