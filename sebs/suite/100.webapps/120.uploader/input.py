"""120.uploader: what is behind a URL ends in object storage.

The file is made here, always the same one, and no server has to be reached for it: it lies in the
deployment's own storage, at a URL ``storage://BUCKET/KEY``. Where the data directory has a file
``urls.json``, an object of size to URL, the function fetches from there by http or https.
"""

import json
import os
from hashlib import shake_256
from pathlib import Path

from sebs.benchmark.judging import judge_measurement, judge_place, judge_stored

#: Bytes of the file.
size_generators = {"test": 230_000, "small": 6_700_000, "large": 102_500_000}

#: Another version makes another file, so it must not meet one of an earlier one.
VERSION = 2

CHUNK = 1 << 16

MEASURED = ("download_time", "download_size", "upload_time", "upload_size", "compute_time")


def buckets_count():
    return 1, 1


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    url = given_urls(data_dir).get(size)
    if url is None:
        path = Path(data_dir, name_of(size))
        write(path, size)
        upload_func(0, path.name, str(path))
        url = f"storage://{benchmarks_bucket}/{input_paths[0]}/{path.name}"
    return {
        "object": {"url": url},
        "bucket": {"bucket": benchmarks_bucket, "output": output_paths[0]},
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    """Compare what was stored with the file; of another URL only what was said of it is known."""
    url = input_config["object"]["url"]
    size = next((size for size in size_generators if url.endswith(f"/{name_of(size)}")), None)
    exact = {} if size is None else {"upload_size": size_generators[size]}
    reason = judge_place(output, input_config["bucket"], "the copy")
    reason = reason or judge_measurement(output, MEASURED, **exact)
    if reason is not None:
        return reason
    fetched = output["result"].get("url")
    if fetched != url:
        return f"it should have fetched {url!r}, not {fetched!r}"
    return judge_stored(output, storage, "the copy", lambda path: judge_copy(path, size))


def judge_copy(path, size):
    if size is not None and not is_copy(path, size):
        return "the copy is not what is behind the URL"
    return None


def given_urls(data_dir):
    try:
        return json.loads(Path(data_dir, "urls.json").read_bytes())
    except FileNotFoundError:
        return {}


def name_of(size):
    return f"file-v{VERSION}-{size}.bin"


def chunks(size):
    """Yield the file's content: noise, as images, archives and weights are."""
    total = size_generators[size]
    for begin in range(0, total, CHUNK):
        seed = shake_256(f"{VERSION}/{size}/{begin}".encode())
        yield seed.digest(min(CHUNK, total - begin))


def write(path, size):
    """Write the file, unless it is there.

    It is not emptied first, since another process may be uploading it: both write the same.
    """
    if path.exists() and path.stat().st_size == size_generators[size]:
        return
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), "wb") as target:
        target.writelines(chunks(size))
        target.truncate()


def is_copy(path, size):
    with open(path, "rb") as source:
        return all(source.read(CHUNK) == chunk for chunk in chunks(size))
