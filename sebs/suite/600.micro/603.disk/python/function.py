"""Write a temporary file and read it, from its beginning to its end and here and there."""

import ctypes
import mmap
import os
from hashlib import sha256, shake_256
from tempfile import TemporaryFile
from time import perf_counter_ns

BLOCK = 1 << 20
PIECE = 4096

LIBC = ctypes.CDLL(None, use_errno=True)


def handler(event):
    seed, size, accesses = event["seed"], event["size"], event["accesses"]
    with TemporaryFile(prefix="disk-", buffering=0) as file:
        disk = file.fileno()
        _, write_time = timed(write, disk, size, noise(seed, "block", BLOCK))
        _, sync_time = timed(os.fsync, disk)
        cached = forget(disk, size)
        _, read_time = timed(read, disk, size)
        forget(disk, size)
        places = offsets(seed, "read", size, accesses)
        pieces, random_read_time = timed(read_pieces, disk, places)
        places = offsets(seed, "write", size, accesses)
        _, random_write_time = timed(write_pieces, disk, places, noise(seed, "piece", PIECE))
        return {
            "result": {"pieces": digest(pieces), "file": digest(blocks(disk, size))},
            "measurement": {
                "write_time": write_time,
                "sync_time": sync_time,
                "write_size": size,
                "read_time": read_time,
                "read_size": size,
                "cached_size": cached,
                "random_read_time": random_read_time,
                "random_read_size": accesses * PIECE,
                "random_write_time": random_write_time,
                "random_write_size": accesses * PIECE,
            },
        }


def write(disk, size, block):
    """Write the block time and again, each with its number at its beginning."""
    rest = memoryview(block)[8:]
    for number in range(size // BLOCK):
        if os.writev(disk, [number.to_bytes(8, "little"), rest]) != BLOCK:
            raise OSError(f"the disk took a part of block {number} only: it is full")


def read(disk, size):
    block = bytearray(BLOCK)
    os.lseek(disk, 0, os.SEEK_SET)
    for number in range(size // BLOCK):
        if os.readv(disk, [block]) != BLOCK or block[:8] != number.to_bytes(8, "little"):
            raise OSError(f"block {number} is not what was written")


def read_pieces(disk, places):
    return [os.pread(disk, PIECE, place) for place in places]


def write_pieces(disk, places, piece):
    """Have each on the disk before the next one is written."""
    for place in places:
        os.pwrite(disk, piece, place)
        os.fsync(disk)


def forget(disk, size):
    """Ask the kernel to forget what it keeps of a file; return how many bytes it still has."""
    os.posix_fadvise(disk, 0, 0, os.POSIX_FADV_DONTNEED)
    pages = (ctypes.c_ubyte * (size // mmap.PAGESIZE))()
    with mmap.mmap(disk, size) as view:
        start = ctypes.c_char.from_buffer(view)
        failed = LIBC.mincore(ctypes.byref(start), ctypes.c_size_t(size), pages)
        del start  # before it is unmapped
        if failed:
            raise OSError(ctypes.get_errno(), "mincore")
    return sum(page & 1 for page in pages) * mmap.PAGESIZE


def offsets(seed, what, size, count):
    """Return where pieces are, the same ones for each seed."""
    numbers = memoryview(noise(seed, what, 8 * count))
    return [
        int.from_bytes(numbers[at : at + 8], "little") % (size // PIECE) * PIECE
        for at in range(0, 8 * count, 8)
    ]


def noise(seed, what, length):
    """Return bytes that depend on the seed alone."""
    return shake_256(f"{seed}/{what}".encode()).digest(length)


def blocks(disk, size):
    return (os.pread(disk, BLOCK, at) for at in range(0, size, BLOCK))


def digest(parts):
    whole = sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()


def timed(function, *arguments):
    """Return what a function returns, and how many microseconds it took."""
    begin = perf_counter_ns()
    result = function(*arguments)
    return result, (perf_counter_ns() - begin) // 1000
