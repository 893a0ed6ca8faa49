"""602.memory-bandwidth: arrays that no cache holds are copied, scaled, added."""

from sebs.benchmark.judging import judge_whole, judge_work

#: Numbers in each of three arrays, 8 bytes each.
size_generators = {"test": 1_000_000, "small": 4_000_000, "large": 16_000_000}

#: How often each kernel runs; after more of them the values would not be exact.
REPETITIONS = 10

#: How many arrays each kernel reads and writes.
TRAFFIC = {"copy": 2, "scale": 2, "add": 3, "triad": 5}

MEASURED = (*(f"{name}_{what}" for name in TRAFFIC for what in ("time", "size")), "compute_time")


def buckets_count():
    return 0, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {"elements": size_generators[size], "repetitions": REPETITIONS}


def validate_output(data_dir, input_config, output, language, storage=None):
    """Do with single numbers what was done with arrays: all elements must have become alike."""
    result = output.get("result") if isinstance(output, dict) else None
    expected = {name: [value, value] for name, value in values(input_config["repetitions"])}
    if result != expected:
        return f"the least and the largest values should be {expected}, and are {result!r}"
    size = 8 * input_config["elements"]
    exact = {f"{name}_size": arrays * size for name, arrays in TRAFFIC.items()}
    if (reason := judge_work(output, MEASURED, **exact)) is not None:
        return reason
    # The best times of all repetitions: no other was shorter.
    best = sum(output["measurement"][f"{name}_time"] for name in TRAFFIC)
    return judge_whole(output, "compute_time", input_config["repetitions"] * best)


def values(repetitions):
    a, b, c = 1.0, 2.0, 0.0
    for _ in range(repetitions):
        c = a
        b = 3 * c
        c = a + b
        a = b + 3 * c
    return [("a", a), ("b", b), ("c", c)]
