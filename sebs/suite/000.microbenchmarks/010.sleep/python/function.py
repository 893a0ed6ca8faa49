"""Sleep, and say for how long."""

from time import perf_counter_ns, sleep


def handler(event):
    seconds = event["sleep"]
    begin = perf_counter_ns()
    sleep(seconds)
    return {
        "result": seconds,
        "measurement": {"sleep_time": (perf_counter_ns() - begin) // 1000},
    }
