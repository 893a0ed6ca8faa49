"""030.clock-synchronization: how far the function's clock is from this machine's.

It exchanges messages with the peer that config.json asks for until ``repetitions`` of them in a
row were slower than the fastest; the fastest tells the difference best. Where the peer is,
``server-address`` and ``server-port``, joins the event when the function is invoked.
"""

from sebs.benchmark.judging import judge_key, judge_measurement
from sebs.benchmark.peers import running
from sebs.benchmark.round_trips import (
    compare_entry,
    compare_with_peer,
    fetch_round_trips,
    judge_request,
    judge_round_trips,
    request_id_of,
)

#: Slower round trips in a row that end it.
size_generators = {"test": 20, "small": 50, "large": 100}

#: The number of the last message, where the fastest round trips never end.
LAST = 999


def buckets_count():
    return 0, 1


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {
        "bucket": {"bucket": benchmarks_bucket, "output": output_paths[0]},
        "repetitions": size_generators[size],
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    """Follow the rule of the end through the stored table, and compare with the peer's record."""
    result = output.get("result") if isinstance(output, dict) else None
    if not isinstance(result, dict):
        return f"the result should say where the table is, and is {result!r}"
    key, timestamp = result.get("bucket-key"), result.get("timestamp")
    if not isinstance(timestamp, (int, float)) or isinstance(timestamp, bool):
        return f"timestamp should be when the function was entered, and is {timestamp!r}"
    reason = judge_key(key, input_config["bucket"], "the table")
    reason = reason or judge_request(key, input_config)
    reason = reason or judge_measurement(output, ("round_trip_time", "round_trips"))
    if reason is not None or storage is None:
        return reason
    trips = fetch_round_trips(storage, input_config["bucket"]["bucket"], key)
    reason = judge_round_trips(trips, LAST) or judge_end(trips, input_config["repetitions"])
    if reason is not None:
        return reason
    if not timestamp <= trips[0].sent:
        return f"timestamp is {timestamp}, after the first message at {trips[0].sent}"
    exact = {
        "round_trips": len(trips),
        "round_trip_time": round(min(trip.took for trip in trips) * 1e6),
    }
    if (reason := judge_measurement(output, tuple(exact), **exact)) is not None:
        return reason
    peer = running("udp-echo", input_config["server-port"])
    if peer is None:
        return None
    request_id = request_id_of(key)
    return compare_with_peer(trips, peer, request_id) or compare_entry(
        timestamp, trips[0], peer, request_id
    )


def judge_end(trips, repetitions):
    """Return why the exchange should have ended elsewhere; ``None`` where it ended right."""
    fastest, slower = float("inf"), 0
    for trip in trips:
        if slower == repetitions:
            return f"it should have ended before round trip {trip.number}"
        slower = slower + 1 if trip.took > fastest else 0
        fastest = min(fastest, trip.took)
    # The last ones may be lost.
    if slower == repetitions or trips[-1].number > LAST - 7:
        return None
    return f"it should not have ended after round trip {trips[-1].number}"
