"""311.compression: many files in object storage become one archive.

The files are made here, always the same ones: half of their bytes are text, which shrinks to about
a quarter, the other half is noise, which does not shrink, as images and packed documents do not. A
few files are large and most are small, as in real directories.
"""

import os
import struct
import zipfile
import zlib
from functools import cache
from hashlib import shake_256
from pathlib import Path, PurePosixPath

import zip_layout

from sebs.benchmark.judging import judge_measurement, judge_place, judge_stored

#: How many files, and how many bytes they have together. Fewer than 1,000 files, the most that
#: object storage lists at once.
size_generators = {
    "test": (50, 1_000_000),
    "small": (100, 10_000_000),
    "large": (200, 100_000_000),
}

#: Another version makes other files, so it must not meet files of an earlier one.
VERSION = 1

#: What reading a damaged archive raises.
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error)

MEASURED = ("download_time", "download_size", "upload_time", "upload_size", "compute_time")


def buckets_count():
    return 1, 1


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    key = f"files-v{VERSION}-{size}"
    for file in files_of(size):
        path = Path(data_dir, key, file.name)
        file.write(path)
        upload_func(0, f"{key}/{file.name}", str(path))
    return {
        "bucket": {
            "bucket": benchmarks_bucket,
            "input": input_paths[0],
            "output": output_paths[0],
        },
        "object": {"key": key},
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    """Compare the archive with the files; without a storage, only what was said of it is judged."""
    files = files_of(input_config["object"]["key"].rpartition("-")[2])
    size = sum(file.size for file in files)
    reason = judge_place(output, input_config["bucket"], "the archive")
    reason = reason or judge_measurement(output, MEASURED, download_size=size)
    return reason or judge_stored(
        output, storage, "the archive", lambda path: judge_archive(path, files)
    )


def judge_archive(path, files):
    try:
        return compare(path, {file.name: file for file in files})
    except UNREADABLE as error:
        return f"the archive cannot be read: {error}"


def compare(path, files):
    """Compare an archive with the files that should be in it.

    Nothing is unpacked to disk, and nothing is read before names and sizes are found right, so
    neither a name that climbs nor an archive that unpacks without end does harm.
    """
    with zipfile.ZipFile(path) as archive, open(path, "rb") as stream:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) != len(names):
            return "the archive has two files of one name"
        above = {f"{place}/" for name in files for place in list(PurePosixPath(name).parents)[:-1]}
        for name in sorted(files.keys() ^ (set(names) - above)):
            return f"the archive lacks {name!r}" if name in files else f"{name!r} is not an input"
        sizes = {name: file.size for name, file in files.items()}
        for entry in entries:
            if entry.file_size != sizes.get(entry.filename, 0):
                return f"{entry.filename!r} in the archive is not what was uploaded"
        content = stream.read()
        if (reason := zip_layout.judge_layout(archive, content)) is not None:
            return reason
        for entry in entries:
            right = files[entry.filename].content() if entry.filename in files else b""
            if zip_layout.unpacked(content, entry) != right:
                return f"{entry.filename!r} in the archive is not what was uploaded"
    size, given = os.path.getsize(path), sum(file.size for file in files.values())
    return f"{given} bytes became {size}: nothing was compressed" if size >= given else None


class File:
    """A file of the input; its content is a function of its size class and number.

    Attributes:
        name: Path below the directory, with slashes.
        size: In bytes.
    """

    def __init__(self, size_class, number, size):
        self._seed = f"{VERSION}/{size_class}/{number}".encode()
        self._is_text = number % 2 == 0
        self.name = f"part-{number % 7}/{number:03}.{'txt' if self._is_text else 'bin'}"
        self.size = size

    def content(self):
        if not self._is_text:
            return shake_256(self._seed).digest(self.size)
        # Every word has three letters and a space at least.
        choices = shake_256(self._seed).digest(self.size // 4 + 1)
        return b" ".join(map(words().__getitem__, choices))[: self.size]

    def write(self, path):
        """Write it, unless it is there.

        It is not emptied first, since another process may be uploading it: both write the same.
        """
        if path.exists() and path.stat().st_size == self.size:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), "wb") as target:
            target.write(self.content())
            target.truncate()


def files_of(size_class):
    """Return the files of a size class, the n-th an n-th as large as the first."""
    count, total = size_generators[size_class]
    largest = total / sum(1 / number for number in range(1, count + 1))
    sizes = [int(largest / number) for number in range(1, count + 1)]
    sizes[0] += total - sum(sizes)
    return [File(size_class, number, size) for number, size in enumerate(sizes)]


@cache
def words():
    """Return the 256 words of the texts; every sixteenth ends a line."""
    found = []
    for number in range(256):
        letters = shake_256(b"word %d" % number).digest(3 + number % 9)
        word = bytes(97 + letter % 26 for letter in letters)
        found.append(word + b".\n" if number % 16 == 0 else word)
    return found
