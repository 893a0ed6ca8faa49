"""Fetch what is behind a URL, and store it."""

import os
import shutil
from http.client import IncompleteRead
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from . import storage

client = storage.storage.get_instance()

# Some servers refuse clients that do not say who they are.
HEADERS = {"User-Agent": "sebs (a benchmark of serverless platforms)"}


def handler(event):
    bucket, output = event["bucket"]["bucket"], event["bucket"]["output"]
    url = event["object"]["url"]
    name = os.path.basename(urlsplit(url).path) or "index"
    with TemporaryDirectory(prefix="uploader-") as workspace:
        path = os.path.join(workspace, "fetched")
        _, fetch_time = timed(fetch, url, path)
        stored, upload_time = timed(client.upload, bucket, f"{output}/{name}", path)
        return {
            "result": {"bucket": bucket, "url": url, "key": stored},
            "measurement": {
                "download_time": 0,
                "download_size": 0,
                "upload_time": upload_time,
                "upload_size": os.path.getsize(path),
                "compute_time": fetch_time,
            },
        }


def fetch(url, path):
    place = urlsplit(url)
    if place.scheme == "storage":
        client.download(place.netloc, place.path[1:], path)
    elif place.scheme in ("http", "https"):
        with urlopen(Request(url, headers=HEADERS)) as response, open(path, "wb") as target:
            shutil.copyfileobj(response, target, 1 << 20)
            if response.length:  # it is not copyfileobj that notices
                raise IncompleteRead(b"", response.length)
    else:
        raise ValueError(f"{url!r} is no URL of http, https or storage")


def timed(function, *arguments):
    """Return what a function returns, and how many microseconds it took."""
    begin = perf_counter_ns()
    result = function(*arguments)
    return result, (perf_counter_ns() - begin) // 1000
