"""120.uploader: what is behind a URL ends in object storage.

The file is made here, always the same one, and no server has to be reached for it: it lies in the
deployment's own storage, at a URL ``storage://BUCKET/KEY``. Where the data directory has a file
``urls.json``, an object of size to URL, the function fetches from there by http or https, and so
does this machine, to compare.
"""

import json
import os
import shutil
from functools import cache
from hashlib import sha256, shake_256
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from sebs.benchmark.judging import judge_measurement, judge_place, judge_stored, judge_work
from sebs.errors import DependencyError

#: Bytes of the file.
size_generators = {"test": 230_000, "small": 6_700_000, "large": 102_500_000}

#: Another version makes another file, so it must not meet one of an earlier one.
VERSION = 2

CHUNK = 1 << 16

#: As the function introduces itself: a server may answer others differently.
HEADERS = {"User-Agent": "sebs (a benchmark of serverless platforms)"}

#: Seconds until a server must have answered, and between two parts of what it says.
PATIENCE = 60

TIMES = ("compute_time", "upload_time")

#: SeBS measures these, too, where nothing is to be measured.
NOTHING = {"download_time": 0, "download_size": 0}


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
    """Compare what was stored with the file, or with what is behind another URL."""
    url = input_config["object"]["url"]
    size = next((size for size in size_generators if url.endswith(f"/{name_of(size)}")), None)
    exact = NOTHING if size is None else {**NOTHING, "upload_size": size_generators[size]}
    reason = judge_place(output, input_config["bucket"], "the copy") or judge_work(output, TIMES)
    reason = reason or judge_measurement(output, (*NOTHING, "upload_size"), **exact)
    if reason is not None:
        return reason
    fetched = output["result"].get("url")
    if fetched != url:
        return f"it should have fetched {url!r}, not {fetched!r}"
    return judge_stored(
        output, storage, "the copy", lambda path: judge_copy(path, size, url, storage)
    )


def judge_copy(path, size, url, storage):
    right = digest_behind(url, storage) if size is None else digest(chunks(size))
    if digest(parts(path)) != right:
        return "the copy is not what is behind the URL"
    return None


@cache
def digest_behind(url, storage):
    """Fetch what is behind a URL as the function does, and return its digest.

    Raises:
        DependencyError: This machine cannot fetch it.
    """
    place = urlsplit(url)
    with TemporaryDirectory(prefix="uploader-judge-") as directory:
        path = Path(directory, "fetched")
        if place.scheme == "storage":
            storage.download(place.netloc, place.path[1:], str(path))
        else:
            fetch(url, path)
        return digest(parts(path))


def fetch(url, path):
    try:
        with urlopen(Request(url, headers=HEADERS), timeout=PATIENCE) as response:
            with path.open("wb") as target:
                shutil.copyfileobj(response, target, CHUNK)
            if response.length:  # it is not copyfileobj that notices
                raise IncompleteRead(b"", response.length)
    except (OSError, HTTPException) as error:
        raise DependencyError(
            f"There is nothing to compare the copy with: {url} cannot be fetched here: {error!r}.",
            remedy="Give a URL in urls.json that this machine reaches, too.",
        ) from error


def digest(content):
    whole = sha256()
    for part in content:
        whole.update(part)
    return whole.hexdigest()


def parts(path):
    with path.open("rb") as source:
        while part := source.read(CHUNK):
            yield part


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
