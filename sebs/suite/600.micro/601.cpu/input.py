"""601.cpu: matrices are multiplied, and a series of floating-point operations is computed."""

import math
from hashlib import shake_256
from operator import mul

from sebs.benchmark.judging import judge_whole, judge_work

#: Floating-point turns in a loop; rows of the matrices that Python multiplies, and NumPy.
size_generators = {
    "test": (100_000, 48, 256),
    "small": (1_000_000, 128, 1024),
    "large": (10_000_000, 256, 2048),
}

SEED = 42
PRIME = 2_147_483_647

#: Riemann's zeta function at -1/2.
ZETA = -0.20788622497735457

PARTS = ("float_time", "loop_time", "matrix_time")
MEASURED = (*PARTS, "compute_time")


def buckets_count():
    return 0, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    operations, loop_size, matrix_size = size_generators[size]
    return {
        "seed": SEED,
        "operations": operations,
        "loop_size": loop_size,
        "matrix_size": matrix_size,
    }


def validate_output(data_dir, input_config, output, language, storage=None):
    """Compare the sums with what they are in closed form, and the products with a projection."""
    result = output.get("result") if isinstance(output, dict) else None
    if not isinstance(result, dict):
        return f"the result should be an object, and is {result!r}"
    number = input_config["operations"]
    for name, expected in (("waves", waves(number)), ("roots", roots(number))):
        found = result.get(name)
        if not isinstance(found, float) or not math.isclose(
            found, expected, rel_tol=1e-9, abs_tol=1e-7
        ):
            return f"{name} should be {expected}, and is {found!r}"
    for name in ("loop", "matrix"):
        expected = projection(input_config["seed"], input_config[f"{name}_size"])
        if result.get(name) != expected:
            return f"{name} should be {expected}, and is {result.get(name)!r}"
    if (reason := judge_work(output, MEASURED)) is not None:
        return reason
    parts = sum(output["measurement"][name] for name in PARTS)
    return judge_whole(output, "compute_time", parts)


def waves(number):
    """Return the sum of sin(i) cos(i) for i from 1 to the number: half of that of sin(2i)."""
    return math.sin(number) * math.sin(number + 1) / math.sin(1) / 2


def roots(number):
    """Return the sum of the roots of i for i from 1 to the number, by Euler and Maclaurin."""
    root = math.sqrt(number)
    return 2 / 3 * number * root + root / 2 + ZETA + 1 / (24 * root) - 1 / (1920 * root**5)


def projection(seed, size):
    """Return rows · (left · (right · columns)), which takes no product of matrices (Freivalds)."""
    rows, columns = (noise(seed, side, size) for side in ("rows", "columns"))
    for side in ("right", "left"):
        values = noise(seed, side, size * size)
        columns = [dot(values[at : at + size], columns) for at in range(0, size * size, size)]
    return dot(rows, columns) % PRIME


def noise(seed, what, length):
    return shake_256(f"{seed}/{what}".encode()).digest(length)


def dot(one, other):
    return sum(map(mul, one, other))
