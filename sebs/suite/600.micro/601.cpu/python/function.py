"""Multiply matrices, with NumPy and without, and compute with numbers one by one."""

from hashlib import shake_256
from math import cos, sin, sqrt
from operator import mul
from time import perf_counter_ns

import numpy

#: What a product is reduced to is taken modulo this prime, so that it is exact everywhere.
PRIME = 2_147_483_647


def handler(event):
    seed = event["seed"]
    (waves, roots), float_time = timed(compute, event["operations"])
    loop_sum, loop_time = multiply(seed, event["loop_size"], plain, plain_product)
    matrix_sum, matrix_time = multiply(seed, event["matrix_size"], packed, numpy.matmul)
    return {
        "result": {"waves": waves, "roots": roots, "loop": loop_sum, "matrix": matrix_sum},
        "measurement": {
            "float_time": float_time,
            "loop_time": loop_time,
            "matrix_time": matrix_time,
            "compute_time": float_time + loop_time + matrix_time,
        },
    }


def compute(operations):
    """Return the sums of sin(i) cos(i) and of the roots of i, from 1 on."""
    waves = roots = 0.0
    for number in range(1, operations + 1):
        waves += sin(number) * cos(number)
        roots += sqrt(number)
    return waves, roots


def multiply(seed, size, form, product):
    """Multiply two matrices; return what the product is reduced to, and the microseconds."""
    left, right = (form(noise(seed, side, size * size), size) for side in ("left", "right"))
    result, spent = timed(product, left, right)
    rows, columns = (noise(seed, side, size) for side in ("rows", "columns"))
    # Whole numbers below 2 ** 53, so that this is exact; the sum of what follows may be larger.
    reduced = numpy.asarray(result) @ numpy.frombuffer(columns, numpy.uint8)
    return sum(map(mul, rows, map(int, reduced))) % PRIME, spent


def noise(seed, what, length):
    """Return bytes that depend on the seed alone."""
    return shake_256(f"{seed}/{what}".encode()).digest(length)


def plain(values, size):
    return [list(map(float, values[at : at + size])) for at in range(0, size * size, size)]


def packed(values, size):
    return numpy.frombuffer(values, numpy.uint8).astype(numpy.float64).reshape(size, size)


def plain_product(left, right):
    columns = [[row[at] for row in right] for at in range(len(right))]
    return [[sum(map(mul, row, column)) for column in columns] for row in left]


def timed(function, *arguments):
    """Return what a function returns, and how many microseconds it took."""
    begin = perf_counter_ns()
    result = function(*arguments)
    return result, (perf_counter_ns() - begin) // 1000
