"""Move arrays through memory: copy, scale, add and triad, as McCalpin's STREAM does."""

from time import perf_counter_ns

import numpy

#: What is multiplied by: all values remain whole, so that they are exact.
FACTOR = 3.0

#: How many arrays each kernel reads and writes. NumPy does the triad in two steps, of which the
#: second reads again what the first wrote.
TRAFFIC = {"copy": 2, "scale": 2, "add": 3, "triad": 5}


def handler(event):
    begin = perf_counter_ns()
    a, b, c = (numpy.full(event["elements"], value) for value in (1.0, 2.0, 0.0))
    times = {name: [] for name in TRAFFIC}
    for _ in range(event["repetitions"]):
        for name, spent in times.items():
            start = perf_counter_ns()
            KERNELS[name](a, b, c)
            spent.append(perf_counter_ns() - start)
    return {
        "result": {
            name: [float(values.min()), float(values.max())]
            for name, values in (("a", a), ("b", b), ("c", c))
        },
        "measurement": {
            # The best of them: the first one meets pages that were never read.
            **{f"{name}_time": min(spent) // 1000 for name, spent in times.items()},
            **{f"{name}_size": arrays * a.nbytes for name, arrays in TRAFFIC.items()},
            "compute_time": (perf_counter_ns() - begin) // 1000,
        },
    }


def triad(a, b, c):
    numpy.multiply(c, FACTOR, out=a)
    numpy.add(a, b, out=a)


KERNELS = {
    "copy": lambda a, b, c: numpy.copyto(c, a),
    "scale": lambda a, b, c: numpy.multiply(c, FACTOR, out=b),
    "add": lambda a, b, c: numpy.add(a, b, out=c),
    "triad": triad,
}
