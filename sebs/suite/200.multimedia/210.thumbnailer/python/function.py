"""Fetch a picture from storage, make it small, and store that."""

import io
import os
from time import perf_counter_ns

from PIL import Image

from . import storage

client = storage.storage.get_instance()


def handler(event):
    bucket, picture = event["bucket"], event["object"]
    image, download_time = timed(
        client.download_stream, bucket["bucket"], f"{bucket['input']}/{picture['key']}"
    )
    thumbnail, compute_time = timed(shrink, image, picture["width"], picture["height"])
    name = os.path.splitext(picture["key"])[0]
    stored, upload_time = timed(
        client.upload_stream, bucket["bucket"], f"{bucket['output']}/{name}.jpg", thumbnail
    )
    return {
        "result": {"bucket": bucket["bucket"], "key": stored},
        "measurement": {
            "download_time": download_time,
            "download_size": len(image),
            "upload_time": upload_time,
            "upload_size": len(thumbnail),
            "compute_time": compute_time,
        },
    }


def shrink(content, width, height):
    with Image.open(io.BytesIO(content)) as image:
        image.thumbnail((width, height))
        thumbnail = io.BytesIO()
        image.save(thumbnail, format="jpeg", quality=75)
        return thumbnail.getvalue()


def timed(function, *arguments):
    """Return what a function returns, and how many microseconds it took."""
    begin = perf_counter_ns()
    result = function(*arguments)
    return result, (perf_counter_ns() - begin) // 1000
