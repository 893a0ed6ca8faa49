"""Fetch a directory from storage, make it one archive, and store that."""

import os
import shutil
from tempfile import TemporaryDirectory
from time import perf_counter_ns

from . import storage

client = storage.storage.get_instance()


def handler(event):
    bucket, key = event["bucket"]["bucket"], event["object"]["key"]
    source = f"{event['bucket']['input']}/{key}"
    with TemporaryDirectory(prefix="compression-") as workspace:
        downloads = os.path.join(workspace, "downloads")
        os.mkdir(downloads)
        _, download_time = timed(client.download_directory, bucket, f"{source}/", downloads)
        # Objects lie below it under their whole keys.
        directory = os.path.join(downloads, source)
        archive, compute_time = timed(
            shutil.make_archive, os.path.join(workspace, "archive"), "zip", directory
        )
        stored, upload_time = timed(
            client.upload, bucket, f"{event['bucket']['output']}/{key}.zip", archive
        )
        return {
            "result": {"bucket": bucket, "key": stored},
            "measurement": {
                "download_time": download_time,
                "download_size": size_of(directory),
                "upload_time": upload_time,
                "upload_size": os.path.getsize(archive),
                "compute_time": compute_time,
            },
        }


def timed(function, *arguments):
    """Return what a function returns, and how many microseconds it took."""
    begin = perf_counter_ns()
    result = function(*arguments)
    return result, (perf_counter_ns() - begin) // 1000


def size_of(directory):
    return sum(
        os.path.getsize(os.path.join(root, name))
        for root, _, names in os.walk(directory)
        for name in names
    )
