"""604.chain: data goes from one function to another, in the event and through object storage."""

from hashlib import sha256, shake_256

from sebs.benchmark.judging import is_same, judge_whole, judge_work

#: Bytes that are passed at once.
size_generators = {
    "test": [1 << 10, 1 << 16],
    "small": [1 << 10, 1 << 14, 1 << 18, 1 << 20],
    "large": [1 << 10, 1 << 14, 1 << 18, 1 << 20, 1 << 22],
}

SEED = 42
REPETITIONS = 5

MEASURED = ("empty_time", "first_time", "compute_time")


def buckets_count():
    return 0, 1


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {
        "seed": SEED,
        "sizes": size_generators[size],
        "repetitions": REPETITIONS,
        "bucket": {"bucket": benchmarks_bucket, "output": output_paths[0]},
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    """Compare digests of all that arrived, which must have been in another environment."""
    result = output.get("result") if isinstance(output, dict) else None
    if not isinstance(result, dict) or not isinstance(result.get("passed"), list):
        return f"the result should say what was passed, and is {result!r}"
    producer = result.get("producer")
    # Copies: what is judged stays as it was measured.
    first, *found = ({**passed} for passed in (result.get("first") or {}, *result["passed"]))
    for passed in (first, *found):
        consumer = passed.pop("consumer", None)
        if not isinstance(consumer, str) or not producer or consumer == producer:
            return f"{consumer!r} should be another environment than {producer!r}"
    expected = [
        {"way": way, "size": size, "digest": digest(input_config["seed"], size)}
        for way, size in ways(input_config["sizes"])
        for _ in range(input_config["repetitions"])
    ]
    if not is_same([first, *found], [{"digest": digest(input_config["seed"], 0)}, *expected]):
        return "what arrived is not what was passed"
    return judge_times(output, len(input_config["sizes"]), input_config["repetitions"])


def judge_times(output, count, repetitions):
    if (reason := judge_work(output, MEASURED)) is not None:
        return reason
    medians = [output["measurement"]["empty_time"]]
    for name in ("inline_time", "storage_time"):
        times = output["measurement"].get(name)
        if not isinstance(times, list) or len(times) != count:
            return f"{name} should be {count} numbers, one of each size, and is {times!r}"
        each = {f"{name}[{number}]": time for number, time in enumerate(times)}
        if (reason := judge_work({"measurement": each}, tuple(each))) is not None:
            return reason
        medians += times
    # So many turns of a size took as long as their median, or longer.
    turns = repetitions - (repetitions - 1) // 2
    parts = output["measurement"]["first_time"] + turns * sum(medians)
    return judge_whole(output, "compute_time", parts)


def ways(sizes):
    return [
        ("empty", 0),
        *(("inline", size) for size in sizes),
        *(("storage", size) for size in sizes),
    ]


def digest(seed, size):
    return sha256(shake_256(f"{seed}/{size}".encode()).digest(size)).hexdigest()
