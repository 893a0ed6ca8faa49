"""503.graph-bfs: the vertices of a random graph, ever farther away from the oldest.

The graph is a function of its size and of the seed, so igraph always takes the same way.
"""

from sebs.benchmark.judging import judge_digest, judge_work

#: Vertices; each but the first ten has edges to ten older ones.
size_generators = {"test": 10, "small": 10_000, "large": 100_000}

SEED = 42

#: Digests of the search, by the number of vertices: they in their order, where in it each distance
#: begins, and the parent of every one.
DIGESTS = {
    10: "452c8efc3efaaafbe3d0b062947dd020ba39224f9277fee13d191e013d537c29",
    10_000: "275cfbcf18012e3eda2f90728e6118b938d694fcadf2db39ed3f9984a61e96f4",
    100_000: "0ffddfd106932c97252f03263f8ce8567afad1aaf98c4770f0f14ae98c949b97",
}

MEASURED = ("graph_generating_time", "compute_time")


def buckets_count():
    return 0, 0


def generate_input(
    data_dir, size, benchmarks_bucket, input_paths, output_paths, upload_func, nosql_func
):
    return {"size": size_generators[size], "seed": SEED}


def validate_output(data_dir, input_config, output, language, storage=None):
    size, seed = input_config["size"], input_config.get("seed")
    if size not in DIGESTS or seed != SEED:
        return f"no search is known for {size} vertices from the seed {seed}"
    return judge_digest(output, DIGESTS[size], "the search") or judge_work(output, MEASURED)
