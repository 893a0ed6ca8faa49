"""040.server-reply: how long a connection to this machine takes, and its first words.

The peer that config.json asks for tells every connection something else, so nobody can know it who
has not asked. Where it is, ``ip-address`` and ``port``, joins the event when the function is
invoked.
"""

from sebs.benchmark.judging import judge_measurement
from sebs.benchmark.peers import running

#: Connections, one after the other.
size_generators = {"test": 1, "small": 100, "large": 1000}


def buckets_count():
    return 0, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {"repetitions": size_generators[size]}


def validate_output(data_dir, input_config, output, language, storage=None):
    """Compare the reply with those that the peer gave, where it is still there."""
    reply = output.get("result") if isinstance(output, dict) else None
    if not isinstance(reply, str) or not reply:
        return f"the result should be what the server said, and is {reply!r}"
    if (reason := judge_measurement(output, ("connect_time", "reply_time"))) is not None:
        return reason
    peer = running("tcp-reply", input_config["port"])
    if peer is None:
        return None
    given = [arrival.text for arrival in peer.arrivals]
    if reply not in given:
        return f"the server said {reply!r} to nobody"
    before = given.index(reply) + 1
    if before < input_config.get("repetitions", 1):
        return f"the server had {before} connections only until it said {reply!r}"
    return None
