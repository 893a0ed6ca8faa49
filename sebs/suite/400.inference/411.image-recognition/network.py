"""Residual networks that are a function of a seed, as ONNX models.

Their batch normalizations are part of their convolutions, as they may be before inference. Nobody
trained them, and the mean of what such a network finds in a picture is nearly the same for all
pictures. So classes are told apart by the difference between a picture's left and its right half,
which is not.
"""

import struct
from hashlib import shake_256
from math import prod, sqrt

from onnx_file import Graph
from residual import SIDE, add_convolution, add_stages

CLASSES = 1000


def label_of(number):
    """Return what a class is called."""
    return f"class {number}"


def encode(seed, blocks, width):
    """Yield the parts of a network's file.

    Args:
        seed: What its weights are a function of.
        blocks: How many blocks each stage has.
        width: Channels in the bottlenecks of the first stage; every other stage has twice as many.
    """
    graph = Graph()

    def convolve(tensor, _name, channels, filters, kernel=1, stride=1):
        weights = _add_weights(graph, seed, filters, channels, kernel, kernel)
        return add_convolution(graph, tensor, weights, kernel, stride)

    tensor, channels = add_stages(graph, convolve, blocks, width)
    # Of 7 columns the left and the right 3.
    halves = graph.add("AveragePool", tensor, kernel_shape=(7, 3), strides=(1, 4))
    graph.node("Split", [halves], ["left", "right"], axis=3)
    features = graph.add("Flatten", graph.add("Sub", "left", "right"))
    weights = _add_weights(graph, seed, CLASSES, channels)
    graph.node("Gemm", [features, weights], ["scores"], transB=1)
    labels = [label_of(number) for number in range(CLASSES)]
    yield from graph.model((1, 3, SIDE, SIDE), (1, CLASSES), labels)


def _add_weights(graph, seed, *shape):
    """Add random weights: uniform ones, of which a rectified layer keeps the variance.

    Source: https://arxiv.org/abs/1502.01852, equation 10.
    """
    name = graph.new_name()
    limit = sqrt(6 / prod(shape[1:]))
    values = [struct.pack("<f", limit * (2 * byte - 255) / 255) for byte in range(256)]
    noise = shake_256(f"{seed}/{name}".encode()).digest(prod(shape))
    content = bytearray(4 * len(noise))
    for plane in range(4):
        content[plane::4] = noise.translate(bytes(value[plane] for value in values))
    return graph.hold(name, shape, content)
