"""501.graph-pagerank: how important the oldest vertex of a random graph is.

The graph is a function of its size and of the seed, so its ranks are known.
"""

from sebs.benchmark.judging import judge_work

#: Vertices; each but the first ten has edges to ten older ones.
size_generators = {"test": 10, "small": 10_000, "large": 100_000}

SEED = 42

#: PageRank of vertex 0, by the number of vertices.
RANKS = {10: 0.1, 10_000: 0.001212248093153, 100_000: 0.00033384438552589}

#: How far from it a rank may be: the order of additions differs between processors.
TOLERANCE = 1e-9

MEASURED = ("graph_generating_time", "compute_time")


def buckets_count():
    return 0, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {"size": size_generators[size], "seed": SEED}


def validate_output(data_dir, input_config, output, language, storage=None):
    size, seed = input_config["size"], input_config.get("seed")
    if size not in RANKS or seed != SEED:
        return f"no rank is known for {size} vertices from the seed {seed}"
    rank = output.get("result") if isinstance(output, dict) else None
    # bool is an int in Python; no comparison with NaN holds.
    if isinstance(rank, bool) or not isinstance(rank, (int, float)):
        return f"the result should be a number, and is {rank!r}"
    if not abs(rank - RANKS[size]) <= TOLERANCE:
        return f"the rank of vertex 0 should be {RANKS[size]}, and is {rank}"
    return judge_work(output, MEASURED)
