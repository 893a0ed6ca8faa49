"""020.network-benchmark: how long a message takes to this machine and back.

What sends the messages back is the peer that config.json asks for; where it is, ``server-address``
and ``server-port``, joins the event when the function is invoked.
"""

from sebs.benchmark.judging import judge_key, judge_measurement
from sebs.benchmark.peers import running
from sebs.benchmark.round_trips import (
    compare_with_peer,
    fetch_round_trips,
    judge_request,
    judge_round_trips,
    request_id_of,
)

#: Round trips.
size_generators = {"test": 100, "small": 1000, "large": 10_000}


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
    """Compare the stored table with the peer's record, where the peer is still there."""
    bucket, repetitions = input_config["bucket"], input_config["repetitions"]
    key = output.get("result") if isinstance(output, dict) else None
    reason = judge_key(key, bucket, "the table") or judge_request(key, input_config)
    reason = reason or judge_measurement(output, ("round_trip_time", "lost"))
    if reason is not None or storage is None:
        return reason
    trips = fetch_round_trips(storage, bucket["bucket"], key)
    if (reason := judge_round_trips(trips, repetitions)) is not None:
        return reason
    lost = output["measurement"]["lost"]
    if len(trips) + lost != repetitions:
        return f"{len(trips)} round trips and {lost} lost ones should be {repetitions}"
    middle = sorted(trip.took for trip in trips)[(len(trips) - 1) // 2 : len(trips) // 2 + 1]
    stated = output["measurement"]["round_trip_time"]
    if not middle[0] * 1e6 - 1 <= stated <= middle[-1] * 1e6 + 1:
        return f"round_trip_time should be the median of the table, and is {stated}"
    listed = output["measurement"].get("round_trip_times")
    if listed is not None and not are_of(trips, listed):
        return "round_trip_times are not those of the table"
    kind = f"{input_config.get('protocol', 'udp')}-echo"
    peer = running(kind, input_config["server-port"])
    return None if peer is None else compare_with_peer(trips, peer, request_id_of(key))


def are_of(trips, listed):
    """Return whether a list has the times of the round trips, in their order, microseconds."""
    if not isinstance(listed, list) or len(listed) != len(trips):
        return False
    return all(
        isinstance(time, int | float) and abs(time - trip.took * 1e6) <= 1
        for time, trip in zip(listed, trips, strict=True)
    )
