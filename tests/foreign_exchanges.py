"""Benchmarks that exchange messages with a peer, as people have written them for SeBS.

Nothing in them says which peer, where it is, or how often: in SeBS its experiments do.
"""

from __future__ import annotations

import json
from pathlib import Path

NETWORK, CLOCK, REPLY = "020.network-benchmark", "030.clock-synchronization", "040.server-reply"

_NETWORK_INPUT = """
def buckets_count():
    return 0, 1

def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {"bucket": {"bucket": benchmarks_bucket, "output": output_paths[0]}}
"""

_NETWORK = """
import csv
import os
import socket
import tempfile
from datetime import datetime

from . import storage

REQUIRED = ("bucket", "server-address", "server-port", "repetitions", "request-id")

def handler(event):
    missing = [name for name in REQUIRED if name not in event]
    if missing:
        raise ValueError(f"the event lacks {missing}")
    server = (event["server-address"], event["server-port"])
    message = event["request-id"].encode("utf-8")
    rows = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(3)
        own.bind(("", 0))
        for number in range(event["repetitions"] + 1):
            begin = datetime.now().timestamp()
            own.sendto(message, server)
            answer, _ = own.recvfrom(1024)
            end = datetime.now().timestamp()
            assert answer == message
            if number > 0:
                rows.append([number, begin, end])
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "data.csv")
        with open(path, "w", newline="") as stream:
            csv.writer(stream).writerows([["id", "client_send", "client_rcv"], *rows])
        name = "results-{}.csv".format(event["request-id"])
        target = os.path.join(event["bucket"]["output"], name)
        key = storage.storage.get_instance().upload(event["bucket"]["bucket"], target, path)
    return {"result": key}
"""

_CLOCK_INPUT = """
def buckets_count():
    return 0, 1

def generate_input(data_dir, size, input_buckets, output_buckets, upload_func):
    return {"output-bucket": output_buckets[0]}
"""

_CLOCK = """
import csv
import os
import socket
import tempfile
from datetime import datetime

from . import storage

def handler(event):
    server = (event["server-address"], event["server-port"])
    message = event["request-id"].encode("utf-8")
    rows, fastest, slower = [], None, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(4)
        own.bind(("", 0))
        while slower < event["repetitions"] and len(rows) < 1000:
            begin = datetime.now().timestamp()
            own.sendto(message, server)
            own.recvfrom(1024)
            end = datetime.now().timestamp()
            rows.append([len(rows), begin, end])
            if fastest is not None and end - begin > fastest:
                slower += 1
            else:
                fastest, slower = end - begin, 0
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "data.csv")
        with open(path, "w", newline="") as stream:
            csv.writer(stream).writerows([["id", "client_send", "client_rcv"], *rows])
        client = storage.storage.get_instance()
        name = "clock-{}.csv".format(event["request-id"])
        key = client.upload(event["output-bucket"], name, path)
    return {"result": {"bucket-key": key, "timestamp": event["income-timestamp"]}}
"""

_REPLY_INPUT = """
size_generators = {"test": 1, "small": 100, "large": 1000}

def generate_input(data_dir, size, input_buckets, output_buckets, upload_func):
    return {"sleep": size_generators[size]}
"""

_REPLY = """
import socket

def handler(event):
    own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    own.settimeout(20)
    own.connect((event["ip-address"], event["port"]))
    words = own.recv(1024).decode()
    own.close()
    return {"result": words}
"""

_FILES = {
    NETWORK: (_NETWORK_INPUT, _NETWORK, ["storage"]),
    CLOCK: (_CLOCK_INPUT, _CLOCK, ["storage"]),
    REPLY: (_REPLY_INPUT, _REPLY, []),
}


def write_exchanges(root: Path) -> None:
    """Write all three, in a group."""
    for name, (inputs, function, modules) in _FILES.items():
        directory = root / "000.microbenchmarks" / name
        (directory / "python").mkdir(parents=True)
        config = {"timeout": 30, "memory": 128, "languages": ["python"], "modules": modules}
        (directory / "config.json").write_text(json.dumps(config))
        (directory / "input.py").write_text(inputs)
        (directory / "python/function.py").write_text(function)
