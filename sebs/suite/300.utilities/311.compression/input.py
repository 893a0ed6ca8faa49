"""311.compression: many files in object storage become one archive.

The files are made here, always the same ones; see ``files.py``. Where the data directory has a
directory of its own, as SeBS's data repository has, its files are taken for every size.
"""

import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import files
import zip_layout

from sebs.benchmark.judging import judge_place, judge_stored, judge_work

size_generators = files.SIZES

#: The one that SeBS takes of its directories.
FAVOURITE = "acmart-master"

#: What reading a damaged archive raises.
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error)

MEASURED = ("download_time", "download_size", "upload_time", "upload_size", "compute_time")

#: Deflate's level, and how much larger than at this level a file may be in the archive: a part of
#: it, and bytes. Other implementations' files were up to 0.02 larger; at level 1 text is 0.15.
LEVEL, LARGER, MORE = 6, 0.05, 32


def buckets_count():
    return 1, 1


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    directory = given_directory(data_dir)
    if directory is None:
        directory = Path(data_dir, name_of(size))
        for file in files.made_files(directory, size):
            file.write()
    for file in files_in(directory):
        upload_func(0, f"{directory.name}/{file.name}", str(file.path))
    return {
        "bucket": {
            "bucket": benchmarks_bucket,
            "input": input_paths[0],
            "output": output_paths[0],
        },
        "object": {"key": directory.name},
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    """Compare the archive with the files; without a storage, only what was said of it is judged."""
    wanted = files_in(Path(data_dir, input_config["object"]["key"]))
    size = sum(file.size for file in wanted)
    reason = judge_place(output, input_config["bucket"], "the archive")
    reason = reason or judge_work(output, MEASURED, download_size=size)
    return reason or judge_stored(
        output, storage, "the archive", lambda path: judge_archive(path, wanted)
    )


def given_directory(data_dir):
    made = {name_of(size) for size in size_generators}
    given = sorted(path for path in Path(data_dir).iterdir() if path.is_dir())
    given = [path for path in given if path.name not in made and path.name[0] != "."]
    return next((path for path in given if path.name == FAVOURITE), given[0] if given else None)


def files_in(directory):
    size = next((size for size in size_generators if name_of(size) == directory.name), None)
    return files.given_files(directory) if size is None else files.made_files(directory, size)


def name_of(size):
    return f"files-v{files.VERSION}-{size}"


def judge_archive(path, wanted):
    try:
        return compare(path, {file.name: file for file in wanted})
    except UNREADABLE as error:
        return f"the archive cannot be read: {error}"


def compare(path, wanted):
    """Compare an archive with the files that should be in it.

    Nothing is unpacked to disk, and nothing is read before names and sizes are found right, so
    neither a name that climbs nor an archive that unpacks without end does harm.
    """
    with zipfile.ZipFile(path) as archive, open(path, "rb") as stream:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) != len(names):
            return "the archive has two files of one name"
        above = {f"{place}/" for name in wanted for place in list(PurePosixPath(name).parents)[:-1]}
        for name in sorted(wanted.keys() ^ (set(names) - above)):
            return f"the archive lacks {name!r}" if name in wanted else f"{name!r} is not an input"
        sizes = {name: file.size for name, file in wanted.items()}
        for entry in entries:
            if entry.file_size != sizes.get(entry.filename, 0):
                return f"{entry.filename!r} in the archive is not what was uploaded"
        content = stream.read()
        if (reason := zip_layout.judge_layout(archive, content)) is not None:
            return reason
        for entry in entries:
            right = wanted[entry.filename].content() if entry.filename in wanted else b""
            if zip_layout.unpacked(content, entry) != right:
                return f"{entry.filename!r} in the archive is not what was uploaded"
            if (reason := judge_packing(entry, right)) is not None:
                return reason
    return None


def judge_packing(entry, content):
    """Return why an entry cannot have been compressed as it should be."""
    packer = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
    right = len(packer.compress(content)) + len(packer.flush())
    if entry.compress_size > right * (1 + LARGER) + MORE:
        return (
            f"{entry.filename!r} in the archive should have about {right} bytes, as deflate's "
            f"level {LEVEL} makes of it, and has {entry.compress_size}"
        )
    return None
