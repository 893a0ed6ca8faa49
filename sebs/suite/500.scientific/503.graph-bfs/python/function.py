"""Make a random graph, and visit its vertices breadth first."""

from random import Random
from threading import Lock
from time import perf_counter_ns

import igraph

#: All threads draw from the generator that was set last, but only those that have set one.
drawing = Lock()


def handler(event):
    with drawing:
        igraph.set_random_number_generator(Random(event.get("seed")))
        begin = perf_counter_ns()
        graph = igraph.Graph.Barabasi(event["size"], 10)
        graph_generating_time = perf_counter_ns() - begin
    begin = perf_counter_ns()
    visited = graph.bfs(0)
    compute_time = perf_counter_ns() - begin
    return {
        "result": visited,
        "measurement": {
            "graph_generating_time": graph_generating_time // 1000,
            "compute_time": compute_time // 1000,
        },
    }
