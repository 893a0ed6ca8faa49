"""040.server-reply: how long a connection to this machine takes, and its first words.

The peer that config.json asks for tells every connection something else, so nobody can know it who
has not asked. Where it is, ``ip-address`` and ``port``, joins the event when the function is
invoked.
"""

from sebs.benchmark.judging import judge_work
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
    if (reason := judge_work(output, ("connect_time", "reply_time"))) is not None:
        return reason
    peer = running("tcp-reply", input_config["port"])
    if peer is None:
        return None
    wanted, request_id = input_config.get("repetitions", 1), input_config.get("request-id")
    return judge_reply(reply, peer.arrivals, wanted, request_id)


def judge_reply(reply, arrivals, repetitions, request_id):
    """Return why a reply is not the last one of so many to an invocation; ``None`` where it is.

    The function says whose a connection is after the reply, so of the last ones that may not be
    known yet.
    """
    at = next((at for at, arrival in enumerate(arrivals) if arrival.text == reply), None)
    if at is None:
        return f"the server said {reply!r} to nobody"
    asker = arrivals[at].asker
    if request_id and asker not in ("", request_id):
        return f"the server said {reply!r} to another invocation, {asker!r}"
    if request_id and any(later.asker == request_id for later in arrivals[at + 1 :]):
        return f"{reply!r} is not the last thing that the server said"
    if at + 1 < repetitions:
        return f"the server had {at + 1} connections only until it said {reply!r}"
    return None
