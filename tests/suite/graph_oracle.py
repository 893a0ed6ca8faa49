"""What igraph does for the graph benchmarks, once more, without igraph.

The graph of Barabási and Albert ("Emergence of scaling in random networks", Science 286, 1999)
grows by a vertex at a time, with edges to older ones that are drawn in proportion to their degree,
plus one. The numbers drawn are those of Python's generator, as igraph's are.
"""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np

#: Edges that a new vertex brings, as far as there are as many others.
BROUGHT = 10

#: PageRank's probability to follow an edge.
DAMPING = 0.85


class Weights:
    """Weights in a binary tree of their sums: finds whose part of the total a value is."""

    def __init__(self, count: int) -> None:
        self._leaves = 1 << (count - 1).bit_length()
        self._sums = [0] * (2 * self._leaves)

    @property
    def total(self) -> int:
        return self._sums[1]

    def set(self, index: int, weight: int) -> None:
        node = index + self._leaves
        change = weight - self._sums[node]
        while node:
            self._sums[node] += change
            node //= 2

    def find(self, value: float) -> int:
        node = 1
        while node < self._leaves:
            node *= 2
            if value >= self._sums[node]:
                value -= self._sums[node]
                node += 1
        return node - self._leaves


@cache
def edges_of(size: int, seed: int) -> tuple[tuple[int, int], ...]:
    """Return the edges, each from the older vertex to the newer."""
    draw = Random(seed).random
    weights = Weights(size)
    weights.set(0, 1)
    degrees = [0] * size
    edges = []
    for new in range(1, size):
        chosen = list(range(min(new, BROUGHT)))
        if new > BROUGHT:
            for place in chosen:
                chosen[place] = weights.find(draw() * weights.total)
                # None is chosen twice.
                weights.set(chosen[place], 0)
        degrees[new] = len(chosen)
        edges += [(old, new) for old in chosen]
        for old in chosen:
            degrees[old] += 1
            weights.set(old, degrees[old] + 1)
        weights.set(new, degrees[new] + 1)
    return tuple(edges)


def rank_of_the_oldest(size: int, seed: int) -> float:
    """Return the PageRank of vertex 0, found by repetition until nothing changes any more."""
    ends = np.array(edges_of(size, seed)).T
    sources, targets = np.concatenate([ends, ends[::-1]], axis=1)
    degrees = np.bincount(sources, minlength=size)
    ranks = np.full(size, 1 / size)
    while True:
        followed = np.bincount(targets, (ranks / degrees)[sources], minlength=size)
        following = DAMPING * followed + (1 - DAMPING) / size
        if np.abs(following - ranks).sum() < 1e-13:
            return float(following[0])
        ranks = following


def search(size: int, seed: int) -> tuple[list[list[int]], list[int]]:
    """Return what a breadth-first search from vertex 0 meets, and over which edges.

    The first is a list of three: the vertices in order, where in it each distance begins, and the
    parent of each.
    """
    neighbours: list[list[tuple[int, int]]] = [[] for _ in range(size)]
    for number, (old, new) in enumerate(edges_of(size, seed)):
        neighbours[old].append((new, number))
        neighbours[new].append((old, number))
    order, begins, parents, tree = [0], [0], [-1] * size, []
    met = {0}
    while begins[-1] < len(order):
        distance = order[begins[-1] :]
        begins.append(len(order))
        for vertex in distance:
            for neighbour, edge in sorted(neighbours[vertex]):
                if neighbour not in met:
                    met.add(neighbour)
                    order.append(neighbour)
                    parents[neighbour] = vertex
                    tree.append(edge)
    return [order, begins, parents], tree
