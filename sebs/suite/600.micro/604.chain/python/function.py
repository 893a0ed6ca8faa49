"""Pass data from one function to another, with the invocation and through object storage.

The function invokes itself: the one that asks waits, so another environment answers.
"""

from base64 import b64decode, b64encode
from hashlib import sha256, shake_256
from statistics import median_low
from time import perf_counter_ns
from uuid import uuid4

from . import itself, storage

client = storage.storage.get_instance()

#: This execution environment.
ENVIRONMENT = uuid4().hex


def handler(event):
    return consume(event["pass"]) if "pass" in event else produce(event)


def consume(passed):
    """Take over what was passed, and say what it was."""
    if "key" in passed:
        data = client.download_stream(passed["bucket"], passed["key"])
    else:
        data = b64decode(passed["data"])
    return {"digest": sha256(data).hexdigest(), "consumer": ENVIRONMENT}


def produce(event):
    begin = perf_counter_ns()
    bucket, prefix = event["bucket"]["bucket"], event["bucket"]["output"]

    def inline(data):
        return itself.invoke({"pass": {"data": b64encode(data).decode()}})

    def stored(data):
        key = client.upload_stream(bucket, f"{prefix}/passed.bin", data)
        return itself.invoke({"pass": {"bucket": bucket, "key": key}})

    first, cold_time = timed(inline, b"")
    passes = [("empty", inline, 0)]
    passes += [("inline", inline, size) for size in event["sizes"]]
    passes += [("storage", stored, size) for size in event["sizes"]]
    result, times = [], {}
    for way, function, size in passes:
        data = shake_256(f"{event['seed']}/{size}".encode()).digest(size)
        answers, spent = zip(
            *(timed(function, data) for _ in range(event["repetitions"])), strict=True
        )
        result += [{"way": way, "size": size, **answer} for answer in answers]
        times.setdefault(f"{way}_time", []).append(median_low(spent))
    return {
        "result": {"producer": ENVIRONMENT, "passed": result, "first": first},
        "measurement": {
            **times,
            "empty_time": times["empty_time"][0],
            "first_time": cold_time,
            "compute_time": (perf_counter_ns() - begin) // 1000,
        },
    }


def timed(function, *arguments):
    """Return what a function returns, and how many microseconds it took."""
    begin = perf_counter_ns()
    result = function(*arguments)
    return result, (perf_counter_ns() - begin) // 1000
