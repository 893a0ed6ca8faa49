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
            "graph_generating_time": microseconds(graph_generating_time),
            "compute_time": microseconds(compute_time),
        },
    }


def microseconds(nanoseconds):
    """A part of one counts as one: small graphs take no more."""
    return -(-nanoseconds // 1000)
