"""502.graph-mst: edges that hold a random graph together, and not one more.

The graph is a function of its size and of the seed, so igraph always finds the same tree.
"""

from sebs.benchmark.judging import judge_digest, judge_work

#: Vertices; each but the first ten has edges to ten older ones.
size_generators = {"test": 10, "small": 10_000, "large": 100_000}

SEED = 42

#: Digests of the tree, by the number of vertices: the numbers of its edges, as they were found.
DIGESTS = {
    10: "99a39a4ec2d53667d2a6af1a6a6e7bb73bc5566e8e5c400b17b690e284a0f8bd",
    10_000: "2260147914eb469b4241d997d3e2dff14e0ced46246c0212dac88c6cdb824194",
    100_000: "c34d121d0e280927bdb97e06164cc44286e55f0207f0a283f2a621d08018d0d7",
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
        return f"no tree is known for {size} vertices from the seed {seed}"
    return judge_digest(output, DIGESTS[size], "the tree") or judge_work(output, MEASURED)
