"""Fetch a genome from storage, make it a curve, and store that."""

import json
import os
from time import perf_counter_ns

from squiggle import transform

from . import storage

client = storage.storage.get_instance()


def handler(event):
    bucket, key = event["bucket"], event["object"]["key"]
    genome, download_time = timed(
        client.download_stream, bucket["bucket"], f"{bucket['input']}/{key}"
    )
    curve, compute_time = timed(transform, genome.decode())
    written, encode_time = timed(encode, curve)
    name = os.path.splitext(key)[0]
    stored, upload_time = timed(
        client.upload_stream, bucket["bucket"], f"{bucket['output']}/{name}.json", written
    )
    return {
        "result": {"bucket": bucket["bucket"], "key": stored},
        "measurement": {
            "download_time": download_time,
            "download_size": len(genome),
            "compute_time": compute_time,
            "encode_time": encode_time,
            "upload_time": upload_time,
            "upload_size": len(written),
        },
    }


def encode(curve):
    return json.dumps(curve).encode()


def timed(function, *arguments):
    """Return what a function returns, and how many microseconds it took; a part counts as one."""
    begin = perf_counter_ns()
    result = function(*arguments)
    return result, -((begin - perf_counter_ns()) // 1000)
