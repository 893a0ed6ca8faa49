"""010.sleep: how long an invocation takes that does nothing for a known time."""

from sebs.benchmark.judging import judge_measurement

#: Seconds. ``none`` is for experiments that measure everything but the function; ``large`` needs a
#: longer timeout than config.json asks for.
size_generators = {"none": 0, "test": 1, "small": 100, "large": 1000}


def buckets_count():
    return 0, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {"sleep": size_generators[size]}


def validate_output(data_dir, input_config, output, language, storage=None):
    wanted = input_config["sleep"]
    result = output.get("result") if isinstance(output, dict) else None
    if isinstance(result, bool) or result != wanted:
        return f"the result should be {wanted!r}, the seconds to sleep, and is {result!r}"
    if (reason := judge_measurement(output, ("sleep_time",))) is not None:
        return reason
    slept = output["measurement"]["sleep_time"]
    if slept < wanted * 1_000_000:
        return f"it slept {slept} microseconds, less than {wanted} seconds"
    return None
